//! A quantile over events, whose units are clusters: its value first, then what each unit says of it.

use crate::results::{EventQuantile, Sums};
use crate::stats::{Estimate, Moments, Ordered, normal};

/// The share of the normal distribution between the levels that the standard error comes from.
const COVERED: f64 = 0.95;

/// The values of an arm's events, in order.
#[derive(Debug)]
pub(super) struct Events {
    ordered: Ordered,
    level: f64,
    /// The quantile.
    pub value: f64,
}

impl Events {
    /// None without events.
    pub fn of(values: &[f64], level: f64) -> Option<Self> {
        let ordered = Ordered::of(values).ok()?;
        let value = ordered.percentile(level).ok()?;
        Some(Self { ordered, level, value })
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.ordered.bytes()
    }

    /// The quantile, and the values at the levels as far above and below it as the clustered standard error of the share of
    /// events at or below it says (Deng, Knoblich & Lu 2018); they equal the quantile where that is not defined.
    pub fn written(&self, sums: &Sums) -> EventQuantile {
        let spread = Moments::from_sums(sums.n, &sums.shifts, &sums.sums, &sums.products)
            .and_then(|units| Estimate::of_ratio(&units)?.se());
        let z = normal::upper_quantile(0.5 * (1.0 - COVERED));
        let at = |side: f64| {
            let level = self.level + side * z.ok()? * spread.ok()?;
            if level > 0.0 && level < 1.0 { self.ordered.percentile(level).ok() } else { None }
        };
        let (lower, upper) = at(-1.0).zip(at(1.0)).unwrap_or((self.value, self.value));
        EventQuantile { events: self.ordered.count(), value: self.value, lower, upper }
    }
}
