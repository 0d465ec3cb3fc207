//! What warehouses say differently: a record each, of names, types and a handful of functions.

use sqlparser::dialect as parsers;

use crate::decl::Engine;

/// A dialect of SQL.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    pub engine: Engine,
    /// What stands around an identifier.
    pub(super) quote: char,
    /// What an identifier without quotes is taken for.
    pub(super) case: Case,
    /// Whether a backslash begins an escape in strings and in quoted identifiers.
    pub(super) backslash: bool,
    pub(super) double: &'static str,
    pub(super) integer: &'static str,
    pub(super) text: &'static str,
    /// A text, made to compare by code points.
    pub(super) exact: fn(String) -> String,
    /// An instant, as microseconds since 1970; without a zone it means UTC.
    pub(super) micros: fn(&str) -> String,
    /// Whether a double is not a number.
    pub(super) is_nan: fn(&str) -> String,
    /// The remainder of a division of whole numbers that are not negative.
    pub(super) modulo: fn(&str, i64) -> String,
}

/// What an identifier without quotes is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Lower,
    Upper,
    /// As it is written, or without regard to letter case.
    AsIs,
}

fn remainder(a: &str, b: i64) -> String {
    format!("{a} % {b}")
}

fn isnan(x: &str) -> String {
    format!("isnan({x})")
}

const EMBEDDED: Dialect = Dialect {
    engine: Engine::Embedded,
    quote: '"',
    case: Case::Lower,
    backslash: false,
    double: "DOUBLE",
    integer: "BIGINT",
    text: "VARCHAR",
    exact: |text| text,
    micros: |x| format!("arrow_cast(arrow_cast({x}, 'Timestamp(Microsecond, Some(\"UTC\"))'), 'Int64')"),
    is_nan: isnan,
    modulo: remainder,
};

const DUCKDB: Dialect = Dialect { engine: Engine::Duckdb, micros: |x| format!("epoch_us({x})"), ..EMBEDDED };

const POSTGRES: Dialect = Dialect {
    engine: Engine::Postgres,
    double: "DOUBLE PRECISION",
    text: "TEXT",
    exact: |text| format!("{text} COLLATE \"C\""),
    micros: |x| format!("CAST(EXTRACT(EPOCH FROM {x}) * 1000000 AS BIGINT)"),
    is_nan: |x| format!("{x} = CAST('NaN' AS DOUBLE PRECISION)"),
    ..EMBEDDED
};

const BIGQUERY: Dialect = Dialect {
    engine: Engine::Bigquery,
    quote: '`',
    case: Case::AsIs,
    backslash: true,
    double: "FLOAT64",
    integer: "INT64",
    text: "STRING",
    exact: |text| format!("COLLATE({text}, '')"),
    micros: |x| format!("UNIX_MICROS(TIMESTAMP({x}))"),
    is_nan: |x| format!("IS_NAN({x})"),
    modulo: |a, b| format!("MOD({a}, {b})"),
};

const SNOWFLAKE: Dialect = Dialect {
    engine: Engine::Snowflake,
    case: Case::Upper,
    backslash: true,
    exact: |text| format!("COLLATE({text}, 'utf8')"),
    micros: |x| format!("DATE_PART(EPOCH_MICROSECOND, {x})"),
    is_nan: |x| format!("{x} = CAST('NaN' AS DOUBLE)"),
    ..EMBEDDED
};

impl Dialect {
    /// The dialect of an engine.
    #[must_use]
    pub fn of(engine: Engine) -> Self {
        match engine {
            Engine::Embedded => EMBEDDED,
            Engine::Duckdb => DUCKDB,
            Engine::Postgres => POSTGRES,
            Engine::Bigquery => BIGQUERY,
            Engine::Snowflake => SNOWFLAKE,
        }
    }

    /// What parses it.
    #[must_use]
    pub fn parser(self) -> Box<dyn parsers::Dialect> {
        crate::decl::parser_of(self.engine)
    }

    /// A constant as a double: the exponent keeps what is not whole from being taken for a decimal.
    pub(super) fn number(self, value: f64) -> String {
        let whole = value.fract() == 0.0 && value.abs() < 1e15;
        let text = if whole { format!("{value:.0}") } else { format!("{value:e}") };
        format!("CAST({text} AS {})", self.double)
    }

    pub(super) fn as_double(self, expression: &str) -> String {
        format!("CAST({expression} AS {})", self.double)
    }

    /// An id as a text that compares by code points, whatever the type of its column.
    pub(super) fn id(self, expression: &str) -> String {
        (self.exact)(format!("CAST({expression} AS {})", self.text))
    }

    /// Whole days in a length in microseconds that is not negative; the division leaves no remainder, so that no dialect
    /// can round it.
    pub(super) fn days(self, length: &str) -> String {
        const DAY: i64 = 86_400_000_000;
        let over = (self.modulo)(&format!("({length})"), DAY);
        format!("CAST(({length} - {over}) / {DAY} AS {})", self.integer)
    }
}
