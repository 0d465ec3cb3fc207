//! A history as Markdown: an item for each commit, with what it did and why.

use super::inert::{code, path, web, words};
use crate::render::history::{decided, ends, moment, short, sized, titled, waived, without_told};
use crate::report::{Commit, Entry, History, Pull};

/// How many edits an item names.
const EDITS: usize = 12;

/// All entries, and where the history is cut.
#[must_use]
pub fn history(history: &History) -> String {
    let mut text = format!("### History of {}\n\n", code(&history.id));
    match &history.path {
        Some(declaration) => text.push_str(&format!("Now in {}. The newest first, dates in UTC.\n", path(declaration))),
        None => text.push_str("No longer there. The newest first, dates in UTC.\n"),
    }
    for entry in &history.entries {
        text.push('\n');
        text.push_str(&item(entry));
    }
    if let Some(cut) = &history.cut {
        ends(cut).iter().for_each(|line| text.push_str(&format!("\n{line}\n")));
    }
    text
}

fn item(entry: &Entry) -> String {
    let mut head = vec![match &entry.commit {
        Some(commit) => format!("**{}**", moment(commit, 16).unwrap_or_else(|| "at no date".to_owned())),
        None => "**not committed yet**".to_owned(),
    }];
    let sizes = entry.change.as_ref().map_or_else(Vec::new, sized);
    head.push(words(&[vec![titled(entry)], sizes].concat().join(", ").replace(" -> ", " → ")));
    if let Some(commit) = &entry.commit {
        head.push(words(&commit.author));
        head.push(linked(&code(short(&commit.id)), commit.url.as_deref()));
    }
    head.extend(entry.pull.iter().map(pull));
    let mut text = format!("- {}\n", head.join(" · "));
    let mut line = |words: String| text.push_str(&format!("  - {words}\n"));
    if let Some(commit) = entry.commit.as_ref().filter(|commit| !commit.subject.is_empty()) {
        line(words(&commit.subject));
    }
    entry.merged.iter().for_each(|commit| line(brought(commit)));
    if let Some(from) = &entry.moved_from {
        line(format!("it was in {}", path(from)));
    }
    if let Some(decision) = &entry.decision {
        let reason = decision.reason.as_ref().map_or_else(String::new, |reason| format!(": {}", words(reason)));
        line(format!("**decision**: {}{reason}", words(&decided(decision))));
        if let Some(learned) = &decision.learned {
            line(format!("learned: {}", words(learned)));
        }
    }
    entry.waivers.iter().for_each(|waiver| line(format!("waives {}", words(&waived(waiver)))));
    for fault in entry.faults.iter().take(3) {
        line(format!("{} {}", path(&format!("{}:{}", fault.path, fault.line)), words(&fault.message)));
    }
    let edits = entry.change.as_ref().map_or_else(Vec::new, |change| without_told(change, entry).edits);
    for edit in edits.iter().take(EDITS) {
        let value = |value: &Option<String>| value.as_ref().map_or_else(|| "nothing".to_owned(), |value| code(value));
        line(format!("{}: {} → {}", code(&edit.key), value(&edit.before), value(&edit.after)));
    }
    if edits.len() > EDITS {
        line(format!("and {} more", edits.len() - EDITS));
    }
    text
}

fn brought(commit: &Commit) -> String {
    let id = linked(&code(short(&commit.id)), commit.url.as_deref());
    format!("brings {id} of {}: {}", words(&commit.author), words(&commit.subject))
}

fn pull(pull: &Pull) -> String {
    let claimed = if pull.from == "message" { " (as the message says)" } else { "" };
    // Where no address is known it stays a plain number: which repository it would be linked to is not known either.
    match pull.url.as_deref().and_then(web) {
        Some(url) => format!("[#{}]({url}){claimed}", pull.number),
        None => format!("pull request {}{claimed}", pull.number),
    }
}

fn linked(text: &str, url: Option<&str>) -> String {
    url.and_then(web).map_or_else(|| text.to_owned(), |url| format!("[{text}]({url})"))
}
