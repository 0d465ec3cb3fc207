//! Bucket sets as people review them: runs such as `0-3 17 29-31`.

use super::{BucketSet, MAX_BUCKETS};
use std::fmt;

impl fmt::Display for BucketSet {
    /// Runs with inclusive ends, ascending, parted by one space; the empty set is the empty text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        for run in self.runs() {
            let last = run.end.saturating_sub(1);
            f.write_str(gap)?;
            if run.start == last {
                write!(f, "{last}")?;
            } else {
                write!(f, "{}-{last}", run.start)?;
            }
            gap = " ";
        }
        Ok(())
    }
}

/// Where and why a text is not the run notation of a bucket set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Byte offset in the text of the number or character at fault.
    pub offset: usize,
    /// What is wrong there.
    pub kind: ParseErrorKind,
}

/// What can be wrong in run notation. The notation is canonical: one set has one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// There are more buckets than any grid has cells.
    TooLarge,
    /// A number was expected.
    ExpectedNumber,
    /// A number starts with a needless zero.
    LeadingZero,
    /// Runs are parted by exactly one space.
    ExpectedSpace,
    /// The bucket is not below the number of buckets.
    OutOfRange,
    /// The bucket was named before, or comes after a larger one.
    NotAscending,
    /// The run continues the one before it, or ends at or before its start.
    NotMaximal,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ParseErrorKind::TooLarge => "more than 1,000,000 buckets",
            ParseErrorKind::ExpectedNumber => "expected a bucket number",
            ParseErrorKind::LeadingZero => "bucket number with a leading zero",
            ParseErrorKind::ExpectedSpace => "expected one space between runs",
            ParseErrorKind::OutOfRange => "bucket outside the surface's buckets",
            ParseErrorKind::NotAscending => "bucket out of order, or named twice",
            ParseErrorKind::NotMaximal => "run that is not written in its shortest form",
        })
    }
}

impl std::error::Error for ParseError {}

impl BucketSet {
    /// Reads run notation for a set of `size` buckets; only the text that `Display` writes is accepted.
    ///
    /// # Errors
    /// The first byte offset at which the text is not canonical, and why.
    pub fn parse(text: &str, size: u32) -> Result<Self, ParseError> {
        let mut reader = Reader { text: text.as_bytes(), at: 0 };
        if size > MAX_BUCKETS {
            return Err(reader.fault(ParseErrorKind::TooLarge));
        }
        let mut set = Self::with_size(size);
        // The first bucket that may come next, and whether it would touch the run before.
        let mut next = 0;
        while reader.peek().is_some() {
            if next > 0 {
                reader.expect(b' ', ParseErrorKind::ExpectedSpace)?;
            }
            let at = reader.at;
            let first = reader.number(size)?;
            if first < next {
                return Err(ParseError { offset: at, kind: ParseErrorKind::NotAscending });
            }
            if next > 0 && first == next {
                return Err(ParseError { offset: at, kind: ParseErrorKind::NotMaximal });
            }
            let mut last = first;
            if reader.peek() == Some(b'-') {
                reader.at = reader.at.saturating_add(1);
                let at = reader.at;
                last = reader.number(size)?;
                if last <= first {
                    return Err(ParseError { offset: at, kind: ParseErrorKind::NotMaximal });
                }
            }
            next = last.saturating_add(1);
            set.insert_run(first..next);
        }
        Ok(set)
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn fault(&self, kind: ParseErrorKind) -> ParseError {
        ParseError { offset: self.at, kind }
    }

    fn expect(&mut self, byte: u8, otherwise: ParseErrorKind) -> Result<(), ParseError> {
        if self.peek() != Some(byte) {
            return Err(self.fault(otherwise));
        }
        self.at = self.at.saturating_add(1);
        Ok(())
    }

    fn number(&mut self, size: u32) -> Result<u32, ParseError> {
        let start = self.at;
        let at_start = |kind| ParseError { offset: start, kind };
        let mut number = 0_u32;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            // Saturation keeps an absurd number out of range however long it is.
            number = number.saturating_mul(10).saturating_add(u32::from(digit & 0x0f));
            self.at = self.at.saturating_add(1);
        }
        let digits = self.at.saturating_sub(start);
        if digits == 0 {
            return Err(at_start(ParseErrorKind::ExpectedNumber));
        }
        if digits > 1 && self.text.get(start) == Some(&b'0') {
            return Err(at_start(ParseErrorKind::LeadingZero));
        }
        if number >= size {
            return Err(at_start(ParseErrorKind::OutOfRange));
        }
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::ParseErrorKind::*;
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["", "0", "31", "0-3 17 29-31", "0-31", "1 3 5-6"] {
            assert_eq!(BucketSet::parse(text, 32).unwrap().to_string(), text);
        }
        assert_eq!(BucketSet::parse("0-999999", MAX_BUCKETS).unwrap().len(), MAX_BUCKETS);
    }

    #[test]
    fn refuses_all_else_and_says_where() {
        for (text, offset, kind) in [
            (" ", 0, ExpectedNumber),
            ("1 ", 2, ExpectedNumber),
            ("1  3", 2, ExpectedNumber),
            (" 1", 0, ExpectedNumber),
            ("1,3", 1, ExpectedSpace),
            ("1-2-4", 3, ExpectedSpace),
            ("01", 0, LeadingZero),
            ("3 1", 2, NotAscending),
            ("3 3", 2, NotAscending),
            ("0-4 2-6", 4, NotAscending),
            ("1 2", 2, NotMaximal),
            ("0-3 4", 4, NotMaximal),
            ("5-5", 2, NotMaximal),
            ("5-4", 2, NotMaximal),
            ("32", 0, OutOfRange),
            ("0-32", 2, OutOfRange),
            ("99999999999999999999", 0, OutOfRange),
            ("0-", 2, ExpectedNumber),
            ("-1", 0, ExpectedNumber),
            ("٣", 0, ExpectedNumber),
            ("1\n", 1, ExpectedSpace),
        ] {
            assert_eq!(BucketSet::parse(text, 32), Err(ParseError { offset, kind }), "{text:?}");
        }
        assert_eq!(BucketSet::parse("", MAX_BUCKETS + 1).unwrap_err().kind, TooLarge);
    }

    proptest::proptest! {
        #[test]
        fn every_set_comes_back(buckets in proptest::collection::btree_set(0_u32..500, 0..300)) {
            let mut set = BucketSet::with_size(500);
            for bucket in buckets {
                set.insert(bucket);
            }
            assert_eq!(BucketSet::parse(&set.to_string(), 500), Ok(set));
        }

        #[test]
        fn any_text_that_is_accepted_is_canonical(text in "[0-9 -]{0,24}") {
            if let Ok(set) = BucketSet::parse(&text, 1_000) {
                assert_eq!(set.to_string(), text);
            }
        }
    }
}
