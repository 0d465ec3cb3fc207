//! Sufficient statistics of an arm: counts, means and co-moments of several columns, which stream and merge.

use super::undefined::finite;
use super::{Twofold, Undefined};

/// Counts, sums and centred co-moments of some columns over the units of an arm.
///
/// A row is one unit: its outcome, or numerator and denominator, then its covariates, in their own units. Sums and
/// co-moments are held in two doubles each, so that unit noise above an offset of 1e9 keeps its digits, and values that
/// cancel sum to 0.
///
/// Sources: Welford 1962 for a stream, Chan, Golub & `LeVeque` 1983 for merging.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    count: u64,
    sums: Vec<Twofold>,
    /// Σ (x − mean x)(y − mean y), row by row of the lower triangle.
    products: Vec<Twofold>,
}

impl Moments {
    /// No units yet, of so many columns.
    #[must_use]
    pub fn new(columns: usize) -> Self {
        let cells = columns * (columns + 1) / 2;
        Self { count: 0, sums: vec![Twofold::default(); columns], products: vec![Twofold::default(); cells] }
    }

    /// The units of one column.
    ///
    /// # Errors
    ///
    /// [`Undefined::NotFinite`] for NaN and infinity.
    pub fn of(values: &[f64]) -> Result<Self, Undefined> {
        let mut moments = Self::new(1);
        for value in values {
            moments.push(&[*value])?;
        }
        Ok(moments)
    }

    /// A conversion: `converted` units of `count` have 1, the others 0.
    ///
    /// # Errors
    ///
    /// [`Undefined::ImpossibleSums`] if more converted than there are.
    pub fn of_conversions(count: u64, converted: u64) -> Result<Self, Undefined> {
        let others = count.checked_sub(converted).ok_or(Undefined::ImpossibleSums)?;
        let mut moments = Self::new(1);
        moments.push_many(&[0.0], others)?;
        moments.push_many(&[1.0], converted)?;
        Ok(moments)
    }

    /// Moments from sums about a shift per column, as a warehouse computes them.
    ///
    /// `sums` has Σ (x − shift) per column, `products` Σ (x − shift x)(y − shift y) row by row of the lower triangle. They
    /// are as exact as the shift is near the mean: with a shift of 0 a mean of a thousand standard deviations costs six
    /// digits of the variance.
    ///
    /// # Errors
    ///
    /// [`Undefined::Mismatch`] for lists of other lengths, [`Undefined::NotFinite`], [`Undefined::ImpossibleSums`] where a
    /// variance is negative, or a covariance beyond the variances, by more than rounding, and [`Undefined::LostDigits`] where
    /// a variance is not 0 but within rounding of it, below 1e-9 of its sum of squares.
    pub fn from_sums(count: u64, shifts: &[f64], sums: &[f64], products: &[f64]) -> Result<Self, Undefined> {
        let mut moments = Self::new(shifts.len());
        if sums.len() != moments.sums.len() || products.len() != moments.products.len() {
            return Err(Undefined::Mismatch);
        }
        if !shifts.iter().chain(sums).chain(products).all(|number| number.is_finite()) {
            return Err(Undefined::NotFinite);
        }
        if count == 0 {
            let empty = sums.iter().chain(products).all(|sum| *sum == 0.0);
            return if empty { Ok(moments) } else { Err(Undefined::ImpossibleSums) };
        }
        moments.count = count;
        let n = count as f64;
        for ((own, shift), sum) in moments.sums.iter_mut().zip(shifts).zip(sums) {
            *own = Twofold::product(*shift, n).plus(Twofold::from(*sum));
        }
        let pairs =
            sums.iter().enumerate().flat_map(|(i, row)| sums.iter().take(i + 1).map(move |column| (row, column)));
        for ((cell, product), (row, column)) in moments.products.iter_mut().zip(products).zip(pairs) {
            let square = Twofold::product(*row, *column).over(Twofold::from(n));
            *cell = Twofold::from(*product).minus(square);
        }
        moments.checked(products)
    }

    /// Sums that belong to some data; `scale` has the sums of products they came from.
    fn checked(mut self, scale: &[f64]) -> Result<Self, Undefined> {
        const ROUNDING: f64 = 1e-9;
        for i in 0..self.sums.len() {
            let raw = ROUNDING * scale.get(cell(i, i)).copied().unwrap_or(f64::NAN);
            let own = self.product(i, i);
            // What two doubles leave of a difference that is 0.
            let none = own.abs() <= 1e-19 * raw;
            if own < -raw || (self.count == 1 && own > raw) {
                return Err(Undefined::ImpossibleSums);
            }
            if own < raw && !none && self.count > 1 {
                return Err(Undefined::LostDigits);
            }
            if none && let Some(own) = self.products.get_mut(cell(i, i)) {
                *own = Twofold::default();
            }
        }
        if self.count == 1 {
            self.products.fill(Twofold::default());
        }
        for i in 0..self.sums.len() {
            for j in 0..i {
                let roots = (self.product(i, i).sqrt(), self.product(j, j).sqrt());
                let raw = |i: usize| scale.get(cell(i, i)).map_or(0.0, |raw| raw.abs().sqrt());
                let slack = ROUNDING * raw(i) * raw(j);
                if self.product(i, j).abs() > roots.0 * roots.1 + slack {
                    return Err(Undefined::ImpossibleSums);
                }
            }
        }
        Ok(self)
    }

    /// One unit more.
    ///
    /// # Errors
    ///
    /// [`Undefined::NotFinite`] and [`Undefined::Mismatch`] for a row that is refused; nothing is changed then.
    pub fn push(&mut self, row: &[f64]) -> Result<(), Undefined> {
        self.push_many(row, 1)
    }

