//! `allot init`: a working catalogue, allotted, with sample data and what surrounds it in a repository.

mod companions;
mod sample;

use std::path::PathBuf;

use clap::Args;

use super::output::shown;
use super::schema::{files as schemas, ids};
use super::workspace::instant;
use super::{Exit, Failure, Global};
use crate::decl::Day;
use crate::io;
use crate::lint::Context;
use crate::lock::{LedgerVerdict, Verdict, ledger_text, lock_text, path_of_ledger, path_of_lock};
use crate::source::Sources;
use companions::Companion;

/// How long the experiment has been live, so that there is something to analyse.
const LIVE_DAYS: i32 = 14;

/// The declarations, by their paths below the root.
const DECLARATIONS: [(&str, &str); 7] = [
    ("allotment.toml", include_str!("files/allotment.toml")),
    ("surfaces/shop.toml", include_str!("files/surfaces/shop.toml")),
    ("flags/shop-headline.toml", include_str!("files/flags/shop-headline.toml")),
    ("segments/employees.toml", include_str!("files/segments/employees.toml")),
    ("metrics/shop.toml", include_str!("files/metrics/shop.toml")),
    ("experiments/shop/warm-headline.toml", include_str!("files/experiments/shop/warm-headline.toml")),
    ("baselines/shop.toml", include_str!("files/baselines/shop.toml")),
];

/// Make a working catalogue, with a live experiment and sample data
///
/// It has a surface, a flag, metrics, a baseline, a workflow that checks it, and what editors and reviewers need.
/// Nothing that is there is overwritten: a catalogue's file in the way stops it, and what only surrounds the catalogue, such
/// as a `.gitattributes` of your own, is left as it is, with a word on what to add.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  allot init                            in the current folder
  allot init experiments                in a folder of its own")]
pub struct Init {
    /// The folder to make it in
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

pub fn run(global: &Global, verb: &Init) -> Result<Exit, Failure> {
    if global.root.is_some() {
        return Err(Failure::usage("`init` takes the folder itself, not `--root`").help("write `allot init DIR`"));
    }
    let folder = io::resolved(&verb.folder)?;
    if let Some(root) = io::find_root(&folder) {
        let message = format!("there is a catalogue already: `{}`", root.join("allotment.toml").display());
        return Err(Failure::usage(message).help("`allot new KIND ID` adds to it"));
    }
    let today = Day::containing(instant(global)?.0);
    let catalogue = catalogue(today)?;
    let mut files: Vec<(PathBuf, Vec<u8>)> =
        catalogue.iter().map(|(path, text)| (folder.join(path), text.clone().into_bytes())).collect();
    let in_the_way: Vec<String> =
        files.iter().filter(|(path, _)| io::is_there(path)).map(|(path, _)| format!("`{}`", path.display())).collect();
    if !in_the_way.is_empty() {
        return Err(Failure::usage(format!("{} is already there", in_the_way.join(", ")))
            .help("nothing was written; name another folder, as in `allot init catalogue`"));
    }
    let (new, there): (Vec<Companion>, Vec<Companion>) =
        companions::all(&folder).into_iter().partition(|companion| !io::is_there(&companion.path));
    files.extend(new.into_iter().map(|companion| (companion.path, companion.text.into_bytes())));
    io::create_all(&files)?;
    for companion in there {
        global.say(&format!("left as it is: `{}`; it should have\n{}", shown(&companion.path), companion.essence));
    }
    let root = shown(&folder);
    global.say(&format!("made a catalogue of {} files in `{root}`", files.len()));
    global.say(&format!("next: put your teams into `allotment.toml`, and run `allot check{}`", at(&root)));
    Ok(Exit::Clean)
}

fn at(root: &str) -> String {
    if root == "." { String::new() } else { format!(" --root {root}") }
}

/// Every file of the catalogue: declarations, locks, data and schemas, by their paths below the root.
fn catalogue(today: Day) -> Result<Vec<(String, String)>, Failure> {
    let start = Day(today.0.saturating_sub(LIVE_DAYS));
    let measured = Day(start.0.saturating_sub(7));
    let fill =
        |text: &str| text.replace("{{start}}", &start.to_string()).replace("{{measured}}", &measured.to_string());
    let mut files: Vec<(String, String)> =
        DECLARATIONS.into_iter().map(|(path, text)| (path.to_owned(), fill(text))).collect();
    let locks = locks(&Sources::new(files.clone()), today);
    files.extend(locks);
    let sources = Sources::new(files.clone());
    let context = Context::new(&sources, today);
    let data = sample::data(&context, start, today)
        .ok_or_else(|| Failure::usage(format!("no catalogue can be made for {today}")).help("choose another `--at`"))?;
    files.extend(data);
    let schemas = schemas(&ids(&context.catalogue));
    // Programs that read what allot prints find those schemas with `allot schema`.
    let schemas = schemas.into_iter().filter(|(name, _)| !name.starts_with("output/"));
    files.extend(schemas.map(|(name, text)| (format!("schema/{name}.json"), text)));
    Ok(files)
}

/// The locks of declarations that have none.
fn locks(sources: &Sources, today: Day) -> Vec<(String, String)> {
    let context = Context::new(sources, today);
    let catalogue = &context.catalogue;
    let claims = context.plan.claims.iter().filter_map(|(ix, verdict)| match verdict {
        Verdict::New(lock) => Some((path_of_lock(sources.path(catalogue.claims.at(*ix).file)), lock_text(lock).0)),
        _ => None,
    });
    let ledgers = context.plan.ledgers.iter().filter_map(|(ix, verdict)| match verdict {
        LedgerVerdict::New(ledger) => {
            Some((path_of_ledger(sources.path(catalogue.surfaces.at(*ix).file)), ledger_text(ledger)))
        }
        _ => None,
    });
    claims.chain(ledgers).collect()
}
