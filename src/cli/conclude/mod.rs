//! `allot conclude`: the decision on an experiment, written where it is declared.

#[cfg(feature = "forge")]
mod propose;
mod read;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::drawing::{Change, Drawing};
use super::newly::new_errors;
use super::output::{data, width};
use super::store::{Place, place};
use super::workspace::{Revisions, Workspace};
use super::{Exit, Failure, Global};
use crate::decl::{self, Concluded, Day};
use crate::diag::{Diagnostic, closest};
use crate::io;
use crate::lint::Context;
use crate::lock::{Wishes, path_of_ledger, path_of_lock};
use crate::model::{Claim, ClaimKind};
#[cfg(feature = "forge")]
use crate::render::markdown::{Ending, concluded};
use crate::render::{plain, text};
use crate::results::Evidence;
use crate::source::Sources;
#[cfg(feature = "forge")]
pub use propose::Ask;
use read::Read;

/// The longest text that a decision takes, in bytes.
const MAX_TEXT: usize = 10_000;

/// Write the decision on an experiment or a rollout into its declaration, and give its buckets back
///
/// The stage becomes `tweak`, a `[decision]` comes to the end of the file, and the lock's window ends on that day; comments and
/// formatting stay. All files are written, or none: where the catalogue would have an error that it has not now, it says so.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot conclude fresh-first --outcome shipped --reason \"Minutes rose 3.1 %.\" --learned \"It is the evenings.\"
  allot conclude fresh-first --outcome stopped --reason \"Skips rose 4 %.\" --learned \"Less is more.\" --dry-run
  allot conclude fresh-first --outcome abandoned --reason \"The flag was removed.\" --on 2027-02-09")]
pub struct Conclude {
    /// The experiment or the rollout
    #[arg(value_name = "EXPERIMENT")]
    id: String,
    /// How it ended
    #[arg(long, value_enum)]
    outcome: Outcome,
    /// The variant that ships; without it, the only treatment
    #[arg(long, value_name = "VARIANT")]
    variant: Option<String>,
    /// Why, with the figures that it was read off; without it, what the recorded result says
    #[arg(long, value_name = "TEXT", value_parser = said, required_unless_present = "results")]
    reason: Option<String>,
    /// What the next experiment should know
    #[arg(long, value_name = "TEXT", value_parser = said)]
    learned: Option<String>,
    /// Read the newest result that `allot analyze` recorded of it in this folder, or at this address, and name it as the evidence
    #[arg(long, value_name = "PLACE", value_parser = place)]
    results: Option<Place>,
    /// The digest of the result that was read, or where it is
    #[arg(long, value_name = "DIGEST", value_parser = said, conflicts_with = "results")]
    evidence: Option<String>,
    /// The day of the decision, on which it takes no more units; without it, that of `--at`
    #[arg(long, value_name = "DAY", value_parser = day)]
    on: Option<Day>,
    /// Write nothing; show what would be written
    #[arg(long)]
    dry_run: bool,
    /// Open a pull request with it instead of writing it here; the token is `GITHUB_TOKEN`, or else `GH_TOKEN`
    #[cfg(feature = "forge")]
    #[arg(long, conflicts_with = "dry_run")]
    pull_request: bool,
    #[cfg(feature = "forge")]
    #[command(flatten)]
    ask: Ask,
}

#[cfg(feature = "forge")]
impl Conclude {
    /// The pull request that stops an experiment which does harm, as its newest recorded result says or, where none is
    /// recorded, as `reason` does.
    pub fn stop(id: &str, reason: &str, results: Option<Place>, ask: Ask) -> Self {
        Self {
            id: id.to_owned(),
            outcome: Outcome::Stopped,
            variant: None,
            reason: Some(reason.to_owned()),
            learned: Some("It did harm while it ran; whoever knows why writes it here.".to_owned()),
            results,
            evidence: None,
            on: None,
            dry_run: false,
            pull_request: true,
            ask,
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Outcome {
    /// A variant is given to everybody
    Shipped,
    /// It made something worse, or did not do what it was for
    Stopped,
    /// It ran as planned, and the data do not say
    Inconclusive,
    /// Its data cannot be trusted
    Invalid,
    /// It was given up before it could say anything
    Abandoned,
}

impl From<Outcome> for decl::Outcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Shipped => Self::Shipped,
            Outcome::Stopped => Self::Stopped,
            Outcome::Inconclusive => Self::Inconclusive,
            Outcome::Invalid => Self::Invalid,
            Outcome::Abandoned => Self::Abandoned,
        }
    }
}

fn said(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it says nothing".to_owned()),
        long if long.len() > MAX_TEXT => Err(format!("it is longer than {MAX_TEXT} bytes")),
        text => Ok(text.to_owned()),
    }
}

