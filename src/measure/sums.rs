//! Sums and cross-products, in two doubles each, so that neither the order nor an offset costs digits.

use crate::results::Sums;
use crate::stats::Twofold;

/// Columns that a unit can have at most: two of the outcome, two from before.
pub(super) const COLUMNS: usize = 4;

/// Units with the sums of their columns about what the first of them has. That is near enough to the mean, no farther from it
/// than √n standard deviations; and where all units have the same, every sum is 0 and not what rounding left.
#[derive(Debug, Clone, Default)]
pub(super) struct Total {
    n: u64,
    columns: usize,
    shifts: [f64; COLUMNS],
    /// Of each column its sum; then of each pair of columns the products, row by row of the lower triangle.
    sums: Vec<Twofold>,
}

/// Pairs of columns, each with itself and those before.
fn pairs(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..columns).flat_map(|i| (0..=i).map(move |j| (i, j)))
}

impl Total {
    /// One unit more.
    pub fn push(&mut self, row: &[f64]) {
        if self.n == 0 {
            self.columns = row.len();
            self.sums.resize(row.len() + pairs(row.len()).count(), Twofold::default());
            self.shifts.iter_mut().zip(row).for_each(|(shift, x)| *shift = *x);
        }
        self.n += 1;
        let about = || row.iter().zip(&self.shifts).map(|(x, shift)| x - shift);
        let mut sums = self.sums.iter_mut();
        let mut add = |value: f64| sums.next().into_iter().for_each(|sum| *sum = sum.plus(Twofold::from(value)));
        about().for_each(&mut add);
        for (i, x) in about().enumerate() {
            about().take(i + 1).for_each(|y| add(x * y));
        }
    }

    /// The units of another as well, of as many columns.
    pub fn merge(&mut self, other: &Self) {
        if other.n == 0 {
            return;
        }
        if self.n == 0 {
            self.clone_from(other);
            return;
        }
        // About the shifts of these, each of those is farther by the move of its column.
        let moves = other.shifts.iter().zip(&self.shifts).map(|(from, to)| Twofold::sum(*from, -to));
        let moved: Vec<(Twofold, Twofold)> = moves.zip(other.sums.iter().copied()).take(self.columns).collect();
        let n = other.n as f64;
        let sums = moved.iter().map(|(by, sum)| by.times(n).plus(*sum));
        let products = pairs(self.columns).zip(other.sums.iter().skip(self.columns)).map(|((i, j), product)| {
            let of = |place: usize| moved.get(place).copied().unwrap_or_default();
            let ((by_x, x), (by_y, y)) = (of(i), of(j));
            product.plus(by_x.by(y)).plus(by_y.by(x)).plus(by_x.by(by_y).times(n))
        });
        self.sums.iter_mut().zip(sums.chain(products)).for_each(|(own, more)| *own = own.plus(more));
        self.n += other.n;
    }

    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// As they are recorded, of so many columns.
    pub fn written(&self, columns: usize) -> Sums {
        let mut sums: Vec<f64> = self.sums.iter().map(|sum| sum.value()).collect();
        // Where there are no units there are no sums yet.
        sums.resize(columns + pairs(columns).count(), 0.0);
        let products = sums.split_off(columns);
        Sums { n: self.n, shifts: self.shifts.iter().take(columns).copied().collect(), sums, products }
    }
}

#[cfg(test)]
mod tests {
    use super::Total;
    use crate::results::Sums;
    use crate::stats::Moments;

    fn moments(total: &Total) -> Moments {
        let Sums { n, shifts, sums, products } = total.written(2);
        Moments::from_sums(n, &shifts, &sums, &products).unwrap()
    }

    #[test]
    fn where_all_are_alike_there_is_no_variance() {
        for value in [0.0, 1.0, 10.37, -1e-9, 31.4e6, 1e9 + 0.1] {
            let (mut all, mut more) = (Total::default(), Total::default());
            for n in 0..1_000 {
                // The other column is not alike.
                let total = if n % 3 == 0 { &mut more } else { &mut all };
                total.push(&[value, f64::from(n) + 0.3]);
            }
            all.merge(&more);
            let own = moments(&all);
            assert_eq!((own.mean(0), own.variance(0), own.covariance(1, 0)), (Ok(value), Ok(0.0), Ok(0.0)));
            assert!((own.variance(1).unwrap() - 83_416.666_666_666_67).abs() < 1e-9);
            // One that differs is enough.
            all.push(&[value + 1.0, 0.0]);
            assert!((moments(&all).variance(0).unwrap() * 1_001.0 - 1.0).abs() < 1e-6, "{value}");
        }
    }

    #[test]
    fn merging_is_as_if_all_were_pushed() {
        let drawn = |n: u64| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / 1e4;
        let (mut whole, mut merged) = (Total::default(), Total::default());
        for part in 0..7 {
            let mut own = Total::default();
            for n in 0..part * 40 {
                let row = [1e6 + drawn(n + part), drawn(3 * n + 5) * f64::from(u32::try_from(part).unwrap())];
                own.push(&row);
                whole.push(&row);
            }
            merged.merge(&own);
        }
        let (whole, merged) = (moments(&whole), moments(&merged));
        let close = |one: f64, other: f64| (one - other).abs() <= 1e-13 * other.abs();
        assert_eq!(whole.count(), merged.count());
        for (i, j) in super::pairs(2) {
            let [one, other] = [&whole, &merged].map(|own| own.covariance(i, j).unwrap());
            assert!(close(one, other) && close(whole.mean(i).unwrap(), merged.mean(i).unwrap()), "{one} {other}");
        }
    }
}
