//! `allot analyze`: results of experiments, from data or from statistics that are there already.

mod counted;
#[cfg(feature = "embedded")]
mod parquet;
mod shown;
mod unmatched;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rayon::prelude::*;

#[cfg(feature = "forge")]
use super::conclude::{self, Ask, Conclude};
use super::gather::{self, Options};
use super::output::data;
use super::store::{New, Place, Shelf, Standing, Store, place};
use super::workspace::{Origin, Revisions, Workspace};
use super::{Exit, Failure, Global};
use crate::analysis::{Counted, Question, analyse};
use crate::decl::{Day, Stage};
use crate::lint::Context;
use crate::lock::Held;
use crate::model::Claim;
use crate::power::Power;
use crate::render::results::Kept;
use crate::results::{Advice, Results, State, Why};
use counted::{Look, Statistics};

/// Results: whether the data can be trusted, each metric's effect with its interval, and what to do
///
/// Without names it looks at every experiment that is live, or has ended and is not decided. What is analysed is what the experiment
/// promised when it was launched. With `--results` each look is recorded, so that planned looks know what earlier ones have
/// spent: give it the same folder, or the same address of object storage, each time. Of two runs at once one records its look, and
/// the other ends with exit code 3.
///
/// The exit code is 1 if a health check fails, or something that must not get worse is significantly worse while it runs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot analyze fresh-first --results results
  allot analyze --results results --format json
  allot analyze --results file://records
                                    or `s3://BUCKET/results`, `gs://…`, `az://…`, where machines share what was spent
  allot analyze fresh-first --format html > fresh-first.html
  allot analyze --aggregates sums.csv
                                    from means and variances that a warehouse computed")]
pub struct Analyze {
    /// The ids of experiments or rollouts
    #[arg(value_name = "EXPERIMENT")]
    ids: Vec<String>,
    /// Read statistics from a file, CSV or Parquet, instead of data: `experiment, variant, metric, n, mean, variance`, and `at` for one look
    /// an instant
    #[arg(long, value_name = "FILE")]
    aggregates: Option<PathBuf>,
    /// Where looks are recorded, one file each: a folder, or an address such as `s3://BUCKET/results`
    #[arg(long, value_name = "PLACE", value_parser = place)]
    results: Option<Place>,
    /// How much memory counting may take, such as 512MB; at least 256MB, and the results are the same whatever it is
    #[arg(long, value_name = "SIZE", value_parser = gather::memory)]
    memory: Option<u64>,
    /// How many cores counting may use; the results are the same whatever it is
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    threads: Option<u32>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Open a pull request that stops each running experiment in which something is significantly worse that must not get
    /// worse; the token is `GITHUB_TOKEN`, or else `GH_TOKEN`
    #[cfg(feature = "forge")]
    #[arg(long)]
    stop_on_harm: bool,
    #[cfg(feature = "forge")]
    #[command(flatten)]
    ask: Ask,
}

impl Analyze {
    /// Whether a bound on memory was asked for.
    pub const fn is_bounded(&self) -> bool {
        self.memory.is_some()
    }
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: a line an experiment, version 1, see `allot schema output/results`
    Json,
    /// A comment that GitHub renders
    Markdown,
    /// One page that needs nothing else
    Html,
}