    /// So many units more that are all alike.
    ///
    /// # Errors
    ///
    /// As [`Moments::push`], and [`Undefined::Overflow`] for more than 2^64 units.
    pub fn push_many(&mut self, row: &[f64], count: u64) -> Result<(), Undefined> {
        if row.len() != self.sums.len() {
            return Err(Undefined::Mismatch);
        }
        if !row.iter().all(|value| value.is_finite()) {
            return Err(Undefined::NotFinite);
        }
        let more: Vec<Twofold> = row.iter().map(|value| Twofold::product(*value, count as f64)).collect();
        self.join(count, &more)
    }

    /// The units of another part of the arm as well.
    ///
    /// # Errors
    ///
    /// [`Undefined::Mismatch`] for other columns, [`Undefined::Overflow`] for more than 2^64 units.
    pub fn merge(&mut self, other: &Self) -> Result<(), Undefined> {
        if other.sums.len() != self.sums.len() {
            return Err(Undefined::Mismatch);
        }
        self.join(other.count, &other.sums)?;
        for (cell, product) in self.products.iter_mut().zip(&other.products) {
            *cell = cell.plus(*product);
        }
        Ok(())
    }

    /// `count` units more, with their sums, as if they did not vary among themselves.
    fn join(&mut self, count: u64, more: &[Twofold]) -> Result<(), Undefined> {
        let total = self.count.checked_add(count).ok_or(Undefined::Overflow)?;
        if count == 0 {
            return Ok(());
        }
        if self.count > 0 {
            let (own, other) = (Twofold::from(self.count as f64), Twofold::from(count as f64));
            let offsets = self.sums.iter().zip(more).map(|(sum, more)| more.over(other).minus(sum.over(own)).value());
            let offsets: Vec<f64> = offsets.collect();
            let weight = self.count as f64 * (count as f64 / total as f64);
            let pairs = offsets.iter().enumerate();
            let pairs = pairs.flat_map(|(i, row)| offsets.iter().take(i + 1).map(move |column| row * column));
            for (cell, product) in self.products.iter_mut().zip(pairs) {
                *cell = cell.plus(Twofold::from(product * weight));
            }
        }
        for (sum, more) in self.sums.iter_mut().zip(more) {
            *sum = sum.plus(*more);
        }
        self.count = total;
        Ok(())
    }

    /// The moments of all parts, whose order does not matter beyond rounding.
    ///
    /// # Errors
    ///
    /// [`Undefined::EmptyArm`] without parts, and as [`Moments::merge`].
    pub fn merged<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Result<Self, Undefined> {
        let mut parts = parts.into_iter();
        let mut all = parts.next().ok_or(Undefined::EmptyArm)?.clone();
        for part in parts {
            all.merge(part)?;
        }
        Ok(all)
    }

    /// Units.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.sums.len()
    }

    /// The mean of a column.
    ///
    /// # Errors
    ///
    /// [`Undefined::EmptyArm`], [`Undefined::Overflow`], and [`Undefined::Mismatch`] where there is no such column.
    pub fn mean(&self, column: usize) -> Result<f64, Undefined> {
        finite(self.exact_mean(column)?.value())
    }

    /// The sum of a column; 0 over no units.
    ///
    /// # Errors
    ///
    /// [`Undefined::Overflow`], and [`Undefined::Mismatch`] where there is no such column.
    pub fn sum(&self, column: usize) -> Result<f64, Undefined> {
        finite(self.sums.get(column).ok_or(Undefined::Mismatch)?.value())
    }

    /// The variance of a column, with n − 1.
    ///
    /// # Errors
    ///
    /// As [`Moments::covariance`].
    pub fn variance(&self, column: usize) -> Result<f64, Undefined> {
        self.covariance(column, column)
    }

    /// The covariance of two columns, with n − 1.
    ///
    /// # Errors
    ///
    /// [`Undefined::EmptyArm`], [`Undefined::OneUnit`], [`Undefined::Overflow`], and [`Undefined::Mismatch`] where there are
    /// no such columns.
    pub fn covariance(&self, row: usize, column: usize) -> Result<f64, Undefined> {
        if row.max(column) >= self.sums.len() {
            return Err(Undefined::Mismatch);
        }
        match self.count {
            0 => Err(Undefined::EmptyArm),
            1 => Err(Undefined::OneUnit),
            n => finite(self.product(row, column) / (n - 1) as f64),
        }
    }

    /// The mean in two doubles.
    pub(super) fn exact_mean(&self, column: usize) -> Result<Twofold, Undefined> {
        let sum = self.sums.get(column).ok_or(Undefined::Mismatch)?;
        if self.count == 0 {
            return Err(Undefined::EmptyArm);
        }
        let mean = sum.over(Twofold::from(self.count as f64));
        finite(mean.value()).map(|_| mean)
    }

    /// The centred co-moment of two columns, which there are.
    pub(super) fn product(&self, row: usize, column: usize) -> f64 {
        self.products.get(cell(row.max(column), row.min(column))).map_or(f64::NAN, |cell| cell.value())
    }

    /// Moments of `count` units made of means and of co-moments by row and column.
    pub(super) fn built(count: u64, means: &[Twofold], product: impl Fn(usize, usize) -> f64) -> Self {
        let cells = (0..means.len()).flat_map(|i| (0..=i).map(move |j| (i, j)));
        let products = cells.map(|(i, j)| Twofold::from(product(i, j))).collect();
        let sums = means.iter().map(|mean| mean.times(count as f64)).collect();
        Self { count, sums, products }
    }
}

/// Where a cell of the lower triangle is.
fn cell(row: usize, column: usize) -> usize {
    row * (row + 1) / 2 + column
}
