//! Where to cut: the percentile of all arms' values, of which only those above it are kept.

use crate::results::Caps;
use crate::stats::{Ordered, Undefined};

/// The largest of many values.
#[derive(Debug, Clone)]
pub(super) struct Tail {
    level: f64,
    /// How many of the largest can matter.
    keep: usize,
    values: Vec<f64>,
    count: u64,
    smallest: f64,
}

impl Tail {
    /// For a percentile of at most so many values.
    pub fn new(level: f64, most: u64) -> Self {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank below the count")]
        let below = (most.saturating_sub(1) as f64 * level).floor() as u64;
        let keep = usize::try_from(most.saturating_sub(below)).unwrap_or(usize::MAX).saturating_add(2);
        Self { level, keep, values: Vec::new(), count: 0, smallest: f64::INFINITY }
    }

    pub fn push(&mut self, value: f64) {
        self.count += 1;
        self.smallest = self.smallest.min(value);
        self.values.push(value);
        if self.values.len() >= self.keep.saturating_mul(2).saturating_add(1024) {
            self.prune();
        }
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<f64>()
    }

    fn prune(&mut self) {
        if let Some(surplus) = self.values.len().checked_sub(self.keep).filter(|surplus| *surplus > 0) {
            self.values.select_nth_unstable_by(surplus, f64::total_cmp);
            self.values.drain(..surplus);
        }
    }

    /// Where to cut; none where there is nothing, and `true` where nothing would be left.
    pub fn cap(&mut self) -> (Option<f64>, bool) {
        self.prune();
        // What was let go is below the percentile: that it is as small as the smallest does not move it.
        let gone = self.count - self.values.len() as u64;
        let all = std::iter::once((self.smallest, gone)).chain(self.values.iter().map(|value| (*value, 1)));
        let ordered = Ordered::of_counts(all.filter(|(_, count)| *count > 0));
        match ordered.and_then(|ordered| Ok((ordered.percentile(self.level)?, ordered.cap(self.level)))) {
            Ok((cap, collapsed)) => (Some(cap), collapsed == Err(Undefined::CollapsedCap)),
            Err(_) => (None, false),
        }
    }
}

/// The caps of all columns.
pub(super) fn caps(tails: &mut [Tail], outcomes: usize) -> Caps {
    let caps: Vec<_> = tails.iter_mut().map(Tail::cap).collect();
    // A covariate that is the same for all cannot help, but it does no harm either.
    let collapsed = caps.iter().take(outcomes).any(|(_, collapsed)| *collapsed);
    Caps { at: caps.into_iter().map(|(cap, _)| cap).collect(), collapsed }
}

#[cfg(test)]
mod tests {
    use super::Tail;
    use crate::stats::Ordered;

    #[test]
    fn the_largest_are_enough_for_the_percentile() {
        let values: Vec<f64> = (0..20_000_u32).map(|i| f64::from(i.wrapping_mul(2_654_435_761) % 9_973)).collect();
        for level in [0.5, 0.9, 0.99, 0.999, 0.99999] {
            for count in [1, 2, 3, 10, 1_000, 20_000] {
                let mut tail = Tail::new(level, count as u64 + 7);
                values[..count].iter().for_each(|value| tail.push(*value));
                let whole = Ordered::of(&values[..count]).unwrap();
                assert_eq!(tail.cap().0, whole.percentile(level).ok(), "{level} {count}");
                assert_eq!(tail.cap().1, whole.cap(level).is_err());
            }
        }
    }
}
