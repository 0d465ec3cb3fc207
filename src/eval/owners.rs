//! Who owns which bucket of a flag, and when.
//!
//! Claims of one flag share its component, so at any instant a bucket has at most one owner;
//! looking it up costs the same however many claims there are. All flags of a surface share a few
//! flat tables, so that a flag that was not asked for lately costs few cache lines.

use crate::artifact::{Artifact, Flag};
use crate::bucket::{BucketSet, Hasher, Scheme};
use std::ops::Range;

/// Up to this many spans of a flag are simply tried; a list for each bucket pays for its memory
/// only above.
const FEW: usize = 4;

/// Entries that all lists may have together, 128 MB; flags beyond that are tried span by span,
/// however many they have.
const MOST_LISTED: usize = 1 << 25;

/// The owners of all buckets of all flags.
#[derive(Debug)]
pub(super) struct Owners {
    /// For each flag, where its spans are.
    flags: Vec<Spans>,
    /// Times in which a claim owns buckets.
    spans: Vec<Span>,
    /// For each span of a flag with few, as many words as it takes to have a bit for each bucket.
    words: Vec<u64>,
    width: usize,
    /// For each bucket of a flag with many spans, where its list begins; one more closes the last
    /// list.
    starts: Vec<u32>,
    /// Lists of spans, in each ascending and apart.
    lists: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
enum Spans {
    /// The spans of the flag, and their first word.
    Few { first: u32, count: u32, word: u32 },
    /// The first of the flag's places in `starts`.
    Many { start: u32 },
}

/// A time in which a claim owns some buckets.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: i64,
    until: i64,
    owner: Owner,
}

/// The claim that owns a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    /// Its index in the flag.
    pub(super) claim: u32,
    /// The hash that picks its variant.
    pub(super) hasher: Hasher,
}

impl Owners {
    /// The owners of a surface's buckets. A bucket that two claims of a flag ever own at the same
    /// time has none there.
    pub(super) fn of(artifact: &Artifact) -> Self {
        let width = (artifact.buckets as usize).div_ceil(64);
        let mut owners = Self {
            flags: Vec::new(),
            spans: Vec::new(),
            words: Vec::new(),
            width,
            starts: Vec::new(),
            lists: Vec::new(),
        };
        for flag in &artifact.flags {
            let spans = spans(flag, artifact.scheme);
            let entries =
                spans.iter().map(|(_, owned)| owned.len() as usize).fold(owners.lists.len(), usize::saturating_add);
            let spans = if spans.len() > FEW && entries <= MOST_LISTED {
                owners.list(&spans, artifact.buckets)
            } else {
                owners.keep(spans, artifact.buckets)
            };
            owners.flags.push(spans);
        }
        owners
    }

    fn keep(&mut self, mut spans: Vec<(Span, BucketSet)>, buckets: u32) -> Spans {
        let kept =
            Spans::Few { first: place(self.spans.len()), count: place(spans.len()), word: place(self.words.len()) };
        let mut contested = BucketSet::with_size(buckets);
        for (index, (span, owned)) in spans.iter().enumerate() {
            for (earlier, others) in spans.iter().take(index) {
                if span.clashes_with(earlier) {
                    contested.union_with(&owned.intersection(others));
                }
            }
        }
        for (span, owned) in &mut spans {
            owned.subtract(&contested);
            self.spans.push(*span);
            let words = owned.words().iter().copied().chain(std::iter::repeat(0));
            self.words.extend(words.take(self.width));
        }
        kept
    }

    fn list(&mut self, spans: &[(Span, BucketSet)], buckets: u32) -> Spans {
        let kept = Spans::Many { start: place(self.starts.len()) };
        let mut order: Vec<&(Span, BucketSet)> = spans.iter().collect();
        order.sort_by_key(|(span, _)| span.from);
        // Spans are numbered by their beginning, so a list is ascending in both.
        let first = self.spans.len();
        let mut of_bucket: Vec<Vec<u32>> = vec![Vec::new(); buckets as usize];
        for ((span, owned), number) in order.into_iter().zip(first..) {
            self.spans.push(*span);
            for bucket in owned.iter() {
                if let Some(list) = of_bucket.get_mut(bucket as usize) {
                    list.push(place(number));
                }
            }
        }
        for mut list in of_bucket {
            self.starts.push(place(self.lists.len()));
            let spans = || list.iter().filter_map(|number| self.spans.get(*number as usize));
            // In the order of their beginnings, spans that clash with any clash with a neighbour.
            if spans().zip(spans().skip(1)).all(|(a, b)| a.until <= b.from) {
                self.lists.append(&mut list);
            }
        }
        self.starts.push(place(self.lists.len()));
        kept
    }

