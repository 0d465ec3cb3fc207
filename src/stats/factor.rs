//! A correlation matrix as the product of a triangle with itself, one column after the other.

/// The lower triangle L with L·Lᵀ = the matrix (Cholesky).
#[derive(Debug, Clone, Default)]
pub(super) struct Factor {
    rows: Vec<Vec<f64>>,
}

impl Factor {
    /// The w with L·w = r.
    pub(super) fn forward(&self, r: &[f64]) -> Vec<f64> {
        let mut w: Vec<f64> = Vec::with_capacity(self.rows.len());
        for (row, value) in self.rows.iter().zip(r) {
            let known: f64 = row.iter().zip(&w).map(|(cell, known)| cell * known).sum();
            w.push((value - known) / row.last().copied().unwrap_or(f64::NAN));
        }
        w
    }

    /// The θ with Lᵀ·θ = w.
    pub(super) fn backward(&self, w: &[f64]) -> Vec<f64> {
        let mut left = w.to_vec();
        let mut theta = Vec::with_capacity(w.len());
        for row in self.rows.iter().rev() {
            let value = left.pop().unwrap_or(f64::NAN) / row.last().copied().unwrap_or(f64::NAN);
            for (cell, rest) in row.iter().zip(&mut left) {
                *rest -= cell * value;
            }
            theta.push(value);
        }
        theta.reverse();
        theta
    }

    /// Lᵀ·v.
    pub(super) fn transposed(&self, v: &[f64]) -> Vec<f64> {
        let along =
            |at: usize| self.rows.iter().zip(v).filter_map(|(row, value)| row.get(at).map(|cell| cell * value)).sum();
        (0..self.rows.len()).map(along).collect()
    }

    /// One column more, given its correlations with the earlier ones; returns the share of its variance that they leave,
    /// and does not take it where that is not above `least`.
    pub(super) fn push(&mut self, correlations: &[f64], least: f64) -> f64 {
        let mut row = self.forward(correlations);
        let left = 1.0 - row.iter().map(|cell| cell * cell).sum::<f64>();
        if left > least {
            row.push(left.sqrt());
            self.rows.push(row);
        }
        left
    }
}
