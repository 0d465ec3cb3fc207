//! Figures of results: values in the metric's own units, lifts in percent, with as many decimals as their error leaves a meaning.

use super::pen::{PLAIN, Pen};
use crate::render::figures::count;
use crate::results::{Figure, Interval, Metric, Outcome};

/// A space that no line breaks at.
pub const SPACE: char = '\u{a0}';

/// How values of a metric are written.
pub struct Amounts {
    unit: Unit,
    decimals: usize,
    lift_decimals: usize,
    pen: Pen,
}

/// What changed, with its interval: the lift, but the difference where that has an interval and the lift has none. A lift on a
/// control mean that may be 0 is any number at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    Lift(f64, Option<Interval>),
    Difference(f64, Option<Interval>),
    Undefined,
}

impl Change {
    pub fn of(outcome: &Outcome) -> Self {
        Self::between((&outcome.lift, &outcome.lift_interval), (&outcome.difference, &outcome.interval))
    }

    /// The same of a lift and a difference, each with its interval.
    pub fn between(
        (lift, lift_interval): (&Figure, &Figure<Interval>),
        (difference, interval): (&Figure, &Figure<Interval>),
    ) -> Self {
        let (relative, absolute) = (lift_interval.known().copied(), interval.known().copied());
        match (lift.number(), difference.number()) {
            (Some(lift), _) if relative.is_some() || absolute.is_none() => Self::Lift(lift, relative),
            (_, Some(difference)) => Self::Difference(difference, absolute),
            (Some(lift), None) => Self::Lift(lift, None),
            (None, None) => Self::Undefined,
        }
    }
}

/// A metric's unit, as declared in `display`; the words of users are written by the pen already.
enum Unit {
    Bare,
    Percent,
    /// A sign of money, before the number.
    Before(String),
    After(String),
}

