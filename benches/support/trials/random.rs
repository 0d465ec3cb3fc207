//! Random numbers with a seed, and sums as a warehouse gives them.

use allotment::stats::{Estimate, Moments, Undefined};

/// SplitMix64, and normal numbers by Box and Muller, which come in pairs.
pub struct Random {
    state: u64,
    spare: Option<f64>,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self { state: seed, spare: None }
    }

    pub fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.uniform()).sin_cos();
        self.spare = Some(radius * sin);
        radius * cos
    }
}

/// Count, sums and sums of products of one or two columns.
#[derive(Debug, Clone, Copy)]
pub struct Sums<const N: usize> {
    count: u64,
    totals: [f64; N],
    products: [[f64; N]; N],
}

impl<const N: usize> Default for Sums<N> {
    fn default() -> Self {
        Self { count: 0, totals: [0.0; N], products: [[0.0; N]; N] }
    }
}

impl<const N: usize> Sums<N> {
    pub fn push(&mut self, row: [f64; N]) {
        self.count += 1;
        for i in 0..N {
            self.totals[i] += row[i];
            for j in 0..=i {
                self.products[i][j] += row[i] * row[j];
            }
        }
    }

    pub fn of(rows: impl Iterator<Item = [f64; N]>) -> Self {
        let mut sums = Self::default();
        rows.for_each(|row| sums.push(row));
        sums
    }

    pub fn count(&self) -> f64 {
        self.count as f64
    }

    pub fn moments(&self) -> Result<Moments, Undefined> {
        let triangle: Vec<f64> =
            self.products.iter().enumerate().flat_map(|(i, row)| row.iter().take(i + 1).copied()).collect();
        Moments::from_sums(self.count, &[0.0; N], &self.totals, &triangle)
    }

    /// The mean of the first column.
    pub fn mean(&self) -> Result<Estimate, Undefined> {
        Estimate::of_mean(&self.moments()?, 0)
    }
}
