//! Units that move: from which variant to which, as shares of a surface's units, exactly.

use serde_json::Value;

use super::Assigned;
use crate::bucket::VARIANT_GRID;

/// Units that leave one variant for another.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// None for units that the experiment did not own.
    pub from: Option<String>,
    /// None for units that it owns no more.
    pub to: Option<String>,
    /// The share of the surface's units, from 0 to 1.
    pub units: f64,
    /// Whether they are served another value; segments and the flag's rules aside.
    pub visible: bool,
    /// Whether they are in `to` the day before with and without the change, and only with it stay there.
    pub stays: bool,
}

/// Shares below this are the rounding of doubles.
const NOTHING: f64 = 1e-12;

/// Who moves between two assignments of one experiment, the most first; where the hash changes it is the expected share.
#[must_use]
pub fn moves(before: Option<&Assigned>, after: Option<&Assigned>) -> Vec<Move> {
    let mut moves = match (before, after) {
        (None, None) => Vec::new(),
        (Some(before), None) => leaving(before, before.share(), before.outside()),
        (None, Some(after)) => coming(after, after.share(), after.outside()),
        (Some(before), Some(after)) => {
            let (both, left, new) = before.shares_with(after);
            // Each flag has a default of its own.
            let (left_to, come_from) = match before.same_flag(after) {
                true => (after.outside(), before.outside()),
                false => (before.outside(), after.outside()),
            };
            let mut moves = leaving(before, left, left_to);
            moves.extend(coming(after, new, come_from));
            moves.extend(staying(before, after, both));
            moves
        }
    };
    moves.retain(|found| found.units > NOTHING);
    moves.sort_by(|a, b| b.units.total_cmp(&a.units).then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to))));
    moves
}

fn leaving(before: &Assigned, share: f64, outside: Option<&Value>) -> Vec<Move> {
    let each = before.variants().iter().map(|(id, range, value)| Move {
        from: Some(id.clone()),
        to: None,
        units: share * fraction(range.len()),
        visible: Some(value) != outside,
        stays: false,
    });
    each.collect()
}

fn coming(after: &Assigned, share: f64, outside: Option<&Value>) -> Vec<Move> {
    let each = after.variants().iter().map(|(id, range, value)| Move {
        from: None,
        to: Some(id.clone()),
        units: share * fraction(range.len()),
        visible: Some(value) != outside,
        stays: false,
    });
    each.collect()
}

/// Those that both own and that get another variant, or the same one with another value. On another flag nobody stays where
/// they were: a unit leaves a variant of the one for a variant of the other, and is one unit.
fn staying(before: &Assigned, after: &Assigned, share: f64) -> Vec<Move> {
    let (same, one_flag) = (before.same_draw(after), before.same_flag(after));
    let mut moves = Vec::new();
    for (from, a, old) in before.variants() {
        for (to, b, new) in after.variants() {
            let joint = match same {
                true => fraction(a.end.min(b.end).saturating_sub(a.start.max(b.start)) as usize),
                false => fraction(a.len()) * fraction(b.len()),
            };
            if from != to || old != new || !one_flag {
                let (from, to) = (Some(from.clone()), Some(to.clone()));
                let visible = match one_flag {
                    true => old != new,
                    false => Some(old) != before.outside() || Some(new) != after.outside(),
                };
                moves.push(Move { from, to, units: share * joint, visible, stays: false });
            }
        }
    }
    moves
}

/// Splits those who come into those who come, and those who stay: they are there `the_day_before` on both sides, and the base
/// would let go of all of them on the day.
pub(super) fn with_stays(found: Vec<Move>, the_day_before: [&Assigned; 2], after: &Assigned) -> Vec<Move> {
    let units = after.share();
    let part = if units > NOTHING { after.share_kept_from(the_day_before) / units } else { 0.0 };
    let split = found.into_iter().flat_map(|found| {
        let part = if found.from.is_none() { part } else { 0.0 };
        let stay = Move { units: found.units * part, stays: true, ..found.clone() };
        [Move { units: found.units * (1.0 - part), ..found }, stay]
    });
    split.filter(|found| found.units > NOTHING).collect()
}

/// A length on the grid of 10,000 as a fraction of it.
fn fraction(cells: usize) -> f64 {
    cells as f64 / f64::from(VARIANT_GRID)
}
