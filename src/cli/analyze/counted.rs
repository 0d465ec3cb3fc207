//! What results are computed from: tallies of the embedded engine, or statistics from a file.

use std::path::Path;

use crate::analysis::Aggregates;
use crate::cli::gather::{Options, gather_watched, tables};
use crate::cli::workspace::Workspace;
use crate::cli::{Failure, Global};
use crate::io;
use crate::lint::Context;
use crate::lock::{Lock, digest};
use crate::query::{LeftOut, requests};
use crate::results::{MetricTally, Tally};

/// The largest file of statistics.
const MAX_AGGREGATES: u64 = 1 << 30;

/// Reads the same from a Parquet file.
#[cfg(feature = "embedded")]
fn parquet(file: &Path) -> Result<Statistics, Failure> {
    Ok(Statistics::Aggregated(super::parquet::read(file)?))
}

#[cfg(not(feature = "embedded"))]
fn parquet(file: &Path) -> Result<Statistics, Failure> {
    let failure = Failure::usage(format!("`{}`: this `allot` was built without what reads Parquet", file.display()));
    Err(failure.help("build it with the feature `embedded`, or hand the statistics in as CSV"))
}

/// Statistics of experiments.
pub enum Statistics {
    /// Counted as of now, each with the digest of what was asked.
    Counted(Vec<(Tally, String)>),
    /// From a file.
    Aggregated(Aggregates),
}

/// What was counted for one look.
pub struct Look {
    /// In microseconds since 1970.
    pub at: i64,
    pub tally: Tally,
    /// The digest of what was asked, or of the rows of the file that are the look's own.
    pub query: String,
}

impl Statistics {
    /// Reads a file of means and variances.
    ///
    /// # Errors
    /// When it cannot be read, or is not such a file.
    pub fn aggregated(file: &Path) -> Result<Self, Failure> {
        if file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet")) {
            return parquet(file);
        }
        let bytes = io::read_bounded(file, MAX_AGGREGATES)?;
        let wrong = |why: String| Failure::usage(format!("`{}`: {why}", file.display()));
        let text = std::str::from_utf8(&bytes).map_err(|_| wrong("it is no UTF-8 text".to_owned()))?;
        Ok(Self::Aggregated(Aggregates::read_csv(text).map_err(wrong)?))
    }

    /// Counts what is asked of the catalogue's own data.
    ///
    /// # Errors
    /// When something named cannot be asked for, or the engine failed.
    pub fn counted(
        global: &Global,
        workspace: &Workspace,
        context: &Context<'_>,
        now: i64,
        ids: &[String],
        options: Options,
    ) -> Result<Self, Failure> {
        let catalogue = &context.catalogue;
        let tables = tables(
            catalogue,
            "run there what `allot query` prints, or hand in statistics that are there already with `--aggregates FILE`",
        )?;
        let asked = requests(catalogue, &context.locks, now, ids);
        if let Some(LeftOut { claim, why, .. }) =
            asked.left_out.iter().find(|left| left.metric.is_none() && ids.contains(&left.claim))
        {
            let failure = Failure::usage(format!("`{claim}`: {why}"));
            return Err(match why.help() {
                Some(help) => failure.help(help),
                None => failure,
            });
        }
        let mut counted = Vec::new();
        for request in &asked.requests {
            let query = digest("allotment request", &[&format!("{request:?}")]);
            let tallies = gather_watched(global, &workspace.root, &tables, request, options)?;
            for (study, mut tally) in request.studies.iter().zip(tallies) {
                let left = asked.left_out.iter().filter(|left| left.claim == study.id);
                for (metric, why) in left.filter_map(|left| Some((left.metric.as_ref()?, &left.why))) {
                    tally.metrics.push(MetricTally {
                        metric: metric.clone(),
                        failed: Some(why.to_string()),
                        ..MetricTally::default()
                    });
                }
                counted.push((tally, query.clone()));
            }
        }
        for LeftOut { claim, metric, why } in asked.left_out.iter().filter(|left| !ids.contains(&left.claim)) {
            match metric {
                Some(metric) => global.say(&format!("`{claim}`: `{metric}` is left out: {why}")),
                None => global.say(&format!("`{claim}` is left out: {why}")),
            }
        }
        Ok(Self::Counted(counted))
    }

    /// Who counted.
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Counted(_) => "embedded",
            Self::Aggregated(_) => "aggregates",
        }
    }

    /// Whether there is anything of an experiment.
    pub fn has(&self, lock: &Lock) -> bool {
        let key = lock.key();
        match self {
            Self::Counted(tallies) => tallies.iter().any(|(tally, _)| tally.key == key),
            Self::Aggregated(read) => read.experiments().any(|own| own == key),
        }
    }

    /// The looks at an experiment, the earliest first.
    pub fn looks(&self, lock: &Lock, now: i64) -> Vec<Look> {
        let key = lock.key();
        match self {
            Self::Counted(tallies) => {
                let own = tallies.iter().filter(|(tally, _)| tally.key == key);
                own.map(|(tally, query)| Look { at: now, tally: tally.clone(), query: query.clone() }).collect()
            }
            Self::Aggregated(read) => {
                let mut variants: Vec<String> = lock.variants.iter().map(|(id, _)| id.clone()).collect();
                variants.sort_by_key(|id| id != "control");
                let look =
                    |at| Look { at, tally: read.tally(&key, at, now, &variants), query: read.digest(&key, at, now) };
                read.looks(&key, now).into_iter().map(look).collect()
            }
        }
    }
}
