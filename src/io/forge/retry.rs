//! When to try again, and how long to wait before: capped in tries, in one wait and in all.

use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

/// How often something is tried.
const TRIES: u32 = 5;
/// How many seconds all calls and waits of a run may take.
const TOTAL: u32 = 150;
/// How many seconds are waited at most at once; a limit that lasts longer is said instead.
const LONGEST: u32 = 75;
/// How many seconds are waited where a limit does not say how long it lasts.
pub const UNSAID: u64 = 60;

/// How long to wait: since when, and how long a second is.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    begun: Instant,
    second: Duration,
}

/// The tries that are left of one undertaking.
#[derive(Debug)]
pub struct Retry {
    left: u32,
}

/// What a fault says about trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It would come to the same.
    Never,
    /// It may pass by itself.
    Soon,
    /// After so many seconds, as was asked for.
    After(u64),
}

impl Pace {
    /// Begins to count, with seconds of a length.
    pub fn new(second: Duration) -> Self {
        Self { begun: Instant::now(), second }
    }

    /// So many seconds.
    pub fn seconds(&self, count: u32) -> Duration {
        self.second.saturating_mul(count)
    }

    /// What is left of the time for everything.
    pub fn left(&self) -> Duration {
        self.seconds(TOTAL).saturating_sub(self.begun.elapsed())
    }

    /// How long to wait before the next try; none if there is none. `chance` is anything from 0 to 1.
    pub fn pause(&self, retry: &mut Retry, again: Again, chance: f64) -> Option<Duration> {
        retry.left = retry.left.saturating_sub(1);
        let tried = TRIES.saturating_sub(retry.left);
        if retry.left == 0 {
            return None;
        }
        let pause = match again {
            Again::Never => return None,
            // 1, 2, 4, 8 seconds, and up to half of that more, so that runs that failed together do not come back together.
            Again::Soon => self.seconds(1 << tried.saturating_sub(1).min(4)).mul_f64(1.0 + chance / 2.0),
            Again::After(seconds) if seconds > u64::from(LONGEST) => return None,
            // Not sooner than asked for, and not all at the same instant.
            Again::After(seconds) => self.second.mul_f64(u32::try_from(seconds).map_or(0.0, f64::from) + chance),
        };
        (pause < self.left()).then_some(pause)
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self { left: TRIES }
    }
}

/// A number from 0 to 1 that differs from run to run.
pub fn chance() -> f64 {
    let random = std::hash::RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(random >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Again, LONGEST, Pace, Retry, TRIES, chance};
    use std::time::Duration;

    #[test]
    fn waits_grow_and_end() {
        let pace = Pace::new(Duration::from_secs(1));
        let mut retry = Retry::default();
        let waits: Vec<_> = std::iter::from_fn(|| pace.pause(&mut retry, Again::Soon, 0.0)).collect();
        assert_eq!(waits.iter().map(Duration::as_secs).collect::<Vec<_>>(), [1, 2, 4, 8]);
        assert_eq!(u32::try_from(waits.len()), Ok(TRIES - 1));
        assert_eq!(pace.pause(&mut Retry::default(), Again::Soon, 1.0), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn what_is_asked_for_is_waited_or_not_at_all() {
        let pace = Pace::new(Duration::from_secs(1));
        let pause = |again| pace.pause(&mut Retry::default(), again, 0.0);
        assert_eq!(pause(Again::After(30)), Some(Duration::from_secs(30)));
        assert_eq!(pause(Again::After(0)), Some(Duration::ZERO));
        assert_eq!(pause(Again::After(u64::from(LONGEST) + 1)), None);
        assert_eq!(pause(Again::After(u64::MAX)), None);
        assert_eq!(pause(Again::Never), None);
    }

    #[test]
    fn nothing_is_waited_for_that_would_take_too_long() {
        let pace = Pace::new(Duration::ZERO);
        assert_eq!(pace.pause(&mut Retry::default(), Again::Soon, 0.0), None);
    }

    #[test]
    fn chance_is_a_share() {
        assert!((0..100).map(|_| chance()).all(|chance| (0.0..=1.0).contains(&chance)));
    }
}
