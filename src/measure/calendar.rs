//! When rows can matter to a unit: a bit for each of 32 equal parts of the time that is read.
//!
//! Most rows lie outside all windows of their unit. The calendar is beside the unit's id, so they wait for memory once, not
//! twice; a row whose part is marked is still held against each window.

use super::plan::Plan;

const PARTS: u32 = u32::BITS;

/// Equal parts of a span of time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Calendar {
    from: i64,
    /// Parts in a microsecond.
    rate: f64,
}

impl Calendar {
    /// Over all instants at which rows of any source can matter, if exposures lie from the first to the last.
    pub fn of(plan: &Plan, exposed: Option<(i64, i64)>) -> Self {
        let Some((first, last)) = exposed else { return Self::default() };
        let spans = (0..plan.probes.len()).filter_map(|source| plan.span(source, first, last.saturating_add(1)));
        let (from, to) = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or_default();
        Self { from, rate: f64::from(PARTS) / to.saturating_sub(from).max(1) as f64 }
    }

    /// The part of an instant; the first or the last for one beyond. A later instant never has an earlier part.
    #[inline]
    fn part(&self, at: i64) -> u32 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is beyond is cut off")]
        let part = (at.saturating_sub(self.from) as f64 * self.rate) as u32;
        part.min(PARTS - 1)
    }

    /// The bit of an instant.
    #[inline]
    pub fn bit(&self, at: i64) -> u32 {
        1 << self.part(at)
    }

    /// The bits of all instants at which a row of any source can matter to an exposure.
    pub fn of_exposure(&self, plan: &Plan, study: usize, at: i64) -> u32 {
        let probes = plan.probes.iter().filter_map(|probes| probes.get(study));
        probes.filter(|probe| probe.from < probe.to).fold(0, |bits, probe| {
            let first = self.part(at.saturating_add(probe.from));
            let last = self.part(at.saturating_add(probe.to - 1));
            bits | (u32::MAX << first & u32::MAX >> (PARTS - 1 - last))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::plan::Probe;

    #[test]
    fn every_instant_of_a_window_is_marked() {
        for (from, to) in [(0, 7), (-28, 0), (3, 4), (0, 400), (-1_000, 1_000)] {
            let probe = Probe { words: 3, from, to, windows: Vec::new() };
            let plan = Plan { studies: Vec::new(), probes: vec![vec![probe]], pairs: std::collections::HashMap::new() };
            let calendar = Calendar::of(&plan, Some((100, 300)));
            let mut unmarked = 0;
            for exposed in 100..=300 {
                let bits = calendar.of_exposure(&plan, 0, exposed);
                for at in -2_000..2_000 {
                    let marked = bits & calendar.bit(at) != 0;
                    let matters = from <= at - exposed && at - exposed < to;
                    assert!(marked || !matters, "{from} {to} {exposed} {at}");
                    unmarked += u64::from(!marked);
                }
            }
            assert!(unmarked > 0, "{from} {to}");
        }
    }

    #[test]
    fn the_ends_of_time_have_parts() {
        let probe = Probe { words: 3, from: i64::MIN, to: i64::MAX, windows: Vec::new() };
        let plan = Plan { studies: Vec::new(), probes: vec![vec![probe]], pairs: std::collections::HashMap::new() };
        for exposed in [None, Some((i64::MIN, i64::MAX)), Some((0, 0))] {
            let calendar = Calendar::of(&plan, exposed);
            for at in [i64::MIN, -1, 0, 1, i64::MAX] {
                assert_ne!(calendar.of_exposure(&plan, 0, 0) & calendar.bit(at), 0, "{exposed:?} {at}");
            }
        }
    }
}
