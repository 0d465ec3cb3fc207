//! Figures as they are read: percents, counts, days and spans of days.

use jiff::civil::Date;

use crate::report::Share;

/// A percent without its sign: exact to a millionth, without zeros that say nothing.
pub fn percent(share: Share) -> String {
    if share.0.abs() >= 1e9 {
        return format!("{:e}", share.0);
    }
    let text = format!("{:.6}", share.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text.strip_prefix('-') {
        Some("0") => "0".to_owned(),
        Some(positive) => format!("−{positive}"),
        // A share that is not nothing is never said to be.
        None if text == "0" && share.0 > 0.0 => "less than 0.000001".to_owned(),
        None => text.to_owned(),
    }
}

/// A percent with its sign, which never begins a line.
pub fn share(share: Share) -> String {
    format!("{}\u{a0}%", percent(share))
}

/// A count with its thousands set apart.
pub fn count(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// "1 fix", "2 fixes", "1,000 fixes".
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// "a", "a and b", "a, b and c".
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A day as reports write it, as in 2027-02-01; none where a text is no such day or far from any that matters.
pub fn day(text: &str) -> Option<Date> {
    let date: Date = if text.len() == 10 { text.parse().ok()? } else { return None };
    (1970..=2999).contains(&date.year()).then_some(date)
}

/// How many days from one to another; negative if the other is before.
pub fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

/// "4 weeks", "1 week and 3 days", "6 days".
pub fn weeks(days: i32) -> String {
    let (weeks, rest) = (usize::try_from(days / 7).unwrap_or(0), usize::try_from(days % 7).unwrap_or(0));
    match (weeks, rest) {
        (0, rest) => counted(rest, "day", "days"),
        (weeks, 0) => counted(weeks, "week", "weeks"),
        (weeks, rest) => format!("{} and {}", counted(weeks, "week", "weeks"), counted(rest, "day", "days")),
    }
}

#[cfg(test)]
mod tests {
    use super::{count, day, days_between, listed, percent, weeks};
    use crate::report::Share;

    #[test]
    fn percents_are_exact_and_short() {
        let of = |number| percent(Share(number));
        assert_eq!((of(5.0), of(0.1 + 0.2), of(2.525)), ("5".to_owned(), "0.3".to_owned(), "2.525".to_owned()));
        assert_eq!(
            (of(-0.0), of(-1.5), of(1e-9)),
            ("0".to_owned(), "−1.5".to_owned(), "less than 0.000001".to_owned())
        );
        assert_eq!(of(1e300), "1e300");
    }

    #[test]
    fn counts_and_lists_read_well() {
        assert_eq!(
            (count(7_usize), count(1_000_usize), count(1_234_567_u64)),
            ("7".into(), "1,000".into(), "1,234,567".into())
        );
        assert_eq!(listed(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }

    #[test]
    fn days_are_read_strictly() {
        let (first, last) = (day("2027-02-08").unwrap(), day("2027-03-08").unwrap());
        assert_eq!(days_between(first, last), 28);
        assert_eq!((weeks(28), weeks(10), weeks(6)), ("4 weeks".into(), "1 week and 3 days".into(), "6 days".into()));
        for odd in ["", "2027-02-30", "9999-01-01", "20270208", "2027-02-08T00:00:00Z", "٢٠٢٧-٠٢"] {
            assert_eq!(day(odd), None, "{odd}");
        }
    }
}
