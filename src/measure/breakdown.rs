//! Which values of a dimension are told apart in a study: those of the most exposed units.

use super::labels::Labels;
use super::sums::Total;
use crate::query::MOST_VALUES;
use crate::results::DimensionTally;

/// The values of a dimension in a study.
#[derive(Debug, Default)]
pub(super) struct Breakdown {
    /// Units of one variant alone, by value.
    sizes: Vec<u64>,
    /// The place of each value; what is not chosen is at the last one.
    places: Vec<usize>,
    /// The values that are told apart, the first place's first.
    chosen: Vec<u32>,
    /// Whether there are others.
    others: bool,
}

impl Breakdown {
    /// A unit with a value.
    pub fn see(&mut self, value: u32) {
        let value = value as usize;
        if self.sizes.len() <= value {
            self.sizes.resize(value + 1, 0);
        }
        self.sizes.get_mut(value).into_iter().for_each(|size| *size += 1);
    }

    /// Chooses, once all units were seen: of values with as many units the lower code points come first.
    pub fn choose(&mut self, dimension: usize, labels: &Labels) {
        let sizes = std::mem::take(&mut self.sizes);
        let mut seen: Vec<(u64, u32)> = sizes.iter().copied().zip(0..).filter(|(size, _)| *size > 0).collect();
        let text = |value: u32| labels.value(dimension, value).as_bytes();
        seen.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| text(one.1).cmp(text(other.1))));
        self.others = seen.len() > MOST_VALUES;
        self.chosen = seen.iter().take(MOST_VALUES).map(|(_, value)| *value).collect();
        self.places = vec![self.chosen.len(); sizes.len()];
        for (place, value) in self.chosen.iter().enumerate() {
            self.places.get_mut(*value as usize).into_iter().for_each(|own| *own = place);
        }
    }

    /// The place of a value.
    pub fn place(&self, value: u32) -> usize {
        self.places.get(value as usize).copied().unwrap_or(self.chosen.len())
    }

    /// As it is recorded.
    pub fn written(&self, dimension: String, place: usize, labels: &Labels) -> DimensionTally {
        if let Some(why) = labels.failed(place) {
            return DimensionTally { dimension, values: Vec::new(), failed: Some(why.to_owned()) };
        }
        let own = |value: &u32| Some(DimensionTally::recorded(labels.value(place, *value)));
        let values = self.chosen.iter().map(own).chain(self.others.then_some(None));
        DimensionTally { dimension, values: values.collect(), failed: None }
    }
}

/// Adds a unit's row to the part that it belongs to.
pub(super) fn part(parts: &mut Vec<Vec<Total>>, dimension: usize, place: usize, row: &[f64]) {
    if parts.len() <= dimension {
        parts.resize(dimension + 1, Vec::new());
    }
    let Some(own) = parts.get_mut(dimension) else { return };
    if own.len() <= place {
        own.resize(place + 1, Total::default());
    }
    own.get_mut(place).into_iter().for_each(|total| total.push(row));
}
