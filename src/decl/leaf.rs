//! The small values of a catalogue: words, ids, shares, dates, lengths and the values of flags.

use std::borrow::Cow;
use std::fmt;

use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::day::Day;
use super::reader::{Decode, Node, Reader};
use crate::diag::{Diagnostic, Fix, did_you_mean, shown, slip};

/// What an id looks like, as a regular expression for schemas.
pub const ID_PATTERN: &str = "^[a-z0-9]+(-[a-z0-9]+)*$";

/// Whether a text is an id: lower-case letters, digits and single dashes, at most 64 characters.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !text.is_empty() && text.len() <= 64 && text.split('-').all(|part| !part.is_empty() && part.bytes().all(letter))
}

/// Reads one word of a known set.
pub(super) fn word(node: Node<'_>, reader: &mut Reader, what: &str, words: &[&str]) -> Option<String> {
    let DeValue::String(text) = node.get_ref() else {
        let list: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let finding = reader.wrong_type(node, what).help(format!("write one of {}", list.join(", ")));
        reader.report(finding);
        return None;
    };
    if words.contains(&text.as_ref()) {
        return Some(text.to_string());
    }
    let span = reader.span(node);
    let fix = slip(text, words.iter().copied())
        .map(|word| Fix::replace(span, format!("\"{word}\""), format!("write `{word}`")));
    let finding = Diagnostic::new("wrong-type", span, format!("`{}` is not {what}", shown(text)));
    reader.report(finding.maybe_help(did_you_mean(text, words)).fix(fix));
    None
}

impl Decode for String {
    fn example() -> String {
        "\"…\"".to_owned()
    }

    fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        if let DeValue::String(text) = node.get_ref() {
            return Some(text.to_string());
        }
        let finding = reader.wrong_type(node, "a string");
        reader.report(finding);
        None
    }
}

impl Decode for bool {
    fn example() -> String {
        "true".to_owned()
    }

    fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        if let DeValue::Boolean(value) = node.get_ref() {
            return Some(*value);
        }
        let finding = reader.wrong_type(node, "`true` or `false`");
        let quoted = node.get_ref().as_str().filter(|text| matches!(*text, "true" | "false"));
        reader.report_with(finding, node, quoted.map(str::to_owned));
        None
    }
}

/// A whole number, 0 to 4,294,967,295.
impl Decode for u32 {
    fn example() -> String {
        "1".to_owned()
    }

    fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        u64::decode(node, reader).and_then(|number| {
            Self::try_from(number).ok().or_else(|| {
                let finding = reader.wrong_type(node, "a whole number below 4,294,967,296");
                reader.report(finding);
                None
            })
        })
    }
}

/// A whole number.
impl Decode for u64 {
    fn example() -> String {
        "1".to_owned()
    }

    fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        if let DeValue::Integer(number) = node.get_ref()
            && let Ok(number) = Self::from_str_radix(number.as_str(), number.radix())
        {
            return Some(number);
        }
        let finding = reader.wrong_type(node, "a whole number, 0 or more");
        let quoted = node.get_ref().as_str().and_then(|text| text.parse::<Self>().ok());
        reader.report_with(finding, node, quoted.map(|number| number.to_string()));
        None
    }
}

impl Decode for f64 {
    fn example() -> String {
        "1.5".to_owned()
    }

    fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        if let Some(number) = number(node.get_ref()) {
            return Some(number);
        }
        let finding = reader.wrong_type(node, "a finite number");
        reader.report(finding);
        None
    }
}

/// The finite number that a TOML value stands for.
fn number(value: &DeValue<'_>) -> Option<f64> {
    let number = match value {
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse::<f64>().ok(),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(|whole| whole as f64),
        DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// A share of a whole in millionths, written as a percent string with at most four decimals: `"2.5%"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Share(pub u32);

impl Share {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// The whole.
    pub const WHOLE: Self = Self(1_000_000);

    /// The share as a fraction of 1.
    #[must_use]
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 1e6
    }

    /// The share that `part` is of `whole`, rounded down to a millionth; nothing of nothing is nothing.
    #[must_use]
    pub fn of(part: u32, whole: u32) -> Self {
        let millionths = (u64::from(part) * 1_000_000).checked_div(u64::from(whole)).unwrap_or(0);
        Self(u32::try_from(millionths).unwrap_or(u32::MAX))
    }

    /// Reads a percent string, from 0 to 1,000 percent.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.strip_suffix('%')?.trim_end_matches(' ');
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || whole.len() > 4 || decimals.len() > 4 {
            return None;
        }
        let millionths = whole.parse::<u32>().ok()? * 10_000 + format!("{decimals:0<4}").parse::<u32>().ok()?;
        (millionths <= 10_000_000).then_some(Self(millionths))
    }
}

impl fmt::Display for Share {
    /// The percent string, as it would be written: `2.5%`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 10_000, self.0 % 10_000);
        let decimals = format!("{rest:04}");
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{whole}%"),
            decimals => write!(f, "{whole}.{decimals}%"),
        }
    }
}

impl Decode for Share {
    fn example() -> String {
        "\"20%\"".to_owned()
    }

    fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        if let DeValue::String(text) = node.get_ref()
            && let Some(share) = Self::parse(text)
        {
            return Some(share);
        }
        let span = reader.span(node);
        if let DeValue::String(text) = node.get_ref()
            && text.ends_with('%')
        {
            let message = format!("`{}` is not a share", shown(text));
            let help = "shares are 0% to 1000%, with at most four decimals";
            reader.report(Diagnostic::new("wrong-type", span, message).help(help));
            return None;
        }
        let finding = reader.wrong_type(node, "a percent string such as \"20%\"");
        let finding = match (node.get_ref(), number(node.get_ref())) {
            // A fraction could mean either; only a number above 1 can be nothing but percent.
            (_, Some(number)) if number > 0.0 && number <= 1.0 => finding.help(format!(
                "write \"{}%\" for the fraction {number}, or \"{number}%\" if percent was meant",
                trimmed(number * 100.0)
            )),
            (_, Some(number)) if (0.0..=1000.0).contains(&number) => {
                let text = format!("\"{}%\"", trimmed(number));
                finding.help(format!("write {text}")).fix(Some(Fix::replace(span, &text, format!("write {text}"))))
            }
            // As with bare numbers, below 1 it could be a fraction.
            (DeValue::String(text), _) if Self::parse(&format!("{text}%")).is_some_and(|share| share.0 > 10_000) => {
                let text = format!("\"{text}%\"");
                finding.help(format!("write {text}")).fix(Some(Fix::replace(span, &text, format!("write {text}"))))
            }
            _ => finding.help("shares are written in percent, in quotes"),
        };
        reader.report(finding);
        None
    }
}

/// A number without a trail of binary noise.
fn trimmed(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Decode for Day {
    fn example() -> String {
        "2027-01-11".to_owned()
    }

    fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let DeValue::Datetime(written) = node.get_ref() else {
            let finding = reader.wrong_type(node, "a date such as 2027-01-11, without quotes");
            let fix = match node.get_ref() {
                DeValue::String(text) if text.parse::<Date>().is_ok() => {
                    Some(Fix::replace(reader.span(node), text.to_string(), "remove the quotes"))
                }
                _ => None,
            };
            let help = fix.as_ref().map(|fix: &Fix| fix.title.clone());
            reader.report(finding.maybe_help(help).fix(fix));
            return None;
        };
        let date = written.date.filter(|_| written.time.is_none() && written.offset.is_none());
        let Some(date) = date else {
            let finding = reader.wrong_type(node, "a date without a time").help("days begin at 00:00 UTC");
            reader.report(finding);
            return None;
        };
        let narrow = |part: u8| i8::try_from(part).ok();
        let day = i16::try_from(date.year)
            .ok()
            .and_then(|year| Date::new(year, narrow(date.month)?, narrow(date.day)?).ok())
            .map(Self::of)
            .filter(|day| (Self::FIRST..=Self::LAST).contains(day));
        if day.is_none() {
            let span = reader.span(node);
            reader.report(
                Diagnostic::new("invalid-dates", span, "this day is outside the years 2000 to 2199")
                    .help("write a day in that range"),
            );
        }
        day
    }
}

/// A value that a flag may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value(pub serde_json::Value);

impl Decode for Value {
    fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let value = json(node.get_ref());
        if value.is_none() {
            let finding = reader.wrong_type(node, "a string, a finite number, a boolean, a list or a table of them");
            reader.report(finding);
        }
        value.map(Self)
    }
}

/// A TOML value as JSON; dates and numbers that JSON cannot hold have none. The parser bounds the depth.
fn json(value: &DeValue<'_>) -> Option<serde_json::Value> {
    use serde_json::Value as Json;
    Some(match value {
        DeValue::String(text) => Json::String(text.to_string()),
        DeValue::Integer(whole) => Json::Number(i64::from_str_radix(whole.as_str(), whole.radix()).ok()?.into()),
        DeValue::Float(_) => Json::Number(plain_number(number(value)?)?),
        DeValue::Boolean(value) => Json::Bool(*value),
        DeValue::Datetime(_) => return None,
        DeValue::Array(items) => Json::Array(items.iter().map(|item| json(item.get_ref())).collect::<Option<_>>()?),
        DeValue::Table(entries) => {
            let mut listed: Vec<_> = entries.iter().collect();
            listed.sort_by_key(|(key, _)| key.span().start);
            let fields = listed.into_iter().map(|(key, item)| Some((key.get_ref().to_string(), json(item.get_ref())?)));
            Json::Object(fields.collect::<Option<_>>()?)
        }
    })
}

/// A number in JSON, without a fraction where it has none, so that 1.0 and 1 are one value: SDKs do not tell them apart.
fn plain_number(number: f64) -> Option<serde_json::Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number within 2^53")]
        return Some((number as i64).into());
    }
    serde_json::Number::from_f64(number)
}

macro_rules! schema {
    ($name:ident, $label:literal, $schema:tt) => {
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                false
            }
            fn schema_name() -> Cow<'static, str> {
                $label.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}
schema!(Share, "share", {
    "description": "a share, in percent: \"2.5%\"", "type": "string", "pattern": "^[0-9]{1,4}(\\.[0-9]{1,4})?%$"
});
// TOML has dates of its own; JSON, which the schema speaks of, has them as strings.
schema!(Day, "day", {
    "description": "a day, 00:00 UTC, without quotes: 2027-01-11", "type": "string", "format": "date"
});
schema!(Value, "value", {
    "description": "a value of the flag's type", "type": ["string", "number", "boolean", "array", "object"]
});

#[cfg(test)]
mod tests {
    use super::{Share, is_id};

    #[test]
    fn shares_are_exact_and_print_as_written() {
        for text in ["0%", "2.5%", "20%", "100%", "0.0001%", "99.9%"] {
            assert_eq!(Share::parse(text).map(|share| share.to_string()).as_deref(), Some(text));
        }
        for text in ["20", "%", ".5%", "-1%", "1e3%", "2.55555%", "1001%", "20 %%", "٣%"] {
            assert_eq!(Share::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ids_are_plain() {
        for good in ["a", "fresh-first", "7up", "a-1-b"] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", "A", "a_b", "-a", "a-", "a--b", "ä", "a b", &"a".repeat(65)] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
