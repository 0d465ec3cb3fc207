//! The order of versions, as Confidence's resolvers have it.

use std::cmp::Ordering;

/// Orders two versions as `SemanticVersion` of the resolver: by major, minor, patch and tag. What stands behind a `-` does not
/// count, a third part of more than three digits is a tag, and what is no version at all is `0.0`.
#[must_use]
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    parts(a).unwrap_or_default().cmp(&parts(b).unwrap_or_default())
}

/// Whether a text is a version that means what it says: not one with a pre-release, which would not count, nor one whose third part
/// would be a tag.
#[cfg(feature = "cli")]
pub(super) fn is_constant(text: &str) -> bool {
    let third = text.split('.').nth(2).map_or(0, str::len);
    parts(text).is_some() && !text.contains('-') && third <= 3
}

fn parts(version: &str) -> Option<[u64; 4]> {
    let core = version.split_once('-').map_or(version, |(core, _)| core);
    let mut parts = core.split('.').map(number);
    let mut next = || parts.next();
    let (major, minor) = (next()??, next()??);
    match (next(), next(), next()) {
        (None, None, None) => Some([major.0, minor.0, 0, 0]),
        (Some(third), None, None) => {
            let (value, digits) = third?;
            Some(if digits > 3 { [major.0, minor.0, 0, value] } else { [major.0, minor.0, value, 0] })
        }
        (Some(patch), Some(tag), None) => Some([major.0, minor.0, patch?.0, tag?.0]),
        _ => None,
    }
}

/// A number of at most ten digits, and how many digits it has.
fn number(part: &str) -> Option<(u64, usize)> {
    let digits = (1..=10).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| part.parse().ok()).flatten().map(|value| (value, part.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_versions() {
        let ascending =
            ["0.0", "0.9", "1.0", "1.0.0.1", "1.0.1000", "1.0.1", "1.0.10", "1.2.3", "1.2.3.4", "2.0", "10.0"];
        for (place, a) in ascending.iter().enumerate() {
            for (other, b) in ascending.iter().enumerate() {
                assert_eq!(compare_versions(a, b), place.cmp(&other), "{a} {b}");
            }
        }
        for (a, b) in [("9.4.0-beta.1", "9.4"), ("", "0.0"), ("9", "0.0"), ("v9.4.0", "0.0"), ("1.2.3.4.5", "0.0")] {
            assert_eq!(compare_versions(a, b), Ordering::Equal, "{a} {b}");
        }
        for no_version in ["", "9", "1.", "1..2", "1.2.x", "1.2.3.4.5", "1.12345678901", "1.2+3"] {
            assert_eq!(parts(no_version), None, "{no_version}");
        }
    }
}
