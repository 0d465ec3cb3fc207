//! The clock, read once at the edge and passed on.

use std::time::{SystemTime, UNIX_EPOCH};

/// An instant, in whole seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub i64);

/// The present instant.
#[must_use]
pub fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Reads RFC 3339, or a bare date, which is its first instant in UTC.
///
/// # Errors
/// Says what is not understood.
pub fn parse_instant(text: &str) -> Result<Instant, String> {
    if let Ok(date) = text.parse::<jiff::civil::Date>()
        && text.len() == 10
    {
        let start = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|wrong| wrong.to_string())?;
        return Ok(Instant(start.timestamp().as_second()));
    }
    let instant: jiff::Timestamp = text.parse().map_err(|_| {
        let civil = text.strip_suffix('Z').and_then(|text| text.parse::<jiff::civil::DateTime>().ok());
        let Some(last) = civil.and(Some(jiff::Timestamp::MAX)) else {
            return format!("`{text}` is no instant: write 2027-02-01 or 2027-02-01T00:00:00Z");
        };
        format!("`{text}` lies beyond what can be told: the last instant is {last:.0}")
    })?;
    Ok(Instant(instant.as_second()))
}

/// An instant as RFC 3339 in UTC.
///
/// # Errors
/// When it lies beyond what a date can say.
pub fn written_instant(instant: Instant) -> Result<String, super::IoError> {
    let timestamp = jiff::Timestamp::from_second(instant.0);
    Ok(timestamp.map_err(|wrong| super::IoError::new("cannot write an instant", wrong))?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_that_is_none_is_told_from_one_that_is_too_late() {
        assert_eq!(parse_instant("2027-02-01"), parse_instant("2027-02-01T00:00:00Z"));
        assert!(parse_instant("soon").unwrap_err().contains("is no instant"));
        let late = parse_instant("9999-12-31T23:59:59Z").unwrap_err();
        assert!(late.ends_with("the last instant is 9999-12-30T22:00:00Z"), "{late}");
        assert!(parse_instant("9999-12-30T22:00:00Z").is_ok());
    }
}
