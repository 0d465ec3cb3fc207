//! Rows of statistics that are not looked at, and why: names that the catalogue does not have, and looks that are yet to come.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::analysis::{Aggregates, Row};
use crate::cli::Failure;
use crate::diag::{closest, shown};
use crate::lint::Context;
use crate::lock::Held;
use crate::model::Claim;

/// How many names are listed.
const LISTED: usize = 5;

/// Says what of the statistics is left out, a line each. Other catalogues may have their rows in the same file, so a name that is
/// not known is no error; a look from before the run is, since nobody was exposed then.
///
/// # Errors
/// At the first row of a look before the run of its experiment.
pub fn unmatched(
    context: &Context<'_>,
    chosen: &[(&Claim, &Held)],
    file: &Path,
    read: &Aggregates,
    now: i64,
) -> Result<Vec<String>, Failure> {
    let place = |number: usize| format!("`{}`: {}", file.display(), read.place(number));
    let known = Known::of(context);
    let looked_at: BTreeMap<String, (&Claim, &Held)> =
        chosen.iter().map(|&(claim, held)| (held.lock.key(), (claim, held))).collect();
    let mut experiments = LeftOut::default();
    let mut others: BTreeMap<&str, Others<'_>> = BTreeMap::new();
    let mut early: Option<(Row<'_>, &Held)> = None;
    for row in read.rows() {
        let Some(&(claim, held)) = looked_at.get(row.experiment) else {
            if !known.has(row.experiment) {
                experiments.add(row.experiment, row.number);
            }
            continue;
        };
        let start = held.lock.start.seconds().saturating_mul(1_000_000);
        if row.at.is_some_and(|at| at < start) && early.is_none_or(|(first, _)| row.number < first.number) {
            early = Some((row, held));
        }
        let own = others.entry(row.experiment).or_default();
        if !claim.tracked.iter().any(|tracked| tracked.id == row.metric) {
            own.metrics.add(row.metric, row.number);
        } else if !held.lock.variants.iter().any(|(id, _)| id == row.variant) {
            own.variants.add(row.variant, row.number);
        } else if let Some(at) = row.at.filter(|&at| at > now) {
            own.later = Some(own.later.map_or((at, 1), |(first, rows)| (first.min(at), rows + 1)));
        }
    }
    if let Some((row, held)) = early {
        let at = row.at.map_or_else(String::new, written);
        let wrong =
            format!("{}: `at` is {at}, and `{}` starts on {}", place(row.number), row.experiment, held.lock.start);
        return Err(Failure::usage(wrong).help("write the instant up to which was counted, or leave it out for now"));
    }
    let mut said = Vec::new();
    let known: Vec<&str> = known.0.keys().copied().collect();
    said.extend(experiments.said(&place, ["there is no", "there are no"], "experiment", &known));
    for (experiment, own) in others {
        let Some((claim, held)) = looked_at.get(experiment) else { continue };
        let has = format!("`{experiment}` has no");
        let tracked: Vec<&str> = claim.tracked.iter().map(|tracked| tracked.id.as_str()).collect();
        said.extend(own.metrics.said(&place, [&has, &has], "metric", &tracked));
        let variants: Vec<&str> = held.lock.variants.iter().map(|(id, _)| id.as_str()).collect();
        said.extend(own.variants.said(&place, [&has, &has], "variant", &variants));
        if let Some((first, number)) = own.later {
            said.push(format!(
                "`{}`: {} of `{experiment}` {} after {}, the first at {}, and left out: `--at` looks at another instant",
                file.display(),
                rows(number),
                if number == 1 { "is" } else { "are" },
                written(now),
                written(first)
            ));
        }
    }
    Ok(said)
}

/// The experiments of a catalogue, with the phases that each has had.
struct Known<'a>(BTreeMap<&'a str, u32>);

impl<'a> Known<'a> {
    fn of(context: &'a Context<'_>) -> Self {
        let phases = |claim: &Claim| context.locks.of(claim.file).map_or(1, |held| held.lock.phase);
        Self(context.catalogue.claims.values().map(|claim| (claim.id.as_str(), phases(claim))).collect())
    }

    /// Whether the exposures of an experiment carry this, in a phase that there was.
    fn has(&self, key: &str) -> bool {
        let of_phase = || {
            let (id, phase) = key.rsplit_once('.')?;
            let (phase, phases) = (phase.parse::<u32>().ok()?, self.0.get(id)?);
            Some((2..=*phases).contains(&phase))
        };
        self.0.contains_key(key) || of_phase() == Some(true)
    }
}

/// What is left out of an experiment that is looked at.
#[derive(Debug, Default)]
struct Others<'a> {
    metrics: LeftOut<'a>,
    variants: LeftOut<'a>,
    /// The instant of the first later look, and how many rows are of such looks.
    later: Option<(i64, usize)>,
}

/// Rows of names that are not known.
#[derive(Debug, Default)]
struct LeftOut<'a> {
    names: BTreeSet<&'a str>,
    rows: usize,
    /// The number of the first row.
    first: Option<usize>,
}

impl<'a> LeftOut<'a> {
    fn add(&mut self, name: &'a str, number: usize) {
        self.names.insert(name);
        self.rows += 1;
        self.first = Some(self.first.map_or(number, |first| first.min(number)));
    }

    /// All of them in a line, with what was probably meant. `has` is said of one, and of several.
    fn said(&self, place: &impl Fn(usize) -> String, has: [&str; 2], what: &str, known: &[&str]) -> Option<String> {
        let first = place(self.first?);
        let named: Vec<String> = self.names.iter().take(LISTED).map(|name| format!("`{}`", shown(name))).collect();
        let more = match self.names.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let [one, several] = has;
        let is_one = self.names.len() == 1;
        let what = if is_one { format!("{one} {what}") } else { format!("{several} {what}s") };
        let near = self.names.iter().find_map(|name| Some((name, closest(name, known.iter().copied())?)));
        let meant = match near {
            Some((_, meant)) if is_one => format!("; did you mean `{meant}`?"),
            Some((name, meant)) => format!("; did you mean `{meant}` by `{}`?", shown(name)),
            None => String::new(),
        };
        let them = if is_one { "it" } else { "them" };
        let out = if self.rows == 1 { "is" } else { "are" };
        let named = named.join(", ");
        Some(format!("{first}: {what} {named}{more}: {} of {them} {out} left out{meant}", rows(self.rows)))
    }
}

fn rows(number: usize) -> String {
    if number == 1 { "1 row".to_owned() } else { format!("{number} rows") }
}

/// An instant in microseconds since 1970.
fn written(at: i64) -> String {
    jiff::Timestamp::from_microsecond(at).map_or_else(|_| "beyond time".to_owned(), |at| at.to_string())
}
