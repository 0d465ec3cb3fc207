//! What is written otherwise than in the base, as a difference; and which live tests an edited definition touches.

use super::Section;
use super::details::{Block, collapsed, packed};
use super::inert::{code, fence, fenced, html_code, path, words};
use super::problems::some;
use crate::render::figures::{counted, listed};
use crate::report::{Action, Change, Definition, Edit, Plan, Report};

/// How many lines of one value, and characters of one line, are shown.
const MAX_LINES: usize = 12;
const MAX_LINE: usize = 200;
/// How many edits of one file are shown.
const MAX_EDITS: usize = 40;
/// How many files are shown.
const MAX_FILES: usize = 300;
/// The most characters of one block.
const MAX_BLOCK: usize = 6_000;

/// The difference, folded away, in blocks of whole files.
pub fn difference(report: &Report, plan: &Plan) -> Vec<Section> {
    let files: Vec<String> = plan
        .changes
        .iter()
        .filter_map(of_change)
        .chain(plan.definitions.iter().filter_map(of_definition))
        .take(MAX_FILES)
        .collect();
    let base = report.source.base.as_ref().map_or_else(|| "the base".to_owned(), |base| html_code(&base.name));
    let parts = packed(&files, MAX_BLOCK);
    let number = parts.len();
    let section = |(at, files): (usize, &[String])| {
        let part = if number > 1 { format!(", part {} of {number}", at + 1) } else { String::new() };
        let block = fence("diff", &files.join("\n"));
        let text = format!(
            "<details>\n<summary><b>What changes against {base}</b> ({}){part}</summary>\n\n{block}\n\n</details>",
            tally(plan)
        );
        Section { holds: ("block of what changes", "blocks of what changes"), text }
    };
    parts.into_iter().enumerate().map(section).collect()
}

/// "1 new experiment, 2 edited metrics".
fn tally(plan: &Plan) -> String {
    let of_change = plan.changes.iter().map(|change| (state(change), change.kind.as_str()));
    let of_definition = plan.definitions.iter().map(|definition| (acted(definition), definition.kind.as_str()));
    let mut kinds: Vec<((&str, &str), usize)> = Vec::new();
    for kind in of_change.chain(of_definition) {
        // Kinds are words of ours; a report that makes up many is not believed further than this.
        let more = kinds.len() < 16;
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, number)) => *number += 1,
            None if more => kinds.push((kind, 1)),
            None => {}
        }
    }
    let told = |((state, kind), number): ((&str, &str), usize)| {
        let kind = words(kind);
        counted(number, &format!("{state} {kind}"), &format!("{state} {kind}s"))
    };
    listed(&kinds.into_iter().map(told).collect::<Vec<_>>())
}

fn state(change: &Change) -> &'static str {
    if change.actions.contains(&Action::Remove) {
        "removed"
    } else if change.stage.before.is_none() {
        "new"
    } else {
        "edited"
    }
}

fn acted(definition: &Definition) -> &'static str {
    match definition.action.as_str() {
        "added" => "new",
        "removed" => "removed",
        _ => "edited",
    }
}

fn of_change(change: &Change) -> Option<String> {
    let mut head = format!("{} {}", change.kind, change.path);
    if let Some(old) = &change.renamed_from {
        head.push_str(&format!(", was {old}"));
    }
    file(&head, state(change), &change.edits)
}

fn of_definition(definition: &Definition) -> Option<String> {
    file(&format!("{} {} in {}", definition.kind, definition.id, definition.path), acted(definition), &definition.edits)
}

/// The lines of one file; none where nothing is written otherwise.
fn file(head: &str, state: &str, edits: &[Edit]) -> Option<String> {
    if edits.is_empty() && state == "edited" {
        return None;
    }
    let mut text = format!("@@ {}: {state} @@", fenced(head, MAX_LINE));
    for edit in edits.iter().take(MAX_EDITS) {
        for (sign, value) in [('-', &edit.before), ('+', &edit.after)] {
            if let Some(value) = value {
                written(&mut text, sign, &edit.key, value);
            }
        }
    }
    if edits.len() > MAX_EDITS {
        text.push_str(&format!("\n  and {} more", counted(edits.len() - MAX_EDITS, "edit", "edits")));
    }
    Some(text)
}

fn written(text: &mut String, sign: char, key: &str, value: &str) {
    let lines = value.split('\n').count();
    for (at, line) in value.split('\n').take(MAX_LINES).enumerate() {
        let line = line.trim_end_matches('\r');
        let line = if at == 0 {
            format!("{} = {}", fenced(key, MAX_LINE), fenced(line, MAX_LINE))
        } else {
            fenced(line, MAX_LINE)
        };
        text.push_str(&format!("\n{sign} {line}"));
    }
    if lines > MAX_LINES {
        text.push_str(&format!("\n{sign} … and {}", counted(lines - MAX_LINES, "more line", "more lines")));
    }
}

/// Definitions that change, those with live tests first: these measure or serve otherwise from now on.
pub fn definitions(plan: &Plan) -> Vec<Section> {
    let mut all: Vec<&Definition> = plan.definitions.iter().collect();
    all.sort_by_key(|definition| std::cmp::Reverse(definition.live.len()));
    let live = all.iter().filter(|definition| !definition.live.is_empty()).count();
    let rows: Vec<String> = all.iter().take(MAX_FILES).map(|definition| row(definition)).collect();
    let head = "| | Change | Keys | Live tests it touches |\n|:--|:--|:--|:--|\n";
    let holds = ("table of definitions", "tables of definitions");
    if live > 0 && all.len() <= 8 {
        return vec![Section { holds, text: format!("**Definitions that change**\n\n{head}{}", rows.join("\n")) }];
    }
    let touched = match live {
        0 => "no live test depends on them".to_owned(),
        1 => "live tests depend on 1".to_owned(),
        live => format!("live tests depend on {live}"),
    };
    collapsed(&Block {
        summary: &format!("<b>Definitions that change</b> ({}; {touched})", all.len()),
        holds,
        before: head,
        items: &rows,
        after: "",
    })
}

fn row(definition: &Definition) -> String {
    let live = match definition.live.as_slice() {
        [] => "none".to_owned(),
        live => format!("⚠️ {}", some(live, 8, |id| code(id))),
    };
    let keys: Vec<&str> = definition.edits.iter().map(|edit| edit.key.as_str()).collect();
    format!(
        "| {} {}<br>{} | {} | {} | {live} |",
        words(&definition.kind),
        code(&definition.id),
        path(&definition.path),
        acted(definition),
        some(&keys, 6, |key| code(key))
    )
}
