//! What an answer means: whether to try again, where it leads, and what it says in words.

use serde::Deserialize;

use super::retry::{Again, UNSAID};

/// How many characters of an API's message are repeated.
const MAX_MESSAGE: usize = 500;

/// The headers that mean something here.
#[derive(Debug, Default)]
pub struct Headers {
    pub link: Option<String>,
    pub location: Option<String>,
    retry_after: Option<u64>,
    remaining: Option<u64>,
    reset: Option<i64>,
}

impl Headers {
    pub fn of<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Self {
        Self {
            link: get("link").map(str::to_owned),
            location: get("location").map(str::to_owned),
            retry_after: get("retry-after").and_then(|value| value.trim().parse().ok()),
            remaining: get("x-ratelimit-remaining").and_then(|value| value.trim().parse().ok()),
            reset: get("x-ratelimit-reset").and_then(|value| value.trim().parse().ok()),
        }
    }

    /// Whether trying again helps. A limit comes as 429, or as 403 with a word on how long it lasts.
    pub fn again(&self, status: u16, said: Option<&str>, now: i64) -> Again {
        let spent = self.remaining == Some(0);
        let limit = said.is_some_and(|said| said.to_ascii_lowercase().contains("rate limit"));
        match status {
            403 | 429 if self.retry_after.is_some() || spent || limit || status == 429 => {
                let reset = self.reset.filter(|_| spent).map(|reset| reset.saturating_sub(now).max(1).unsigned_abs());
                Again::After(self.retry_after.or(reset).unwrap_or(UNSAID))
            }
            500..=599 => self.retry_after.map_or(Again::Soon, Again::After),
            408 => Again::Soon,
            _ => Again::Never,
        }
    }
}

/// Whether a token may be sent to an address: nobody in between can read it, or there is nobody in between.
pub fn is_safe(api: &str) -> bool {
    let Some((scheme, rest)) = api.split_once("://") else { return false };
    let host = rest.split('/').next().unwrap_or(rest);
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let plain = rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:[]~".contains(&byte));
    plain
        && !name.is_empty()
        && (scheme == "https" || scheme == "http" && matches!(name, "localhost" | "127.0.0.1" | "[::1]"))
}

/// An address on the host of `base`; none if it leads to another, or cannot be told.
pub fn same_host(base: &str, location: &str) -> Option<String> {
    let (scheme, rest) = base.split_once("://")?;
    let origin = format!("{scheme}://{}", rest.split('/').next()?);
    let path = match location.strip_prefix(&origin) {
        Some(path) => path,
        None => location,
    };
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&byte));
    (path.starts_with('/') && !path.starts_with("//") && plain).then(|| format!("{origin}{path}"))
}

/// The query of the next page in a `Link` header. Only the query is taken: the next page is asked for where the first one was,
/// whatever host the header names.
pub fn next_query(link: &str) -> Option<String> {
    let next = link.split(',').find(|part| part.split(';').skip(1).any(|word| word.trim() == "rel=\"next\""))?;
    let address = next.split(';').next()?.trim().strip_prefix('<')?.strip_suffix('>')?;
    let (_, query) = address.split_once('?')?;
    let plain = query.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~=&%+".contains(&byte));
    (plain && !query.is_empty() && query.len() <= 500).then(|| query.to_owned())
}

/// What the API says is wrong; nothing if it is not the API that says it, as with a page of a proxy.
pub fn message(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Said {
        message: String,
        #[serde(default)]
        errors: Option<serde_json::Value>,
    }
    let said: Said = serde_json::from_slice(body).ok()?;
    let mut text = said.message;
    for error in said.errors.as_ref().and_then(serde_json::Value::as_array).into_iter().flatten().take(5) {
        let part = |name: &str| error.get(name).and_then(serde_json::Value::as_str);
        let field = part("field").map_or(String::new(), |field| format!("`{field}`: "));
        if let Some(words) = error.as_str().or_else(|| part("message")).or_else(|| part("code")) {
            text.push_str(&format!("; {field}{words}"));
        }
    }
    Some(text.chars().take(MAX_MESSAGE).collect())
}

#[cfg(test)]
mod tests {
    use super::{Again, Headers, UNSAID, is_safe, message, next_query, same_host};

