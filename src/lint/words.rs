//! How findings speak of several things, of large numbers, and of units that move.

use crate::change::Move;

/// Ids as English lists them: "`a`, `b` and `c`".
pub(super) fn listed<'a>(ids: impl IntoIterator<Item = &'a str>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| format!("`{id}`")).collect();
    match ids.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}

/// A number with its thousands apart: "1,000".
pub(super) fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number and its noun: "1 bucket", "1,000 buckets".
pub(super) fn counted(number: u32, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A fraction in percent, as exact as four decimals are: "5%", "0.125%".
pub(super) fn percent(fraction: f64) -> String {
    let digits = format!("{:.4}", fraction * 100.0);
    format!("{}%", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// An effect that can be found, in percent, to three digits and rounded up: what is found is never said to be less.
pub(super) fn detectable(effect: f64) -> String {
    let percent = effect * 100.0;
    if !percent.is_finite() || percent <= 0.0 || percent >= 1e6 {
        return format!("{percent:.1e}%");
    }
    let scale = 10.0_f64.powf(2.0 - percent.log10().floor());
    let digits = format!("{:.9}", (percent * scale * (1.0 - 1e-9)).ceil() / scale);
    format!("{}%", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// Who would move, as a sentence about the units of a surface: the most first, and no more than three of them.
pub(super) fn would_move(surface: &str, moves: &[Move]) -> String {
    let way = |found: &Move| match (&found.from, &found.to) {
        (Some(from), Some(to)) if from == to => format!("from one value of `{from}` to another"),
        (Some(from), Some(to)) => format!("from `{from}` to `{to}`"),
        (Some(from), None) => format!("out of `{from}`"),
        (None, Some(to)) => format!("into `{to}`"),
        (None, None) => String::new(),
    };
    let all = percent(moves.iter().map(|found| found.units).sum());
    match moves {
        [] => "nobody would move".to_owned(),
        [one] => format!("{all} of the units of `{surface}` would move {}", way(one)),
        several => {
            let each = several.iter().take(3).map(|found| format!("{} {}", percent(found.units), way(found)));
            let each: Vec<String> = each.collect();
            let more = if several.len() > 3 { " and so on" } else { "" };
            format!("{all} of the units of `{surface}` would move: {}{more}", each.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{counted, detectable, grouped, listed, percent};

    #[test]
    fn percentages_are_as_short_as_they_can_be() {
        assert_eq!([0.05, 0.00125, 1.0, 1.0 / 3.0].map(percent).join(" "), "5% 0.125% 100% 33.3333%");
    }

    #[test]
    fn effects_are_rounded_up() {
        let effects = [0.02, 0.020_001, 0.123_4, 1.5, 1e-9, 0.000_123_41];
        assert_eq!(effects.map(detectable).join(" "), "2% 2.01% 12.4% 150% 0.0000001% 0.0124%");
    }

    #[test]
    fn lists_and_numbers() {
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(listed([]), "");
        assert_eq!([0, 999, 1_000, 10_000, 1_000_000].map(grouped).join(" "), "0 999 1,000 10,000 1,000,000");
        assert_eq!((counted(1, "day"), counted(1_200, "bucket")), ("1 day".into(), "1,200 buckets".into()));
    }
}
