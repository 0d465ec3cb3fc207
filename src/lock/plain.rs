//! Locks just as `allot allocate` writes them, read line by line: a catalogue keeps all that ever ran, and to read those as
//! TOML would be much of all the work there is.
//!
//! A text that differs from that form in the least is left to the TOML reader, which also has the words for what is wrong.

use std::ops::Range;

use jiff::civil::Date;

use super::codec::{HEADER, SEAL, Steps, Variants};
use super::{Lock, Step};
use crate::bucket::{BucketSet, MAX_BUCKETS};
use crate::decl::Day;

/// A lock as written, with its seal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plain {
    pub lock: Lock,
    /// The digest that it is sealed with.
    pub seal: String,
    /// The bytes of the digest, and of the first step's buckets.
    pub seal_at: Range<usize>,
    pub steps_at: Range<usize>,
}

/// Reads a lock that is just as it was written.
pub(super) fn read(id: &str, text: &str) -> Option<Plain> {
    let mut lines = Lines { text, rest: text };
    lines.eat(HEADER)?;
    lines.eat("version = 1\n")?;
    let surface = lines.of("surface", Lines::string)?.to_owned();
    let flag = lines.of("flag", Lines::string)?.to_owned();
    let phase = lines.of("phase", Lines::number)?.max(1);
    let began = lines.of("began", |lines| lines.list(Lines::day))?;
    let start = lines.of("start", Lines::day)?;
    let days = lines.maybe("days", Lines::number)?;
    let components = lines.of("components", |lines| lines.list(Lines::string))?;
    lines.eat("\n")?;
    let unit = lines.of("unit", Lines::string)?.to_owned();
    let scheme = lines.of("scheme", Lines::string)?.to_owned();
    let grid = lines.of("grid", Lines::number)?;
    let buckets = lines.of("buckets", Lines::number).filter(|buckets| (1..=MAX_BUCKETS).contains(buckets))?;
    let salt = lines.of("salt", Lines::string)?.to_owned();
    let segment = lines.maybe("segment", Lines::string)?.map(str::to_owned);
    let plan = lines.of("plan", Lines::string)?.to_owned();
    lines.eat("\n[variants]\n")?;
    let variants = lines.variants()?;
    let (steps, steps_at) = lines.steps(buckets)?;
    lines.eat(SEAL)?;
    lines.eat("digest = ")?;
    let seal_from = lines.at();
    let seal = lines.string()?.to_owned();
    let seal_at = seal_from..lines.at();
    lines.eat("\n")?;
    let components = components.into_iter().map(str::to_owned).collect();
    let id = id.to_owned();
    let lock = Lock {
        id,
        surface,
        flag,
        phase,
        began,
        start,
        days,
        components,
        unit,
        scheme,
        grid,
        buckets,
        salt,
        segment,
        plan,
        variants,
        steps,
    };
    lines.rest.is_empty().then_some(Plain { lock, seal, seal_at, steps_at })
}

/// What is left of a text.
struct Lines<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Lines<'a> {
    fn at(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    fn eat(&mut self, wanted: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(wanted)?;
        Some(())
    }

    /// The value of a key, on a line of its own.
    fn of<T>(&mut self, key: &str, value: impl Fn(&mut Self) -> Option<T>) -> Option<T> {
        self.eat(key)?;
        self.eat(" = ")?;
        let value = value(self)?;
        self.eat("\n")?;
        Some(value)
    }

    /// The value of a key that may be absent.
    #[expect(clippy::option_option, reason = "the outer one says whether the text is as it was written")]
    fn maybe<T>(&mut self, key: &str, value: impl Fn(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.rest.starts_with(key) { self.of(key, value).map(Some) } else { Some(None) }
    }

    /// A string of printable ASCII that needs no escape.
    fn string(&mut self) -> Option<&'a str> {
        self.eat("\"")?;
        let (string, rest) = self.rest.split_once('"')?;
        self.rest = rest;
        string.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'\\').then_some(string)
    }

    /// A whole number without a sign and needless zeros.
    fn number(&mut self) -> Option<u32> {
        let end = self.rest.bytes().position(|byte| !byte.is_ascii_digit())?;
        let (digits, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        if digits.len() > 1 && digits.starts_with('0') { None } else { digits.parse().ok() }
    }

    fn day(&mut self) -> Option<Day> {
        let (date, rest) = self.rest.split_at_checked(10)?;
        self.rest = rest;
        let mut parts = date.split('-');
        let mut part = |length: usize| {
            parts.next().filter(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let (year, month, day) = (part(4)?.parse().ok()?, part(2)?.parse().ok()?, part(2)?.parse().ok()?);
        let day = Day::of(Date::new(year, month, day).ok()?);
        (Day::FIRST..=Day::LAST).contains(&day).then_some(day)
    }

    /// A list on one line.
    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.eat("[")?;
        let mut items = Vec::new();
        while self.eat("]").is_none() {
            if !items.is_empty() {
                self.eat(", ")?;
            }
            items.push(item(self)?);
        }
        Some(items)
    }

    fn variants(&mut self) -> Option<Vec<(String, Range<u32>)>> {
        let mut variants = Variants::default();
        while !self.rest.starts_with('\n') {
            let (id, rest) = self.rest.split_once(" = [")?;
            let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            if id.is_empty() || !id.bytes().all(bare) || variants.0.iter().any(|(other, _)| other == id) {
                return None;
            }
            self.rest = rest;
            let start = self.number()?;
            self.eat(", ")?;
            let end = self.number()?;
            self.eat("]\n")?;
            variants.follow(id, start, end).then_some(())?;
        }
        variants.whole()
    }

    /// The steps, of which there is at least one, and the place of the first one's buckets.
    fn steps(&mut self, buckets: u32) -> Option<(Vec<Step>, Range<usize>)> {
        let mut steps = Steps::of(buckets);
        let mut first = None;
        while self.eat("\n[[steps]]\n").is_some() {
            let after = self.of("after", Self::number)?;
            let total = self.of("buckets", Self::number)?;
            self.eat("adds = ")?;
            let from = self.at();
            let adds = self.buckets(buckets)?;
            first.get_or_insert(from..self.at());
            self.eat("\n")?;
            steps.follow(after, total, adds).then_some(())?;
        }
        Some((steps.list, first?))
    }

    /// Runs of buckets, on one line or on many.
    fn buckets(&mut self, size: u32) -> Option<BucketSet> {
        if self.eat("[\n").is_none() {
            let lines = self.list(Self::string)?;
            return match lines.as_slice() {
                [] => Some(BucketSet::with_size(size)),
                [only] => BucketSet::parse(only, size).ok(),
                _ => None,
            };
        }
        let mut runs = String::new();
        while self.eat("]").is_none() {
            self.eat("    ")?;
            if !runs.is_empty() {
                runs.push(' ');
            }
            runs.push_str(self.string().filter(|line| !line.is_empty())?);
            self.eat(",\n")?;
        }
        BucketSet::parse(&runs, size).ok()
    }
}
