//! Effects, levels and units as they are read: rounded to the side on which nothing is promised that does not hold.

use crate::render::figures::count;
use crate::report::Share;

/// How many digits of an effect are shown.
const DIGITS: i32 = 3;
/// How many at most, to tell two apart.
const MOST: i32 = 9;

/// A percent without its sign, rounded up to three digits; where that would take it to the other side of what is declared,
/// to as many as it needs.
#[must_use]
pub fn effect(reached: Share, declared: Option<Share>) -> String {
    let enough = |shown: f64| declared.is_none_or(|declared| (shown <= declared.0) == (reached.0 <= declared.0));
    let digits = (DIGITS..MOST).find(|&digits| enough(rounded_up(reached.0, digits).0)).unwrap_or(MOST);
    let (value, decimals) = rounded_up(reached.0, digits);
    short(value, decimals)
}

/// A number that must be reached: rounded up to three digits.
#[must_use]
pub fn at_least(value: f64) -> String {
    effect(Share(value), None)
}

/// A fraction as a percent without its sign, to the nearest of so many digits.
#[must_use]
pub fn level(fraction: f64, digits: i32) -> String {
    let percent = fraction * 100.0;
    short(percent, decimals(percent, digits))
}

/// A number to the nearest of four digits.
#[must_use]
pub fn number(value: f64) -> String {
    if value != 0.0 && !(1e-6..1e10).contains(&value.abs()) {
        return format!("{value:.2e}");
    }
    short(value, decimals(value, 4))
}

/// Units that are needed: whole ones.
#[must_use]
pub fn needed(units: f64) -> String {
    whole(units.ceil())
}

/// Units that are there: whole ones.
#[must_use]
pub fn there(units: f64) -> String {
    whole(units.floor())
}

fn whole(units: f64) -> String {
    if units < 1e12 { count(below(units)) } else { format!("{units:.2e}") }
}

/// The whole part of a number; none of one below 1, or of what is no number.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is beyond a count becomes its end")]
pub fn below(value: f64) -> usize {
    value as usize
}

fn rounded_up(value: f64, digits: i32) -> (f64, usize) {
    let decimals = decimals(value, digits);
    let scale = 10_f64.powi(i32::try_from(decimals).unwrap_or(0));
    // What rounding has put above a figure of so many digits is still that figure.
    let scaled = value * scale;
    (((scaled - scaled.abs() * 1e-12).ceil()) / scale, decimals)
}

/// How many decimals show so many digits of a number.
fn decimals(value: f64, digits: i32) -> usize {
    let magnitude = if value == 0.0 || !value.is_finite() { 0.0 } else { value.abs().log10().floor() };
    below((f64::from(digits - 1) - magnitude).clamp(0.0, 12.0))
}

fn short(value: f64, decimals: usize) -> String {
    if value.abs() >= 1e9 {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::{effect, level, needed, number, there};
    use crate::report::Share;

    #[test]
    fn effects_are_rounded_up_and_stay_on_their_side() {
        let of = |reached, declared| effect(Share(reached), Some(Share(declared)));
        assert_eq!(of(2.5, 2.5), "2.5");
        assert_eq!(of(2.500_000_1, 2.5), "2.51");
        assert_eq!(of(2.4999, 2.5), "2.5");
        assert_eq!(of(2.504_1, 2.505), "2.505");
        assert_eq!(effect(Share(0.042_13), None), "0.0422");
        assert_eq!((effect(Share(123.4), None), effect(Share(1e12), None)), ("124".into(), "1.00e12".into()));
        assert_eq!(effect(Share(0.1 + 0.2), None), "0.3");
    }

    #[test]
    fn levels_and_units() {
        assert_eq!((level(0.05, 3), level(0.012_5, 3), level(0.9526, 3)), ("5".into(), "1.25".into(), "95.3".into()));
        assert_eq!((needed(0.1), there(9.9), needed(1e18)), ("1".into(), "9".into(), "1.00e18".into()));
        assert_eq!((number(212.4), number(0.241), number(0.0), number(1e-9)), {
            ("212.4".into(), "0.241".into(), "0".into(), "1.00e-9".into())
        });
    }
}
