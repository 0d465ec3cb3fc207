//! The event that began a run: which pull request, or which commit, it is about.

use std::path::Path;

use serde_json::Value;

use crate::io::{IoError, read_bounded};

/// The largest event that is read; GitHub's own bound is 25 MB.
const MAX_EVENT: u64 = 32 << 20;

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A pull request.
    Pull(u64),
    /// A commit that may be at the tip of one.
    Commit(String),
    /// Neither.
    Other,
}

/// Reads the event in a file.
///
/// # Errors
/// When it cannot be read, or is no JSON.
pub fn event(path: &Path) -> Result<Event, IoError> {
    let bytes = read_bounded(path, MAX_EVENT)?;
    let event: Value = serde_json::from_slice(&bytes)
        .map_err(|cause| IoError::new(format!("cannot read the event in `{}`", path.display()), cause))?;
    Ok(about(&event))
}

fn about(event: &Value) -> Event {
    let number = |at: &str| event.pointer(at).and_then(Value::as_u64).filter(|number| *number > 0);
    let text = |at: &str| event.pointer(at).and_then(Value::as_str).map(str::to_owned);
    // A comment on a pull request is an event about an issue that is one.
    let commented = number("/issue/number").filter(|_| event.pointer("/issue/pull_request").is_some());
    if let Some(number) = number("/pull_request/number").or(commented) {
        return Event::Pull(number);
    }
    // What follows a run on a fork's pull request knows the commit that was run on; a push knows its last one.
    match text("/workflow_run/head_sha").or_else(|| text("/after")) {
        Some(commit) => Event::Commit(commit),
        None => Event::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, about};
    use serde_json::json;

    #[test]
    fn events_are_about_pull_requests_or_commits() {
        assert_eq!(about(&json!({ "pull_request": { "number": 7 } })), Event::Pull(7));
        assert_eq!(about(&json!({ "issue": { "number": 7, "pull_request": {} } })), Event::Pull(7));
        assert_eq!(about(&json!({ "issue": { "number": 7 } })), Event::Other);
        assert_eq!(about(&json!({ "workflow_run": { "head_sha": "abc" } })), Event::Commit("abc".to_owned()));
        assert_eq!(about(&json!({ "after": "abc" })), Event::Commit("abc".to_owned()));
        for odd in
            [json!(null), json!([]), json!({ "pull_request": { "number": -1 } }), json!({ "schedule": "0 4 * * *" })]
        {
            assert_eq!(about(&odd), Event::Other, "{odd}");
        }
    }
}
