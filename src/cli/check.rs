//! `allot check`: what continuous integration runs, with one verdict.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::evidence;
use super::findings::{any_error, below_top, counted, excerpts, held_lines, plural};
use super::gate::Gate;
use super::output::data;
use super::store::{Place, place};
use super::touched::Changed;
use super::workspace::{Revisions, Workspace};
use super::{Exit, Failure, Global};
use crate::decl::{Day, Stage};
use crate::diag::Diagnostic;
use crate::io;
use crate::lint::Context;
use crate::model::{Claim, ClaimKind, Phase};
use crate::render::comment::links;
use crate::render::markdown;
use crate::render::text::{Style, Tone, toned};
use crate::render::{github, plain, plan, sarif};

/// What CI runs: lint, locks up to date, what changes against the base, and one verdict
///
/// With `--base`, only findings count that the base does not have; the others are shown apart and block nobody. Levels of
/// rules are the base's, so that no change loosens its own gate.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot check
  allot check --base origin/main    what a pull request would do, and whether it may
  allot check --at 2027-02-01       as of that day
  allot check --base origin/main --format github --write json=report.json --write sarif=allot.sarif
                                    in CI: annotations, and files for the next steps")]
pub struct Check {
    /// Compare with the nearest common commit of this revision and the head
    #[arg(long, value_name = "REF")]
    base: Option<String>,
    /// Look at this commit instead of the work tree
    #[arg(long, value_name = "REF")]
    head: Option<String>,
    /// Hold decisions against the results that `allot analyze` recorded in this folder, or at this address
    #[arg(long, value_name = "PLACE", value_parser = place)]
    results: Option<Place>,
    /// What goes to standard output; the verdict goes to standard error unless it is text
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Write another format to a file as well; may be given several times
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output)]
    write: Vec<(Format, PathBuf)>,
}

/// How a gate is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people, with source excerpts
    #[default]
    Text,
    /// For programs, and for `allot comment`: version 1, see `allot schema output/check`
    Json,
    /// Workflow commands, which become annotations on a pull request
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// As the comment on a pull request shows it
    Markdown,
}

/// The most bytes that GitHub takes as a step's summary.
const MAX_SUMMARY: usize = 1 << 20;

fn output(text: &str) -> Result<(Format, PathBuf), String> {
    let (format, path) = text.split_once('=').ok_or("write FORMAT=FILE, as in json=report.json")?;
    Ok((Format::from_str(format, false)?, PathBuf::from(path)))
}

pub fn run(global: &Global, verb: &Check) -> Result<Exit, Failure> {
    let revisions = Revisions { base: verb.base.as_deref(), head: verb.head.as_deref() };
    let workspace = Workspace::open_at(global, revisions)?;
    let mut context = workspace.context();
    evidence::lay(&mut context, verb.results.as_ref())?;
    let gate = Gate::of(&context);
    let shown = Shown { workspace: &workspace, context: &context, gate: &gate };
    let files: Vec<(PathBuf, Vec<u8>)> = verb
        .write
        .iter()
        .map(|(format, path)| Ok((path.clone(), shown.as_format(*format, Style::Plain)?.into_bytes())))
        .collect::<Result<_, Failure>>()?;
    io::write_all(&files)?;
    let style = global.color.style();
    data(&shown.as_format(verb.format, style)?)?;
    if verb.format != Format::Text {
        global.say(&shown.verdict(global.color.style()));
    }
    Ok(if gate.ready() { Exit::Clean } else { Exit::Findings })
}

/// A gate with all that its renderers need.
struct Shown<'a> {
    workspace: &'a Workspace,
    context: &'a Context<'a>,
    gate: &'a Gate,
}

