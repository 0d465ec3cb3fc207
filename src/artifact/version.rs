//! The order of versions, as GrowthBook's SDKs have it.

use std::cmp::Ordering;

/// Orders two versions as the SDKs' `paddedVersionString` does, without building that string.
///
/// A leading `v` and everything from `+` on is left out; the rest is split at `-` and `.`; a part of digits only is padded
/// with spaces to five; a version of exactly three parts sorts after its pre-releases; and then texts are compared by
/// UTF-16 code units. An empty version is `0`. Whatever the texts are, there is an order.
#[must_use]
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    padded(a).cmp(padded(b))
}

/// The code units of the padded version.
fn padded(version: &str) -> impl Iterator<Item = u16> + '_ {
    let core = without_build(if version.is_empty() { "0" } else { version });
    let parts = || core.split(['-', '.']);
    // A release sorts after `1.0.0-beta` because `~` is the largest printable ASCII character.
    let release = (parts().count() == 3).then_some("~");
    let parts = parts().chain(release).enumerate();
    parts.flat_map(|(index, part)| {
        let joint = (index > 0).then_some("-");
        let numeric = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let missing = if numeric { 5_usize.saturating_sub(part.len()) } else { 0 };
        let spaces = std::iter::repeat_n(u16::from(b' '), missing);
        joint.into_iter().flat_map(str::encode_utf16).chain(spaces).chain(part.encode_utf16())
    })
}

/// What `replace(/(^v|\+.*$)/g, "")` leaves: `.` does not match line ends, so a build is only cut on the last line.
fn without_build(version: &str) -> &str {
    let core = version.strip_prefix('v').unwrap_or(version);
    let line_end = ['\n', '\r', '\u{2028}', '\u{2029}'];
    let last_line = core.rfind(line_end).unwrap_or(0);
    let build = core.get(last_line..).and_then(|line| line.find('+'));
    let end = build.map_or(core.len(), |at| last_line.saturating_add(at));
    core.get(..end).unwrap_or(core)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `paddedVersionString(text)` of `@growthbook/growthbook` 1.8.0.
    const PADDED: &[(&str, &str)] = &[
        ("", "    0"),
        ("0", "    0"),
        ("v", ""),
        ("vv1", "v1"),
        ("1", "    1"),
        ("1.2", "    1-    2"),
        ("1.2.3", "    1-    2-    3-~"),
        ("v1.2.3", "    1-    2-    3-~"),
        ("1.2.3.4", "    1-    2-    3-    4"),
        ("1.2.3-rc.1+build123", "    1-    2-    3-rc-    1"),
        ("v1.2.3+a+b", "    1-    2-    3-~"),
        ("1.0.0-alpha", "    1-    0-    0-alpha"),
        ("1.0.0-beta.11", "    1-    0-    0-beta-   11"),
        ("123456.1.2", "123456-    1-    2-~"),
        ("1..2", "    1--    2-~"),
        ("1.0.0-", "    1-    0-    0-"),
        ("-1", "-    1"),
        ("+5", ""),
        ("1.0.0+a\nb", "    1-    0-0+a\nb-~"),
        ("1.0+x\n2+y", "    1-0+x\n2"),
        ("ü.1.2", "ü-    1-    2-~"),
        ("1.0.0-🌍", "    1-    0-    0-🌍"),
        ("V1.0.0", "V1-    0-    0-~"),
        ("01.1.1", "   01-    1-    1-~"),
    ];

    #[test]
    fn pads_as_the_javascript_sdk_does() {
        for (version, expected) in PADDED {
            let units: Vec<u16> = padded(version).collect();
            assert_eq!(String::from_utf16(&units).unwrap(), *expected, "{version:?}");
        }
    }

    #[test]
    fn orders_versions() {
        let ascending = [
            "0.9",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.9",
            "1.0.10",
            "1.10.0",
            "2.0.0",
            "10.0.0",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare_versions(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare_versions("v1.2.3+build.9", "1.2.3"), Ordering::Equal);
        assert_eq!(compare_versions("", "0"), Ordering::Equal);
    }
}
