//! A plan as text for a terminal: a block for each change, and no more than what changes.

use super::actions::{named, users_concerned};
use super::figures::{count, counted, day, days_between, listed, percent};
use super::power::{finds, headline, leading, otherwise, standing};
use super::text::{Style, Tone, toned};
use super::words::{plain, wrapped};
use crate::report::{Action, Change, Definition, Move, Neighbour, Plan, Powered, Share};

/// The width to which lines are broken, in characters.
const WIDTH: usize = 96;
/// How many things of one kind a line names.
const NAMED: usize = 12;
/// How many characters of a value are shown.
const MAX_VALUE: usize = 60;
/// Where the text of an indented line begins.
const INDENT: usize = 13;

/// All changes, then the definitions that change.
#[must_use]
pub fn text(plan: &Plan, style: Style) -> String {
    let mut blocks: Vec<String> = Vec::new();
    if !users_concerned(plan) {
        blocks.push(format!("{}\n", toned("nothing changes for users", Tone::Good, style)));
    }
    let width = plan.changes.iter().map(|change| named(change).chars().count()).max().unwrap_or(0);
    blocks.extend(plan.changes.iter().map(|change| block(change, width, style)));
    blocks.extend(plan.definitions.iter().map(|definition| of_definition(definition, style)));
    blocks.join("\n")
}

fn block(change: &Change, width: usize, style: Style) -> String {
    let action = named(change);
    let room = " ".repeat(width.saturating_sub(action.chars().count()));
    let mut text = format!("{}{room}  {}", toned(&action, Tone::Strong, style), name(&change.id, style));
    for part in [traffic(change), window(change)].into_iter().flatten() {
        text.push_str(&format!("  {part}"));
    }
    text.push('\n');
    details(&mut text, change, style);
    text
}

/// What is to be said of a change below its first line.
pub(super) fn details(text: &mut String, change: &Change, style: Style) {
    let mut line = |title: &str, words: String| lines(text, title, &words, style);
    if let Some(old) = &change.renamed_from {
        line("was", plain(old).into_owned());
    }
    if let (Some(before), Some(after)) = (&change.stage.before, &change.stage.after)
        && before != after
    {
        line("stage", format!("{} -> {}", plain(before), plain(after)));
    }
    if let (Some(before), Some(after)) = (change.phase.before, change.phase.after)
        && before != after
    {
        line("phase", format!("{before} -> {after}"));
    }
    if grows(change) {
        let steps = some(&change.ramp, |(from, share)| format!("{}% from {}", percent(*share), plain(from)));
        let full = change.full_from.as_ref().map_or_else(String::new, |full| format!(", all from {}", plain(full)));
        line("ramp", format!("{steps}{full}"));
    }
    whom(text, change, style);
    if change.taken > 0 || change.freed > 0 {
        let (taken, freed, all) = (count(change.taken), count(change.freed), count(change.buckets));
        lines(text, "buckets", &format!("takes {taken} and frees {freed} of {all}"), style);
    }
    let neighbours = |others: &[Neighbour], of: &str| -> Vec<(String, String)> {
        let one = |other: &Neighbour| {
            (other.id.clone(), format!("{}%{of}, {}", percent(other.share), until(other.end.as_deref())))
        };
        others.iter().map(one).collect()
    };
    let excludes = change.excludes.iter();
    let excludes: Vec<(String, String)> = excludes
        .map(|other| (other.id.clone(), format!("{}%, {}", percent(other.share), until(other.end.as_deref()))))
        .collect();
    column(text, "excludes", &excludes, style);
    column(text, "overlaps", &neighbours(&change.overlaps, " of its units"), style);
    column(text, "inherits", &neighbours(&change.inherits, " of its units"), style);
    power(text, change, style);
    edits(text, &change.edits, style);
}

/// Who moves: at once, on the day of most moves, and who only stays.
fn whom(text: &mut String, change: &Change, style: Style) {
    let on = |before: &str, after: &str| {
        change.moves_on.as_ref().map_or_else(String::new, |on| format!(" {before} {}{after}", plain(on)))
    };
    let (stay, go): (Vec<&Move>, Vec<&Move>) = change.moves.iter().partition(|units| units.stays);
    let now: Vec<&Move> = change.moves_today.iter().collect();
    let sum = |moves: &[&Move]| Share(moves.iter().map(|units| units.units.0).sum());
    let (all_now, all_stay) = (sum(&now), sum(&stay));
    for (title, moves, all, when) in [
        ("moves", now, all_now, " at once".to_owned()),
        ("moves", go, change.moved, on("on", "")),
        ("stays", stay, all_stay, on("from", " on")),
    ] {
        for (at, units) in moves.iter().take(NAMED).enumerate() {
            let of = match &change.surface {
                Some(surface) if at == 0 => format!(" of {}", plain(surface)),
                _ => String::new(),
            };
            let (title, when) = if at == 0 { (title, when.as_str()) } else { ("", "") };
            lines(text, title, &moved(units, &of, when), style);
        }
        if moves.len() > 1 {
            lines(text, "", &format!("{}% in all", percent(all)), style);
        }
    }
}

/// Whether it is large enough, and what it finds, now and after other weeks.
fn power(text: &mut String, change: &Change, style: Style) {
    let Some(forecast) = &change.power else { return };
    let why = headline(forecast);
    let found = finds(forecast);
    let verdict = format!("{}: {}", standing(forecast.verdict), plain(found.as_ref().unwrap_or(&why)));
    lines(text, "power", &verdict, style);
    // What binds is said unless that was just said.
    let said = forecast.verdict == Powered::Underpowered
        && leading(forecast).map(|metric| &metric.id) == forecast.binding.as_ref();
    if found.is_some() && !said {
        lines(text, "", &plain(&why), style);
    }
    let others = otherwise(forecast);
    if !others.is_empty() {
        lines(text, "", &plain(&listed(&others)), style);
    }
}

