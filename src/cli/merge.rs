//! `allot merge`: merges, allots, lints and commits in one step, or changes nothing.

use std::collections::HashSet;

use clap::Args;

use super::drawing::{Change, Drawing};
use super::findings::plural;
use super::newly::{context, new_errors};
use super::output::{data, say, width};
use super::schema::{files as schemas, general, ids};
use super::upon::Upon;
use super::workspace::{instant, root};
use super::{Exit, Failure, Global};
use crate::decl::{Day, Kind};
use crate::diag::Diagnostic;
use crate::io::{Loaded, Merge, Merged, Relation, Side, Stop};
use crate::lock::Wishes;
use crate::render::{plain, text};
use crate::source::Sources;

/// Merge a revision into the current branch, allot what collided again, lint and commit, all or nothing
///
/// As `git merge REF` and `allot allocate --base REF` would, in one step: locks that are there at REF stay, and of this branch
/// those are drawn again that are not there. Merge the trunk into your branch, not your branch into the trunk: what is
/// served stays. Where the declarations themselves conflict, where it does not fit, or where the merge has an error that
/// neither side had, nothing is changed. Hooks are not run and commits are not signed: only `git` does that.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot merge origin/main             bring main into this branch; the locks of main stay
  allot merge --dry-run origin/main   only say what would be drawn again")]
pub struct MergeVerb {
    /// What to merge: a branch, a tag or a commit
    #[arg(value_name = "REF")]
    revision: String,
    /// Change nothing; say what would be done
    #[arg(long)]
    dry_run: bool,
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused { why, help } => Self::usage(why).help(help),
            Stop::Failed(error) => error.into(),
        }
    }
}

pub fn run(global: &Global, verb: &MergeVerb) -> Result<Exit, Failure> {
    let today = Day::containing(instant(global)?.0);
    let merge = Merge::open(&root(global)?, &verb.revision)?;
    let (branch, revision) = (merge.branch().to_owned(), &verb.revision);
    match merge.relation()? {
        Relation::UpToDate => global.say(&format!("already up to date: `{branch}` has all of `{revision}`")),
        Relation::FastForward if verb.dry_run => {
            global.say(&format!("`{branch}` would move forward to `{revision}`: it has nothing of its own"));
        }
        Relation::FastForward => {
            let id = merge.fast_forward()?;
            global.say(&format!("`{branch}` moved forward to `{revision}`, {}", short(&id)));
        }
        Relation::Diverged => return diverged(global, verb, &merge, today),
    }
    Ok(Exit::Clean)
}

