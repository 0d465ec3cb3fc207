//! When it does not fit: who holds the buckets, until when, the earliest day, and the largest share now.

use super::Lock;
use crate::bucket::BucketSet;
use crate::decl::{Day, Share};
use crate::model::{Intent, Window};

/// Someone who holds buckets that a claim would need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub id: String,
    pub buckets: u32,
    /// How many of them are the claim's own already, and cannot be both's in the new window.
    pub contested: u32,
    /// The day from which it holds them.
    pub from: Day,
    /// The day on which it frees them; none until a decision.
    pub until: Option<Day>,
}

/// Why a claim does not fit, and what would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// The buckets it needs, and those that are free for it, its own among them.
    pub needed: u32,
    pub free: u32,
    /// The buckets it holds already; none for a first draw or a new phase.
    pub held: u32,
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
    locks.filter(|lock| lock.excludes(components, window)).for_each(|lock| leave(&mut free, lock));
    free
}

/// Takes a lock's buckets out of those that are free. Where the surface had another number of buckets when the lock was
/// drawn, every bucket goes that shares a cell of the grid with it.
pub(super) fn leave(free: &mut BucketSet, lock: &Lock) {
    let size = free.size();
    for step in &lock.steps {
        if step.adds.size() == size {
            free.subtract(&step.adds);
            continue;
        }
        let (old, new) = (u64::from(step.adds.size().max(1)), u64::from(size));
        let mut touched = BucketSet::with_size(size);
        for run in step.adds.runs() {
            let narrow = |bucket: u64| u32::try_from(bucket).unwrap_or(u32::MAX);
            touched
                .insert_run(narrow(u64::from(run.start) * new / old)..narrow((u64::from(run.end) * new).div_ceil(old)));
        }
        free.subtract(&touched);
    }
}

/// Explains a claim that does not fit and would need so many buckets, of which some are its own.
pub(super) fn explain(holdout: &BucketSet, locks: &[&Lock], intent: &Intent, needed: u32, own: &BucketSet) -> Room {
    let (components, window) = (intent.components.as_slice(), intent.window);
    let sharing: Vec<&Lock> =
        locks.iter().copied().filter(|lock| components.iter().any(|component| lock.claims(component))).collect();
    let mut holders: Vec<Holder> = sharing
        .iter()
        .filter(|lock| lock.window().overlaps(window))
        .map(|lock| Holder {
            id: lock.id.clone(),
            buckets: lock.size(),
            contested: lock.steps.iter().map(|step| step.adds.intersection_len(own)).sum(),
            from: lock.start,
            until: lock.window().end,
        })
        .collect();
    holders.sort_by(|a, b| (b.contested, b.buckets).cmp(&(a.contested, a.buckets)).then_with(|| a.id.cmp(&b.id)));
    let shifted = |start: Day| Window { start, end: window.end.map(|end| start.plus(end.since(window.start))) };
    // Room appears only where somebody's window ends.
    let mut days: Vec<Day> =
        sharing.iter().filter_map(|lock| lock.window().end).filter(|&end| end > window.start).collect();
    days.sort_unstable();
    days.dedup();
    let available = |start: Day| free(holdout, sharing.iter().copied(), components, shifted(start));
    // What it holds it keeps.
    let fits = |free: &BucketSet| own.is_subset(free) && free.len() >= needed;
    let earliest = days.into_iter().find(|&day| fits(&available(day)));
    let free = available(window.start).len();
    Room { needed, free, held: own.len(), buckets: holdout.size(), holders, earliest }
}