impl Amounts {
    /// How values of a metric are written, given its outcomes.
    pub fn of<'a>(metric: &Metric, outcomes: impl Iterator<Item = &'a Outcome>, pen: Pen) -> Self {
        let display = metric.display.as_deref().map(str::trim).unwrap_or_default();
        let unit = match display {
            "" => Unit::Bare,
            "%" => Unit::Percent,
            "€" | "$" | "£" | "¥" | "₹" | "₩" => Unit::Before((pen.words)(display)),
            other => Unit::After((pen.words)(other)),
        };
        let scale = if matches!(unit, Unit::Percent) { 100.0 } else { 1.0 };
        let (mut error, mut lift_error, mut largest) = (f64::INFINITY, f64::INFINITY, 0.0_f64);
        for outcome in outcomes {
            let known = |figure: &Figure| figure.number().filter(|number| *number > 0.0).unwrap_or(f64::INFINITY);
            error = error.min(known(&outcome.se) * scale);
            lift_error = lift_error.min(known(&outcome.lift_se) * 100.0);
            let means = [&outcome.control.mean, &outcome.treatment.mean].into_iter().filter_map(Figure::number);
            largest = means.fold(largest, |largest, mean| largest.max(mean.abs() * scale));
        }
        // Without an error three digits are shown.
        let error = if error.is_finite() { error } else { largest / 100.0 };
        let decimals = match &unit {
            Unit::Before(_) if largest < 1000.0 => decimals_of(error).max(2),
            _ => decimals_of(error),
        };
        Self { unit, decimals, lift_decimals: decimals_of(lift_error).clamp(1, 6), pen }
    }

    /// How values of a metric are written, given all treatments.
    pub fn at(results: &crate::results::Results, metric: &Metric, pen: Pen) -> Self {
        let outcomes = results.treatments.iter().flat_map(|treatment| &treatment.outcomes);
        Self::of(metric, outcomes.filter(|outcome| outcome.metric == metric.id), pen)
    }

    /// "8.40 %", "€3.41", "1.84 s".
    pub fn value(&self, value: f64) -> String {
        let text = match &self.unit {
            Unit::Bare => number(value, self.decimals),
            Unit::Percent => format!("{}{SPACE}%", number(value * 100.0, self.decimals)),
            Unit::Before(unit) => {
                let text = number(value, self.decimals);
                match text.strip_prefix('−') {
                    Some(size) => format!("−{unit}{size}"),
                    None => format!("{unit}{text}"),
                }
            }
            Unit::After(unit) => format!("{}{SPACE}{unit}", number(value, self.decimals)),
        };
        (self.pen.number)(&text, value)
    }

    /// "+0.25 pp", "−€0.07".
    pub fn difference(&self, value: f64) -> String {
        let sign = sign(value * if matches!(self.unit, Unit::Percent) { 100.0 } else { 1.0 }, self.decimals);
        let text = format!("{sign}{}", self.size_with(value, "pp"));
        (self.pen.number)(&text, value)
    }

    /// "0.25 percentage points", "€0.07": how far apart two values are.
    pub fn distance(&self, value: f64) -> String {
        (self.pen.number)(&self.size_with(value, "percentage points"), value.abs())
    }

    fn size_with(&self, value: f64, points: &str) -> String {
        let size = value.abs();
        match &self.unit {
            Unit::Bare => number(size, self.decimals),
            Unit::Percent => format!("{}{SPACE}{points}", number(size * 100.0, self.decimals)),
            Unit::Before(unit) => format!("{unit}{}", number(size, self.decimals)),
            Unit::After(unit) => format!("{}{SPACE}{unit}", number(size, self.decimals)),
        }
    }

    /// "+0.07 to +0.43 pp", "−€0.07 to +€0.19".
    pub fn differences(&self, interval: Interval) -> String {
        let low = match self.unit {
            Unit::Percent | Unit::After(_) => {
                let bare = Self { unit: Unit::Bare, pen: PLAIN, ..*self };
                let scale = if matches!(self.unit, Unit::Percent) { 100.0 } else { 1.0 };
                (self.pen.number)(&bare.difference(interval.low * scale), interval.low)
            }
            _ => self.difference(interval.low),
        };
        format!("{low}{SPACE}to{SPACE}{}", self.difference(interval.high))
    }

    /// "+3.0 %".
    pub fn lift(&self, value: f64) -> String {
        (self.pen.number)(&lift(value, self.lift_decimals), value)
    }

    /// "+0.9 % to +5.1 %".
    pub fn lifts(&self, interval: Interval) -> String {
        format!("{}{SPACE}to{SPACE}{}", self.lift(interval.low), self.lift(interval.high))
    }

    /// "+0.9 to +5.1": where the sign of percent stands before it.
    pub fn lifts_short(&self, interval: Interval) -> String {
        let one = |value: f64| {
            let text = lift(value, self.lift_decimals);
            (self.pen.number)(text.trim_end_matches(['%', SPACE]), value)
        };
        format!("{}{SPACE}to{SPACE}{}", one(interval.low), one(interval.high))
    }

    /// What changed, a dash where that is undefined.
    pub fn change(&self, outcome: &Outcome) -> String {
        match Change::of(outcome) {
            Change::Lift(lift, _) => self.lift(lift),
            Change::Difference(difference, _) => self.difference(difference),
            Change::Undefined => "–".to_owned(),
        }
    }

    /// The interval of what [`Self::change`] shows, without its sign of percent; none where that is undefined.
    pub fn around(&self, outcome: &Outcome) -> Option<String> {
        match Change::of(outcome) {
            Change::Lift(_, around) => around.map(|interval| self.lifts_short(interval)),
            Change::Difference(_, around) => around.map(|interval| self.differences(interval)),
            Change::Undefined => None,
        }
    }

    /// A total in the metric's units, rounded to what matters: "€1,723", "72".
    pub fn total(&self, value: f64) -> String {
        let text = number(value, usize::from(value.abs() < 10.0));
        let text = match (&self.unit, text.strip_prefix('−')) {
            (Unit::Bare | Unit::Percent, _) => text,
            (Unit::Before(unit), Some(size)) => format!("−{unit}{size}"),
            (Unit::Before(unit), None) => format!("{unit}{text}"),
            (Unit::After(unit), _) => format!("{text}{SPACE}{unit}"),
        };
        (self.pen.number)(&text, value)
    }
}

/// How many decimals show a number down to the first digit of half its error.
fn decimals_of(error: f64) -> usize {
    if !error.is_finite() || error <= 0.0 {
        return 0;
    }
    whole(-(error / 2.0).log10().floor(), 9)
}

