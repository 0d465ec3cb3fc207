//! Days: whole UTC days, so that no one wonders whether an end is inclusive.

use std::fmt;

use jiff::civil::Date;

/// A day, counted from 1970-01-01; it begins at 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

/// Seconds in a day; UTC days have no other length here.
const SECONDS: i64 = 86_400;

impl Day {
    /// The first day that a catalogue may name.
    pub const FIRST: Self = Self(10_957); // 2000-01-01
    /// The last day that a catalogue may name; windows that start on it stay far from any overflow.
    pub const LAST: Self = Self(84_005); // 2199-12-31

    /// The day of a calendar date.
    #[must_use]
    pub fn of(date: Date) -> Self {
        let epoch = Date::constant(1970, 1, 1);
        Self(epoch.until(date).map_or(i32::MAX, |span| span.get_days()))
    }

    /// The day that contains an instant, in seconds since 1970.
    #[must_use]
    pub fn containing(seconds: i64) -> Self {
        Self(i32::try_from(seconds.div_euclid(SECONDS)).unwrap_or(if seconds < 0 { i32::MIN } else { i32::MAX }))
    }

    /// Its first instant, in seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> i64 {
        i64::from(self.0) * SECONDS
    }

    /// The day so many days later; it stops at the end of time.
    #[must_use]
    pub fn plus(self, days: u32) -> Self {
        Self(self.0.saturating_add_unsigned(days))
    }

    /// How many days lie between an earlier day and this one; none if it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> u32 {
        u32::try_from(i64::from(self.0) - i64::from(earlier.0)).unwrap_or(0)
    }

    /// Its calendar date.
    #[must_use]
    pub fn date(self) -> Option<Date> {
        Date::constant(1970, 1, 1).checked_add(jiff::Span::new().try_days(self.0).ok()?).ok()
    }
}

impl fmt::Display for Day {
    /// The ISO date, `2027-01-11`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date() {
            Some(date) => write!(f, "{date}"),
            None => write!(f, "day {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Day;
    use jiff::civil::date;

    #[test]
    fn days_are_dates_and_back() {
        assert_eq!(Day::of(date(2000, 1, 1)), Day::FIRST);
        assert_eq!(Day::of(date(2199, 12, 31)), Day::LAST);
        assert_eq!(Day::of(date(2027, 1, 11)).plus(28).to_string(), "2027-02-08");
        assert_eq!(Day::containing(Day::FIRST.seconds() - 1), Day(Day::FIRST.0 - 1));
        assert_eq!(Day(i32::MAX).plus(9), Day(i32::MAX));
    }
}
