//! What results come to: ship, wait or stop, with every reason.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "advice")]
pub enum Advice {
    /// Give it to everybody.
    Ship,
    /// Go on.
    Wait,
    /// Give it to nobody.
    Stop,
    /// The data cannot be trusted: nothing is decided until a health check that failed is looked into.
    Withheld,
}

/// What an experiment decides over all its treatments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "decision")]
pub struct Decision {
    pub advice: Advice,
    /// The variant to ship: of those that qualify the one with the largest primary estimate.
    pub variant: Option<String>,
    /// Other variants that qualify and are not significantly behind it.
    pub ties: Vec<String>,
    /// Why, the weightiest first. They are those of the variant to ship, or of all treatments.
    pub reasons: Vec<Reason>,
    /// When to read it again; null where everything is said.
    pub next: Option<Next>,
}

/// A reason for a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "reason")]
pub struct Reason {
    pub why: Why,
    /// The treatment that it is about; null where it is about several.
    pub variant: Option<String>,
    /// The metric that it is about.
    pub metric: Option<String>,
    /// The same in words for people.
    pub words: String,
}

/// What a reason says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "why")]
pub enum Why {
    /// The metric is significantly worse, with a margin worse beyond it.
    Worse,
    /// The success metric is better.
    Better,
    /// No success metric is better, and no more units will come.
    NoSuccess,
    /// No success metric is better yet.
    NoSuccessYet,
    /// The guardrail is not shown to be non-inferior.
    NotNonInferior,
    /// The metric's test is undefined.
    Undefined,
    /// All guardrails with margins are non-inferior.
    GuardrailsHold,
    /// Weeks are not whole, so that some days would count more.
    PartOfWeek,
    /// A health check failed.
    Unsound,
    /// There is neither a success metric nor a guardrail with a margin.
    NothingTested,
}

/// When to read results again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "next_look")]
pub struct Next {
    /// The instant, as in 2027-02-01T00:00:00Z.
    pub at: String,
    /// Why then: `week` (a week is whole), `look` (a planned look), `end` (no more units will be complete after it).
    #[schemars(extend("enum" = ["week", "look", "end"]))]
    pub why: String,
}
