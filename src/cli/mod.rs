//! The command line: one file a verb, an argument struct whose doc comment is the help, and one function.

mod allocate;
mod analyze;
mod assign;
mod attributes;
mod baseline;
mod check;
#[cfg(feature = "forge")]
mod comment;
mod compile;
mod completions;
mod conclude;
mod drawing;
#[cfg(feature = "publish")]
mod drift;
mod evidence;
mod failure;
mod findings;
mod gate;
pub mod gather;
mod history;
mod init;
mod lint;
mod man;
mod merge;
mod new;
mod newly;
mod output;
mod plan;
mod power;
#[cfg(feature = "publish")]
pub mod publish;
mod query;
#[cfg(feature = "publish")]
mod rollback;
mod rule;
mod schema;
mod simulate;
#[cfg(feature = "publish")]
mod stop;
mod store;
mod touched;
mod upon;
mod verify;
mod workspace;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use failure::{Exit, Failure};
use output::ColorChoice;

/// Experiments declared in Git: linted, allotted, compiled and proven.
#[derive(Debug, Parser)]
#[command(name = "allot", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 clean, 1 findings, 2 wrong usage or no catalogue, 3 the environment failed.")]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

impl Cli {
    /// Whether a bound on memory was asked for.
    #[must_use]
    pub const fn is_bounded(&self) -> bool {
        matches!(&self.verb, Verb::Analyze(verb) if verb.is_bounded())
    }
}

/// What every verb understands.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The catalogue's folder; without it, the nearest one above that holds `allotment.toml`
    #[arg(long, global = true, value_name = "DIR", help_heading = "Global options")]
    root: Option<PathBuf>,
    /// The instant to judge by, such as 2027-02-01T00:00:00Z; without it, now
    #[arg(long, global = true, value_name = "RFC3339", help_heading = "Global options")]
    at: Option<String>,
    /// Colour on a terminal
    #[arg(long, global = true, value_enum, default_value_t, help_heading = "Global options")]
    color: ColorChoice,
    /// Say nothing but findings and data
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    quiet: bool,
    /// Say more of what is done
    #[arg(short, long, global = true, help_heading = "Global options")]
    verbose: bool,
}

impl Global {
    /// Says something on standard error, unless `--quiet` was asked for.
    fn say(&self, text: &str) {
        if !self.quiet {
            output::say(text);
        }
    }
}

#[derive(Debug, Subcommand)]
enum Verb {
    Init(init::Init),
    New(new::New),
    Check(check::Check),
    Plan(plan::Plan),
    Power(power::Power),
    History(history::History),
    Conclude(conclude::Conclude),
    #[cfg(feature = "forge")]
    Comment(comment::Comment),
    Analyze(analyze::Analyze),
    Baseline(baseline::BaselineVerb),
    Lint(lint::Lint),
    Rule(rule::Rule),
    Schema(schema::Schema),
    Allocate(allocate::Allocate),
    Merge(merge::MergeVerb),
    Compile(compile::Compile),
    Verify(verify::Verify),
    #[cfg(feature = "publish")]
    Publish(publish::Publish),
    #[cfg(feature = "publish")]
    Rollback(rollback::Rollback),
    #[cfg(feature = "publish")]
    Drift(drift::Drift),
    #[cfg(feature = "publish")]
    Stop(stop::Stop),
    Assign(assign::Assign),
    Simulate(simulate::Simulate),
    Query(query::Query),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Runs one command line.
///
/// # Errors
/// When it was used wrongly, or the environment failed; findings are an [`Exit`], not a failure.
pub fn run(cli: &Cli) -> Result<Exit, Failure> {
    match &cli.verb {
        Verb::Init(verb) => init::run(&cli.global, verb),
        Verb::New(verb) => new::run(&cli.global, verb),
        Verb::Check(verb) => check::run(&cli.global, verb),
        Verb::Plan(verb) => plan::run(&cli.global, verb),
        Verb::Power(verb) => power::run(&cli.global, verb),
        Verb::History(verb) => history::run(&cli.global, verb),
        Verb::Conclude(verb) => conclude::run(&cli.global, verb),
        #[cfg(feature = "forge")]
        Verb::Comment(verb) => comment::run(&cli.global, verb),
        Verb::Analyze(verb) => analyze::run(&cli.global, verb),
        Verb::Baseline(verb) => baseline::run(&cli.global, verb),
        Verb::Lint(verb) => lint::run(&cli.global, verb),
        Verb::Rule(verb) => rule::run(&cli.global, verb),
        Verb::Schema(verb) => schema::run(&cli.global, verb),
        Verb::Allocate(verb) => allocate::run(&cli.global, verb),
        Verb::Merge(verb) => merge::run(&cli.global, verb),
        Verb::Compile(verb) => compile::run(&cli.global, verb),
        Verb::Verify(verb) => verify::run(&cli.global, verb),
        #[cfg(feature = "publish")]
        Verb::Publish(verb) => publish::run(&cli.global, verb),
        #[cfg(feature = "publish")]
        Verb::Rollback(verb) => rollback::run(&cli.global, verb),
        #[cfg(feature = "publish")]
        Verb::Drift(verb) => drift::run(&cli.global, verb),
        #[cfg(feature = "publish")]
        Verb::Stop(verb) => stop::run(&cli.global, verb),
        Verb::Assign(verb) => assign::run(&cli.global, verb),
        Verb::Simulate(verb) => simulate::run(&cli.global, verb),
        Verb::Query(verb) => query::run(&cli.global, verb),
        Verb::Completions(verb) => completions::run(verb),
        Verb::Man(verb) => man::run(verb),
    }
}
