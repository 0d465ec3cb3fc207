//! Locks as text and back.

use std::fmt::Write;
use std::ops::Range;

use super::digest::digest;
use super::shape::{LockFile, StepFile};
use super::{Lock, Step};
use crate::bucket::{BucketSet, MAX_BUCKETS, VARIANT_GRID};
use crate::decl::{At, quoted};
use crate::diag::Diagnostic;
use crate::source::Span;

/// How wide lines of buckets are.
const WIDTH: usize = 100;
pub(super) const HEADER: &str = "# Allotted by `allot allocate`: review it, do not edit it.\n";
pub(super) const SEAL: &str = "\n[seal]\n";

/// The lock's path for the path of a declaration.
#[must_use]
pub fn path_of_lock(declaration: &str) -> String {
    format!("{}.lock", declaration.strip_suffix(".toml").unwrap_or(declaration))
}

/// A lock's text and its digest.
#[must_use]
pub fn lock_text(lock: &Lock) -> (String, String) {
    let mut text = String::from(HEADER);
    let line = |text: &mut String, key: &str, value: &dyn std::fmt::Display| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{key} = {value}");
    };
    line(&mut text, "version", &1);
    line(&mut text, "surface", &quoted(&lock.surface));
    line(&mut text, "flag", &quoted(&lock.flag));
    line(&mut text, "phase", &lock.phase);
    line(&mut text, "began", &list(lock.began.iter().map(ToString::to_string)));
    line(&mut text, "start", &lock.start);
    if let Some(days) = lock.days {
        line(&mut text, "days", &days);
    }
    line(&mut text, "components", &list(lock.components.iter().map(|component| quoted(component))));
    text.push('\n');
    line(&mut text, "unit", &quoted(&lock.unit));
    line(&mut text, "scheme", &quoted(&lock.scheme));
    line(&mut text, "grid", &lock.grid);
    line(&mut text, "buckets", &lock.buckets);
    line(&mut text, "salt", &quoted(&lock.salt));
    if let Some(segment) = &lock.segment {
        line(&mut text, "segment", &quoted(segment));
    }
    line(&mut text, "plan", &quoted(&lock.plan));
    text.push_str("\n[variants]\n");
    for (id, range) in &lock.variants {
        line(&mut text, id, &format!("[{}, {}]", range.start, range.end));
    }
    let mut total = 0;
    for step in &lock.steps {
        total += step.adds.len();
        text.push_str("\n[[steps]]\n");
        line(&mut text, "after", &step.after);
        line(&mut text, "buckets", &total);
        line(&mut text, "adds", &runs(&step.adds));
    }
    let seal = digest("allotment lock", &[&text]);
    text.push_str(SEAL);
    line(&mut text, "digest", &quoted(&seal));
    (text, seal)
}

/// The digest that a text should be sealed with: over every byte before the seal, whatever its line ends.
#[must_use]
pub fn seal_of(text: &str) -> Option<String> {
    let text = if text.contains('\r') { text.replace("\r\n", "\n").into() } else { std::borrow::Cow::Borrowed(text) };
    let sealed = text.get(..text.rfind(SEAL)?)?;
    Some(digest("allotment lock", &[sealed]))
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// Runs of buckets, in lines that a reviewer can read and a diff can show.
pub(super) fn runs(set: &BucketSet) -> String {
    let text = set.to_string();
    if text.is_empty() {
        return "[]".to_owned();
    }
    let mut lines = vec![String::new()];
    for run in text.split(' ') {
        match lines.last_mut() {
            Some(line) if !line.is_empty() && line.len() + 1 + run.len() > WIDTH => lines.push(run.to_owned()),
            Some(line) => {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(run);
            }
            None => {}
        }
    }
    match lines.as_slice() {
        [single] => format!("[\"{single}\"]"),
        many => {
            let mut text = String::from("[\n");
            for line in many {
                let _ = writeln!(text, "    \"{line}\",");
            }
            text.push(']');
            text
        }
    }
}

/// Reads lines of runs as one set.
pub(super) fn set(lines: &At<Vec<At<String>>>, size: u32) -> Result<BucketSet, Box<Diagnostic>> {
    let parse = |text: &str, span: Span| {
        BucketSet::parse(text, size).map_err(|wrong| tampered(span, format!("these are no buckets of {size}: {wrong}")))
    };
    match lines.value.as_slice() {
        [single] => parse(single, single.span),
        many => parse(&many.iter().map(|line| line.value.as_str()).collect::<Vec<_>>().join(" "), lines.span),
    }
}

/// A lock or a ledger that a newer tool has written.
pub(super) fn newer(span: Span) -> Box<Diagnostic> {
    let tool = env!("CARGO_PKG_VERSION");
    Box::new(Diagnostic::new("unsupported-version", span, format!("allot {tool} reads locks of version 1")))
}

fn tampered(span: Span, message: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::new("tampered-lock", span, message))
}

