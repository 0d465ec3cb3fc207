//! The recorded result that a decision rests on, in the words that the decision keeps of it.

use crate::cli::Failure;
use crate::cli::evidence::{of, recorded};
use crate::cli::store::{Place, Store};
use crate::model::Claim;
use crate::results::{Evidence, Figure, Interval, Results, Treatment};

/// What a decision takes from a result.
pub struct Read {
    pub evidence: Evidence,
    /// Why, from the reasons of the result.
    pub reason: String,
    /// The digest, the day and the estimate.
    pub words: String,
}

impl Read {
    /// The newest result that was recorded of a claim.
    ///
    /// # Errors
    /// When there is none, or a record cannot be read.
    pub fn newest(place: &Place, claim: &Claim) -> Result<Self, Failure> {
        let store = Store::open(place)?;
        let none = || {
            let (id, shown) = (&claim.id, store.shown());
            Failure::usage(format!("no result of `{id}` is recorded in `{shown}`"))
                .help(format!("run `allot analyze {id} --results {shown}` first"))
        };
        let results = recorded(&store, claim)?.pop().ok_or_else(none)?;
        let evidence = of(&results);
        let day = results.at.split('T').next().unwrap_or(&results.at);
        let estimate = estimate(&results).map_or(String::new(), |estimate| format!(": {estimate}"));
        let words = format!("{} of {day}{estimate}", evidence.digest);
        let mut reason = evidence.reasons.join("; ");
        if let Some(first) = reason.chars().next().filter(|first| first.is_lowercase()) {
            reason.replace_range(..first.len_utf8(), &first.to_uppercase().to_string());
        }
        Ok(Self { evidence, reason: format!("{}.", reason.trim_end_matches('.')), words })
    }
}

/// The primary metric's lift of the treatment that is to ship, or of the first.
fn estimate(results: &Results) -> Option<String> {
    let shipped = |treatment: &&Treatment| results.decision.variant.as_ref() == Some(&treatment.variant);
    let treatment = results.treatments.iter().find(shipped).or(results.treatments.first())?;
    let metric = results.primary()?;
    let outcome = treatment.outcomes.iter().find(|outcome| outcome.metric == metric.id)?;
    let percent = |share: f64| format!("{:+.2}%", 100.0 * share);
    let interval = match &outcome.lift_interval {
        Figure::Known(Interval { low, high }) => format!(" ({} to {})", percent(*low), percent(*high)),
        Figure::Undefined(_) => String::new(),
    };
    Some(format!("{} {}{interval}", metric.id, percent(outcome.lift.number()?)))
}
