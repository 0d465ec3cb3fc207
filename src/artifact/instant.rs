//! Instants as documents have them: Unix seconds as a time in UTC, `2027-01-11T00:00:00Z`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

const DAY: i64 = 86_400;

/// An instant in Unix seconds, written as RFC 3339 in UTC and read back from that form alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub i64);

impl Instant {
    /// The instant in words, in the years 0 to 9999 only: others have no such form.
    #[must_use]
    pub fn to_text(self) -> Option<String> {
        let seconds = self.0.rem_euclid(DAY);
        let (year, month, day) = civil(self.0.div_euclid(DAY));
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        (0..=9_999).contains(&year).then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
    }

    /// Reads what [`Self::to_text`] writes, and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number = |from: usize, until: usize| {
            let digits = text.get(from..until)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i64>().ok()).flatten()
        };
        let [year, month, day] = [number(0, 4)?, number(5, 7)?, number(8, 10)?];
        let [hour, minute, second] = [number(11, 13)?, number(14, 16)?, number(17, 19)?];
        let of_day = hour.checked_mul(3_600)?.checked_add(minute.checked_mul(60)?)?.checked_add(second)?;
        let instant = Self(days(year, month, day).checked_mul(DAY)?.checked_add(of_day)?);
        // What is not a date, or not in this form, comes back as something else.
        (instant.to_text()? == text).then_some(instant)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.to_text().ok_or_else(|| ser::Error::custom("an instant outside the years 0 to 9999"))?;
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not an instant such as `2027-01-11T00:00:00Z`"))
    }
}

/// Year, month and day of a day since 1970-01-01; `civil_from_days` of
/// <https://howardhinnant.github.io/date_algorithms.html>.
#[expect(clippy::arithmetic_side_effects, reason = "days are an instant divided by 86,400, far from any overflow")]
#[must_use]
pub const fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + (month <= 2) as i64;
    (year, month, day)
}

/// The day since 1970-01-01 of a date whose parts have at most four digits; `days_from_civil` of the same page.
#[expect(clippy::arithmetic_side_effects, reason = "numbers of at most four digits")]
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - (month <= 2) as i64;
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_they_are_written() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_799_625_600 + 3_661, "2027-01-11T01:01:01Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (-62_167_219_200, "0000-01-01T00:00:00Z"),
        ] {
            assert_eq!(Instant(seconds).to_text().as_deref(), Some(text));
            assert_eq!(Instant::parse(text), Some(Instant(seconds)));
        }
        for day in (-719_528..2_932_896).step_by(97) {
            let instant = Instant(day * DAY + 12_345);
            assert_eq!(Instant::parse(&instant.to_text().unwrap()), Some(instant));
        }
    }

    #[test]
    fn nothing_else_is_an_instant() {
        for text in [
            "",
            "2027-01-11",
            "2027-01-11T00:00:00",
            "2027-01-11t00:00:00z",
            "2027-01-11 00:00:00Z",
            "2027-01-11T00:00:00+00:00",
            "2027-01-11T00:00:00.0Z",
            "2027-02-29T00:00:00Z",
            "2027-13-01T00:00:00Z",
            "2027-00-01T00:00:00Z",
            "2027-01-00T00:00:00Z",
            "2027-01-11T24:00:00Z",
            "2027-01-11T00:60:00Z",
            "+027-01-11T00:00:00Z",
            "2027-01-11T00:00:00Zz",
            "２０27-01-11T00:00:00Z",
        ] {
            assert_eq!(Instant::parse(text), None, "{text}");
        }
        assert_eq!([i64::MIN, i64::MAX, 253_402_300_800].map(|seconds| Instant(seconds).to_text()), [None, None, None]);
    }
}
