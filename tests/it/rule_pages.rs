//! Every rule's page is its test: what it says fails does, with just those words; what it says passes does.
//!
//! A page has a section `## Fails` and a section `## Passes`. Their blocks are files, laid over the small catalogue:
//! an info string names the path (`toml flags/x.toml`), and `after-allocation` behind it lays the file over what
//! `allot allocate` wrote; locks always are. Behind a lock, `resealed` puts only its lines in the place of those of the same
//! keys, and makes the seal and the ledgers right again. The block `text` shows the findings; `RENEW=1 cargo test` rewrites
//! it.
//!
//! Rules of the lifecycle compare with a base: the small catalogue, allotted, under the blocks with `base` behind the path.
//! The other blocks are the change: `edited` puts its lines in the place of those of the same keys, and whole tables at the
//! end of the file, and `removed` takes the file away.
//!
//! A block `json recorded` is what a recorded result advised, as [`allotment::results::Evidence`].

use std::fs;
use std::path::{Path, PathBuf};

use allotment::lint::{Group, Report, Rule, rules};
use allotment::render::text::{Style, findings};
use allotment::source::Sources;

use crate::world::World;

/// Rules that cannot fail without another one.
const BESIDES: [(&str, &str); 1] = [
    // It is about what is not allotted yet.
    ("late-start", "missing-allocation"),
];

pub struct Block {
    info: String,
    text: String,
}

/// The blocks of a section.
pub fn blocks(page: &str, section: &str) -> Vec<Block> {
    let Some(start) = page.find(&format!("\n## {section}\n")) else { return Vec::new() };
    let body = &page[start + 1..];
    let end = body[3..].find("\n## ").map_or(body.len(), |end| end + 3);
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in body[..end].lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some(Block { info: info.to_owned(), text: String::new() }),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// The small catalogue under a section's blocks, and the base of the change, if it is one.
fn world(blocks: &[Block], compares: bool) -> (World, Option<World>) {
    let mut world = World::base();
    let files: Vec<(&str, &str, &str)> = blocks
        .iter()
        .filter_map(|block| {
            let (path, how) =
                block.info.strip_prefix("toml ").map(|info| info.split_once(' ').unwrap_or((info, "")))?;
            Some((path, how, block.text.as_str()))
        })
        .collect();
    let recorded = blocks.iter().filter(|block| block.info == "json recorded");
    world.evidence = recorded.map(|block| serde_json::from_str(&block.text).expect("what was advised")).collect();
    let mut base = None;
    if compares {
        for (path, _, text) in files.iter().filter(|(_, how, _)| *how == "base") {
            world.put(path, text);
        }
        world.allocate();
        base = Some(world.clone());
    }
    for &(path, how, text) in &files {
        match how {
            "" if !path.ends_with(".lock") => drop(world.put(path, text)),
            "edited" => world.replace_lines(path, text),
            "removed" => drop(world.files.remove(path)),
            _ => {}
        }
    }
    world.allocate();
    for &(path, how, text) in &files {
        match how {
            "after-allocation" => drop(world.put(path, text)),
            "removed" => drop(world.files.remove(path)),
            "resealed" => world.reseal(path, text),
            "" if path.ends_with(".lock") => drop(world.put(path, text)),
            _ => {}
        }
    }
    (world, base)
}

/// What lint has to say of a section of a rule's page.
pub fn linted_page(rule: &Rule, section: &str) -> (Sources, Report) {
    linted(world(&blocks(rule.page, section), rule.group == Group::Lifecycle))
}

/// What lint has to say of it.
fn linted((world, base): (World, Option<World>)) -> (Sources, Report) {
    match base {
        Some(base) => world.lint_against(&base),
        None => world.lint(),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lint/rules")
}

#[test]
fn every_page_fails_and_passes_as_it_says() {
    let renew = std::env::var_os("RENEW").is_some();
    let mut wrong = Vec::new();
    for rule in rules::ALL {
        let path = folder().join(format!("{}.md", rule.name.replace('-', "_")));
        let compares = rule.group == Group::Lifecycle;
        let page = fs::read_to_string(&path).expect("every rule has a page");
        let (failing, passing) = (blocks(&page, "Fails"), blocks(&page, "Passes"));
        if failing.is_empty() || passing.is_empty() {
            wrong.push(format!("{}: the page needs `## Fails` and `## Passes`, each with a block", rule.name));
            continue;
        }
        let (sources, report) = linted(world(&failing, compares));
        let shown = findings(&sources, &report.findings, Style::Plain, 100);
        let shown = shown.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        let shown = shown.trim_end();
        let besides = |other: &str| other == rule.name || BESIDES.contains(&(rule.name, other));
        let own = report.findings.iter().filter(|finding| finding.rule == rule.name).count();
        if own != 1 || report.findings.iter().any(|finding| !besides(finding.rule)) {
            wrong.push(format!("{}: the failing block gives\n{shown}", rule.name));
            continue;
        }
        let expected = failing.iter().find(|block| block.info == "text").map(|block| block.text.trim_end().to_owned());
        if expected.as_deref() != Some(shown) {
            if renew {
                fs::write(&path, renewed(&page, shown)).expect("the page can be written");
            } else {
                wrong.push(format!(
                    "{}: the page shows other words than these; RENEW=1 rewrites it\n{shown}",
                    rule.name
                ));
            }
        }
        let (sources, report) = linted(world(&passing, compares));
        if !report.findings.is_empty() {
            let shown = findings(&sources, &report.findings, Style::Plain, 100);
            wrong.push(format!("{}: the passing block gives\n{shown}", rule.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The page with its `text` block replaced, or added at the end of `## Fails`.
fn renewed(page: &str, shown: &str) -> String {
    let fails = page.find("\n## Fails\n").expect("checked before");
    let passes = page[fails..].find("\n## Passes\n").map_or(page.len(), |at| fails + at);
    let section = &page[fails..passes];
    let block = format!("```text\n{shown}\n```\n");
    let section = match section.find("```text\n") {
        Some(start) => {
            let end = section[start + 7..].find("\n```").map_or(section.len(), |end| start + 7 + end + 5);
            format!("{}{block}{}", &section[..start], &section[end.min(section.len())..])
        }
        None => format!("{section}\n{block}"),
    };
    format!("{}{section}{}", &page[..fails], &page[passes..])
}

#[test]
fn the_table_of_rules_is_the_folder() {
    let mut files: Vec<String> = fs::read_dir(folder())
        .expect("the folder is there")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".rs").filter(|name| *name != "mod").map(|name| name.replace('_', "-")))
        .collect();
    files.sort();
    let table: Vec<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
    assert_eq!(files, table, "name each file of src/lint/rules in the table of its mod.rs, sorted");
}