/// A whole number from 0 to a bound; what lies outside of these is at its end.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 up to the bound")]
pub fn whole(value: f64, most: usize) -> usize {
    value.clamp(0.0, most as f64) as usize
}

/// "+3.0 %" of a share.
pub fn lift(share: f64, decimals: usize) -> String {
    let percent = share * 100.0;
    let size = number(percent, decimals);
    format!("{}{size}{SPACE}%", if size.starts_with('−') { "" } else { sign(percent, decimals) })
}

/// The sign of what is shown; what is shown as nothing has none.
fn sign(value: f64, decimals: usize) -> &'static str {
    let half = 0.5 * 10_f64.powi(-i32::try_from(decimals).unwrap_or(0));
    match value {
        value if value >= half => "+",
        value if value <= -half => "−",
        _ => "",
    }
}

/// A number with so many decimals, its thousands set apart, and a real minus.
pub fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() || value.abs() >= 1e15 {
        return format!("{value:.3e}").replace('-', "−");
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), ""), |(whole, fraction)| (whole, fraction));
    let whole = whole.parse::<u64>().map_or_else(|_| whole.to_owned(), count);
    let nothing = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let minus = if value < 0.0 && !nothing { "−" } else { "" };
    if fraction.is_empty() { format!("{minus}{whole}") } else { format!("{minus}{whole}.{fraction}") }
}

/// A percent without a sign of its own, exact to four decimals and without zeros that say nothing: "2 %", "99.67 %".
pub fn percent(share: f64) -> String {
    let text = number(share * 100.0, 4);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{SPACE}%")
}

/// "95 %": how sure an interval of this error is.
pub fn confidence(alpha: f64) -> String {
    let text = number((1.0 - alpha) * 100.0, 2);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{SPACE}%")
}

/// "p = 0.004", "p < 0.001".
pub fn p_value(p: f64) -> String {
    let digits = p_digits(p);
    let equals = if digits.starts_with(['<', '>']) { String::new() } else { format!("={SPACE}") };
    format!("p{SPACE}{equals}{digits}")
}

/// "0.004", "< 0.001".
pub fn p_digits(p: f64) -> String {
    match p {
        p if p < 0.001 => format!("<{SPACE}0.001"),
        p if p < 0.1 => format!("{p:.3}"),
        p if p > 0.99 => format!(">{SPACE}0.99"),
        p => format!("{p:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{confidence, decimals_of, lift, number, p_value, percent};

    #[test]
    fn numbers_have_real_signs_and_thousands() {
        assert_eq!((number(1_234_567.0, 0), number(-1_924.44, 1)), ("1,234,567".into(), "−1,924.4".into()));
        assert_eq!(
            (number(-0.04, 1), number(0.0, 2), number(f64::NAN, 2)),
            ("0.0".into(), "0.00".into(), "NaN".into())
        );
        assert_eq!(number(-1e20, 2), "−1.000e20");
        assert_eq!((lift(0.0298, 1), lift(-0.019, 1), lift(-0.0001, 1)), {
            ("+3.0\u{a0}%".into(), "−1.9\u{a0}%".into(), "0.0\u{a0}%".into())
        });
    }

    #[test]
    fn decimals_follow_the_error() {
        assert_eq!((decimals_of(0.088), decimals_of(0.103), decimals_of(7.0), decimals_of(0.0)), (2, 2, 0, 0));
        assert_eq!((decimals_of(f64::INFINITY), decimals_of(1e-300)), (0, 9));
    }

    #[test]
    fn levels_are_short() {
        let shown = [percent(0.02), percent(0.0001), confidence(0.05), confidence(0.01 / 3.0)]
            .map(|text| text.replace('\u{a0}', " "));
        assert_eq!(shown, ["2 %", "0.01 %", "95 %", "99.67 %"]);
        assert_eq!(
            [p_value(0.0042), p_value(0.65), p_value(1e-9), p_value(1.0)].map(|text| text.replace('\u{a0}', " ")),
            ["p = 0.004", "p = 0.65", "p < 0.001", "p > 0.99"]
        );
    }
}
