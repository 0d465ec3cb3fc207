//! Quantiles over units: of all of an arm, and of those of each value of a dimension.

use crate::results::{PartQuantile, UnitQuantile};
use crate::stats::Ordered;

/// The quantile of values, and by dimension that of each place's values and of all others; `sizes` says how many places each
/// dimension has.
pub(super) fn quantiles(
    values: &[f64],
    places: &[Vec<u8>],
    level: f64,
    sizes: &[usize],
) -> (Option<UnitQuantile>, Vec<Vec<PartQuantile>>) {
    let parts = sizes.iter().enumerate().map(|(dimension, size)| {
        let own = places.get(dimension).map_or([].as_slice(), Vec::as_slice);
        let part = |place: usize| {
            let of = |mine: bool| {
                let all = values.iter().zip(own).filter(|(_, at)| (usize::from(**at) == place) == mine);
                quantile(&all.map(|(value, _)| *value).collect::<Vec<f64>>(), level)
            };
            PartQuantile { own: of(true), rest: of(false) }
        };
        (0..*size).map(part).collect()
    });
    (quantile(values, level), parts.collect())
}

/// None without values.
fn quantile(values: &[f64], level: f64) -> Option<UnitQuantile> {
    let around = Ordered::of(values).ok()?.around(level).ok()?;
    Some(UnitQuantile { units: around.count, value: around.value, lower: around.lower, upper: around.upper })
}
