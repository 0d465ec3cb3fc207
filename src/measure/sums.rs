//! Sums and cross-products, in two doubles each, so that neither the order nor an offset costs digits.

use crate::results::Sums;
use crate::stats::Twofold;

/// Units with the sums of their columns about a shift.
#[derive(Debug, Clone, Default)]
pub(super) struct Total {
    n: u64,
    sums: Vec<Twofold>,
    products: Vec<Twofold>,
}

impl Total {
    /// One unit more; `row` is already about the shifts.
    pub fn push(&mut self, row: &[f64]) {
        if self.n == 0 {
            self.sums.resize(row.len(), Twofold::default());
            self.products.resize(row.len() * (row.len() + 1) / 2, Twofold::default());
        }
        self.n += 1;
        for (sum, x) in self.sums.iter_mut().zip(row) {
            *sum = sum.plus(Twofold::from(*x));
        }
        let mut products = self.products.iter_mut();
        for (i, x) in row.iter().enumerate() {
            for y in row.iter().take(i + 1) {
                if let Some(product) = products.next() {
                    *product = product.plus(Twofold::from(x * y));
                }
            }
        }
    }

    /// The units of another as well.
    pub fn merge(&mut self, other: &Self) {
        if other.n == 0 {
            return;
        }
        if self.n == 0 {
            self.clone_from(other);
            return;
        }
        self.n += other.n;
        for (own, other) in self.sums.iter_mut().zip(&other.sums).chain(self.products.iter_mut().zip(&other.products)) {
            *own = own.plus(*other);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// As they are recorded.
    pub fn written(&self, shifts: &[f64]) -> Sums {
        let values = |all: &[Twofold], length: usize| {
            if self.n == 0 { vec![0.0; length] } else { all.iter().map(|sum| sum.value()).collect() }
        };
        Sums {
            n: self.n,
            shifts: shifts.to_vec(),
            sums: values(&self.sums, shifts.len()),
            products: values(&self.products, shifts.len() * (shifts.len() + 1) / 2),
        }
    }
}