    fn headers(pairs: &[(&str, &'static str)]) -> Headers {
        Headers::of(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
    }

    #[test]
    fn a_limit_is_no_refusal() {
        let plain = headers(&[("x-ratelimit-remaining", "4999"), ("x-ratelimit-reset", "100")]);
        assert_eq!(plain.again(403, Some("Resource not accessible by integration"), 40), Again::Never);
        assert_eq!(plain.again(403, Some("You have exceeded a secondary rate limit"), 40), Again::After(UNSAID));
        assert_eq!(plain.again(429, None, 40), Again::After(UNSAID));
        let spent = headers(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "100")]);
        assert_eq!(spent.again(403, None, 40), Again::After(60));
        assert_eq!(spent.again(403, None, 400), Again::After(1), "the clocks differ");
        assert_eq!(spent.again(404, None, 40), Again::Never);
        let asked = headers(&[("retry-after", "7"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "100")]);
        assert_eq!(asked.again(403, None, 40), Again::After(7));
        assert_eq!(asked.again(503, None, 40), Again::After(7));
        for odd in ["-1", "soon", "99999999999999999999", "Wed, 21 Oct 2026 07:28:00 GMT"] {
            assert_eq!(headers(&[("retry-after", odd)]).again(502, None, 40), Again::Soon, "{odd}");
        }
        for status in [400, 401, 404, 409, 410, 422, 451] {
            assert_eq!(plain.again(status, None, 40), Again::Never);
        }
    }

    #[test]
    fn tokens_go_where_nobody_reads_along() {
        for good in
            ["https://api.github.com", "https://ghe.example/api/v3", "http://127.0.0.1:80", "http://localhost/x"]
        {
            assert!(is_safe(good), "{good}");
        }
        for bad in [
            "http://ghe.example",
            "https://",
            "https:///x",
            "https://a@b",
            "http://localhost@evil.example",
            "http://localhost.evil.example",
            "https://a b",
            "https://a\\b",
            "https://a?b",
            "https://a#b",
            "file:///etc",
            "api.github.com",
            "",
        ] {
            assert!(!is_safe(bad), "{bad}");
        }
    }

    #[test]
    fn redirects_stay_on_their_host() {
        let base = "https://api.github.com/api/v3";
        let to = |location| same_host(base, location);
        let moved = Some("https://api.github.com/repositories/1/issues?x=1".to_owned());
        assert_eq!(to("https://api.github.com/repositories/1/issues?x=1"), moved);
        assert_eq!(to("/repositories/1/issues?x=1"), moved);
        for bad in [
            "https://evil.example/x",
            "http://api.github.com/x",
            "https://api.github.com.evil.example/x",
            "https://api.github.com@evil.example/x",
            "https://api.github.com:8443/x",
            "https://api.github.com\\@evil.example/x",
            "//evil.example/x",
            "/\\evil.example",
            "x",
            "",
        ] {
            assert_eq!(to(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_next_page_is_a_query() {
        let link = "<https://api.github.com/x?per_page=100&page=1>; rel=\"prev\", <https://elsewhere.example/y?per_page=100&page=3>; rel=\"next\"";
        assert_eq!(next_query(link).as_deref(), Some("per_page=100&page=3"));
        for last in [
            "",
            "<https://a/x?page=1>; rel=\"prev\"",
            "<https://a/x>; rel=\"next\"",
            "https://a/x?page=2; rel=\"next\"",
            "<https://a/x?page=2 HTTP/1.1>; rel=\"next\"",
        ] {
            assert_eq!(next_query(last), None, "{last}");
        }
    }

    #[test]
    fn messages_are_those_of_the_api() {
        let said = |text: &str| message(text.as_bytes());
        assert_eq!(said("<html>Bad Gateway</html>"), None);
        assert_eq!(said("{}"), None);
        assert_eq!(said(r#"{"message":"Not Found","status":"404"}"#).as_deref(), Some("Not Found"));
        let many =
            r#"{"message":"Validation Failed","errors":["one",{"message":"two"},{"field":"body","code":"three"},4]}"#;
        assert_eq!(said(many).as_deref(), Some("Validation Failed; one; two; `body`: three"));
        assert_eq!(said(r#"{"message":"No","errors":"text"}"#).as_deref(), Some("No"));
        let long = said(&format!("{{\"message\":\"{}\"}}", "ü".repeat(9000)));
        assert_eq!(long.map(|text| text.chars().count()), Some(500));
    }
}
