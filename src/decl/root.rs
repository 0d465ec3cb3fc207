//! `allotment.toml`: what the whole catalogue shares.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::clause::AttributeType;
use super::leaf::Share;
use super::reader::{At, Decode, Entries, May, Must, Node, Reader};
use super::{table, words};

table! {
    /// The root of a catalogue: teams, units, attributes, where data is and how results are read.
    pub struct Root {
        /// The version of this file's format: 1.
        pub version: Must<u32>,
        /// Whose experiments these are.
        pub organisation: Must<String>,
        /// Who owns what: an id for each team.
        pub teams: May<Entries<Team>>,
        /// What can be randomised: an id for each unit.
        pub units: May<Entries<Unit>>,
        /// What an SDK knows of a unit when it evaluates a flag.
        pub attributes: May<Entries<Attribute>>,
        /// The exposures in the warehouse: a table, or a SELECT.
        pub exposures: May<Exposures>,
        /// Where facts and exposures are read.
        pub warehouse: May<Warehouse>,
        /// Where artifacts are published: a URL for each environment.
        pub environments: May<Entries<String>>,
        /// Surfaces whose artifacts are joined for an app that loads one file.
        pub bundles: May<Entries<Bundle>>,
        /// How results are read unless an experiment says otherwise.
        pub analysis: May<Analysis>,
        /// The level of a rule, or of a group of rules.
        #[schemars(extend("x-refers-to" = "rule-or-group"))]
        pub lint: May<Entries<Level>>,
    }
}

table! {
    /// A team that owns surfaces, flags, metrics or experiments.
    pub struct Team {
        /// The team's name.
        pub name: Must<String>,
        /// The team on GitHub, for review: "@org/team".
        pub github: May<String>,
    }
}

table! {
    /// What is randomised.
    pub struct Unit {
        /// The attribute that an SDK hashes.
        pub attribute: Must<String>,
        /// What it is, in words.
        pub description: May<String>,
    }
}

table! {
    /// A typed attribute that segments may test.
    pub struct Attribute {
        /// Its type; a version compares as 9.10.0 > 9.9.0.
        pub r#type: Must<AttributeType>,
        /// All values that it can have, where they are known.
        pub values: May<Vec<At<super::leaf::Value>>>,
        /// What it is, in words.
        pub description: May<String>,
    }
}

table! {
    /// The exposures: who saw which variant of which experiment, and when.
    pub struct Exposures {
        /// The table.
        pub table: May<String>,
        /// A single SELECT without side effects, instead of a table: what makes exposures of an SDK's own log.
        pub select: May<String>,
        /// The column that holds the id of each unit.
        #[schemars(extend("x-refers-to" = "unit"))]
        pub unit: Must<Entries<String>>,
        /// The column of the experiment's id.
        pub experiment: Must<String>,
        /// The column of the variant's id.
        pub variant: Must<String>,
        /// The column of the instant.
        pub timestamp: Must<String>,
        /// Columns by which results are broken down besides, as they were at a unit's first exposure: text, whole numbers, truths or
        /// days; eight at most.
        pub dimensions: May<Vec<At<String>>>,
    }
}

words! {
    /// An engine, and with it the dialect of its SQL.
    pub enum Engine("an engine") {
        /// The one in this tool, which reads files and object storage.
        Embedded = "embedded",
        Duckdb = "duckdb",
        Postgres = "postgres",
        Bigquery = "bigquery",
        Snowflake = "snowflake",
    }
}

table! {
    /// The engine that reads facts.
    pub struct Warehouse {
        /// "embedded", or the warehouse that facts are in: "duckdb", "postgres", "bigquery", "snowflake".
        pub engine: Must<Engine>,
        /// Path patterns of the tables of each schema: `{table}` stands for the table's name.
        pub tables: May<Entries<String>>,
    }
}

table! {
    /// Several surfaces in one file.
    pub struct Bundle {
        /// The surfaces.
        #[schemars(extend("x-refers-to" = "surface"))]
        pub surfaces: Must<Vec<At<String>>>,
    }
}

words! {
    /// How intervals account for looking more than once.
    pub enum Method("an analysis method") {
        /// Planned looks that spend the error rate (Lan and DeMets).
        GroupSequential = "group-sequential",
        /// Confidence sequences: valid at every instant.
        AlwaysValid = "always-valid",
        /// One look, at the end.
        Fixed = "fixed",
    }
}

words! {
    /// How a group-sequential plan spends its error rate over its looks.
    pub enum Spending("a spending function") {
        ObrienFleming = "obrien-fleming",
        Pocock = "pocock",
        Power = "power",
        HwangShihDecani = "hwang-shih-decani",
    }
}

words! {
    /// The level of a rule.
    pub enum Level("a level") {
        /// Not reported.
        Allow = "allow",
        /// Reported; never fails a run.
        Warn = "warn",
        /// Reported; fails a run.
        Error = "error",
    }
}

words! {
    /// A rhythm of looks.
    pub enum LooksWord("a rhythm of looks") {
        Daily = "daily",
        Weekly = "weekly",
    }
}

/// When results are looked at: a rhythm, or days after the start.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Looks {
    Every(LooksWord),
    Days(Vec<u32>),
}

impl Decode for Looks {
    fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        match node.get_ref() {
            DeValue::Array(_) => Vec::<At<u32>>::decode(node, reader)
                .map(|days| Self::Days(days.into_iter().map(|day| day.value).collect())),
            _ => LooksWord::decode(node, reader).map(Self::Every),
        }
    }
}

impl JsonSchema for Looks {
    fn schema_name() -> Cow<'static, str> {
        "looks".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "when results are looked at: a rhythm, or days after the start",
            "oneOf": [
                { "type": "string", "enum": LooksWord::WORDS },
                { "type": "array", "items": { "type": "integer", "minimum": 1 } }
            ]
        })
    }
}

table! {
    /// How results are read.
    pub struct Analysis {
        /// How intervals account for looking more than once.
        pub method: May<Method>,
        /// When results are looked at.
        pub looks: May<Looks>,
        /// The confidence of the interval that every verdict is read off.
        pub confidence: May<Share>,
        /// The power that an experiment should have.
        pub power: May<Share>,
        /// How a group-sequential plan spends its error rate.
        pub spending: May<Spending>,
    }
}
