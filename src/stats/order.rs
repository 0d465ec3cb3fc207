//! Values in order, with their counts: percentiles, and where to cap.

use super::Undefined;

/// Values in order, each with how many units have it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ordered {
    /// Distinct values, rising, with how many values there are up to and including each.
    upto: Vec<(f64, u64)>,
}

impl Ordered {
    /// The values, in any order.
    ///
    /// # Errors
    ///
    /// [`Undefined::NotFinite`].
    pub fn of(values: &[f64]) -> Result<Self, Undefined> {
        Self::of_counts(values.iter().map(|value| (*value, 1)))
    }

    /// Values with their counts, in any order: a histogram of distinct values.
    ///
    /// # Errors
    ///
    /// [`Undefined::NotFinite`], [`Undefined::Overflow`] for more than 2^64 values.
    pub fn of_counts(counts: impl IntoIterator<Item = (f64, u64)>) -> Result<Self, Undefined> {
        let mut counts: Vec<(f64, u64)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        if !counts.iter().all(|(value, _)| value.is_finite()) {
            return Err(Undefined::NotFinite);
        }
        counts.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
        let mut upto: Vec<(f64, u64)> = Vec::new();
        for (value, count) in counts {
            let before = upto.last().map_or(0, |(_, upto)| *upto);
            let sum = before.checked_add(count).ok_or(Undefined::Overflow)?;
            match upto.last_mut() {
                Some(last) if last.0 >= value => last.1 = sum,
                _ => upto.push((value, sum)),
            }
        }
        Ok(Self { upto })
    }

    /// Bytes that the values take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.upto.capacity() * size_of::<(f64, u64)>()
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.upto.last().map_or(0, |(_, upto)| *upto)
    }

    /// The smallest value.
    ///
    /// # Errors
    ///
    /// [`Undefined::EmptyArm`].
    pub fn smallest(&self) -> Result<f64, Undefined> {
        self.upto.first().map(|(value, _)| *value).ok_or(Undefined::EmptyArm)
    }

    /// The value at a level from 0 to 1, interpolated between the order statistics around (n − 1)·level (Hyndman & Fan 1996,
    /// type 7).
    ///
    /// # Errors
    ///
    /// [`Undefined::OutOfRange`], [`Undefined::EmptyArm`].
    pub fn percentile(&self, level: f64) -> Result<f64, Undefined> {
        if !(0.0..=1.0).contains(&level) {
            return Err(Undefined::OutOfRange);
        }
        let last = self.count().checked_sub(1).ok_or(Undefined::EmptyArm)?;
        let at = last as f64 * level;
        let below = at.floor();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank, from 0 to n − 1")]
        let rank = (below as u64).min(last);
        let (low, high) = (self.ranked(rank)?, self.ranked(rank.saturating_add(1).min(last))?);
        let (share, width) = (at - below, high - low);
        Ok(if width.is_finite() { width.mul_add(share, low) } else { low * (1.0 - share) + high * share })
    }

    /// Where to cap the values: at the percentile, which must be above the smallest of them.
    ///
    /// The values are those of all arms together, one per unit, zeros included.
    ///
    /// # Errors
    ///
    /// [`Undefined::CollapsedCap`], and as [`Ordered::percentile`].
    pub fn cap(&self, percentile: f64) -> Result<f64, Undefined> {
        let cap = self.percentile(percentile)?;
        if cap <= self.smallest()? { Err(Undefined::CollapsedCap) } else { Ok(cap) }
    }

    /// The order statistic of a rank from 0.
    fn ranked(&self, rank: u64) -> Result<f64, Undefined> {
        let at = self.upto.partition_point(|(_, upto)| *upto <= rank);
        self.upto.get(at).map(|(value, _)| *value).ok_or(Undefined::EmptyArm)
    }
}
