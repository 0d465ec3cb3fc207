//! How Eppo's SDKs read the value of an attribute as a number or as a version.
//!
//! They have no types: JavaScript takes `true` and an empty text for numbers, and trims versions; others do not. So each test
//! of a number or a version stands beside a pattern that lets only those values through which all of them read alike.

use std::cmp::Ordering;

/// What [`number`] takes. A number is a text to a pattern; very large and very small ones are written with an exponent in
/// some languages.
pub(super) const NUMBER: &str = "^-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?$";

/// What [`is_version`] takes: a semantic version without build metadata, by which some SDKs order and others do not.
pub(super) const VERSION: &str = "^(0|[1-9][0-9]{0,8})\\.(0|[1-9][0-9]{0,8})\\.(0|[1-9][0-9]{0,8})(-(0|[1-9][0-9]{0,8}|[0-9]{0,8}[A-Za-z-][0-9A-Za-z-]{0,30})(\\.(0|[1-9][0-9]{0,8}|[0-9]{0,8}[A-Za-z-][0-9A-Za-z-]{0,30})){0,4})?$";

/// A text as a number, where all SDKs take it for the same one.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) =
        mantissa.split_once('.').map_or((mantissa, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let plain = digits(whole) && fraction.is_none_or(digits) && exponent.is_none_or(digits);
    plain.then(|| text.parse().ok()).flatten()
}

/// Whether all SDKs take a text for a version, and the same one.
#[must_use]
pub fn is_version(text: &str) -> bool {
    let (core, pre) = parts(text);
    core.split('.').count() == 3
        && core.split('.').all(is_numeric)
        && pre.is_none_or(|pre| pre.split('.').count() <= 5 && pre.split('.').all(is_identifier))
}

/// Orders two texts that are versions by semantic precedence. Of others, the order means nothing.
#[must_use]
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    let ((core_a, pre_a), (core_b, pre_b)) = (parts(a), parts(b));
    let numbers = |core| <str>::split(core, '.').map(magnitude);
    numbers(core_a).cmp(numbers(core_b)).then_with(|| match (pre_a, pre_b) {
        (None, None) => Ordering::Equal,
        // A release comes after its pre-releases.
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => a.split('.').map(rank).cmp(b.split('.').map(rank)),
    })
}

fn parts(text: &str) -> (&str, Option<&str>) {
    text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)))
}

/// Digits of equal length are ordered as the numbers they are.
const fn magnitude(digits: &str) -> (usize, &str) {
    (digits.len(), digits)
}

/// Numbers come before words; words are ordered by their bytes.
fn rank(identifier: &str) -> (bool, usize, &str) {
    let is_word = !identifier.bytes().all(|byte| byte.is_ascii_digit());
    (is_word, if is_word { 0 } else { identifier.len() }, identifier)
}

fn is_numeric(part: &str) -> bool {
    let digits = (1..=9).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    digits && (part == "0" || !part.starts_with('0'))
}

fn is_identifier(part: &str) -> bool {
    let word = part.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let leading = part.len().saturating_sub(word.len());
    let plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_numeric(part) || (leading <= 8 && (1..=31).contains(&word.len()) && plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_the_pattern_lets_through() {
        for (text, expected) in [
            ("0", Some(0.0)),
            ("-0", Some(-0.0)),
            ("007", Some(7.0)),
            ("30", Some(30.0)),
            ("-1.50", Some(-1.5)),
            ("1e3", Some(1_000.0)),
            ("1E+21", Some(1e21)),
            ("1e-7", Some(1e-7)),
            ("1e999", Some(f64::INFINITY)),
            ("", None),
            (" 30", None),
            ("30 ", None),
            ("30\n", None),
            ("+5", None),
            (".5", None),
            ("5.", None),
            ("1e", None),
            ("1e+", None),
            ("1e+-5", None),
            ("--5", None),
            ("0x1e", None),
            ("1_000", None),
            ("true", None),
            ("inf", None),
            ("NaN", None),
            ("Infinity", None),
            ("٣", None),
        ] {
            assert_eq!(number(text), expected, "{text:?}");
        }
    }

    #[test]
    fn versions_are_three_numbers_and_perhaps_a_pre_release() {
        for version in
            ["0.0.0", "9.4.0", "999999999.0.1", "1.0.0-alpha", "1.0.0-0.x.7-y.Z", "1.0.0--", "1.0.0-1a", "1.0.0-01a"]
        {
            assert!(is_version(version), "{version}");
        }
        for text in [
            "",
            "9",
            "9.4",
            "9.4.0.1",
            "v9.4.0",
            " 9.4.0",
            "9.4.0 ",
            "9.4.0\n",
            "9.4.0+1",
            "09.4.0",
            "9.04.0",
            "1.0.0-",
            "1.0.0-a..b",
            "1.0.0-01",
            "1.0.0-ä",
            "1.0.0-a.b.c.d.e.f",
            "1000000000.0.0",
            "1.0.0-1234567890",
            "-1.0.0",
        ] {
            assert!(!is_version(text), "{text}");
        }
        assert!(!is_version(&format!("1.0.0-{}", "a".repeat(32))));
    }

    #[test]
    fn versions_are_ordered_by_precedence() {
        let ascending = [
            "0.0.1",
            "0.9.10",
            "0.10.0",
            "1.0.0-0",
            "1.0.0-5",
            "1.0.0-11",
            "1.0.0--",
            "1.0.0-0a",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-alpha-0",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.9",
            "1.0.123456",
            "1.10.0",
            "2.0.0",
            "10.0.0",
        ];
        for (place, a) in ascending.iter().enumerate() {
            for (other, b) in ascending.iter().enumerate() {
                assert_eq!(compare_versions(a, b), place.cmp(&other), "{a} {b}");
            }
        }
    }
}
