//! A unit's number, from the accumulators of its entry.

use super::plan::{Action, Tap};
use crate::query::{Comparator, Number};

/// A number made of accumulators.
#[derive(Debug, Clone)]
pub(super) enum Formula {
    Constant(f64),
    /// An accumulator, by its tap; by its word once those are given.
    Accumulator(usize),
    Negate(Box<Formula>),
    Binary(char, Box<Formula>, Box<Formula>),
    Compare(Comparator, f64, Box<Formula>),
}

impl Formula {
    /// A number whose inputs are found by `tap`, from a source and an input, as an outcome's or a covariate's tap.
    pub fn of(number: &Number, tap: &mut impl FnMut(usize, usize, bool) -> usize) -> Self {
        match number {
            Number::Constant(value) => Self::Constant(*value),
            Number::Input { source, input } => Self::Accumulator(tap(*source, *input, false)),
            Number::Negate(inner) => Self::Negate(Box::new(Self::of(inner, tap))),
            Number::Binary(operator, left, right) => {
                let left = Self::of(left, tap);
                Self::Binary(*operator, Box::new(left), Box::new(Self::of(right, tap)))
            }
        }
    }

    /// Whether it compares so, as 1 or 0.
    pub fn compared(self, comparator: Comparator, with: f64) -> Self {
        Self::Compare(comparator, with, Box::new(self))
    }

    /// Accumulators by their words, once those are known.
    pub fn moved(&mut self, first: usize, taps: &[Tap]) {
        match self {
            Self::Constant(_) => {}
            Self::Accumulator(place) => *place = taps.get(*place).map_or(*place + first, |tap| tap.word),
            Self::Negate(inner) | Self::Compare(_, _, inner) => inner.moved(first, taps),
            Self::Binary(_, left, right) => {
                left.moved(first, taps);
                right.moved(first, taps);
            }
        }
    }

    /// The number of an entry; what is divided by 0 or overflows is no finite number.
    pub fn of_entry(&self, entry: &[u64]) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Accumulator(word) => entry.get(*word).map_or(0.0, |bits| f64::from_bits(*bits)),
            Self::Negate(inner) => -inner.of_entry(entry),
            Self::Binary(operator, left, right) => {
                let (left, right) = (left.of_entry(entry), right.of_entry(entry));
                match operator {
                    '+' => left + right,
                    '-' => left - right,
                    '*' => left * right,
                    _ => left / right,
                }
            }
            Self::Compare(comparator, with, inner) => {
                let number = inner.of_entry(entry);
                // What is missing compares as 0, as a unit without rows does.
                let number = if number.is_finite() { number } else { 0.0 };
                #[allow(clippy::float_cmp, reason = "the metric's author asked for exactly this")]
                let holds = match comparator {
                    Comparator::Above => number > *with,
                    Comparator::AtLeast => number >= *with,
                    Comparator::Below => number < *with,
                    Comparator::AtMost => number <= *with,
                    Comparator::Equal => number == *with,
                    Comparator::Unequal => number != *with,
                };
                if holds { 1.0 } else { 0.0 }
            }
        }
    }
}

impl Action {
    /// Adds a value to an accumulator, which nothing was added to before if it is fresh.
    #[inline]
    pub fn add(self, accumulator: u64, value: f64, fresh: bool) -> u64 {
        let own = f64::from_bits(accumulator);
        let new = match self {
            Self::Least if !fresh => own.min(value),
            Self::Most if !fresh => own.max(value),
            Self::Least | Self::Most => value,
            Self::Add | Self::Distinct | Self::Event => own + value,
        };
        new.to_bits()
    }
}