pub fn run(global: &Global, verb: &Analyze) -> Result<Exit, Failure> {
    let workspace = Workspace::open_at(global, Revisions::default())?;
    let context = workspace.context();
    let now = workspace.at.0.saturating_mul(1_000_000);
    let store = verb.results.as_ref().map(Store::open).transpose()?;
    let statistics = match &verb.aggregates {
        Some(file) => Statistics::aggregated(file)?,
        None => {
            let threads = verb.threads.and_then(|threads| usize::try_from(threads).ok());
            let options = Options { memory: verb.memory, threads };
            Statistics::counted(global, &workspace, &context, now, &verb.ids, options)?
        }
    };
    let chosen = chosen(&context, now, &verb.ids, &statistics)?;
    if let (Some(file), Statistics::Aggregated(read)) = (&verb.aggregates, &statistics) {
        let said = unmatched::unmatched(&context, &chosen, file, read, now)?;
        said.iter().for_each(|line| global.say(line));
    }
    let looking = Looking {
        power: Power::new(&context.catalogue, &context.locks, &context.plan),
        context: &context,
        statistics: &statistics,
        store: store.as_ref(),
        origin: workspace.origin.as_ref(),
        now,
        named: global.at.is_some(),
    };
    let taken: Vec<Taken<'_>> =
        chosen.into_par_iter().map(|(claim, held)| looking.take(claim, held)).collect::<Result<_, Failure>>()?;
    let seen = |id: &String| taken.iter().filter_map(|own| own.newest.as_ref()).any(|own| own.experiment == *id);
    for own in taken.iter().filter(|own| own.outdated).filter_map(|own| own.newest.as_ref()) {
        let Results { experiment, at, .. } = own;
        global.say(&format!(
            "`{experiment}`: the look of {at} is shown as it was recorded; taken now it would say otherwise"
        ));
    }
    for id in verb.ids.iter().filter(|id| !seen(id)) {
        let day = Day::containing(now.div_euclid(1_000_000));
        global.say(&format!("`{id}`: there is nothing of it in the statistics up to {day}"));
    }
    if let Some(store) = store.as_ref().filter(|_| taken.iter().any(|own| !own.new.is_empty())) {
        store.prove()?;
    }
    let (mut newest, mut created, mut failed) = (Vec::new(), 0, None);
    let recorded: Vec<Result<usize, Failure>> = taken.par_iter().map(Taken::record).collect();
    for (own, recorded) in taken.into_iter().zip(recorded) {
        match recorded {
            Ok(number) => {
                created += number;
                newest.extend(own.newest);
            }
            // Nothing is read off a look that does not know what another has spent; what the others say is shown all the same.
            Err(failure) => {
                if let Some(before) = failed.replace(failure) {
                    global.say(&before.to_string());
                }
            }
        }
    }
    if newest.is_empty() && failed.is_none() {
        global.say(&nothing(&context, now));
    }
    let place = verb.results.as_ref().map(Place::written);
    let kept = place.as_deref().map_or(Kept::Nowhere, Kept::In);
    data(&shown::all(&newest, kept, verb.format, global.color.style()))?;
    if let Some(store) = store.as_ref().filter(|_| created > 0) {
        let looks = if created == 1 { "look" } else { "looks" };
        global.say(&format!("{created} {looks} recorded in `{}`", store.shown()));
    }
    #[cfg(feature = "forge")]
    if verb.stop_on_harm {
        for results in newest.iter().filter(|results| harms(results)) {
            let stop = Conclude::stop(&results.experiment, &harm(results), verb.results.clone(), verb.ask.clone());
            conclude::run(global, &stop)?;
        }
    }
    match failed {
        Some(failure) => Err(failure),
        None => Ok(if newest.iter().any(alarms) { Exit::Findings } else { Exit::Clean }),
    }
}

/// That there is nothing to look at, and what begins next.
fn nothing(context: &Context<'_>, now: i64) -> String {
    let day = Day::containing(now.div_euclid(1_000_000));
    let starts = context.catalogue.claims.values().filter_map(|claim| {
        let held = context.locks.of(claim.file).filter(|_| claim.stage == Some(Stage::Ship))?;
        (held.lock.start > day).then_some((held.lock.start, &claim.id))
    });
    let next = starts.min().map(|(start, id)| format!("; `{id}` starts on {start}, and `--at` looks at another day"));
    format!(
        "there is nothing to look at on {day}: no statistics of an experiment that is live, or has ended and is not decided{}",
        next.unwrap_or_default()
    )
}

/// What an experiment harms, in a sentence.
#[cfg(feature = "forge")]
fn harm(results: &Results) -> String {
    let reasons = results.treatments.iter().flat_map(|treatment| {
        let worse = treatment.reasons.iter().filter(|reason| reason.why == Why::Worse);
        worse.map(|reason| format!("{} in `{}`", reason.words, treatment.variant))
    });
    format!("At the look of {}: {}.", results.at, reasons.collect::<Vec<_>>().join("; "))
}

/// What looks are taken with.
struct Looking<'a> {
    context: &'a Context<'a>,
    power: Power<'a>,
    statistics: &'a Statistics,
    store: Option<&'a Store>,
    origin: Option<&'a Origin>,
    /// In microseconds since 1970.
    now: i64,
    /// Whether somebody named that instant.
    named: bool,
}

