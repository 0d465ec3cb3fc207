//! `allot lint`: diagnostics only.

use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use clap::Args;

use super::evidence;
use super::findings::{Format, any_error, counted, held_lines, plural, print};
use super::store::{Place, place};
use super::workspace::{Workspace, linted};
use super::{Exit, Failure, Global};
use crate::diag::{Diagnostic, Fix, apply};
use crate::io;
use crate::lint::{Report, held};
use crate::render::plain;
use crate::source::{FileId, Position, Sources};

/// How often fixes are applied and the catalogue linted again: a fix may uncover another.
const ROUNDS: usize = 10;

/// Lint the catalogue: every finding with its place and how to mend it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot lint
  allot lint --fix                  mend what is safe to mend, report what is left
  allot lint experiments flags      only what is found there
  allot lint --format json")]
pub struct Lint {
    /// Report only what is found in these files and folders; everything is read all the same
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Apply the fixes that are safe, then report what is left
    #[arg(long)]
    fix: bool,
    /// Hold decisions against the results that `allot analyze` recorded in this folder, or at this address
    #[arg(long, value_name = "PLACE", value_parser = place)]
    results: Option<Place>,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn run(global: &Global, verb: &Lint) -> Result<Exit, Failure> {
    let mut workspace = Workspace::open(global)?;
    let filter = Filter::of(&workspace, &verb.paths)?;
    if verb.fix {
        fix(global, &mut workspace, &filter)?;
    }
    let mut context = workspace.context();
    evidence::lay(&mut context, verb.results.as_ref())?;
    let report = linted(&context);
    let found = filter.keep(&workspace.sources, &report);
    let files = workspace.sources.iter().filter(|(_, source)| filter.matches(&source.path)).count();
    print(global, &workspace, &found, files, verb.format)?;
    global.say(&format!("{} in {}{}", counted(&found), plural(files, "file"), asides(&found, &report)));
    for line in held_lines(&held(&context, &report)) {
        global.say(&line);
    }
    if global.verbose {
        for waived in report.waived.iter().filter(|finding| filter.matches(workspace.sources.path(finding.span.file))) {
            let Position { line, column, .. } = workspace.sources.position(waived.span);
            let path = workspace.sources.path(waived.span.file);
            global.say(&format!("waived {path}:{line}:{column}: {} ({})", plain(&waived.message), waived.rule));
        }
    }
    Ok(if any_error(&found) { Exit::Findings } else { Exit::Clean })
}

/// What else the last line says.
fn asides(found: &[Diagnostic], report: &Report) -> String {
    let fixable = found.iter().filter(|finding| finding.fix.is_some()).count();
    let fixable = (fixable > 0).then(|| format!("; `allot lint --fix` mends {fixable}"));
    let waived = (!report.waived.is_empty()).then(|| format!("; {} waived", report.waived.len()));
    fixable.into_iter().chain(waived).collect()
}

/// The files and folders that findings are kept of, as paths below the root; all where there are none.
struct Filter(Vec<String>);

impl Filter {
    fn of(workspace: &Workspace, paths: &[PathBuf]) -> Result<Self, Failure> {
        let root = io::resolved(&workspace.root)?;
        paths.iter().map(|path| below(&root, path)).collect::<Result<_, _>>().map(Self)
    }

    fn matches(&self, path: &str) -> bool {
        let matches = |wanted: &String| {
            let rest = path.strip_prefix(wanted.as_str());
            // A lock stands for the declaration beside it.
            let lock = || path.strip_suffix(".lock").is_some_and(|stem| wanted.strip_suffix(".toml") == Some(stem));
            wanted.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) || lock()
        };
        self.0.is_empty() || self.0.iter().any(matches)
    }

    fn keep(&self, sources: &Sources, report: &Report) -> Vec<Diagnostic> {
        report.findings.iter().filter(|finding| self.matches(sources.path(finding.span.file))).cloned().collect()
    }
}

/// The path below the root of what is at a path.
fn below(root: &Path, path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    if !io::is_there(path) {
        return Err(
            Failure::usage(format!("there is nothing at `{shown}`")).help("paths are relative to the current folder")
        );
    }
    let whole = io::resolved(path)?;
    let below = whole.strip_prefix(root).map_err(|_| {
        Failure::usage(format!("`{shown}` is not in the catalogue")).help(format!("its root is `{}`", root.display()))
    })?;
    let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    Ok(parts.join("/"))
}

/// Applies safe fixes until there are no more, and writes the files that changed, all at once.
fn fix(global: &Global, workspace: &mut Workspace, filter: &Filter) -> Result<(), Failure> {
    let mut done: Vec<String> = Vec::new();
    let before = workspace.sources.clone();
    for _ in 0..ROUNDS {
        let context = workspace.context();
        let found = filter.keep(&workspace.sources, &linted(&context));
        drop(ManuallyDrop::into_inner(context));
        let (texts, applied) = mended(&workspace.sources, &found);
        if texts.is_empty() {
            break;
        }
        done.extend(applied);
        workspace.replace(texts);
    }
    let files: Vec<(PathBuf, Vec<u8>)> = workspace
        .sources
        .iter()
        .filter(|(file, source)| before.get(*file).is_some_and(|was| was.text != source.text))
        .map(|(_, source)| (workspace.root.join(source.path.as_ref()), source.text.as_bytes().to_vec()))
        .collect();
    io::write_all(&files)?;
    for line in &done {
        global.say(line);
    }
    if done.is_empty() {
        global.say("nothing can be fixed without being asked");
    } else {
        global.say(&format!("{} applied in {}", plural_fixes(done.len()), plural(files.len(), "file")));
    }
    Ok(())
}

fn plural_fixes(count: usize) -> String {
    if count == 1 { "1 fix".to_owned() } else { format!("{count} fixes") }
}

/// The texts that one round of fixes changes, and a line for each fix.
fn mended(sources: &Sources, found: &[Diagnostic]) -> (Vec<(FileId, String)>, Vec<String>) {
    let mut texts = Vec::new();
    let mut lines = Vec::new();
    for (file, source) in sources.iter() {
        let with: Vec<(&Diagnostic, &Fix)> = found
            .iter()
            .filter(|finding| finding.span.file == file)
            .filter_map(|finding| Some((finding, finding.fix.as_ref()?)))
            .collect();
        // One by one, so that each that is said was applied; what clashes with one before waits for the next round.
        let mut kept: Vec<&Fix> = Vec::new();
        let mut text = None;
        for (finding, fix) in with {
            kept.push(fix);
            let (mended, applied) = apply(&source.text, &kept);
            if applied < kept.len() || text.as_ref().is_some_and(|text| *text == mended) {
                kept.pop();
                continue;
            }
            text = Some(mended);
            let Position { line, column, .. } = sources.position(finding.span);
            lines.push(format!("fixed {}:{line}:{column}: {} ({})", source.path, plain(&fix.title), finding.rule));
        }
        texts.extend(text.map(|text| (file, text)));
    }
    (texts, lines)
}
