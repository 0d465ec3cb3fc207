//! The text of `baselines/<surface>.toml`: what was measured, and of what was not what the file had before.

use std::fmt::Write;

use crate::analysis::{Measured, Moments};
use crate::decl::{Baseline, Day, Share, quoted};

/// How many digits of a mean, a deviation and a correlation are worth reviewing.
const DIGITS: usize = 6;

/// The whole file. What was not measured now stays as `before` has it.
pub fn text(surface: &str, measured: &Measured, days: u32, on: Day, before: Option<&Baseline>) -> String {
    let mut text = String::from(
        "version = 1                                      # written by `allot baseline`; reviewed like code\n",
    );
    // Writing to a string cannot fail.
    let _ = writeln!(text, "surface = {}\nmeasured = {on}", quoted(surface));
    let _ = writeln!(
        text,
        "\n[reach]                                          # distinct units seen within so many days, over the last {days}"
    );
    if measured.reach.is_empty() {
        for (day, units) in before.and_then(|old| old.reach.as_ref()).iter().flat_map(|reach| reach.iter()) {
            let _ = writeln!(text, "{} = {}", day.value, grouped(units.value));
        }
    }
    for (day, units) in &measured.reach {
        let _ = writeln!(text, "{day} = {}", grouped(*units));
    }
    let mut segments: Vec<(String, Share)> = measured.segments.clone();
    for (id, share) in before.and_then(|old| old.segments.as_ref()).iter().flat_map(|all| all.iter()) {
        if segments.iter().all(|(known, _)| *known != id.value) {
            segments.push((id.value.clone(), share.value));
        }
    }
    segments.sort();
    if !segments.is_empty() {
        text.push_str("\n[segments]                                       # share of those units\n");
    }
    for (id, share) in &segments {
        let _ = writeln!(text, "{id} = \"{share}\"");
    }
    let mut metrics: Vec<Moments> = measured.metrics.clone();
    for (id, old) in before.and_then(|old| old.metrics.as_ref()).iter().flat_map(|all| all.iter()) {
        let (Some(mean), Some(deviation)) = (old.value.mean.as_ref(), old.value.standard_deviation.as_ref()) else {
            continue;
        };
        if metrics.iter().all(|known| known.id != id.value) {
            let correlation = old.value.correlation.as_ref().map(|correlation| correlation.value);
            let (mean, deviation) = (mean.value, deviation.value);
            metrics.push(Moments { id: id.value.clone(), mean, deviation, correlation });
        }
    }
    metrics.sort_by(|a, b| a.id.cmp(&b.id));
    for Moments { id, mean, deviation, correlation } in &metrics {
        let _ = write!(text, "\n[metrics.{id}]\nmean = {}\nstandard-deviation = {}\n", short(*mean), short(*deviation));
        if let Some(correlation) = correlation {
            let _ = writeln!(text, "correlation = {}", short(*correlation));
        }
    }
    text
}

/// A number in as few digits as say it, and no more than are worth reviewing; always as a TOML float.
fn short(number: f64) -> String {
    let rounded: f64 = format!("{number:.*e}", DIGITS - 1).parse().unwrap_or(number);
    format!("{rounded:?}")
}

/// A count as TOML likes it: `1_210_000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 6);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{grouped, short};

    #[test]
    fn numbers_are_short_and_floats() {
        assert_eq!([212.400_000_1, 3.0, 1e-7, 0.123_456_789].map(short), ["212.4", "3.0", "1e-7", "0.123457"]);
        assert_eq!([7, 1_000, 1_210_000].map(grouped), ["7", "1_000", "1_210_000"]);
    }
}
