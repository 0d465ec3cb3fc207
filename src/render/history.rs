//! A history as text for a terminal: a block for each commit, the newest first.

use super::actions::named;
use super::figures::counted;
use super::plan::{details, lines, shortened, traffic, window};
use super::text::{Style, Tone, toned};
use super::words::plain;
use crate::report::{Action, Change, Commit, Cut, Decision, Entry, History, Waiver};

/// How many characters of an id are shown.
const SHORT: usize = 10;
/// How many characters of a sentence are shown, and of a name.
const MAX_WORDS: usize = 600;
const MAX_NAME: usize = 80;
/// How many faults of a version are named.
const FAULTS: usize = 3;

/// All entries, and where the history is cut.
#[must_use]
pub fn text(history: &History, style: Style) -> String {
    let id = toned(&plain(&history.id), Tone::Code, style);
    let place = match &history.path {
        Some(path) => format!("in {}", plain(path)),
        None => "which is no longer there".to_owned(),
    };
    let entries = counted(history.entries.len(), "entry", "entries");
    let mut text = format!("{id}, {place}: {entries}, the newest first, dates in UTC\n");
    for entry in &history.entries {
        text.push('\n');
        block(&mut text, entry, style);
    }
    if let Some(cut) = &history.cut {
        text.push('\n');
        ends(cut).iter().for_each(|line| text.push_str(&format!("{line}\n")));
    }
    text
}

fn block(text: &mut String, entry: &Entry, style: Style) {
    let when = match &entry.commit {
        Some(commit) => moment(commit, 16).unwrap_or_else(|| "at no date".to_owned()),
        None => "not committed yet".to_owned(),
    };
    text.push_str(&format!("{}  {}", toned(&when, Tone::Strong, style), toned(&titled(entry), Tone::Strong, style)));
    entry.change.iter().flat_map(sized).for_each(|part| text.push_str(&format!("  {part}")));
    text.push('\n');
    let mut line = |title: &str, words: &str| lines(text, title, words, style);
    if let Some(commit) = &entry.commit {
        line("by", &author(commit));
        line("commit", &format!("{}  {}", short(&commit.id), sentence(&commit.subject)));
    }
    if let Some(pull) = &entry.pull {
        let url = pull.url.as_ref().map_or_else(String::new, |url| format!(", {}", plain(url)));
        let claimed = if pull.from == "message" { ", as the message says" } else { "" };
        // The subject of a squash has the title in it.
        let subject = entry.commit.as_ref().map_or("", |commit| &commit.subject);
        let title = pull
            .title
            .as_ref()
            .filter(|title| !subject.starts_with(title.as_str()))
            .map_or_else(String::new, |title| format!(": {}", sentence(title)));
        line("pull", &format!("#{}{url}{claimed}{title}", pull.number));
    }
    for (at, commit) in entry.merged.iter().enumerate() {
        let day = moment(commit, 10).unwrap_or_default();
        let title = if at == 0 { "brings" } else { "" };
        line(title, &format!("{} {day} {}: {}", short(&commit.id), author(commit), sentence(&commit.subject)));
    }
    if let Some(from) = entry.moved_from.as_ref().filter(|_| entry.change.is_none()) {
        line("was", &plain(from));
    }
    if let Some(decision) = &entry.decision {
        line("decision", &decided(decision));
        let parts = [("reason", &decision.reason), ("learned", &decision.learned), ("evidence", &decision.evidence)];
        for (title, words) in parts {
            if let Some(words) = words {
                line(title, &sentence(words));
            }
        }
    }
    for (at, waiver) in entry.waivers.iter().enumerate() {
        line(if at == 0 { "waives" } else { "" }, &waived(waiver));
    }
    for (at, fault) in entry.faults.iter().take(FAULTS).enumerate() {
        let before = if fault.side == "before" { "before, " } else { "" };
        let words = format!("{before}{}:{}: {}", plain(&fault.path), fault.line, sentence(&fault.message));
        line(if at == 0 { "faults" } else { "" }, &words);
    }
    if entry.faults.len() > FAULTS {
        line("", &format!("and {} more", entry.faults.len() - FAULTS));
    }
    if let Some(commit) = &entry.compared_with {
        line("compared", &format!("with {}, the last version before it that can be read", short(commit)));
    }
    if let Some(change) = &entry.change {
        details(text, &without_told(change, entry), style);
    }
}

/// A change without the edits that are told in words of their own.
pub(super) fn without_told(change: &Change, entry: &Entry) -> Change {
    let told = |key: &str| {
        (entry.decision.is_some() && key.starts_with("decision."))
            || (!entry.waivers.is_empty() && (key.starts_with("waive[") || key.starts_with("waive.")))
    };
    let mut change = change.clone();
    change.edits.retain(|edit| !told(&edit.key));
    change
}

