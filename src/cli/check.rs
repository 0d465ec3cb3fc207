//! `allot check`: what continuous integration runs, with one verdict.

use clap::Args;

use super::findings::{Format, any_error, counted, held_lines, plural, print};
use super::output::data;
use super::workspace::{Workspace, linted};
use super::{Exit, Failure, Global};
use crate::decl::{Day, Stage};
use crate::diag::Diagnostic;
use crate::lint::{Context, held};
use crate::model::{Claim, ClaimKind, Phase};
use crate::render::text::{Tone, toned};

/// What CI runs: lint, locks up to date, and one verdict
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot check
  allot check --at 2027-02-01       as of that day
  allot check --format github       in CI, with annotations")]
pub struct Check {
    /// How findings are printed; the verdict goes to standard error unless it is text
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn run(global: &Global, verb: &Check) -> Result<Exit, Failure> {
    let workspace = Workspace::open(global)?;
    let context = workspace.context();
    let report = linted(&context);
    let found = &report.findings;
    print(global, &workspace, found, workspace.sources.len(), verb.format)?;
    let failed = any_error(found) || !context.plan.is_empty();
    let (word, tone) = if failed { ("not ready", Tone::Bad) } else { ("ready", Tone::Good) };
    let mut lines = vec![standing(&context, workspace.today())];
    lines.extend(held_lines(&held(&context, &report)));
    lines.push(format!(
        "{}: {} in {}{}",
        toned(word, tone, global.color.style()),
        counted(found),
        plural(workspace.sources.len(), "file"),
        next(&context, found, failed)
    ));
    let lines = lines.join("\n");
    match verb.format {
        Format::Text => data(&format!("{lines}\n"))?,
        _ => global.say(&lines),
    }
    Ok(if failed { Exit::Findings } else { Exit::Clean })
}

/// What to do next.
fn next(context: &Context<'_>, found: &[Diagnostic], failed: bool) -> &'static str {
    let mut errors = found.iter().filter(|finding| finding.severity == crate::diag::Severity::Error).peekable();
    let by_allocation = |finding: &Diagnostic| matches!(finding.rule, "missing-allocation" | "stale-allocation");
    if !failed {
        ""
    } else if errors.peek().is_none() && !context.plan.is_empty() {
        "; locks are not up to date: run `allot allocate` and commit what it writes"
    } else if errors.clone().all(by_allocation) {
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