fn day(text: &str) -> Result<Day, String> {
    io::parse_instant(text).map(|instant| Day::containing(instant.0))
}

pub fn run(global: &Global, verb: &Conclude) -> Result<Exit, Failure> {
    let mut workspace = Workspace::open_at(global, Revisions::default())?;
    let before = workspace.sources.clone();
    let today = workspace.today();
    let on = verb.on.unwrap_or(today);
    let (file, written, read) = {
        let context = workspace.context();
        let claim = claim(&context, &verb.id)?;
        up_to_date(&context, &before, claim)?;
        let variant = variant(&before, claim, verb)?;
        let read = verb.results.as_ref().map(|place| Read::newest(place, claim, variant)).transpose()?;
        (claim.file, declaration(&before, claim, verb, on, variant, read.as_ref()), read)
    };
    workspace.replace(vec![(file, written.clone())]);
    let evidence: Vec<Evidence> = read.into_iter().map(|read| read.evidence).collect();
    let new = new_errors_besides_locks(&workspace.sources, &before, today, &evidence);
    if !new.is_empty() {
        data(&text::findings(&workspace.sources, &new, global.color.style(), width()))?;
        global.say("nothing was written: the decision would bring in what is above");
        return Ok(Exit::Findings);
    }
    let context = workspace.context();
    let drawing = Drawing::of(&context, &Wishes::default(), &before);
    if verb.dry_run {
        data(&shown(before.path(file), &written, &drawing.changes))?;
        return Ok(Exit::Clean);
    }
    let locks = drawing.changes.iter().map(|change| (change.path.clone(), change.text.clone()));
    let files: Vec<(String, String)> = [(before.path(file).to_owned(), written)].into_iter().chain(locks).collect();
    let next = next(claim(&context, &verb.id)?, &context);
    #[cfg(feature = "forge")]
    if verb.pull_request {
        let said = proposed(claim(&context, &verb.id)?, verb, on, next.as_deref());
        propose::open(global, &verb.ask, &workspace, files, &said)?;
        return Ok(Exit::Clean);
    }
    let whole = files.into_iter().map(|(path, text)| (workspace.root.join(path), text.into_bytes()));
    io::write_all(&whole.collect::<Vec<(PathBuf, Vec<u8>)>>())?;
    data(&format!("writes {}\n{}", plain(before.path(file)), words(&drawing.changes)))?;
    let next = next.map_or(String::new(), |next| format!("; {next}"));
    global.say(&format!("`{}` is decided{next}", verb.id));
    Ok(Exit::Clean)
}

/// What the pull request says that brings the decision in.
#[cfg(feature = "forge")]
fn proposed(claim: &Claim, verb: &Conclude, on: Day, next: Option<&str>) -> propose::Said {
    let (id, outcome) = (claim.id.as_str(), decl::Outcome::from(verb.outcome).word());
    let text = |key: fn(&decl::Decision) -> &decl::May<String>| {
        claim.decision().and_then(|decision| key(&decision.value).as_ref()).map(|text| text.value.as_str())
    };
    let hypothesis = claim.experiment().and_then(|experiment| experiment.hypothesis.as_ref());
    let ending = Ending {
        id,
        outcome,
        variant: text(|decision| &decision.variant),
        on: &on.to_string(),
        reason: text(|decision| &decision.reason).unwrap_or_default(),
        learned: text(|decision| &decision.learned),
        evidence: text(|decision| &decision.evidence),
        hypothesis: hypothesis.map(|hypothesis| hypothesis.value.as_str()),
        next,
    };
    propose::Said {
        branch: format!("allot/conclude-{id}"),
        title: format!("Conclude {id}: {outcome}"),
        body: concluded(&ending, None),
    }
}

/// The claim of an id.
fn claim<'a>(context: &'a Context<'_>, id: &str) -> Result<&'a Claim, Failure> {
    let claims = &context.catalogue.claims;
    claims.get(id).ok_or_else(|| {
        Failure::usage(format!("there is no experiment or rollout `{id}`"))
            .meant(id, claims.values().map(|claim| claim.id.as_str()))
    })
}

/// What is written must not depend on what somebody forgot to allot before.
fn up_to_date(context: &Context<'_>, sources: &Sources, claim: &Claim) -> Result<(), Failure> {
    let drawing = Drawing::of(context, &Wishes::default(), sources);
    let surface = claim.surface.map(|ix| path_of_ledger(sources.path(context.catalogue.surfaces.at(ix).file)));
    let lock = path_of_lock(sources.path(claim.file));
    match drawing.changes.iter().find(|change| change.path == lock || Some(&change.path) == surface.as_ref()) {
        Some(change) => Err(Failure::usage(format!("`{}` is not up to date", change.path))
            .help("run `allot allocate` first, and look at what it writes")),
        None => Ok(()),
    }
}

