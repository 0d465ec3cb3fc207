//! `flags/ID.toml`: a flag, what applications read.

use super::leaf::Value;
use super::reader::{At, May, Must};
use super::{table, words};

table! {
    /// A flag: its values, its default, and where it belongs.
    pub struct Flag {
        /// The version of this file's format: 1.
        pub version: Must<u32>,
        /// What it changes, in words.
        pub description: May<String>,
        /// The team that owns it.
        #[schemars(extend("x-refers-to" = "team"))]
        pub owner: Must<String>,
        /// The surface that it belongs to.
        #[schemars(extend("x-refers-to" = "surface"))]
        pub surface: Must<String>,
        /// The component of that surface that it changes.
        #[schemars(extend("x-refers-to" = "component"))]
        pub component: Must<String>,
        /// The type of its values.
        pub r#type: Must<FlagType>,
        /// All values that it may take, where they are few.
        pub values: May<Vec<At<Value>>>,
        /// Its value for units in no experiment, no rollout and no rule.
        pub default: Must<Value>,
        /// Whether an experiment on it needs a `review` before it ships.
        pub requires_review: May<bool>,
        /// A JSON Schema that every value of an object flag must meet.
        pub schema: May<Value>,
        /// Values for units in no experiment and no rollout, in this order.
        pub rules: May<Vec<At<FlagRule>>>,
    }
}

words! {
    /// The type of a flag's values.
    pub enum FlagType("a flag's type") {
        String = "string",
        Number = "number",
        Boolean = "boolean",
        Object = "object",
    }
}

impl FlagType {
    /// Whether a value has this type; objects may be lists too.
    #[must_use]
    pub fn fits(self, value: &serde_json::Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Object => value.is_object() || value.is_array(),
        }
    }
}

table! {
    /// A targeting rule: a value for an audience.
    pub struct FlagRule {
        /// The audience.
        #[schemars(extend("x-refers-to" = "segment"))]
        pub segment: Must<String>,
        /// What it gets.
        pub value: Must<Value>,
    }
}
