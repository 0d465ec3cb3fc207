//! An explanation: each step of an evaluation in words.

use super::visit::{Event, Visitor};
use super::{Assignment, AttributeValue};
use crate::artifact::{Claim, ClaimKind, Flag, Operand, Predicate, Test, civil, sdks};
use crate::bucket::{Scheme, VARIANT_GRID};
use std::fmt;

/// An assignment with the steps that led to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation<'a> {
    /// What the unit gets.
    pub assignment: Assignment<'a>,
    /// One sentence each, in the order in which they were found out.
    pub steps: Vec<String>,
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

/// Writes down what an evaluation tells.
pub(super) struct Recorder {
    scheme: Scheme,
    unit_bytes: usize,
    steps: Vec<String>,
    /// What the next segment is tested for, and its tests so far.
    wanted: String,
    passed: Vec<String>,
    failed: Vec<String>,
}

impl Recorder {
    /// Of an evaluation for a unit of a surface with this scheme.
    pub(super) const fn of(scheme: Scheme, unit: &str) -> Self {
        Self {
            scheme,
            unit_bytes: unit.len(),
            steps: Vec::new(),
            wanted: String::new(),
            passed: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Why a unit has no bucket.
    fn unplaced(&mut self) {
        match self.scheme.max_unit().filter(|_| self.unit_bytes > 0) {
            None => self.say("the unit's id is empty"),
            Some(most) => self.say(format!(
                "the unit's id has {} bytes, and {} take no more than {most}",
                thousands(u32::try_from(self.unit_bytes).unwrap_or(u32::MAX)),
                sdks(self.scheme)
            )),
        }
    }

    pub(super) fn explain(self, assignment: Assignment<'_>) -> Explanation<'_> {
        Explanation { assignment, steps: self.steps }
    }

    fn say(&mut self, step: impl Into<String>) {
        self.steps.push(step.into());
    }

    fn segment(&mut self, id: &str, holds: bool) {
        let passed = std::mem::take(&mut self.passed);
        let failed = std::mem::take(&mut self.failed);
        let wanted = std::mem::take(&mut self.wanted);
        // Where no test failed and yet the segment does not hold, what passed was to be otherwise.
        let tests = if holds || failed.is_empty() { passed } else { failed };
        let verdict = if holds { "yes" } else { "no" };
        let why = if tests.is_empty() { String::new() } else { format!(", {}", tests.join(", ")) };
        self.say(format!("{wanted}segment {id}: {verdict}{why}"));
    }

    fn owner(&mut self, flag: &Flag, owner: Option<usize>, bucket: u32, now: i64) {
        for (index, claim) in flag.claims.iter().enumerate() {
            let name = name(claim);
            if owner == Some(index) {
                self.say(format!("{name}: owns bucket {}", thousands(bucket)));
            } else {
                self.say(format!("{name}: {}", standing(claim, bucket, now)));
            }
        }
    }
}

impl Visitor for Recorder {
    fn visit(&mut self, event: Event<'_>) {
        match event {
            Event::UnknownFlag => self.say("no such flag"),
            Event::NoUnit { hashed: true } => self.unplaced(),
            Event::NoUnit { hashed: false } => self.say("the surface's buckets do not divide its grid"),
            Event::Bucket { bucket, of } => {
                let (bucket, of) = (thousands(bucket), thousands(of));
                self.say(format!("bucket {bucket} of {of}"));
            }
            Event::Preview(preview) => self.wanted = format!("preview of {}: ", preview.experiment),
            Event::Holdout(true) => self.say("holdout: yes, no experiment and no rollout"),
            Event::Holdout(false) => self.say("holdout: no"),
            Event::Owner { flag, owner, bucket, now } => self.owner(flag, owner, bucket, now),
            Event::Rule(number) => self.wanted = format!("rule {number}: "),
            Event::Test { test, value, passed: true } => self.passed.push(tested(test, value, true)),
            Event::Test { test, value, passed: false } => self.failed.push(tested(test, value, false)),
            Event::Segment { id, holds } => self.segment(id, holds),
            Event::UnusableSegment => self.say("a segment that cannot be evaluated: no"),
            Event::Variant { flag, claim, cell, variant } => {
                let variant = variant.map_or("no variant".to_owned(), |id| format!("variant {id}"));
                let (cell, of) = (thousands(cell), thousands(VARIANT_GRID));
                let name = flag.claims.get(claim).map(name).unwrap_or_default();
                self.say(format!("{name}: cell {cell} of {of}, {variant}"));
            }
            Event::Default => self.say("the flag's default"),
        }
    }
}

fn name(claim: &Claim) -> String {
    let kind = match claim.kind {
        ClaimKind::Experiment => "experiment",
        ClaimKind::Rollout => "rollout",
    };
    format!("{kind} {}", claim.key)
}

/// Why a claim does not own a bucket now.
fn standing(claim: &Claim, bucket: u32, now: i64) -> String {
    let start = Day(claim.start);
    match claim.end {
        Some(end) if now < claim.start || end <= now => {
            return format!("not in its window, {start} to {}", Day(end));
        }
        None if now < claim.start => return format!("not in its window, from {start}"),
        _ => {}
    }
    let later = claim.steps.iter().find(|step| step.buckets.contains(bucket));
    let bucket = thousands(bucket);
    match later {
        Some(step) if now < step.from => {
            format!("does not own bucket {bucket} until {}", Day(step.from))
        }
        Some(_) => format!("does not own bucket {bucket} alone"),
        None => format!("does not own bucket {bucket}"),
    }
}

/// A test and how it came out, such as `country is "DE", not one of "DK", "FI"`.
fn tested(test: &Test, value: Option<AttributeValue<'_>>, passed: bool) -> String {
    let attribute = &test.attribute;
    let is = match value {
        None => format!("{attribute} is missing"),
        Some(AttributeValue::Text(value)) => format!("{attribute} is {value:?}"),
        Some(AttributeValue::Number(value)) => format!("{attribute} is {value}"),
        Some(AttributeValue::Boolean(value)) => format!("{attribute} is {value}"),
    };
    if passed || value.is_none() {
        return is;
    }
    let wanted = match &test.predicate {
        Predicate::Equals(operand) => operand_text(operand),
        Predicate::In(operands) => format!("one of {}", operand_list(operands)),
        Predicate::AtLeast(operand) => format!("at least {}", operand_text(operand)),
        Predicate::AtMost(operand) => format!("at most {}", operand_text(operand)),
        Predicate::Above(operand) => format!("above {}", operand_text(operand)),
        Predicate::Below(operand) => format!("below {}", operand_text(operand)),
        Predicate::Exists(true) => "of its type".to_owned(),
        Predicate::Exists(false) => "missing".to_owned(),
        Predicate::StartsWith(part) => format!("a text that starts with {part:?}"),
        Predicate::Contains(part) => format!("a text that contains {part:?}"),
    };
    format!("{is}, not {wanted}")
}

fn operand_text(operand: &Operand) -> String {
    match operand {
        Operand::Text(text) => format!("{text:?}"),
        Operand::Number(number) => number.to_string(),
        Operand::Boolean(is) => is.to_string(),
    }
}

/// The first values of a list.
fn operand_list(operands: &[Operand]) -> String {
    const SHOWN: usize = 5;
    let mut list: Vec<String> = operands.iter().take(SHOWN).map(operand_text).collect();
    if operands.len() > SHOWN {
        list.push("…".to_owned());
    }
    list.join(", ")
}

/// A number with commas between thousands.
fn thousands(number: u32) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (digit, left) in digits.chars().zip((0..digits.len()).rev()) {
        grouped.push(digit);
        if left > 0 && left.is_multiple_of(3) {
            grouped.push(',');
        }
    }
    grouped
}

/// An instant in Unix seconds as its day in UTC, with the time where it is not midnight.
struct Day(i64);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: i64 = 86_400;
        let (days, seconds) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        write!(f, "{year:04}-{month:02}-{day:02}")?;
        if seconds != 0 {
            write!(f, " {:02}:{:02}", seconds / 3_600, seconds / 60 % 60)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_days_read_well() {
        assert_eq!([0, 999, 1_000, 10_000, 1_234_567].map(thousands), ["0", "999", "1,000", "10,000", "1,234,567"]);
        for (seconds, day) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31 23:59"),
            (951_782_400, "2000-02-29"),
            (1_799_625_600, "2027-01-11"),
            (1_799_625_600 + 3_660, "2027-01-11 01:01"),
        ] {
            assert_eq!(Day(seconds).to_string(), day);
        }
        let _ = [i64::MIN, i64::MAX].map(|seconds| Day(seconds).to_string());
    }
}