impl Shown<'_> {
    fn as_format(&self, format: Format, style: Style) -> Result<String, Failure> {
        let (gate, sources) = (self.gate, &self.workspace.sources);
        Ok(match format {
            Format::Text => {
                let mut text = excerpts(self.workspace, &gate.new, style)?;
                text.push_str(&self.known(style));
                if let Some(changes) = &gate.plan {
                    text.push_str(&plan::text(changes, style));
                    text.push('\n');
                }
                text + &self.verdict(style) + "\n"
            }
            Format::Json => gate.record(self.workspace)?.write(),
            Format::Github => {
                let base = self.workspace.base.as_ref().map(|base| &base.sources);
                let changed = Changed::of(sources, base);
                let touched = |path: &str, line: usize| changed.touches(path, line);
                github::findings(&below_top(self.workspace)?, sources, &gate.new, &touched)
            }
            Format::Sarif => {
                // Code scanning tells by itself what is new, and takes what is not listed for mended.
                let all: Vec<Diagnostic> = gate.new.iter().chain(&gate.known).cloned().collect();
                sarif::findings(&below_top(self.workspace)?, sources, &all)
            }
            Format::Markdown => {
                let record = gate.record(self.workspace)?;
                let around = io::Surroundings::read();
                let links = links(&around.server, around.repository.as_deref(), around.run.as_deref(), &record.source);
                markdown::report(&record, &links).fit_bytes(MAX_SUMMARY)
            }
        })
    }

    /// What the base has too, a line each.
    fn known(&self, style: Style) -> String {
        let Some(base) = self.workspace.base.as_ref().filter(|_| !self.gate.known.is_empty()) else {
            return String::new();
        };
        let name = toned(&plain(&base.name), Tone::Code, style);
        let mut text = format!("{name} has too, and they block nobody:\n");
        for finding in &self.gate.known {
            let at = self.workspace.sources.position(finding.span);
            let path = plain(self.workspace.sources.path(finding.span.file)).into_owned();
            let message = plain(&finding.message).into_owned();
            text.push_str(&format!("  {path}:{}:{}: {message} ({})\n", at.line, at.column, finding.rule));
        }
        text + "\n"
    }

    /// Where the catalogue stands, what is held back, and the verdict.
    fn verdict(&self, style: Style) -> String {
        let gate = self.gate;
        let (word, tone) = if gate.ready() { ("ready", Tone::Good) } else { ("not ready", Tone::Bad) };
        let mut lines = vec![standing(self.context, self.workspace.today())];
        lines.extend(held_lines(&gate.held));
        let known = match gate.known.len() {
            0 => String::new(),
            count => format!(" besides {} of the base", plural(count, "finding")),
        };
        lines.push(format!(
            "{}: {}{known} in {}{}",
            toned(word, tone, style),
            counted(&gate.new),
            plural(self.workspace.sources.len(), "file"),
            next(gate)
        ));
        lines.join("\n")
    }
}

/// What to do next.
fn next(gate: &Gate) -> &'static str {
    let by_allocation = |finding: &Diagnostic| matches!(finding.rule, "missing-allocation" | "stale-allocation");
    let mut errors = gate.new.iter().filter(|finding| finding.severity == crate::diag::Severity::Error);
    if gate.ready() {
        ""
    } else if !any_error(&gate.new) {
        "; locks are not up to date: run `allot allocate` and commit what it writes"
    } else if errors.clone().all(by_allocation) && !gate.stale.is_empty() {
        "; run `allot allocate` and commit what it writes"
    } else if errors.any(|finding| finding.fix.is_some()) {
        "; run `allot lint --fix`, then mend what is left"
    } else {
        "; mend the errors above, each says how"
    }
}

/// How many experiments and rollouts are live, planned and ended on a day.
fn standing(context: &Context<'_>, today: Day) -> String {
    let claims = || context.catalogue.claims.values();
    let of = |kind: ClaimKind| {
        let count = |wanted: Standing| {
            claims().filter(|claim| claim.kind == kind && Standing::of(claim, today) == wanted).count()
        };
        let words = [
            (Standing::Live, "live"),
            (Standing::Paused, "paused"),
            (Standing::Planned, "planned"),
            (Standing::Drafted, "being thought of or built"),
            (Standing::Ended, "ended"),
        ];
        let parts: Vec<String> = words
            .into_iter()
            .map(|(standing, word)| (count(standing), standing, word))
            .filter(|&(count, standing, _)| count > 0 || standing == Standing::Live)
            .map(|(count, _, word)| format!("{count} {word}"))
            .collect();
        parts.join(", ")
    };
    let experiments = format!("on {today}, experiments: {}", of(ClaimKind::Experiment));
    if claims().any(|claim| claim.kind == ClaimKind::Rollout) {
        format!("{experiments}; rollouts: {}", of(ClaimKind::Rollout))
    } else {
        experiments
    }
}

/// Where an experiment or a rollout stands on a day.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Drafted,
    Planned,
    Live,
    Paused,
    Ended,
}

impl Standing {
    fn of(claim: &Claim, today: Day) -> Self {
        let phase = claim.window.map(|window| window.phase(today));
        let paused = claim.is_paused();
        match (claim.stage, phase) {
            (Some(Stage::Tweak), _) | (Some(Stage::Ship), Some(Phase::Over)) => Self::Ended,
            (Some(Stage::Ship), Some(Phase::Live)) if paused => Self::Paused,
            (Some(Stage::Ship), Some(Phase::Live)) => Self::Live,
            (Some(Stage::Ship), Some(Phase::Ahead)) => Self::Planned,
            _ => Self::Drafted,
        }
    }
}
