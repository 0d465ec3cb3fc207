//! Whether claims that must exclude each other do.
//!
//! Claims meet where they share a component or a flag. On each such ground they are gone through by the time they begin,
//! beside a count of how many hold each bucket just then; only where a claim meets a bucket that is held are pairs looked
//! at. Nothing is compared that shares no ground, so ten thousand claims cost little more than reading them.

use super::failure::{Fault, Overlap};
use super::witness::Witness;
use crate::artifact::{Claim, Flag, Served};
use crate::bucket::BucketSet;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};

/// Claims of one ground that are looked at for pairs; a systematic fault needs no more to be seen.
const MOST: usize = 20;

/// Buckets that are reserved for a time.
pub(super) struct Reservation<'a> {
    key: &'a str,
    flag: &'a str,
    components: &'a [String],
    start: i64,
    /// Open where it is the last instant there is.
    end: i64,
    buckets: &'a BucketSet,
}

/// Where claims meet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ground<'a> {
    Component(&'a str),
    Flag(&'a str),
}

impl<'a> Reservation<'a> {
    /// What a claim reserves: all it will ever own, for its whole window.
    pub(super) fn of(flag: &'a Flag, claim: &'a Claim) -> Option<Self> {
        Some(Self {
            key: &claim.key,
            flag: &flag.id,
            components: &claim.components,
            start: claim.start,
            end: claim.end.unwrap_or(i64::MAX),
            buckets: claim.reserved()?,
        })
    }

    /// What a payload's claim owns in its time, or else at the payload's instant.
    pub(super) fn served(served: &'a Served, at: i64) -> Self {
        let window = served.window.clone().unwrap_or(at..at.saturating_add(1));
        Self {
            key: &served.key,
            flag: &served.flag,
            components: &served.components,
            start: window.start,
            end: window.end,
            buckets: &served.cells,
        }
    }

    /// Whether it claims every component.
    fn is_global(&self) -> bool {
        self.components.iter().any(|component| component == "*")
    }

    /// The grounds on which it stands, apart from the one that all share.
    fn grounds(&self) -> impl Iterator<Item = Ground<'a>> {
        let components = self.components.iter().map(|component| Ground::Component(component));
        components.chain([Ground::Flag(self.flag)])
    }

    fn meets(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end && !self.buckets.is_disjoint(other.buckets)
    }
}

