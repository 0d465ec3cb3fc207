//! A surface's calendar as sections: what could start, what runs when, and how full each component is.

use super::spaced;
use crate::render::figures::{count, counted, day, share};
use crate::render::markdown::Section;
use crate::render::markdown::chart::{Bar, HEAD, line};
use crate::render::markdown::details::packed;
use crate::render::markdown::inert::{code, fence, label, sentence, words};
use crate::render::power::{effect, there};
use crate::report::{Booking, Calendar, Lane, Opening};

/// The most bars of a chart.
const BARS: usize = 60;
/// How many days on which something could start a component has rows for.
const OPENINGS: usize = 3;

/// What is said of a surface, the most important first.
pub fn sections(calendar: &Calendar) -> Vec<Section> {
    let head = format!(
        "#### {}: {} of its bucket-days are free\n\n{}",
        code(&calendar.surface),
        share(calendar.free),
        spaced(&sentence(&format!(
            "{} to {}; {} buckets, {} held out",
            calendar.from,
            calendar.until,
            count(calendar.buckets),
            share(calendar.holdout)
        )))
    );
    let mut sections = vec![Section { holds: ("surface", "surfaces"), text: head }];
    sections.extend(openings(calendar));
    sections.extend(gantt(calendar));
    sections
}

fn openings(calendar: &Calendar) -> Vec<Section> {
    let question = &calendar.question;
    let holds = ("table of capacity", "tables of capacity");
    let Some(metric) = &question.metric else {
        let text = "What could start is not known: the surface has no metric with a baseline.".to_owned();
        return vec![Section { holds, text }];
    };
    let head = format!(
        "| Component | Free | Could start | Share | Units | Shows of {} |\n|:--|--:|:--|--:|--:|--:|\n",
        code(metric)
    );
    let rows: Vec<String> = calendar.components.iter().flat_map(|lane| rows(calendar, lane)).collect();
    let mut sections: Vec<Section> = packed(&rows, 12_000)
        .into_iter()
        .map(|rows| Section { holds, text: format!("{head}{}", rows.join("\n")) })
        .collect();
    let mut notes =
        vec![format!("with all of the share, two equal arms and {}", counted(question.days as usize, "day", "days"))];
    if let Some(mde) = question.mde {
        notes.push(format!("⭐ the earliest that detects {}", share(mde)));
    }
    let all = || calendar.components.iter().flat_map(|lane| &lane.openings);
    if all().any(|opening| opening.extrapolated) {
        notes.push("≈ beyond the last measured day of reach: extrapolated".to_owned());
    }
    if let Some(reason) = all().find_map(|opening| opening.reason.as_ref()) {
        notes.push(sentence(reason));
    }
    if let Some(last) = sections.last_mut() {
        last.text.push_str(&format!("\n\n<sub>{}</sub>", notes.join(" · ")));
    }
    sections
}

fn rows(calendar: &Calendar, lane: &Lane) -> Vec<String> {
    let mut shown: Vec<&Opening> = lane.openings.iter().take(OPENINGS).collect();
    if let Some(earliest) = lane.earliest.as_ref().filter(|earliest| !shown.contains(earliest)) {
        shown.push(earliest);
    }
    if shown.is_empty() {
        return vec![format!("| {} | {} | | | | |", code(&lane.component), share(lane.free))];
    }
    let row = |(at, opening): (usize, &Opening)| {
        let (name, free) = if at == 0 { (code(&lane.component), share(lane.free)) } else { Default::default() };
        let beyond = if opening.extrapolated { "≈\u{a0}" } else { "" };
        let star = if lane.earliest.as_ref() == Some(opening) { " ⭐" } else { "" };
        let reached = opening
            .reached
            .map_or_else(String::new, |reached| format!("{beyond}{}\u{a0}%", effect(reached, calendar.question.mde)));
        let units = opening.units.map_or_else(String::new, |units| format!("{beyond}{}", there(units)));
        let (start, size) = (words(&opening.start), share(opening.share));
        format!("| {name} | {free} | {start} | {size} | {units} | {reached}{star} |")
    };
    shown.into_iter().enumerate().map(row).collect()
}

/// What runs when; none where nothing does.
fn gantt(calendar: &Calendar) -> Option<Section> {
    let (from, until) = (day(&calendar.from)?, day(&calendar.until)?);
    let mut lines = HEAD.to_owned();
    let (mut number, mut left_out) = (0, 0_usize);
    for lane in calendar.components.iter().filter(|lane| !lane.bookings.is_empty()) {
        lines.push_str(&format!("    section {}\n", label(&lane.component)));
        for booking in &lane.bookings {
            match bar(booking, from, until) {
                Some(bar) if number < BARS => line(&mut lines, &bar, &mut number, until),
                Some(_) => left_out += 1,
                None => {}
            }
        }
    }
    if number == 0 {
        return None;
    }
    let mut text = fence("mermaid", &lines);
    if left_out > 0 {
        text.push_str(&format!("\n\n_The chart has no room for {} more._", count(left_out)));
    }
    Some(Section { holds: ("chart", "charts"), text })
}

/// A booking cut to the days that the chart shows.
fn bar(booking: &Booking, from: jiff::civil::Date, until: jiff::civil::Date) -> Option<Bar> {
    let start = day(&booking.start)?.max(from);
    let end = match &booking.end {
        Some(end) => day(end)?.min(until),
        None => until,
    };
    let tag = if booking.allotted { "" } else { "active, " };
    (end > start).then(|| Bar {
        name: format!("{} {}", label(&booking.id), share(booking.share)),
        tag,
        start,
        end: Some(end),
    })
}
