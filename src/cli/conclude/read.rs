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
    /// The newest result that was recorded of a claim, as it speaks of the variant that ships, where one does.
    ///
    /// # Errors
    /// When there is none, or a record cannot be read.
    pub fn newest(place: &Place, claim: &Claim, shipped: Option<&str>) -> Result<Self, Failure> {
        let store = Store::open(place)?;
        let none = || {
            let (id, shown) = (&claim.id, store.shown());
            Failure::usage(format!("no result of `{id}` is recorded in `{shown}`"))
                .help(format!("run `allot analyze {id} --results {shown}` first"))
        };
        let results = recorded(&store, claim)?.pop().ok_or_else(none)?;
        let evidence = of(&results);
        let day = results.at.split('T').next().unwrap_or(&results.at);
        let estimate = estimate(&results, shipped).map_or(String::new(), |estimate| format!(": {estimate}"));
        let words = format!("{} of {day}{estimate}", evidence.digest);
        let own = shipped.and_then(|variant| of_variant(&results, variant)).map(|treatment| &treatment.reasons);
        let reasons = own.filter(|own| !own.is_empty()).unwrap_or(&results.decision.reasons);
        let mut reason = reasons.iter().map(|reason| reason.words.as_str()).collect::<Vec<_>>().join("; ");
        if let Some(first) = reason.chars().next().filter(|first| first.is_lowercase()) {
            reason.replace_range(..first.len_utf8(), &first.to_uppercase().to_string());
        }
        Ok(Self { evidence, reason: format!("{}.", reason.trim_end_matches('.')), words })
    }
}

fn of_variant<'a>(results: &'a Results, variant: &str) -> Option<&'a Treatment> {
    results.treatments.iter().find(|treatment| treatment.variant == variant)
}

/// The primary metric's lift of the variant that ships; where none does, of the one that was advised to, or of the first.
fn estimate(results: &Results, shipped: Option<&str>) -> Option<String> {
    let treatment = match shipped {
        Some(variant) => of_variant(results, variant)?,
        None => {
            let advised = results.decision.variant.as_deref().and_then(|variant| of_variant(results, variant));
            advised.or(results.treatments.first())?
        }
    };
    let metric = results.primary()?;
    let outcome = treatment.outcomes.iter().find(|outcome| outcome.metric == metric.id)?;
    let percent = |share: f64| format!("{:+.2}%", 100.0 * share);
    let interval = match &outcome.lift_interval {
        Figure::Known(Interval { low, high }) => format!(" ({} to {})", percent(*low), percent(*high)),
        Figure::Undefined(_) => String::new(),
    };
    let day = |at: &str| at.split('T').next().unwrap_or(at).to_owned();
    let settled = outcome.settled.as_ref().map_or(String::new(), |own| format!(", settled on {}", day(&own.at)));
    let against = outcome.settled.as_ref().is_some_and(|own| own.contradicts);
    let against = if against { "; later data contradict it" } else { "" };
    let whose = if results.treatments.len() > 1 { format!(" with {}", treatment.variant) } else { String::new() };
    Some(format!("{} {}{interval}{whose}{settled}{against}", metric.id, percent(outcome.lift.number()?)))
}
