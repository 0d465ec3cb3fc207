//! Exposures folded: of each unit and study the first stays, and whether there was another variant.

use std::cmp::Ordering;

use super::shard::Row;

/// An exposure, perhaps with more beside it.
pub(super) trait Exposure: Copy {
    fn row(&self) -> &Row;
    fn row_mut(&mut self) -> &mut Row;
}

impl Exposure for Row {
    fn row(&self) -> &Row {
        self
    }
    fn row_mut(&mut self) -> &mut Row {
        self
    }
}

impl Exposure for (Row, u32) {
    fn row(&self) -> &Row {
        &self.0
    }
    fn row_mut(&mut self) -> &mut Row {
        &mut self.0
    }
}

/// Leaves one row per unit and study: the earliest, the variant that is named first among those at the same instant, and of
/// those the lowest in an order.
pub(super) fn fold<T: Exposure>(units: u32, rows: &mut Vec<T>, order: impl Fn(&T, &T) -> Ordering) {
    // Counted into their units' places, then each unit's few rows are sorted.
    let unit = |row: &T| row.row().unit as usize;
    let mut places = vec![0_u32; units as usize + 1];
    for row in &*rows {
        if let Some(place) = places.get_mut(unit(row) + 1) {
            *place += 1;
        }
    }
    let mut sum = 0;
    for place in &mut places {
        sum += *place;
        *place = sum;
    }
    let mut sorted = rows.clone();
    for row in &*rows {
        if let Some(place) = places.get_mut(unit(row)) {
            if let Some(to) = sorted.get_mut(*place as usize) {
                *to = *row;
            }
            *place += 1;
        }
    }
    let key = |row: &T| {
        let Row { at, study, variant, .. } = *row.row();
        (study, at, variant)
    };
    for rows in sorted.chunk_by_mut(|a, b| unit(a) == unit(b)) {
        rows.sort_unstable_by(|one, other| key(one).cmp(&key(other)).then_with(|| order(one, other)));
    }
    rows.clear();
    let mut last: Option<T> = None;
    for row in sorted {
        let own = *row.row();
        match last.as_mut().map(Exposure::row_mut) {
            Some(first) if (first.unit, first.study) == (own.unit, own.study) => {
                first.mixed |= own.mixed || first.variant != own.variant;
            }
            _ => rows.extend(last.replace(row)),
        }
    }
    rows.extend(last);
}
