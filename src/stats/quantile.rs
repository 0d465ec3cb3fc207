//! A quantile of an arm, with the standard error that its order statistics give.

use super::{Estimate, Moments, Ordered, Twofold, Undefined, normal};

/// A quantile of values, one per unit, with all that its standard error comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Around {
    pub count: u64,
    pub value: f64,
    /// The values at the levels below and above it; the quantile itself where there are too few units for these.
    pub lower: f64,
    pub upper: f64,
}

impl Ordered {
    /// The quantile at a level between 0 and 1, and the values at the levels q ± z·√(q(1−q)/n) around it.
    ///
    /// # Errors
    ///
    /// [`Undefined::OutOfRange`], [`Undefined::EmptyArm`].
    pub fn around(&self, level: f64) -> Result<Around, Undefined> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Undefined::OutOfRange);
        }
        let (count, value) = (self.count(), self.percentile(level)?);
        let (lower, upper) = match levels(level, of_units(level, count)) {
            Ok((low, high)) => (self.percentile(low)?, self.percentile(high)?),
            Err(_) => (value, value),
        };
        Ok(Around { count, value, lower, upper })
    }
}

/// The share of the normal distribution between the levels whose order statistics give the standard error.
const COVERED: f64 = 0.95;

impl Estimate {
    /// The quantile of the values of an arm, one value per unit, at a level between 0 and 1.
    ///
    /// The standard error is (upper − lower)/(2z) at the levels q ± z·√(q(1−q)/n) with z = 1.96 (Deng, Knoblich & Lu 2018);
    /// all three values are interpolated between order statistics (type 7). It is undefined where a level is not inside
    /// (0, 1), and where the two are the same value.
    ///
    /// # Errors
    ///
    /// [`Undefined::OutOfRange`], [`Undefined::EmptyArm`].
    pub fn of_quantile(values: &Ordered, level: f64) -> Result<Self, Undefined> {
        Self::of_quantile_around(level, values.around(level)?)
    }

    /// The same from the values around the quantile alone.
    ///
    /// # Errors
    ///
    /// [`Undefined::OutOfRange`], also where the values do not rise; [`Undefined::NotFinite`].
    pub fn of_quantile_around(level: f64, around: Around) -> Result<Self, Undefined> {
        let Around { count, value, lower, upper } = around;
        if ![value, lower, upper].iter().all(|value| value.is_finite()) {
            return Err(Undefined::NotFinite);
        }
        if !(level > 0.0 && level < 1.0 && lower <= value && value <= upper) {
            return Err(Undefined::OutOfRange);
        }
        let se = if count < 2 { Err(Undefined::OneUnit) } else { levels(level, of_units(level, count)) };
        let variance = se.and_then(|_| width(lower, upper)).map(|se| se * se);
        let variance = variance.and_then(super::undefined::finite);
        Ok(Self::new(count, Twofold::from(value), variance, count as f64 - 1.0))
    }

    /// The quantile of the events of an arm, of which a unit may have several or none.
    ///
    /// `units` has a row per unit: how many of its events are at or below the quantile, then how many it has. The levels are
    /// then as far apart as the delta-method standard error of that ratio says.
    ///
    /// # Errors
    ///
    /// [`Undefined::OutOfRange`], [`Undefined::EmptyArm`], [`Undefined::ZeroDenominator`], [`Undefined::Mismatch`] where the
    /// units have other events, and as [`Moments::linearised`].
    pub fn of_clustered_quantile(events: &Ordered, level: f64, units: &Moments) -> Result<Self, Undefined> {
        let total = units.sum(1)?;
        if (total - events.count() as f64).abs() > 1e-9 * total.abs().max(1.0) {
            return Err(Undefined::Mismatch);
        }
        let spread = Self::of_ratio(units)?.se();
        around(events, level, units.count(), spread)
    }

    /// A quantile with the values at the levels z·√(variance of its share) below and above it, as [`Self::of_clustered_quantile`]
    /// takes them, worked out elsewhere: the standard error is (upper − lower)/(2z), undefined where the two are the same.
    ///
    /// # Errors
    ///
    /// [`Undefined::NotFinite`], and [`Undefined::OutOfRange`] where the values do not rise.
    pub fn of_quantile_between(count: u64, value: f64, lower: f64, upper: f64) -> Result<Self, Undefined> {
        if ![value, lower, upper].iter().all(|value| value.is_finite()) {
            return Err(Undefined::NotFinite);
        }
        if !(lower <= value && value <= upper) {
            return Err(Undefined::OutOfRange);
        }
        let z = normal::upper_quantile(0.5 * (1.0 - COVERED))?;
        let se = if upper > lower { Ok((upper - lower) / (2.0 * z)) } else { Err(Undefined::ZeroWidth) };
        let variance = if count < 2 { Err(Undefined::OneUnit) } else { se.map(|se| se * se) };
        Ok(Self::new(count, Twofold::from(value), variance.and_then(super::undefined::finite), count as f64 - 1.0))
    }
}

fn around(values: &Ordered, level: f64, count: u64, spread: Result<f64, Undefined>) -> Result<Estimate, Undefined> {
    if !(level > 0.0 && level < 1.0) {
        return Err(Undefined::OutOfRange);
    }
    let value = values.percentile(level)?;
    let variance = spread.and_then(|spread| {
        let (low, high) = levels(level, spread)?;
        width(values.percentile(low)?, values.percentile(high)?).map(|se| se * se)
    });
    let variance = variance.and_then(super::undefined::finite);
    Ok(Estimate::new(count, Twofold::from(value), variance, count as f64 - 1.0))
}

/// The standard error of the share of units at or below a level.
fn of_units(level: f64, count: u64) -> f64 {
    (level * (1.0 - level) / count as f64).sqrt()
}

/// The levels around a level, as far away as the spread of its share says.
fn levels(level: f64, spread: f64) -> Result<(f64, f64), Undefined> {
    let z = normal::upper_quantile(0.5 * (1.0 - COVERED))?;
    let (low, high) = (level - z * spread, level + z * spread);
    if low > 0.0 && high < 1.0 { Ok((low, high)) } else { Err(Undefined::TooFewUnits) }
}

/// The standard error from the values at these levels.
fn width(lower: f64, upper: f64) -> Result<f64, Undefined> {
    let z = normal::upper_quantile(0.5 * (1.0 - COVERED))?;
    let width = upper - lower;
    if width > 0.0 { Ok(width / (2.0 * z)) } else { Err(Undefined::ZeroWidth) }
}
