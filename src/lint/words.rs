//! How findings speak of several things, and of large numbers.

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

#[cfg(test)]
mod tests {
    use super::{counted, grouped, listed};

    #[test]
    fn lists_and_numbers() {
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(listed([]), "");
        assert_eq!([0, 999, 1_000, 10_000, 1_000_000].map(grouped).join(" "), "0 999 1,000 10,000 1,000,000");
        assert_eq!((counted(1, "day"), counted(1_200, "bucket")), ("1 day".into(), "1,200 buckets".into()));
    }
}
