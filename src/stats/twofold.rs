//! A number in two doubles, so that an offset of 1e9 does not eat the noise above it.

/// The unevaluated sum of two doubles, the second below half a unit in the last place of the first (Dekker 1971).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Twofold {
    high: f64,
    low: f64,
}

impl Twofold {
    /// The exact sum of two doubles (Knuth's two-sum).
    #[must_use]
    pub fn sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let part = high - a;
        Self { high, low: (a - (high - part)) + (b - part) }
    }

    /// The exact product of two doubles.
    #[must_use]
    pub fn product(a: f64, b: f64) -> Self {
        let high = a * b;
        Self { high, low: a.mul_add(b, -high) }
    }

    /// The nearest double.
    #[must_use]
    pub fn value(self) -> f64 {
        // The low part of an overflow is no number; the high part alone says that it is one.
        if self.high.is_finite() { self.high + self.low } else { self.high }
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = Self::sum(self.high, other.high);
        Self::sum(sum.high, sum.low + (self.low + other.low))
    }

    /// The difference.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.plus(Self { high: -other.high, low: -other.low })
    }

    /// The product with a double.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        let product = Self::product(self.high, factor);
        Self::sum(product.high, self.low.mul_add(factor, product.low))
    }

    /// The product.
    #[must_use]
    pub fn by(self, other: Self) -> Self {
        let product = self.times(other.high);
        Self::sum(product.high, self.high.mul_add(other.low, product.low))
    }

    /// The quotient.
    #[must_use]
    pub fn over(self, divisor: Self) -> Self {
        let first = self.high / divisor.high;
        let left = self.minus(divisor.times(first));
        Self::sum(first, left.value() / divisor.high)
    }
}

impl From<f64> for Twofold {
    fn from(high: f64) -> Self {
        Self { high, low: 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::Twofold;

    #[test]
    fn what_one_double_loses_is_kept() {
        let sum = Twofold::from(1e9).plus(Twofold::from(1e-12));
        assert!((sum.minus(Twofold::from(1e9)).value() - 1e-12).abs() < 1e-28);
        let third = Twofold::from(1.0).over(Twofold::from(3.0));
        let left = third.times(3.0).minus(Twofold::from(1.0)).value();
        assert!(left.abs() < 1e-31, "{left}");
        let square = third.by(third).minus(Twofold::from(1.0).over(Twofold::from(9.0))).value();
        assert!(square.abs() < 1e-31, "{square}");
        assert!(!Twofold::from(1e308).times(10.0).value().is_finite());
    }
}
