//! Addresses of places to publish to, as far as the text alone tells: what is wrong with one, and how it is shown without secrets.

use std::borrow::Cow;
use std::ops::Range;

/// Why an address cannot be published to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub why: &'static str,
    pub help: &'static str,
}

/// The schemes of storage in the cloud.
const CLOUDS: [&str; 8] = ["s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss"];
/// Those in which what stands before an `@` is a container, as in `abfss://CONTAINER@ACCOUNT…`.
const CONTAINERS: [&str; 5] = ["az", "adl", "azure", "abfs", "abfss"];
/// What the name of a query's part has in it where its value is a secret.
const SECRETS: [&str; 7] = ["token", "secret", "password", "sig", "key", "auth", "credential"];

const FORMS: &str = "write `file://DIR`, `s3://BUCKET/PREFIX`, `gs://…`, `az://…` or `https://…`";

/// Whether an address is one that can be published to. Whether anything is there is another question.
///
/// # Errors
/// When it is none, or holds what may be a secret. Nothing of it is repeated.
pub fn check(address: &str) -> Result<(), Fault> {
    let fault = |why, help| Err(Fault { why, help });
    let Some((scheme, rest)) = address.split_once("://") else { return fault("it is no address", FORMS) };
    if scheme == "file" {
        return if rest.is_empty() { fault("it names no folder", "write `file://DIR`") } else { Ok(()) };
    }
    if secret(scheme, rest) > 0 {
        return fault("an address must not hold a password", "credentials come from the environment");
    }
    if rest.contains(['?', '#']) {
        return fault("it has a `?` or a `#`", "name the place alone; credentials come from the environment");
    }
    let authority = authority(rest);
    match scheme {
        _ if CLOUDS.contains(&scheme) || scheme == "https" => {}
        "http" if is_here(authority) => {}
        "http" => return fault("credentials and artifacts would cross the network readable", "write `https://`"),
        _ => {
            return fault("there is no such storage", "there are `file`, `s3`, `gs`, `az`, `abfss` and `https`");
        }
    }
    if authority.is_empty() { fault("it is no address", FORMS) } else { Ok(()) }
}

/// An address without what may be a secret.
#[must_use]
pub fn bare(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.rsplit_once('@').map_or(address, |(_, host)| host).to_owned();
    };
    let rest = rest.get(secret(scheme, rest)..).unwrap_or_default();
    format!("{scheme}://{}", rest.split(['?', '#']).next().unwrap_or_default())
}

/// A text in which the secrets of addresses are stars. It has as many bytes as before, so that places stay where they are.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (at, mark) in text.match_indices("://") {
        let before = text.get(..at).unwrap_or_default();
        let scheme = before.rsplit(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default();
        let start = at.saturating_add(mark.len());
        let rest = text.get(start..).unwrap_or_default();
        let end = rest.find(|letter: char| letter.is_whitespace() || "\"'`<>".contains(letter)).unwrap_or(rest.len());
        let rest = rest.get(..end).unwrap_or_default();
        // An `@` itself is no secret.
        let user = secret(scheme, rest);
        ranges.push(start..start.saturating_add(user.saturating_sub(1)));
        ranges
            .extend(values(rest, user).map(|value| start.saturating_add(value.start)..start.saturating_add(value.end)));
    }
    ranges.retain(|range| !range.is_empty());
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for range in ranges {
        // One address in another is covered by it.
        let from = range.start.max(shown.len());
        shown.push_str(text.get(shown.len()..from).unwrap_or_default());
        shown.push_str(&"*".repeat(range.end.saturating_sub(shown.len())));
    }
    shown.push_str(text.get(shown.len()..).unwrap_or_default());
    Cow::Owned(shown)
}

/// Where the values of a query lie that are secrets by their names, beyond an offset.
fn values(rest: &str, from: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = rest.get(from..).and_then(|rest| rest.find(['?', '#'])).map_or(rest.len(), |at| from + at + 1);
    let parts = rest.get(at..).unwrap_or_default().split('&');
    parts.filter_map(move |part| {
        let start = at;
        at = at.saturating_add(part.len()).saturating_add(1);
        let (name, _) = part.split_once('=')?;
        let name_in = name.to_ascii_lowercase();
        let is_secret = SECRETS.iter().any(|word| name_in.contains(word));
        is_secret.then(|| start.saturating_add(name.len()).saturating_add(1)..start.saturating_add(part.len()))
    })
}

