//! How long storage is waited for.

use std::time::Duration;

use object_store::RetryConfig;

use crate::io::IoError;

/// The environment variable with the seconds that a call may take.
pub const VARIABLE: &str = "ALLOTMENT_STORE_TIMEOUT";
const USUAL: u64 = 30;
/// An hour: beyond that nobody waits.
const MOST: u64 = 3_600;
/// For how many times that long a call is tried again.
const AGAIN: u32 = 3;

/// How long a single call may take, answer included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience(Duration);

impl Patience {
    /// As the environment says, or else 30 seconds.
    ///
    /// # Errors
    /// When what it says is no number of seconds.
    pub fn read() -> Result<Self, IoError> {
        Self::of(std::env::var(VARIABLE).ok().as_deref())
    }

    fn of(text: Option<&str>) -> Result<Self, IoError> {
        let seconds = match text.filter(|text| !text.is_empty()) {
            None => Some(USUAL),
            Some(text) => text.parse().ok().filter(|seconds| (1..=MOST).contains(seconds)),
        };
        let wrong = || IoError::new(format!("cannot use `{VARIABLE}`"), "it is no number of seconds from 1 to 3600");
        seconds.map(|seconds| Self(Duration::from_secs(seconds))).ok_or_else(wrong)
    }

    /// How long one call may take.
    pub const fn once(self) -> Duration {
        self.0
    }

    /// How a call that failed is tried again. It is begun again for three times as long as it may take, so that the last try
    /// ends after four times as long, and what little was waited between them.
    pub fn again(self) -> RetryConfig {
        RetryConfig { retry_timeout: self.0.saturating_mul(AGAIN), ..RetryConfig::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_number_of_seconds() {
        let of = |text| Patience::of(text).map(|patience| patience.once().as_secs());
        assert_eq!(of(None).unwrap(), 30);
        assert_eq!(of(Some("")).unwrap(), 30);
        assert_eq!(of(Some("5")).unwrap(), 5);
        for text in ["0", "-1", "5s", "1.5", "3601", "99999999999999999999"] {
            assert!(of(Some(text)).is_err(), "{text}");
        }
    }
}