    /// The owner of a flag's bucket at an instant.
    #[inline]
    pub(super) fn at(&self, flag: usize, bucket: u32, now: i64) -> Option<Owner> {
        match *self.flags.get(flag)? {
            Spans::Few { first, count, word } => {
                let spans = self.spans.get(first as usize..)?.iter().take(count as usize);
                let (place, bit) = ((bucket / 64) as usize, 1_u64 << (bucket % 64));
                let word = (word as usize).saturating_add(place);
                // A bucket outside the set would be looked up in the next span's words.
                let words = self.words.get(word..).filter(|_| place < self.width)?.iter().step_by(self.width.max(1));
                let mut owned = spans.zip(words);
                let (span, _) = owned.find(|(span, word)| *word & bit != 0 && span.covers(now))?;
                Some(span.owner)
            }
            Spans::Many { start } => {
                let place = (start as usize).saturating_add(bucket as usize);
                let [start, end] = *self.starts.get(place..)?.first_chunk()?;
                let spans = self.lists.get(Range { start: start as usize, end: end as usize })?;
                let span = |number: u32| self.spans.get(number as usize);
                let begun = spans.partition_point(|number| span(*number).is_some_and(|span| span.from <= now));
                let last = span(*spans.get(begun.checked_sub(1)?)?)?;
                last.covers(now).then_some(last.owner)
            }
        }
    }
}

/// A place in a table. Tables of more than four billion entries do not fit the memory that an
/// artifact may take.
fn place(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl Span {
    const fn covers(&self, now: i64) -> bool {
        self.from <= now && now < self.until
    }

    const fn clashes_with(&self, other: &Self) -> bool {
        self.owner.claim != other.owner.claim && self.from < other.until && other.from < self.until
    }
}

/// For each step of each claim, the buckets it adds and the time for which it has them.
fn spans(flag: &Flag, scheme: Scheme) -> Vec<(Span, BucketSet)> {
    let mut spans = Vec::new();
    for (claim, index) in flag.claims.iter().zip(0..) {
        let Some(hasher) = scheme.hasher(&claim.salt) else {
            continue;
        };
        let mut before: Option<&BucketSet> = None;
        for step in &claim.steps {
            let mut added = step.buckets.clone();
            if let Some(before) = before {
                added.subtract(before);
            }
            before = Some(&step.buckets);
            let from = step.from.max(claim.start);
            let until = claim.end.unwrap_or(i64::MAX);
            if from < until && !added.is_empty() {
                spans.push((Span { from, until, owner: Owner { claim: index, hasher } }, added));
            }
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{Claim, Step, sample};
    use crate::bucket::draw;
    use serde_json::json;

    fn claim(index: u32, start: i64, days: i64, buckets: BucketSet) -> Claim {
        let mut claim =
            sample::claim(&format!("e{index}"), "ranker", buckets, &[("control", json!(0)), ("b", json!(1))]);
        (claim.start, claim.end) = (start, Some(start + days));
        claim.steps[0].from = start;
        claim
    }

    /// The owner by going through all claims; none for a bucket that two ever own at once.
    fn plain(claims: &[Claim], bucket: u32, now: i64) -> Option<usize> {
        let has = |claim: &Claim, at: i64| {
            claim.is_live(at) && claim.step_at(at).is_some_and(|step| step.buckets.contains(bucket))
        };
        let contested = (0..60).any(|at| claims.iter().filter(|claim| has(claim, at)).count() > 1);
        if contested { None } else { claims.iter().position(|claim| has(claim, now)) }
    }

    #[test]
    fn few_and_many_agree_with_trying_all() {
        for count in 0..14_u32 {
            for seed in 0..6_i64 {
                let claims: Vec<Claim> = (0..count)
                    .map(|n| {
                        let start = (i64::from(n) * 7 + seed * 13) % 40;
                        let name = format!("{n} {seed}");
                        let buckets = draw(&BucketSet::full(50), 4 + n % 9, &[&name]);
                        let mut claim = claim(n, start, 5 + (i64::from(n) + seed) % 11, buckets);
                        if n.is_multiple_of(3) {
                            let fuller = draw(&BucketSet::full(50), 20, &[&name]);
                            claim.steps.push(Step { from: start + 3, buckets: fuller });
                        }
                        claim
                    })
                    .collect();
                let mut home = sample::home();
                home.flags[0].claims = claims;
                home.buckets = 50;
                let owners = Owners::of(&home);
                for bucket in 0..52 {
                    for now in -1..60 {
                        let found = owners.at(0, bucket, now).map(|owner| owner.claim as usize);
                        assert_eq!(found, plain(&home.flags[0].claims, bucket, now), "{count} {seed} {bucket} {now}");
                    }
                }
            }
        }
    }
}
