//! When it does not fit: who holds the buckets, until when, the earliest day, and the largest share now.

use super::Lock;
use crate::bucket::BucketSet;
use crate::decl::{Day, Share};
use crate::model::Window;

/// Someone who holds buckets that a claim would need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub id: String,
    pub buckets: u32,
    /// The day on which it frees them; none until a decision.
    pub until: Option<Day>,
}

/// Why a claim does not fit, and what would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// The buckets it needs, and those that are free for it.
    pub needed: u32,
    pub free: u32,
    /// The buckets of the surface.
    pub buckets: u32,
    /// Who holds the others, the largest first.
    pub holders: Vec<Holder>,
    /// The earliest first day on which the full share is free for the full run.
    pub earliest: Option<Day>,
}

impl Room {
    /// The largest share that fits in the declared window.
    #[must_use]
    pub fn largest(&self) -> Share {
        Share::of(self.free, self.buckets)
    }
}

/// What is free for a claim of `components` in a window, besides the holdout.
pub(super) fn free<'a>(
    holdout: &BucketSet,
    locks: impl Iterator<Item = &'a Lock>,
    components: &[String],
    window: Window,
) -> BucketSet {
    let mut free = holdout.complement();
    for lock in locks.filter(|lock| lock.excludes(components, window)) {
        for step in &lock.steps {
            free.subtract(&step.adds);
        }
    }
    free
}

/// Explains a claim that does not fit.
pub(super) fn explain(
    holdout: &BucketSet,
    locks: &[&Lock],
    components: &[String],
    window: Window,
    needed: u32,
) -> Room {
    let sharing: Vec<&Lock> =
        locks.iter().copied().filter(|lock| components.iter().any(|component| lock.claims(component))).collect();
    let mut holders: Vec<Holder> = sharing
        .iter()
        .filter(|lock| lock.window().overlaps(window))
        .map(|lock| Holder { id: lock.id.clone(), buckets: lock.size(), until: lock.window().end })
        .collect();
    holders.sort_by(|a, b| b.buckets.cmp(&a.buckets).then_with(|| a.id.cmp(&b.id)));
    let shifted = |start: Day| Window { start, end: window.end.map(|end| start.plus(end.since(window.start))) };
    // Room appears only where somebody's window ends.
    let mut days: Vec<Day> =
        sharing.iter().filter_map(|lock| lock.window().end).filter(|&end| end > window.start).collect();
    days.sort_unstable();
    days.dedup();
    let available = |start: Day| free(holdout, sharing.iter().copied(), components, shifted(start)).len();
    let earliest = days.into_iter().find(|&day| available(day) >= needed);
    Room { needed, free: available(window.start), buckets: holdout.size(), holders, earliest }
}
