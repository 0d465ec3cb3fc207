//! Who owns which bucket of a flag, and when.
//!
//! Claims of one flag share its component, so at any instant a bucket has at most one owner;
//! looking it up costs the same however many claims there are. All flags of a surface share a few
//! flat tables, so that a flag that was not asked for lately costs few cache lines.

use super::table::{Outcomes, Owner, Pick, Record, place};
use crate::artifact::{Artifact, Flag};
use crate::bucket::{BucketSet, Fnv, Scheme};

/// Up to this many spans of a flag are simply tried; a list for each bucket pays for its memory
/// only above.
const FEW: usize = 4;

/// Entries that all lists may have together, 128 MB; flags beyond that are tried span by span,
/// however many they have.
const MOST_LISTED: usize = 1 << 25;

/// The owners of all buckets of all flags.
#[derive(Debug)]
pub(super) struct Owners {
    /// Times in which a claim owns buckets.
    spans: Vec<Span>,
    /// For each span of a flag with few, as many lines as it takes to have a bit for each bucket.
    bits: Vec<Bits>,
    lines: usize,
    /// For each bucket of a flag with many spans, where its list begins; one more closes the last
    /// list.
    starts: Vec<u32>,
    /// Lists of spans, in each ascending and apart.
    lists: Vec<u32>,
}

/// A bit for each of 512 buckets, in one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Bits([u64; 8]);

/// Where the spans of a flag are, and how many there are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spans {
    /// The first one's bits; those of the others follow.
    Few { bits: u32, first: u32, count: u32 },
    /// The first of the flag's places in `starts`.
    Many { start: u32, first: u32, count: u32 },
}

/// A time in which a claim owns some buckets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    from: i64,
    until: i64,
    owner: Owner,
}

impl Owners {
    /// The owners of a surface's buckets, and a record of each flag. A bucket that two claims of a flag ever own at the same
    /// time has none there.
    pub(super) fn of(artifact: &Artifact, outcomes: &mut Outcomes) -> (Self, Vec<Record>) {
        let lines = (artifact.buckets as usize).div_ceil(512);
        let mut owners = Self { spans: Vec::new(), bits: Vec::new(), lines, starts: Vec::new(), lists: Vec::new() };
        let mut records = Vec::with_capacity(artifact.flags.len());
        for flag in &artifact.flags {
            let spans = spans(flag, artifact.scheme, outcomes);
            let first = spans.first().map_or(Span::NEVER, |(span, _)| *span);
            let entries =
                spans.iter().map(|(_, owned)| owned.len() as usize).fold(owners.lists.len(), usize::saturating_add);
            let spans = if spans.len() > FEW && entries <= MOST_LISTED {
                owners.list(&spans, artifact.buckets)
            } else {
                owners.keep(spans, artifact.buckets)
            };
            records.push(Record::of(flag, first, spans));
        }
        (owners, records)
    }

    fn keep(&mut self, mut spans: Vec<(Span, BucketSet)>, buckets: u32) -> Spans {
        let kept =
            Spans::Few { bits: place(self.bits.len()), first: place(self.spans.len()), count: place(spans.len()) };
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
            self.bits.extend(owned.words().chunks(8).map(|words| {
                let mut line = [0; 8];
                line.iter_mut().zip(words).for_each(|(bits, word)| *bits = *word);
                Bits(line)
            }));
        }
        kept
    }

    fn list(&mut self, spans: &[(Span, BucketSet)], buckets: u32) -> Spans {
        let kept =
            Spans::Many { start: place(self.starts.len()), first: place(self.spans.len()), count: place(spans.len()) };
        let mut order: Vec<&(Span, BucketSet)> = spans.iter().collect();
        order.sort_by_key(|(span, _)| span.from);
        // Spans are numbered by their beginning, so a list is ascending in both.
        let mut of_bucket: Vec<Vec<u32>> = vec![Vec::new(); buckets as usize];
        for ((span, owned), number) in order.iter().zip(0..) {
            self.spans.push(*span);
            for bucket in owned.iter() {
                if let Some(list) = of_bucket.get_mut(bucket as usize) {
                    list.push(number);
                }
            }
        }
        for mut list in of_bucket {
            self.starts.push(place(self.lists.len()));
            let spans = || list.iter().filter_map(|number| order.get(*number as usize)).map(|(span, _)| span);
            // In the order of their beginnings, spans that clash with any clash with a neighbour.
            if spans().zip(spans().skip(1)).all(|(a, b)| a.until <= b.from) {
                self.lists.append(&mut list);
            }
        }
        self.starts.push(place(self.lists.len()));
        kept
    }

    /// Asks for a flag's bits before it is known which of them is needed: they arrive while the unit is hashed.
    #[inline]
    pub(super) fn expect(&self, record: &Record) {
        if let Spans::Few { bits, count: 1.., .. } = record.spans {
            let word = |line: usize| self.bits.get(line).map_or(0, |line| line.0[0]);
            std::hint::black_box(word(bits as usize) ^ word((bits as usize).wrapping_add(1)));
        }
    }

    /// The owner of a flag's bucket at an instant.
    #[inline]
    pub(super) fn at<'a>(&'a self, record: &'a Record, bucket: u32, now: i64) -> Option<&'a Owner> {
        match record.spans {
            Spans::Few { bits, first, count } => {
                let line = (bucket / 512) as usize;
                // A bucket outside the set would be looked up in the next span's bits.
                if count == 0 || line >= self.lines {
                    return None;
                }
                let line = (bits as usize).saturating_add(line);
                if record.first.covers(now) && self.has(line, bucket) {
                    return Some(&record.first.owner);
                }
                let more = || self.spans.get(first as usize..)?.get(1..count as usize);
                let more = if count > 1 { more()? } else { return None };
                let lines = (1..).map(|index: usize| line.saturating_add(index.saturating_mul(self.lines)));
                let mut owned = more.iter().zip(lines);
                let (span, _) = owned.find(|(span, line)| span.covers(now) && self.has(*line, bucket))?;
                Some(&span.owner)
            }
            Spans::Many { start, first, count } => {
                let spans = self.spans.get(first as usize..)?.get(..count as usize)?;
                let place = (start as usize).saturating_add(bucket as usize);
                let [start, end] = *self.starts.get(place..)?.first_chunk()?;
                let list = self.lists.get(start as usize..end as usize)?;
                let has_begun = |number: u32| spans.get(number as usize).is_some_and(|span| span.from <= now);
                let (begin, end) = (spans.first()?.from, spans.last()?.from);
                let last = last_of(list, share(list.len(), now, begin, end), has_begun)?;
                let span = spans.get(last as usize)?;
                span.covers(now).then_some(&span.owner)
            }
        }
    }

    #[inline]
    fn has(&self, line: usize, bucket: u32) -> bool {
        let word = self.bits.get(line).and_then(|line| line.0.get((bucket / 64 % 8) as usize));
        word.is_some_and(|word| word >> (bucket % 64) & 1 == 1)
    }
}