fn diverged(global: &Global, verb: &MergeVerb, merge: &Merge, today: Day) -> Result<Exit, Failure> {
    let revision = &verb.revision;
    merge.author()?;
    let mut merged = merge.merged()?;
    let generated: Vec<String> = schemas(&general()).iter().map(|(name, _)| format!("schema/{name}.json")).collect();
    let conflicts = merged.texts_in_conflict(&generated);
    if !conflicts.is_empty() {
        return conflicting(revision, &conflicts);
    }
    let sides = [Side::Ours, Side::Theirs].map(|side| merge.catalogue(side));
    let [ours, theirs] = sides;
    let (ours, theirs) = (sources(ours?), sources(theirs?));
    let textual = sources(merge.merged_catalogue(&merged));
    let allotted = match allotted(&textual, &ours, &theirs, &merged, revision, today) {
        Ok(allotted) => allotted,
        Err(refused) => {
            data(&text::findings(&refused.sources, &refused.findings, global.color.style(), width()))?;
            refused.words.iter().for_each(|words| say(words));
            say("nothing was merged: everything is as it was");
            return Ok(Exit::Findings);
        }
    };
    let new = new_errors(&allotted.sources, &[&ours, &theirs], today, &[]);
    if !new.is_empty() {
        data(&text::findings(&allotted.sources, &new, global.color.style(), width()))?;
        let errors = plural(new.len(), "error");
        say(&format!("nothing was merged: the merge would have {errors} that neither side has alone"));
        say("  help: mend it on one of the two branches first");
        return Ok(Exit::Findings);
    }
    let words: String = allotted.changes.iter().map(|change| change.words.as_str()).collect();
    let gone = allotted.gone.iter().map(|path| format!("removes {path}: it is drawn when its pause ends\n"));
    let lost = allotted.lost.iter().map(|path| format!("removes {path}: its declaration is there no more\n"));
    let words = gone.chain(lost).fold(words, |words, line| words + &line);
    let renewed = renewed(&merged, &generated, &allotted.sources, today);
    let words = renewed.iter().fold(words, |words, file| words + &file.words);
    let words = if global.quiet { String::new() } else { words };
    if verb.dry_run {
        data(&words)?;
        global.say(&format!("`{revision}` would be merged into `{}`", merge.branch()));
        return Ok(Exit::Clean);
    }
    for change in &allotted.changes {
        merge.put(&mut merged, &change.path, &change.text)?;
    }
    allotted.gone.iter().chain(&allotted.lost).for_each(|path| merged.remove(path));
    for file in &renewed {
        match &file.text {
            Some(text) => merge.put(&mut merged, &file.path, text)?,
            None => merged.remove(&file.path),
        }
    }
    let id = merge.commit_merged(&mut merged, &message(revision, merge.branch(), &allotted.changes, &ours))?;
    data(&words)?;
    global.say(&format!("merged `{revision}` into `{}`, {}", merge.branch(), short(&id)));
    asides(global, merge);
    Ok(Exit::Clean)
}

/// What Git would have done besides.
fn asides(global: &Global, merge: &Merge) {
    let hooks = merge.hooks();
    if !hooks.is_empty() {
        let named: Vec<String> = hooks.iter().map(|hook| format!("`{hook}`")).collect();
        global.say(&format!("not run: {}; only `git` runs hooks", named.join(", ")));
    }
    if merge.would_sign() {
        global.say("the commit is not signed; `git commit --amend --no-edit -S` signs it");
    }
}

/// A generated file that both sides changed.
struct Renewed {
    path: String,
    /// None where it goes: one of the sides has it no more.
    text: Option<String>,
    words: String,
}

/// Schemas hold the ids of the catalogue on neighbouring lines. Where two sides contradict each other in one, it is written
/// anew from what was merged, as `allot schema` would.
fn renewed(merged: &Merged, generated: &[String], sources: &Sources, today: Day) -> Vec<Renewed> {
    let conflicts = merged.generated_in_conflict(generated);
    if conflicts.is_empty() {
        return Vec::new();
    }
    let known = schemas(&ids(&context(sources, today).catalogue));
    let each = conflicts.into_iter().filter_map(|(at, gone)| {
        let (path, (_, text)) = (generated.get(at)?.clone(), known.get(at)?);
        let words =
            if gone { format!("removes {path}: one side has it no more\n") } else { format!("writes {path}\n") };
        Some(Renewed { path, text: (!gone).then(|| text.clone()), words })
    });
    each.collect()
}

/// Declarations are for people to mend.
fn conflicting(revision: &str, paths: &[&str]) -> Result<Exit, Failure> {
    data(&paths.iter().map(|path| format!("both sides change {}\n", plain(path))).collect::<String>())?;
    say(&format!("nothing was merged: {} in conflict", plural(paths.len(), "file")));
    // Locks of another catalogue are conflicts, too: this one knows nothing of its declarations.
    let folder = |part: &str| Kind::ALL.iter().any(|kind| kind.folder() == Some(part));
    let of_another = |path: &&str| path.ends_with(".lock") && path.split('/').any(folder);
    say(&match paths.iter().any(of_another) {
        true => format!(
            "  help: run `git merge {revision}`, mend the files above but leave the locks of other catalogues, then \
             `allot allocate --base MERGE_HEAD` in each catalogue, `git add` and `git commit`"
        ),
        false => format!(
            "  help: run `git merge {revision}`, mend the files above, then `allot allocate --base MERGE_HEAD`, `git add` and \
             `git commit`"
        ),
    });
    Ok(Exit::Findings)
}

