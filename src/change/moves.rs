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
        // On another flag nobody stays where they were.
        (Some(before), Some(after)) if !before.same_flag(after) => {
            let mut moves = leaving(before, before.share(), before.outside());
            moves.extend(coming(after, after.share(), after.outside()));
            moves
        }
        (Some(before), Some(after)) => {
            let (both, left, new) = before.shares_with(after);
            let mut moves = leaving(before, left, after.outside());
            moves.extend(coming(after, new, before.outside()));
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
    });
    each.collect()
}

fn coming(after: &Assigned, share: f64, outside: Option<&Value>) -> Vec<Move> {
    let each = after.variants().iter().map(|(id, range, value)| Move {
        from: None,
        to: Some(id.clone()),
        units: share * fraction(range.len()),
        visible: Some(value) != outside,
    });
    each.collect()
}

/// Those that both own and that get another variant, or the same one with another value.
fn staying(before: &Assigned, after: &Assigned, share: f64) -> Vec<Move> {
    let same = before.same_draw(after);
    let mut moves = Vec::new();
    for (from, a, old) in before.variants() {
        for (to, b, new) in after.variants() {
            let joint = match same {
                true => fraction(a.end.min(b.end).saturating_sub(a.start.max(b.start)) as usize),
                false => fraction(a.len()) * fraction(b.len()),
            };
            if from != to || old != new {
                let (from, to) = (Some(from.clone()), Some(to.clone()));
                moves.push(Move { from, to, units: share * joint, visible: old != new });
            }
        }
    }
    moves
}

/// A length on the grid of 10,000 as a fraction of it.
fn fraction(cells: usize) -> f64 {
    cells as f64 / f64::from(VARIANT_GRID)
}
