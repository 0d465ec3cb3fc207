//! What a decision is held against: what one recorded look advised.

use serde::{Deserialize, Serialize};

use super::{Advice, Results};

/// How many letters of a digest name a record.
const LETTERS: usize = 16;

/// What a recorded look advised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    pub experiment: String,
    pub phase: u32,
    /// The instant of the look, as in 2027-02-01T00:00:00Z.
    pub at: String,
    /// What a decision names it by: `sha256:` and the first 16 letters of the digest of the record.
    pub digest: String,
    pub advice: Advice,
    /// The variants that it advises to ship, the best first.
    pub ships: Vec<String>,
    /// Why, in words.
    pub reasons: Vec<String>,
}

impl Evidence {
    /// What a record advised; `sha256` is the digest of its bytes, in hexadecimal.
    #[must_use]
    pub fn of(results: &Results, sha256: &str) -> Self {
        let decision = &results.decision;
        Self {
            experiment: results.experiment.clone(),
            phase: results.phase,
            at: results.at.clone(),
            digest: Self::digest(sha256),
            advice: decision.advice,
            ships: decision.variant.iter().chain(&decision.ties).cloned().collect(),
            reasons: decision.reasons.iter().map(|reason| reason.words.clone()).collect(),
        }
    }

    /// What names a record, from the digest of its bytes in hexadecimal.
    #[must_use]
    pub fn digest(sha256: &str) -> String {
        format!("sha256:{}", sha256.get(..LETTERS).unwrap_or(sha256))
    }

    /// Whether a decision's words name it: they begin with its digest, of which more letters may be given.
    #[must_use]
    pub fn is_named_by(&self, words: &str) -> bool {
        words.trim_start().starts_with(&self.digest)
    }
}