/// What a commit does: "launch", "ramp, new window"; where nothing changes for anybody, what it touches.
pub(super) fn titled(entry: &Entry) -> String {
    let unreadable = |side: &str| {
        entry.faults.iter().any(|fault| fault.side == side && fault.unreadable && fault.path.ends_with(".toml"))
    };
    let lock_alone = entry.paths.iter().all(|path| path.ends_with(".lock"));
    let restored = if entry.restored { "restored: " } else { "" };
    let what = match &entry.change {
        Some(change) if lock_alone && change.actions == [Action::Assignment] => "allocation".to_owned(),
        Some(change) => named(change),
        None if unreadable("after") => "cannot be read".to_owned(),
        None if unreadable("before") && entry.compared_with.is_none() => "can be read again".to_owned(),
        None if entry.moved_from.is_some() => "move to another folder".to_owned(),
        None if lock_alone => "lock".to_owned(),
        None => "comments or layout".to_owned(),
    };
    format!("{restored}{what}")
}

/// The share and the window, where they are new.
pub(super) fn sized(change: &Change) -> Vec<String> {
    let begins = [Action::Launch, Action::Phase, Action::Resume].iter().any(|action| change.actions.contains(action));
    let share = begins || change.traffic.before != change.traffic.after;
    let dates = begins || change.start.before != change.start.after || change.end.before != change.end.after;
    let share = traffic(change).filter(|_| share);
    share.into_iter().chain(window(change).filter(|_| dates)).collect()
}

/// "shipped `b` on 2027-02-08".
pub(super) fn decided(decision: &Decision) -> String {
    let mut text = decision.outcome.clone().unwrap_or_else(|| "no outcome".to_owned());
    if let Some(variant) = &decision.variant {
        text.push_str(&format!(" {}", shortened(variant)));
    }
    if let Some(on) = &decision.on {
        text.push_str(&format!(" on {on}"));
    }
    match decision.what {
        "withdrawn" => format!("withdrawn: {text}"),
        "changed" => format!("now {text}"),
        _ => text,
    }
}

/// "missing-mde until 2027-03-01 (expired): it is being discussed", after "waives".
pub(super) fn waived(waiver: &Waiver) -> String {
    let mut text = if waiver.what == "removed" { "no longer ".to_owned() } else { String::new() };
    text.push_str(&shortened(&waiver.rule));
    if let Some(until) = &waiver.until {
        text.push_str(&format!(" until {until}"));
    }
    if let Some(before) = &waiver.until_before {
        text.push_str(&format!(" instead of {before}"));
    }
    if waiver.expired {
        text.push_str(" (expired)");
    }
    if let Some(reason) = &waiver.reason {
        text.push_str(&format!(": {}", sentence(reason)));
    }
    text
}

/// Where and why a history ends before its beginning.
pub(super) fn ends(cut: &Cut) -> Vec<String> {
    if cut.why == "limit" {
        return vec!["there are older entries: ask for more with `--limit N`".to_owned()];
    }
    let mut lines = vec!["history is cut here: this clone is shallow; run `git fetch --unshallow`".to_owned()];
    if let Some(commit) = cut.commit.as_ref().filter(|_| cut.there) {
        let day = moment(commit, 10).map_or_else(String::new, |day| format!(" of {day}"));
        lines.push(format!("its files are there already at {}{day}", short(&commit.id)));
    }
    lines
}

/// When a commit was authored, in so many characters: 10 are the day, 16 the minute.
pub(super) fn moment(commit: &Commit, length: usize) -> Option<String> {
    commit.at.as_ref().map(|at| at.chars().take(length).collect::<String>().replace('T', " "))
}

/// The beginning of an id.
pub(super) fn short(id: &str) -> &str {
    id.get(..SHORT).unwrap_or(id)
}

fn author(commit: &Commit) -> String {
    let name = cut(&commit.author, MAX_NAME);
    let name = if name.trim().is_empty() { "nobody" } else { name.as_str() };
    match &commit.email {
        Some(email) => format!("{name} <{}>", cut(email, MAX_NAME)),
        None => name.to_owned(),
    }
}

fn sentence(text: &str) -> String {
    cut(text, MAX_WORDS)
}

/// A text on one line, cut where it is long.
fn cut(text: &str, most: usize) -> String {
    let text = plain(text);
    match text.char_indices().nth(most) {
        None => text.into_owned(),
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
    }
}