/// How many bytes of what follows the scheme may be a secret, the `@` behind it included. A password with a `/` in it, which
/// makes the address none, is one too.
fn secret(scheme: &str, rest: &str) -> usize {
    let authority = authority(rest);
    match authority.rfind('@') {
        Some(_) if CONTAINERS.contains(&scheme) && !authority.contains(':') => 0,
        Some(at) => at.saturating_add(1),
        None => {
            let odd =
                authority.rsplit_once(':').is_some_and(|(_, port)| !port.bytes().all(|byte| byte.is_ascii_digit()));
            let odd = odd && !authority.ends_with(']');
            rest.rfind('@').filter(|_| odd).map_or(0, |at| at.saturating_add(1))
        }
    }
}

fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Whether an authority is one of this machine.
fn is_here(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let loopback =
        || host.strip_prefix("127.").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    matches!(host, "localhost" | "[::1]") || loopback()
}

#[cfg(test)]
mod tests {
    use super::{bare, check, masked};

    #[test]
    fn what_is_wrong_is_told_by_the_text() {
        for good in [
            "s3://bucket/x",
            "s3a://bucket",
            "gs://b/x@1",
            "az://container/x",
            "abfss://container@account.dfs.core.windows.net/x",
            "https://example.com:8443/x",
            "http://127.0.0.1:1/x",
            "http://localhost/x",
            "http://[::1]:80/x",
            "file://public",
            "file:///srv/x",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", "it is no address"),
            ("dist", "it is no address"),
            ("https:///x", "it is no address"),
            ("s4://nope", "there is no such storage"),
            ("file://", "it names no folder"),
            ("https://me:hunter2@example.com/x", "an address must not hold a password"),
            ("https://hunter2@example.com/x", "an address must not hold a password"),
            ("https://me:hun/ter2@example.com/x", "an address must not hold a password"),
            ("https://me:hun?ter2@example.com/x", "an address must not hold a password"),
            ("s3://hunter2@bucket/x", "an address must not hold a password"),
            ("ftp://me:hunter2@example.com/x", "an address must not hold a password"),
            ("abfss://me:hunter2@account.dfs.core.windows.net/x", "an address must not hold a password"),
            ("https://example.com/x?token=hunter2", "it has a `?` or a `#`"),
            ("https://example.com/x#hunter2", "it has a `?` or a `#`"),
            ("http://example.com/x", "credentials and artifacts would cross the network readable"),
            ("http://127.0.0.1.example.com/x", "credentials and artifacts would cross the network readable"),
        ] {
            assert_eq!(check(bad).expect_err(bad).why, why, "{bad}");
            let shown = bare(bad);
            assert!(!shown.contains("hunter2") && !shown.contains("ter2"), "{bad}: {shown}");
        }
        assert_eq!(bare("https://me:hunter2@example.com/x"), "https://example.com/x");
        assert_eq!(bare("https://example.com/x@1"), "https://example.com/x@1");
        assert_eq!(bare("abfss://container@account/x"), "abfss://container@account/x");
    }

    #[test]
    fn secrets_are_stars_and_nothing_else_is() {
        assert!(!masked("https://a:https://b:secret@d").contains("secret"));
        for (text, expected) in [
            ("production = \"https://me:pä@h/x\" # s3://b", "production = \"https://******@h/x\" # s3://b"),
            ("https://ghp@h https://h/@me", "https://***@h https://h/@me"),
            ("https://h/x?page=1&sig=abc&token=de", "https://h/x?page=1&sig=***&token=**"),
            ("abfss://c@a/x", "abfss://c@a/x"),
            ("no address, me@example.com", "no address, me@example.com"),
        ] {
            let shown = masked(text);
            assert_eq!(shown.len(), text.len(), "{text}: {shown}");
            assert_eq!(shown, expected);
        }
    }
}