/// The variant that the decision ships, where the decision may be taken and says all that it has to.
fn variant<'a>(sources: &Sources, claim: &'a Claim, verb: &Conclude) -> Result<Option<&'a str>, Failure> {
    let id = &claim.id;
    if let Some(decision) = claim.decision() {
        let at = sources.position(decision.span);
        return Err(Failure::usage(format!("`{id}` is decided already, in {}:{}", sources.path(claim.file), at.line))
            .help("to correct a decision, edit it there"));
    }
    let outcome = decl::Outcome::from(verb.outcome);
    let variant = match (outcome, claim.kind) {
        (decl::Outcome::Shipped, ClaimKind::Experiment) => Some(shipped(claim, verb)?),
        _ if verb.variant.is_some() => {
            return Err(Failure::usage("--variant goes with `--outcome shipped` of an experiment"));
        }
        _ => None,
    };
    let learns = matches!(outcome, decl::Outcome::Shipped | decl::Outcome::Stopped | decl::Outcome::Inconclusive);
    if learns && verb.learned.is_none() && claim.kind == ClaimKind::Experiment {
        return Err(Failure::usage("the decision does not say what was learned")
            .help("say what the next experiment should know, with `--learned`"));
    }
    Ok(variant)
}

/// The declaration with its decision.
fn declaration(
    sources: &Sources,
    claim: &Claim,
    verb: &Conclude,
    on: Day,
    variant: Option<&str>,
    read: Option<&Read>,
) -> String {
    let stage = claim.experiment().and_then(|experiment| experiment.stage.as_ref()).map(|stage| stage.span);
    let concluded = Concluded {
        outcome: decl::Outcome::from(verb.outcome),
        variant,
        on,
        reason: verb.reason.as_deref().or(read.map(|read| read.reason.as_str())).unwrap_or_default(),
        learned: verb.learned.as_deref(),
        evidence: verb.evidence.as_deref().or(read.map(|read| read.words.as_str())),
    };
    let source = sources.get(claim.file).map_or("", |source| source.text.as_ref());
    decl::conclude(source, stage, &concluded)
}

/// The variant that ships: as it is named, or the only treatment.
fn shipped<'a>(claim: &'a Claim, verb: &Conclude) -> Result<&'a str, Failure> {
    let variants = || claim.variants.iter().map(|variant| variant.id.as_str());
    let treatments: Vec<&str> = variants().filter(|&id| id != "control").collect();
    let listed = || treatments.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    match (&verb.variant, treatments.as_slice()) {
        (Some(named), _) => variants().find(|id| id == named).ok_or_else(|| {
            let failure = Failure::usage(format!("`{}` has no variant `{named}`", claim.id));
            match closest(named, variants()) {
                Some(close) => failure.help(format!("did you mean `{close}`?")),
                None => failure.help(format!("its treatments are {}", listed())),
            }
        }),
        (None, [only]) => Ok(only),
        (None, _) => Err(Failure::usage(format!("`{}` has {} treatments", claim.id, treatments.len()))
            .help(format!("name the one that ships with `--variant`: {}", listed()))),
    }
}

/// Errors that the decision brings in; that locks are not up to date then is what the rest of the work mends.
fn new_errors_besides_locks(after: &Sources, before: &Sources, today: Day, evidence: &[Evidence]) -> Vec<Diagnostic> {
    let mut new = new_errors(after, &[before], today, evidence);
    new.retain(|finding| finding.rule != "stale-allocation");
    new
}

fn words(changes: &[Change]) -> String {
    changes.iter().map(|change| change.words.as_str()).collect()
}

/// What would be written: the decision, and a line for each lock and ledger.
fn shown(path: &str, written: &str, changes: &[Change]) -> String {
    let decision = written.rfind("[decision]").and_then(|at| written.get(at..)).unwrap_or("");
    let lines: String = decision.lines().map(|line| format!("  {}\n", plain(line))).collect();
    format!("would write {}\n{lines}{}", plain(path), words(changes))
}

/// What is left to do for people.
fn next(claim: &Claim, context: &Context<'_>) -> Option<String> {
    let named = claim.decision()?.variant.as_ref()?;
    let variant = claim.variants.iter().find(|variant| variant.id == named.value)?;
    let flag = context.catalogue.flags.at(claim.flag?);
    let served = flag.written.default.as_ref().is_some_and(|default| default.value.0 == variant.value);
    let value = &variant.value;
    (!served).then(|| format!("nobody gets its value until `{value}` is the default of `{}`", flag.id))
}
