//! What an evaluation tells whoever watches it; nobody does, unless an explanation is wanted.

use super::AttributeValue;
use crate::artifact::{Flag, Preview, Test};

/// Something that was found out on the way to an assignment.
#[derive(Clone, Copy)]
pub(super) enum Event<'a> {
    UnknownFlag,
    /// The unit's id is empty or too long or, where `hashed` is false, the surface's buckets do not divide its grid.
    NoUnit {
        hashed: bool,
    },
    Bucket {
        bucket: u32,
        of: u32,
    },
    /// A preview whose segment is tested next.
    Preview(&'a Preview),
    Holdout(bool),
    /// Which of the flag's claims owns the bucket now, if any.
    Owner {
        flag: &'a Flag,
        owner: Option<usize>,
        bucket: u32,
        now: i64,
    },
    /// A rule, counted from one, whose segment is tested next.
    Rule(usize),
    Test {
        test: &'a Test,
        value: Option<AttributeValue<'a>>,
        passed: bool,
    },
    /// A segment, after its tests.
    Segment {
        id: &'a str,
        holds: bool,
    },
    /// A segment that is not there or cannot be evaluated.
    UnusableSegment,
    /// The cell of a claim of the flag, and the variant that it picks.
    Variant {
        flag: &'a Flag,
        claim: usize,
        cell: u32,
        variant: Option<&'a str>,
    },
    Default,
}

/// Watches an evaluation.
pub(super) trait Visitor {
    /// Called for each event, in order.
    fn visit(&mut self, event: Event<'_>);
}

/// Nobody watching; the compiler leaves nothing of it.
pub(super) struct Silent;

impl Visitor for Silent {
    #[inline(always)]
    fn visit(&mut self, _: Event<'_>) {}
}