/// The place in a list of `length` at which an instant lies if what is in it is spread evenly over a time.
#[inline]
fn share(length: usize, now: i64, begin: i64, end: i64) -> usize {
    if now >= end {
        return length;
    }
    let part = |instant: i64| u64::try_from(instant.saturating_sub(begin)).unwrap_or(0);
    let place = (length as u64).saturating_mul(part(now)).checked_div(part(end)).unwrap_or(0);
    usize::try_from(place).unwrap_or(length).min(length)
}

/// The last number that has begun, in a list where those that have come first. It is looked for near `guess`, in steps that
/// double: launches follow each other so evenly that few are taken.
#[inline]
fn last_of(list: &[u32], guess: usize, has_begun: impl Fn(u32) -> bool) -> Option<u32> {
    let is_before = |at: usize| list.get(at).is_some_and(|number| has_begun(*number));
    // All before `low` have begun, and none from `high` on.
    let (mut low, mut high, mut step) = (guess, guess, 1_usize);
    while low > 0 && !is_before(low.saturating_sub(1)) {
        high = low.saturating_sub(1);
        low = low.saturating_sub(step);
        step = step.saturating_mul(2);
    }
    while high < list.len() && is_before(high) {
        low = high.saturating_add(1);
        high = high.saturating_add(step).min(list.len());
        step = step.saturating_mul(2);
    }
    let within = list.get(low..high)?.partition_point(|number| has_begun(*number));
    list.get(low.saturating_add(within).checked_sub(1)?).copied()
}

impl Span {
    /// No time at all.
    const NEVER: Self = Self {
        from: i64::MAX,
        until: i64::MIN,
        owner: Owner {
            claim: u32::MAX,
            pick: Pick::Here(Fnv::UNSALTED),
            segment: Owner::EVERYBODY,
            outcomes: 0,
            variants: 0,
        },
    };

    const fn covers(&self, now: i64) -> bool {
        self.from <= now && now < self.until
    }

    const fn clashes_with(&self, other: &Self) -> bool {
        self.owner.claim != other.owner.claim && self.from < other.until && other.from < self.until
    }
}

/// For each step of each claim, the buckets it adds and the time for which it has them.
fn spans(flag: &Flag, scheme: Scheme, outcomes: &mut Outcomes) -> Vec<(Span, BucketSet)> {
    let mut spans = Vec::new();
    for (claim, index) in flag.claims.iter().zip(0..) {
        let hasher = scheme.variant_hasher(&claim.salt);
        let owner = outcomes.add(claim, index, hasher);
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
                spans.push((Span { from, until, owner }, added));
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
                let (owners, records) = Owners::of(&home, &mut Outcomes::default());
                for bucket in 0..52 {
                    for now in -1..60 {
                        let found = owners.at(&records[0], bucket, now).map(|owner| owner.claim as usize);
                        assert_eq!(found, plain(&home.flags[0].claims, bucket, now), "{count} {seed} {bucket} {now}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_last_that_has_begun_is_found_from_wherever_it_is_looked_for() {
        for list in [&[][..], &[0], &[5], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], &[0, 1, 2, 97, 98, 99], &[50, 51, 52, 53]] {
            for limit in 0..=100 {
                let plain = list.iter().copied().rfind(|number| *number < limit);
                for guess in 0..=list.len() {
                    assert_eq!(last_of(list, guess, |number| number < limit), plain, "{list:?} {limit} {guess}");
                }
            }
        }
    }

    #[test]
    fn no_time_has_a_share_beyond_its_list() {
        for instant in [i64::MIN, -1, 0, 1, 5, 10, i64::MAX] {
            for (begin, end) in [(0, 10), (0, 0), (i64::MIN, i64::MAX), (5, 4)] {
                assert!(share(7, instant, begin, end) <= 7);
            }
        }
        assert_eq!([-1, 0, 50, 100].map(|now| share(10, now, 0, 100)), [0, 0, 5, 10]);
    }
}
