//! How the results of a claim are read: its own words, else those of `allotment.toml`, else what is usual.

use super::{Catalogue, Claim};
use crate::decl::{Looks, LooksWord, Method, Share, Spending};

/// How results are read, with nothing left out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Analysis {
    /// How intervals account for looking more than once; group-sequential unless said.
    pub method: Method,
    /// When results are looked at; weekly unless said.
    pub looks: Looks,
    /// The confidence of the interval that every verdict is read off; 95 % unless said.
    pub confidence: Share,
    /// The power that an experiment should have; 80 % unless said.
    pub power: Share,
    /// How a group-sequential plan spends its error rate; O'Brien–Fleming unless said.
    pub spending: Spending,
}

impl Default for Analysis {
    fn default() -> Self {
        Self {
            method: Method::GroupSequential,
            looks: Looks::Every(LooksWord::Weekly),
            confidence: Share(950_000),
            power: Share(800_000),
            spending: Spending::ObrienFleming,
        }
    }
}

impl Catalogue {
    /// How results are read; of a claim, or of whatever says nothing of its own.
    #[must_use]
    pub fn analysis(&self, claim: Option<&Claim>) -> Analysis {
        let own = claim.and_then(Claim::experiment).and_then(|experiment| experiment.analysis.as_ref());
        let root = self.root.as_ref().and_then(|(_, root)| root.analysis.as_ref());
        let usual = Analysis::default();
        macro_rules! resolved {
            ($key:ident) => {
                own.and_then(|own| own.$key.as_ref())
                    .or(root.and_then(|root| root.$key.as_ref()))
                    .map_or(usual.$key, |said| said.value.clone())
            };
        }
        Analysis {
            method: resolved!(method),
            looks: resolved!(looks),
            confidence: resolved!(confidence),
            power: resolved!(power),
            spending: resolved!(spending),
        }
    }
}