/// Every pair that shares a component or a flag, a time and a bucket.
pub(super) fn check(reservations: &[Reservation<'_>], witness: &mut Witness) -> Vec<Fault> {
    let mut grounds: BTreeMap<Ground<'_>, Vec<usize>> = BTreeMap::new();
    for (index, reservation) in reservations.iter().enumerate() {
        for ground in reservation.grounds() {
            let group = grounds.entry(ground).or_default();
            // A component that is named twice is one ground.
            if group.last() != Some(&index) {
                group.push(index);
            }
        }
    }
    let mut pairs = Vec::new();
    for (ground, group) in &grounds {
        sweep(reservations, group, |_| true, |a, b| pairs.push((*ground, a, b)));
    }
    if reservations.iter().any(Reservation::is_global) {
        let all: Vec<usize> = (0..reservations.len()).collect();
        let everything = Ground::Component("*");
        sweep(reservations, &all, Reservation::is_global, |a, b| {
            pairs.push((everything, a, b));
        });
    }
    let mut seen = HashSet::new();
    pairs.retain(|(_, a, b)| seen.insert((*a.min(b), *a.max(b))));
    let pair = |(ground, a, b): (_, usize, usize)| Some((ground, reservations.get(a)?, reservations.get(b)?));
    let pairs = pairs.into_iter().filter_map(pair);
    pairs.map(|(ground, a, b)| Fault::Overlap(Box::new(overlap(ground, a, b, witness)))).collect()
}

/// Finds pairs in a group of which at least one excludes the whole group.
fn sweep<'a>(
    reservations: &[Reservation<'a>],
    group: &[usize],
    excludes_all: impl Fn(&Reservation<'a>) -> bool,
    mut report: impl FnMut(usize, usize),
) {
    let get = |index: &usize| reservations.get(*index).map(|reservation| (*index, reservation));
    let mut group: Vec<(usize, &Reservation<'_>)> = group.iter().filter_map(get).collect();
    if group.len() < 2 {
        return;
    }
    group.retain(|(_, reservation)| reservation.start < reservation.end);
    group.sort_by_key(|(index, reservation)| (reservation.start, *index));
    let mut by_any = Holders::default();
    let mut by_excluding = Holders::default();
    let mut ends: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
    let mut met = 0;
    for (position, (index, new)) in group.iter().enumerate() {
        while let Some(Reverse((end, ended))) = ends.peek().copied()
            && end <= new.start
        {
            ends.pop();
            if let Some((_, ended)) = group.get(ended) {
                by_any.release(ended.buckets);
                if excludes_all(ended) {
                    by_excluding.release(ended.buckets);
                }
            }
        }
        let excluding = excludes_all(new);
        let holders = if excluding { &by_any } else { &by_excluding };
        if met < MOST && holders.hold_any(new.buckets) {
            met = met.saturating_add(1);
            let before = group.iter().take(position);
            let pairs = before.filter(|(_, old)| (excluding || excludes_all(old)) && old.meets(new));
            pairs.take(MOST).for_each(|(old, _)| report(*old, *index));
        }
        by_any.take(new.buckets);
        if excluding {
            by_excluding.take(new.buckets);
        }
        ends.push(Reverse((new.end, position)));
    }
}

/// How many hold each bucket.
#[derive(Default)]
struct Holders(Vec<u32>);

impl Holders {
    fn hold_any(&self, buckets: &BucketSet) -> bool {
        buckets.iter().any(|bucket| self.0.get(bucket as usize).is_some_and(|holders| *holders > 0))
    }

    fn take(&mut self, buckets: &BucketSet) {
        if self.0.len() < buckets.size() as usize {
            self.0.resize(buckets.size() as usize, 0);
        }
        self.change(buckets, |holders| holders.saturating_add(1));
    }

    fn release(&mut self, buckets: &BucketSet) {
        self.change(buckets, |holders| holders.saturating_sub(1));
    }

    fn change(&mut self, buckets: &BucketSet, by: impl Fn(u32) -> u32) {
        for bucket in buckets.iter() {
            if let Some(holders) = self.0.get_mut(bucket as usize) {
                *holders = by(*holders);
            }
        }
    }
}

fn overlap(ground: Ground<'_>, a: &Reservation<'_>, b: &Reservation<'_>, witness: &mut Witness) -> Overlap {
    let buckets = a.buckets.intersection(b.buckets);
    let end = a.end.min(b.end);
    Overlap {
        claims: [a.key.to_owned(), b.key.to_owned()],
        component: match ground {
            Ground::Component(component) => Some(component.to_owned()),
            Ground::Flag(_) => None,
        },
        flag: (a.flag == b.flag).then(|| a.flag.to_owned()),
        during: (a.start.max(b.start), (end < i64::MAX).then_some(end)),
        unit: witness.in_any(&buckets),
        buckets,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::sample;
    use crate::bucket::draw;
    use crate::verify::{Failure, verify_artifact};
    use serde_json::json;

    /// The pairs by comparing all with all.
    fn plain(artifact: &crate::artifact::Artifact) -> HashSet<[String; 2]> {
        let all: Vec<_> = artifact.claims().collect();
        let mut pairs = HashSet::new();
        for (n, (flag, a)) in all.iter().enumerate() {
            for (other, b) in &all[..n] {
                let has = |claim: &Claim, component: &String| claim.components.contains(component);
                let star = "*".to_owned();
                let shares = flag.id == other.id
                    || has(a, &star)
                    || has(b, &star)
                    || a.components.iter().any(|component| has(b, component));
                let windows = a.start < b.end.unwrap() && b.start < a.end.unwrap();
                let buckets = !a.reserved().unwrap().is_disjoint(b.reserved().unwrap());
                if shares && windows && buckets {
                    let mut keys = [a.key.clone(), b.key.clone()];
                    keys.sort();
                    pairs.insert(keys);
                }
            }
        }
        pairs
    }

    #[test]
    fn finds_the_pairs_that_comparing_all_with_all_finds() {
        let mut found_any = 0;
        for seed in 0..300_u32 {
            let mut artifact = sample::crowded(3, 100, 1);
            artifact.flags.iter_mut().for_each(|flag| flag.claims.clear());
            for n in 0..12_u32 {
                let random = |of: u32, what: &str| {
                    let drawn = draw(&BucketSet::full(of), 1, &[what, &n.to_string(), &seed.to_string()]);
                    drawn.iter().next().unwrap()
                };
                let id = format!("e{n}");
                let buckets = draw(&BucketSet::full(100), 1 + random(9, "size"), &["set", &id, &seed.to_string()]);
                let mut claim = sample::claim(&id, "part-0", buckets, &[("control", json!(0)), ("b", json!(1))]);
                claim.start = i64::from(random(40, "start"));
                claim.end = Some(claim.start + i64::from(1 + random(20, "days")));
                let flag = random(3, "flag") as usize;
                claim.components = vec![format!("part-{flag}")];
                match random(12, "components") {
                    0 => claim.components = vec!["*".into()],
                    1 | 2 => claim.components.push(format!("part-{}", random(3, "also"))),
                    _ => {}
                }
                artifact.flags[flag].claims.push(claim);
            }
            let faults = verify_artifact(&artifact).into_iter();
            let found: HashSet<[String; 2]> = faults
                .filter_map(|Failure { fault, .. }| match fault {
                    Fault::Overlap(overlap) => {
                        assert!(overlap.unit.is_some());
                        let mut keys = overlap.claims;
                        keys.sort();
                        Some(keys)
                    }
                    _ => None,
                })
                .collect();
            assert_eq!(found, plain(&artifact), "{seed}");
            found_any += found.len();
        }
        assert!(found_any > 300, "{found_any}");
    }
}
