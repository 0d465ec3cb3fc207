//! `metrics/*.toml`: facts, and the metrics made from them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::leaf::Share;
use super::reader::{Decode, Entries, May, Must, Node, Reader};
use super::{table, words};

table! {
    /// A file of facts and metrics; its name is not an id.
    pub struct Metrics {
        /// The version of this file's format: 1.
        pub version: Must<u32>,
        /// The team that owns them.
        #[schemars(extend("x-refers-to" = "team"))]
        pub owner: Must<String>,
        /// Facts: what happened, to whom, when.
        pub facts: May<Entries<Fact>>,
        /// Metrics: numbers made from facts, one a unit.
        pub metrics: May<Entries<Metric>>,
    }
}

table! {
    /// A fact: a table, or a SELECT.
    pub struct Fact {
        /// The table.
        pub table: May<String>,
        /// A single SELECT without side effects, instead of a table.
        pub select: May<String>,
        /// The column that holds the id of each unit.
        #[schemars(extend("x-refers-to" = "unit"))]
        pub unit: Must<Entries<String>>,
        /// The column of the instant.
        pub timestamp: Must<String>,
        /// How late a row may arrive.
        pub lag: May<Lag>,
        /// The columns and their types, where they are known.
        pub columns: May<Entries<String>>,
    }
}

table! {
    /// A metric; its kind is its key.
    pub struct Metric {
        /// Its name.
        pub name: May<String>,
        /// What it is, in words.
        pub description: May<String>,
        /// A mean over units: `sum(streams.ms_played) / 60000`.
        pub mean: May<String>,
        /// A share of units: `count(streams) > 0`.
        pub conversion: May<String>,
        /// A ratio of two sums: `count(streams where skipped) / count(streams)`.
        pub ratio: May<String>,
        /// A quantile over events, or over units.
        pub quantile: May<Quantile>,
        /// The time from first exposure that counts: "7d", or "7d..14d".
        pub window: Must<Window>,
        /// Which way is better.
        pub goal: May<Goal>,
        /// The percentile at which values are cut: "p99.9".
        pub cap: May<Cap>,
        /// The time before exposure that predicts it: "28d".
        pub covariate: May<Length>,
        /// What a unit without facts counts as. "zero" unless said.
        pub missing: May<Missing>,
        /// How it is shown: "%", "min", "ms", a currency.
        pub display: May<String>,
        /// Why it should no longer be used, and what to use instead.
        pub deprecated: May<String>,
    }
}

table! {
    /// A quantile: over events of a fact's column, over units of an expression.
    pub struct Quantile {
        /// The fact's column, `sessions.home_load_ms`; or a number of each unit, `sum(streams.ms_played)`.
        pub of: Must<String>,
        /// Which quantile: "p95".
        pub at: Must<Cap>,
    }
}

words! {
    /// Which way is better.
    pub enum Goal("a goal") {
        Increase = "increase",
        Decrease = "decrease",
    }
}

words! {
    /// What a unit without facts counts as.
    pub enum Missing("what is missing") {
        /// As zero; it stays in the denominator.
        Zero = "zero",
        /// As nothing; it is dropped.
        Drop = "drop",
    }
}

/// A time from first exposure, half-open, in whole days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: u32,
    pub to: u32,
}

/// A length in whole days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length(pub u32);

/// How late a row may arrive, in hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag(pub u32);

/// A percentile, in millionths: "p99.9" is 999,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap(pub Share);

/// A whole number of at most four digits and its unit.
fn amount(text: &str, unit: char) -> Option<u32> {
    let number = text.strip_suffix(unit)?;
    let plain = !number.is_empty() && number.len() <= 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| number.parse().ok()).flatten()
}

fn window(text: &str) -> Option<Window> {
    let (from, to) = match text.split_once("..") {
        Some((from, to)) => (amount(from, 'd')?, amount(to, 'd')?),
        None => (0, amount(text, 'd')?),
    };
    (from < to).then_some(Window { from, to })
}

fn length(text: &str) -> Option<Length> {
    amount(text, 'd').filter(|&days| days > 0).map(Length)
}

fn lag(text: &str) -> Option<Lag> {
    amount(text, 'h').or_else(|| amount(text, 'd').map(|days| days * 24)).map(Lag)
}

fn cap(text: &str) -> Option<Cap> {
    let share = Share::parse(&format!("{}%", text.strip_prefix('p')?))?;
    (share > Share::NONE && share < Share::WHOLE).then_some(Cap(share))
}

macro_rules! from_text {
    ($name:ident, $label:literal, $parse:expr, $what:literal, $pattern:literal) => {
        impl Decode for $name {
            fn example() -> String {
                // The first example of what it is, which stands in quotes.
                $what.split('"').nth(1).map_or(String::new(), |text| format!("\"{text}\""))
            }

            fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
                let parsed = node.get_ref().as_str().and_then($parse);
                if parsed.is_none() {
                    let finding = reader.wrong_type(node, $what);
                    reader.report(finding);
                }
                parsed
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                $label.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "description": $what, "type": "string", "pattern": $pattern })
            }
        }
    };
}
from_text!(
    Window,
    "window",
    window,
    "days from first exposure such as \"7d\" or \"7d..14d\"",
    "^[0-9]{1,4}d(\\.\\.[0-9]{1,4}d)?$"
);
from_text!(Length, "length", length, "a length in days such as \"28d\"", "^[0-9]{1,4}d$");
from_text!(Lag, "lag", lag, "hours or days such as \"6h\" or \"1d\"", "^[0-9]{1,4}[hd]$");
from_text!(Cap, "percentile", cap, "a percentile such as \"p99.9\"", "^p[0-9]{1,2}(\\.[0-9]{1,4})?$");

#[cfg(test)]
mod tests {
    use super::{Cap, Share, Window, cap, lag, window};

    #[test]
    fn windows_lags_and_percentiles() {
        assert_eq!(window("7d"), Some(Window { from: 0, to: 7 }));
        assert_eq!(window("7d..14d"), Some(Window { from: 7, to: 14 }));
        for bad in ["0d", "7", "14d..7d", "7d..", "-7d", "99999d", "7d..7d"] {
            assert_eq!(window(bad), None, "{bad}");
        }
        assert_eq!(lag("2d").map(|lag| lag.0), Some(48));
        assert_eq!(cap("p99.9"), Some(Cap(Share(999_000))));
        assert_eq!(cap("p100"), None);
    }
}
