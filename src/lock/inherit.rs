//! What a new lock inherits: whose buckets, and with them whose units, it takes over.
//!
//! Reuse is valid whatever was there before: the variant comes from a hash of its own, so each old variant is spread evenly
//! over the new ones. But where exclusive experiments are large, few buckets are free, and a new experiment runs largely on
//! the units of one that just ended; its reader should know how largely.

use super::Lock;
use crate::decl::Share;

/// How much of a lock an earlier one held before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inherited {
    /// The earlier experiment or rollout.
    pub id: String,
    /// How many of the lock's buckets it held.
    pub buckets: u32,
    /// The share of the lock's buckets that those are.
    pub share: Share,
}

/// The buckets of a lock that each of the other locks held on a shared component until it ended; the largest first.
///
/// Locks of another surface or of another number of buckets have no bucket in common with it, and those that have not ended
/// when it starts exclude it, or do not concern it.
#[must_use]
pub fn inheritance<'a>(lock: &Lock, earlier: impl IntoIterator<Item = &'a Lock>) -> Vec<Inherited> {
    let held = lock.held();
    let before = earlier.into_iter().filter(|other| {
        let same_ground = other.surface == lock.surface && other.buckets == lock.buckets && other.id != lock.id;
        let ended = other.window().end.is_some_and(|end| end <= lock.start) && !other.window().is_empty();
        same_ground && ended && other.components.iter().any(|component| lock.claims(component))
    });
    let mut inherited: Vec<Inherited> = before
        .map(|other| (other, other.held().intersection_len(&held)))
        .filter(|&(_, buckets)| buckets > 0)
        .map(|(other, buckets)| Inherited { id: other.id.clone(), buckets, share: Share::of(buckets, held.len()) })
        .collect();
    inherited.sort_by(|a, b| b.buckets.cmp(&a.buckets).then_with(|| a.id.cmp(&b.id)));
    inherited
}

#[cfg(test)]
mod tests {
    use super::{Inherited, inheritance};
    use crate::bucket::BucketSet;
    use crate::decl::{Day, Share};
    use crate::lock::{Lock, Step};

    fn lock(id: &str, component: &str, start: i32, days: Option<u32>, buckets: &str) -> Lock {
        Lock {
            id: id.to_owned(),
            surface: "home".to_owned(),
            flag: "flag".to_owned(),
            phase: 1,
            began: vec![Day(start)],
            start: Day(start),
            days,
            components: vec![component.to_owned()],
            unit: "user".to_owned(),
            scheme: "growthbook".to_owned(),
            grid: 10_000,
            buckets: 100,
            salt: id.to_owned(),
            segment: None,
            plan: String::new(),
            variants: Vec::new(),
            steps: vec![Step { after: 0, adds: BucketSet::parse(buckets, 100).unwrap() }],
        }
    }

    fn inherited(id: &str, buckets: u32, percent: &str) -> Inherited {
        Inherited { id: id.to_owned(), buckets, share: Share::parse(percent).unwrap() }
    }

    #[test]
    fn the_largest_comes_first_and_steps_count_together() {
        let mut new = lock("new", "ranker", 100, Some(28), "0-19");
        new.steps.push(Step { after: 2, adds: BucketSet::parse("50-69", 100).unwrap() });
        let a = lock("a", "ranker", 60, Some(40), "0-3");
        let b = lock("b", "ranker", 10, Some(20), "10-59");
        let c = lock("c", "*", 10, Some(20), "3 99");
        assert_eq!(
            inheritance(&new, [&a, &b, &c]),
            [inherited("b", 20, "50%"), inherited("a", 4, "10%"), inherited("c", 1, "2.5%")]
        );
    }

    #[test]
    fn others_leave_nothing() {
        let new = lock("new", "ranker", 100, Some(28), "0-19");
        let live = lock("live", "ranker", 90, Some(11), "0-9");
        let open = lock("open", "ranker", 90, None, "0-9");
        let later = lock("later", "ranker", 200, Some(9), "0-9");
        let never = lock("never", "ranker", 90, Some(0), "0-9");
        let apart = lock("apart", "cards", 60, Some(9), "0-9");
        let other = Lock { surface: "search".to_owned(), ..lock("other", "ranker", 60, Some(9), "0-9") };
        let finer = Lock { buckets: 1_000, ..lock("finer", "ranker", 60, Some(9), "0-9") };
        assert_eq!(inheritance(&new, [&new, &live, &open, &later, &never, &apart, &other, &finer]), []);
    }

    #[test]
    fn one_that_claims_all_inherits_from_all() {
        let new = lock("new", "*", 100, Some(28), "0-9");
        let apart = lock("apart", "cards", 60, Some(9), "0-4");
        assert_eq!(inheritance(&new, [&apart]), [inherited("apart", 5, "50%")]);
    }
}