fn of_definition(definition: &Definition, style: Style) -> String {
    let mut text = format!(
        "{}  {} {}\n",
        toned(&plain(&definition.action), Tone::Strong, style),
        plain(&definition.kind),
        name(&definition.id, style)
    );
    match definition.live.as_slice() {
        [] if definition.action == "added" => {}
        [] => lines(&mut text, "touches", "no live test", style),
        live => lines(&mut text, "touches", &some(live, |id| plain(id).into_owned()), style),
    }
    edits(&mut text, &definition.edits, style);
    text
}

fn edits(text: &mut String, edits: &[crate::report::Edit], style: Style) {
    for (at, edit) in edits.iter().take(NAMED).enumerate() {
        let value = |value: &Option<String>| value.as_ref().map_or_else(|| "none".to_owned(), |value| shortened(value));
        let words = format!("{}: {} -> {}", shortened(&edit.key), value(&edit.before), value(&edit.after));
        lines(text, if at == 0 { "edits" } else { "" }, &words, style);
    }
    if edits.len() > NAMED {
        lines(text, "", &format!("and {}", counted(edits.len() - NAMED, "more", "more")), style);
    }
}

/// An indented line with its title, broken at spaces.
pub(super) fn lines(text: &mut String, title: &str, words: &str, style: Style) {
    let broken = wrapped(words, WIDTH - INDENT);
    for (at, line) in broken.lines().enumerate() {
        let title = if at == 0 { title } else { "" };
        let room = " ".repeat(INDENT.saturating_sub(2 + title.len()));
        let title = if title.is_empty() { String::new() } else { toned(title, Tone::Faint, style) };
        text.push_str(&format!("  {title}{room}{line}\n"));
    }
}

/// A line for each of several, aligned.
fn column(text: &mut String, title: &str, rows: &[(String, String)], style: Style) {
    let rows: Vec<(String, &String)> = rows.iter().map(|(id, words)| (plain(id).into_owned(), words)).collect();
    let shown = || rows.iter().take(NAMED);
    let width = shown().map(|(id, _)| id.chars().count()).max().unwrap_or(0).min(WIDTH / 2);
    for (at, (id, words)) in shown().enumerate() {
        let room = " ".repeat(width.saturating_sub(id.chars().count()));
        lines(text, if at == 0 { title } else { "" }, &format!("{id}{room}  {words}"), style);
    }
    if rows.len() > NAMED {
        lines(text, "", &format!("and {} more", count(rows.len() - NAMED)), style);
    }
}

fn name(id: &str, style: Style) -> String {
    toned(&plain(id), Tone::Code, style)
}

pub(super) fn some<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    let mut shown: Vec<String> = items.iter().take(NAMED).map(show).collect();
    if items.len() > NAMED {
        shown.push(format!("{} more", items.len() - NAMED));
    }
    listed(&shown)
}

/// Whether steps of a ramp are of interest: those of what has ended are not.
fn grows(change: &Change) -> bool {
    let ended = |action: &Action| matches!(action, Action::Stop | Action::Remove);
    let tidied = change.actions.iter().all(|action| matches!(action, Action::Edit | Action::Analysis));
    !change.ramp.is_empty() && !tidied && !change.actions.iter().any(ended)
}

/// "20% of home", "5% -> 20% of home".
pub(super) fn traffic(change: &Change) -> Option<String> {
    let share = |share: Share| format!("{}%", percent(share));
    let text = match (change.traffic.before, change.traffic.after) {
        (Some(before), Some(after)) if before != after => format!("{} -> {}", share(before), share(after)),
        (_, Some(after)) => share(after),
        (Some(before), None) => format!("{} -> none", share(before)),
        (None, None) => return None,
    };
    Some(change.surface.as_ref().map_or_else(|| text.clone(), |surface| format!("{text} of {}", plain(surface))))
}

/// "2027-02-08 to 2027-03-08, 28 days"; the second day is no longer in it.
pub(super) fn window(change: &Change) -> Option<String> {
    let start = change.start.after.as_deref()?;
    let Some(end) = change.end.after.as_deref() else { return Some(format!("from {}", plain(start))) };
    let text = format!("{} to {}", plain(start), plain(end));
    let days = day(start).zip(day(end)).map(|(start, end)| days_between(start, end));
    Some(match days.and_then(|days| usize::try_from(days).ok()) {
        Some(days) => format!("{text}, {}", counted(days, "day", "days")),
        None => text,
    })
}

fn moved(units: &Move, of: &str, on: &str) -> String {
    let way = match (&units.from, &units.to) {
        (Some(from), Some(to)) if from == to => format!("from one value of {} to another", plain(from)),
        (Some(from), Some(to)) => format!("from {} to {}", plain(from), plain(to)),
        (None, Some(to)) if units.stays => format!("in {}", plain(to)),
        (None, Some(to)) => format!("into {}", plain(to)),
        (Some(from), None) => format!("from {} back to the flag's rules and default", plain(from)),
        (None, None) => "between no variants".to_owned(),
    };
    let unseen = if units.visible || units.stays { "" } else { " (unseen: served the same)" };
    format!("{}%{of} {way}{on}{unseen}", percent(units.units))
}

fn until(end: Option<&str>) -> String {
    end.map_or_else(|| "until decided".to_owned(), |end| format!("until {}", plain(end)))
}

/// A value on one line, cut where it is long.
pub(super) fn shortened(value: &str) -> String {
    let value = plain(value);
    match value.char_indices().nth(MAX_VALUE) {
        None => value.into_owned(),
        Some((end, _)) => format!("{}...", value.get(..end).unwrap_or_default()),
    }
}