/// A merged catalogue in which everything is allotted.
struct Allotted {
    sources: Sources,
    changes: Vec<Change>,
    /// Locks that give way until their pause ends.
    gone: Vec<String>,
    /// Locks in conflict whose declaration is there no more.
    lost: Vec<String>,
}

/// Why a merged catalogue cannot be allotted.
struct Refused {
    sources: Sources,
    findings: Vec<Diagnostic>,
    words: Vec<String>,
}

/// Allots what was merged. Where no lock is in conflict and every lock is up to date, all of them stay: two sides that have
/// nothing in common need nothing.
fn allotted(
    textual: &Sources,
    ours: &Sources,
    theirs: &Sources,
    merged: &Merged,
    revision: &str,
    today: Day,
) -> Result<Allotted, Box<Refused>> {
    if merged.locks_in_conflict().is_empty() && context(textual, today).plan.is_empty() {
        return Ok(Allotted { sources: textual.clone(), changes: Vec::new(), gone: Vec::new(), lost: Vec::new() });
    }
    let locks_of = |side: &Sources| {
        let locks = side.iter().filter(|(_, source)| source.path.ends_with(".lock"));
        locks.map(|(_, source)| (source.path.to_string(), source.text.to_string())).collect::<Vec<_>>()
    };
    let declarations = textual.iter().filter(|(_, source)| !source.path.ends_with(".lock"));
    let declarations = declarations.map(|(_, source)| (source.path.to_string(), source.text.to_string()));
    let faults = textual.iter().filter_map(|(_, source)| Some((source.path.as_ref(), source.fault?)));
    let head = Sources::new(declarations.chain(locks_of(ours))).with_faults(faults);
    let upon = Upon::of(&head, textual, &locks_of(theirs), revision, today);
    let drawing = Drawing::of(&context(&upon.sources, today), &Wishes::default(), textual);
    if drawing.refused || !upon.clashes.is_empty() {
        let (sources, findings) = (upon.sources, drawing.report.findings);
        return Err(Box::new(Refused { sources, findings, words: upon.clashes }));
    }
    let put: HashSet<&str> = drawing.changes.iter().map(|change| change.path.as_str()).collect();
    let stays = |path: &str| !put.contains(path) && !upon.gone.iter().any(|gone| gone == path);
    let kept = textual.iter().filter(|(_, source)| source.fault.is_none() && stays(&source.path));
    let kept = kept.map(|(_, source)| (source.path.to_string(), source.text.to_string()));
    let drawn = drawing.changes.iter().map(|change| (change.path.clone(), change.text.clone()));
    let faults = textual.iter().filter_map(|(_, source)| Some((source.path.as_ref(), source.fault?)));
    let sources = Sources::new(kept.chain(drawn)).with_faults(faults);
    let lost = merged.locks_in_conflict().into_iter().filter(|path| sources.find(path).is_none());
    let lost = lost.filter(|path| !upon.gone.iter().any(|gone| gone == path)).map(str::to_owned).collect();
    Ok(Allotted { sources, changes: drawing.changes, gone: upon.gone, lost })
}

/// A side's files as sources.
fn sources(loaded: Loaded) -> Sources {
    let faults = loaded.refused.iter().map(|(path, why)| (path.as_str(), *why));
    Sources::new(loaded.files).with_faults(faults)
}

/// What the commit says: what was merged, and which locks of the branch were drawn again.
fn message(revision: &str, branch: &str, changes: &[Change], ours: &Sources) -> String {
    let again = changes.iter().filter(|change| change.drawn && ours.find(&change.path).is_some());
    let again: String = again.map(|change| format!("- {}\n", change.path)).collect();
    let list = if again.is_empty() { String::new() } else { format!("\nDrawn again:\n{again}") };
    format!("Merge {revision} into {branch}\n{list}")
}

fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}