/// The looks that were taken at one experiment.
struct Taken<'a> {
    newest: Option<Results>,
    /// Whether the newest one was recorded before, and would come to something else now.
    outdated: bool,
    /// Those that are not recorded yet, and where they go.
    new: Vec<New>,
    shelf: Option<Shelf<'a>>,
}

impl Taken<'_> {
    /// Records what is not recorded yet; says how many looks that were.
    fn record(&self) -> Result<usize, Failure> {
        match &self.shelf {
            Some(shelf) if !self.new.is_empty() => shelf.create(&self.new),
            _ => Ok(0),
        }
    }
}

impl<'a> Looking<'a> {
    /// Takes every look that there are statistics for, each after those before it; one that is recorded stays as it is there.
    fn take(&self, claim: &Claim, held: &Held) -> Result<Taken<'a>, Failure> {
        let looks = self.statistics.looks(&held.lock, self.now);
        let shelf = self.store.map(|store| store.shelf(&claim.id, held.lock.phase)).transpose()?;
        let (mut earlier, mut from) = (Vec::new(), i64::MIN);
        let (mut newest, mut new, mut recorded, mut outdated) = (None, Vec::new(), false, false);
        for Look { at, tally, query } in looks {
            // One that is recorded comes from the shelf, with those between.
            earlier.extend(newest.take().filter(|_| !recorded));
            earlier.extend(shelf.iter().flat_map(|shelf| shelf.between(from, at)).cloned());
            from = at;
            let question = Question {
                catalogue: &self.context.catalogue,
                power: &self.power,
                claim,
                lock: &held.lock,
                now: at,
                earlier: &earlier,
                commit: self.origin.and_then(|origin| origin.head.as_deref()),
                dirty: self.origin.is_some_and(|origin| origin.dirty),
            };
            let engine = self.statistics.engine();
            let aggregated = matches!(self.statistics, Statistics::Aggregated(_));
            newest = analyse(&question, &Counted { tally: &tally, engine, query: &query, aggregated });
            (recorded, outdated) = (false, false);
            if let (Some(shelf), Some(results)) = (&shelf, &mut newest) {
                match shelf.record(results, at == self.now && !self.named)? {
                    Standing::New(record) => new.push(*record),
                    Standing::Recorded(own) => {
                        (recorded, outdated) = (true, !own.comes_to_the_same(results));
                        *results = own.clone();
                    }
                }
            }
        }
        Ok(Taken { newest, outdated, new, shelf })
    }
}

/// Whether somebody has to act: data cannot be trusted, or a running experiment does harm.
fn alarms(results: &Results) -> bool {
    results.decision.advice == Advice::Withheld || harms(results)
}

/// Whether something that must not get worse is significantly worse while the experiment runs.
fn harms(results: &Results) -> bool {
    let mut reasons = results.treatments.iter().flat_map(|treatment| &treatment.reasons);
    results.run.state == State::Running && reasons.any(|reason| reason.why == Why::Worse)
}

/// The experiments that are looked at, with their locks.
fn chosen<'a>(
    context: &'a Context<'_>,
    now: i64,
    ids: &[String],
    statistics: &Statistics,
) -> Result<Vec<(&'a Claim, &'a Held)>, Failure> {
    let mut chosen = Vec::new();
    for claim in context.catalogue.claims.values() {
        let named = ids.contains(&claim.id);
        let undecided = ids.is_empty() && claim.stage == Some(Stage::Ship);
        if !(named || undecided) {
            continue;
        }
        let held = context.locks.of(claim.file);
        let begun = held.is_some_and(|held| held.lock.start.seconds().saturating_mul(1_000_000) <= now);
        match held {
            Some(held) if begun && (named || statistics.has(&held.lock)) => chosen.push((claim, held)),
            Some(held) if named => {
                return Err(Failure::usage(format!("`{}` starts on {}", claim.id, held.lock.start)));
            }
            None if named => {
                let failure = Failure::usage(format!("`{}` has no lock that can be read", claim.id));
                return Err(failure.help("run `allot allocate`"));
            }
            _ => {}
        }
    }
    let known: Vec<&str> = context.catalogue.claims.values().map(|claim| claim.id.as_str()).collect();
    if let Some(unknown) = ids.iter().find(|id| !known.contains(&id.as_str())) {
        return Err(Failure::usage(format!("there is no experiment or rollout `{unknown}`")).meant(unknown, known));
    }
    Ok(chosen)
}
