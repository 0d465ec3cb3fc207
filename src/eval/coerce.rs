//! What a value is to SDKs that know no types: Eppo's compare words, and read numbers and versions from them.

use super::AttributeValue;
use crate::artifact::{AttributeType, eppo};
use std::fmt::{self, Write as _};
use std::str;

/// A number in words, without allocating.
pub(super) struct Digits {
    letters: [u8; LONGEST],
    length: usize,
}

/// The smallest numbers have 324 zeros behind the point before up to 17 digits.
const LONGEST: usize = 352;

impl Digits {
    pub(super) const fn new() -> Self {
        Self { letters: [0; LONGEST], length: 0 }
    }

    fn write(&mut self, number: f64) -> &str {
        self.length = 0;
        if write!(self, "{number}").is_err() {
            // It fits, as a test shows.
            self.length = 0;
        }
        str::from_utf8(self.letters.get(..self.length).unwrap_or_default()).unwrap_or_default()
    }
}

impl fmt::Write for Digits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length.saturating_add(text.len());
        let place = self.letters.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// A value as one of a type, where it is one to the SDKs.
pub(super) fn coerced<'a>(
    value: AttributeValue<'a>,
    kind: AttributeType,
    digits: &'a mut Digits,
) -> Option<AttributeValue<'a>> {
    use AttributeValue::{Boolean, Number, Text};
    match (kind, value) {
        (AttributeType::String, Text(_)) | (AttributeType::Boolean, Boolean(_)) => Some(value),
        (AttributeType::String, Boolean(is)) => Some(Text(if is { "true" } else { "false" })),
        (AttributeType::String, Number(number)) => Some(Text(digits.write(number))),
        (AttributeType::Boolean, Text("true")) => Some(Boolean(true)),
        (AttributeType::Boolean, Text("false")) => Some(Boolean(false)),
        (AttributeType::Number, Number(number)) => number.is_finite().then_some(value),
        (AttributeType::Number, Text(text)) => eppo::number(text).map(Number),
        (AttributeType::Version, Text(text)) => eppo::is_version(text).then_some(value),
        (AttributeType::Boolean, Text(_) | Number(_))
        | (AttributeType::Number, Boolean(_))
        | (AttributeType::Version, Number(_) | Boolean(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_fits() {
        let numbers =
            [f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, -2.225_073_858_507_201e-308, f64::NAN, 1e21, 0.1, -0.0];
        for number in numbers {
            assert_eq!(Digits::new().write(number), number.to_string());
        }
        let mut digits = Digits::new();
        digits.write(-1.25);
        assert_eq!(digits.write(7.0), "7");
    }

    #[test]
    fn words_numbers_and_versions_are_told_apart_by_what_they_say() {
        use AttributeType::{Boolean, Number, String, Version};
        use AttributeValue as Value;
        for (value, kind, expected) in [
            (Value::Number(5.0), String, Some(Value::Text("5"))),
            (Value::Boolean(false), String, Some(Value::Text("false"))),
            (Value::Text("true"), Boolean, Some(Value::Boolean(true))),
            (Value::Text("True"), Boolean, None),
            (Value::Number(1.0), Boolean, None),
            (Value::Text("30"), Number, Some(Value::Number(30.0))),
            (Value::Text(""), Number, None),
            (Value::Boolean(true), Number, None),
            (Value::Number(f64::INFINITY), Number, None),
            (Value::Text("9.4.0"), Version, Some(Value::Text("9.4.0"))),
            (Value::Text("9.4"), Version, None),
            (Value::Number(9.0), Version, None),
        ] {
            assert_eq!(coerced(value, kind, &mut Digits::new()), expected, "{value:?} as {kind:?}");
        }
    }
}