/// Steps as they are read, one after another.
pub(super) struct Steps {
    pub list: Vec<Step>,
    held: BucketSet,
}

impl Steps {
    pub fn of(buckets: u32) -> Self {
        Self { list: Vec::new(), held: BucketSet::with_size(buckets) }
    }

    /// Adds a step, unless it is earlier than the one before, or what it adds does not make `total` buckets.
    pub fn follow(&mut self, after: u32, total: u32, adds: BucketSet) -> bool {
        let follows = self.held.len() + adds.len() == total
            && self.held.is_disjoint(&adds)
            && self.list.last().is_none_or(|last| last.after <= after);
        if follows {
            self.held.union_with(&adds);
            self.list.push(Step { after, adds });
        }
        follows
    }
}

/// The ranges of variants as they are read, one after another.
#[derive(Default)]
pub(super) struct Variants(pub Vec<(String, Range<u32>)>);

impl Variants {
    fn next(&self) -> u32 {
        self.0.last().map_or(0, |(_, range)| range.end)
    }

    /// Adds a range, if it begins where the one before ends.
    pub fn follow(&mut self, id: &str, start: u32, end: u32) -> bool {
        let follows = start == self.next() && end >= start;
        if follows {
            self.0.push((id.to_owned(), start..end));
        }
        follows
    }

    /// The ranges, if they cover the grid.
    pub fn whole(self) -> Option<Vec<(String, Range<u32>)>> {
        (self.next() == VARIANT_GRID).then_some(self.0)
    }
}

/// The lock that a file holds; what contradicts itself is a finding.
pub(super) fn decode(id: &str, file: &LockFile, top: Span) -> Result<Lock, Box<Diagnostic>> {
    let incomplete = || tampered(top, "this lock is incomplete");
    let text = |field: &Option<At<String>>| field.as_ref().map(|at| at.value.clone()).ok_or_else(incomplete);
    let number = |field: &Option<At<u32>>| field.as_ref().map(|at| at.value).ok_or_else(incomplete);
    if let Some(version) = file.version.as_ref().filter(|version| version.value != 1) {
        return Err(newer(version.span));
    }
    let buckets = number(&file.buckets)?;
    if buckets == 0 || buckets > MAX_BUCKETS {
        let span = file.buckets.as_ref().map_or(top, |at| at.span);
        return Err(tampered(span, format!("a surface has 1 to {MAX_BUCKETS} buckets")));
    }
    let mut steps = Steps::of(buckets);
    for step in &file.steps.as_ref().ok_or_else(incomplete)?.value {
        let StepFile { after, buckets: total, adds, .. } = &step.value;
        let (after, total) = (number(after)?, number(total)?);
        let adds = set(adds.as_ref().ok_or_else(incomplete)?, buckets)?;
        if !steps.follow(after, total, adds) {
            return Err(tampered(step.span, "steps must follow each other and add new buckets only"));
        }
    }
    let mut variants = Variants::default();
    for (id, range) in file.variants.as_ref().ok_or_else(incomplete)?.iter() {
        match range.value.as_slice() {
            [start, end] if variants.follow(&id.value, start.value, end.value) => {}
            _ => return Err(tampered(range.span, "variant ranges must follow each other")),
        }
    }
    let variants = variants.whole().ok_or_else(|| {
        let span = file.variants.as_ref().map_or(top, |at| at.span);
        tampered(span, "variant ranges must cover 0 to 10,000")
    })?;
    Ok(Lock {
        id: id.to_owned(),
        surface: text(&file.surface)?,
        flag: text(&file.flag)?,
        phase: number(&file.phase)?.max(1),
        began: file.began.as_ref().ok_or_else(incomplete)?.iter().map(|day| day.value).collect(),
        start: file.start.as_ref().ok_or_else(incomplete)?.value,
        days: file.days.as_ref().map(|days| days.value),
        components: file.components.as_ref().ok_or_else(incomplete)?.iter().map(|part| part.value.clone()).collect(),
        unit: text(&file.unit)?,
        scheme: text(&file.scheme)?,
        grid: number(&file.grid)?,
        buckets,
        salt: text(&file.salt)?,
        segment: file.segment.as_ref().map(|segment| segment.value.clone()),
        plan: text(&file.plan)?,
        variants,
        steps: steps.list,
    })
}
