//! Claims: experiments and rollouts, what they take, where and when.

use std::sync::Arc;

use super::arena::{Identified, Ix};
use super::ground::{Flag, Segment, Surface};
use super::measure::Tracked;
use crate::decl::{self, At, Day, Share, Stage, Waiver};
use crate::source::{FileId, Span};

/// Whether a claim is an experiment or a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimKind {
    Experiment,
    Rollout,
}

impl ClaimKind {
    /// The word that users see.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Experiment => "experiment",
            Self::Rollout => "rollout",
        }
    }
}

/// The declaration behind a claim.
#[derive(Debug, Clone)]
pub enum Written {
    Experiment(Arc<decl::Experiment>),
    Rollout(Arc<decl::Rollout>),
}

/// Days on which a claim holds its buckets: from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    pub start: Day,
    /// None lasts until a decision.
    pub end: Option<Day>,
}

impl Window {
    /// Whether two windows share a day.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let ends_after = |end: Option<Day>, start: Day| end.is_none_or(|end| end > start);
        !self.is_empty() && !other.is_empty() && ends_after(self.end, other.start) && ends_after(other.end, self.start)
    }

    /// Whether it has no day at all, as when a decision came before the start.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.end.is_some_and(|end| end <= self.start)
    }

    /// Whether a day lies in it.
    #[must_use]
    pub fn contains(self, day: Day) -> bool {
        self.phase(day) == Phase::Live
    }

    /// Where a day lies.
    #[must_use]
    pub fn phase(self, day: Day) -> Phase {
        if self.end.is_some_and(|end| day >= end) {
            Phase::Over
        } else if day < self.start {
            Phase::Ahead
        } else {
            Phase::Live
        }
    }
}

/// Where a day lies in respect of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Ahead,
    Live,
    Over,
}

/// A share from some day of the window on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Days after the start.
    pub after: u32,
    pub share: Share,
}

/// A variant.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    pub id: String,
    pub value: serde_json::Value,
    /// Its weight, in any unit common to the claim's variants.
    pub weight: u32,
}

/// All that allocation needs of a claim; there only if it is complete and sound.
#[derive(Debug, Clone)]
pub struct Intent {
    pub surface: Ix<Surface>,
    pub flag: Ix<Flag>,
    /// Claimed components, sorted; `*` alone is all of them.
    pub components: Vec<String>,
    pub window: Window,
    /// Shares, growing; the last is the full one. None for a pause.
    pub steps: Vec<Step>,
    /// Whether `traffic = "0%"` pauses it.
    pub paused: bool,
    pub phase: u32,
    pub segment: Option<Ix<Segment>>,
    /// Variants in the order in which they are written, `control` included.
    pub variants: Vec<Variant>,
}

/// An experiment or a rollout.
#[derive(Debug, Clone)]
pub struct Claim {
    pub id: String,
    pub file: FileId,
    pub kind: ClaimKind,
    pub written: Written,
    /// A rollout ships until it is decided.
    pub stage: Option<Stage>,
    pub surface: Option<Ix<Surface>>,
    pub flag: Option<Ix<Flag>>,
    pub segment: Option<Ix<Segment>>,
    pub window: Option<Window>,
    pub phase: u32,
    pub variants: Vec<Variant>,
    pub tracked: Vec<Tracked>,
    /// Of stage `ship` or `tweak` only.
    pub intent: Option<Intent>,
}

impl Claim {
    /// The start of its file: where what is missing is reported.
    #[must_use]
    pub fn top(&self) -> Span {
        Span::top(self.file)
    }

    /// The experiment, if it is one.
    #[must_use]
    pub fn experiment(&self) -> Option<&decl::Experiment> {
        match &self.written {
            Written::Experiment(written) => Some(written),
            Written::Rollout(_) => None,
        }
    }

    /// The team that owns it.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        let owner = match &self.written {
            Written::Experiment(written) => &written.owner,
            Written::Rollout(written) => &written.owner,
        };
        owner.as_ref().map(|owner| owner.value.as_str())
    }

    /// The decision, if there is one.
    #[must_use]
    pub fn decision(&self) -> Option<&At<decl::Decision>> {
        match &self.written {
            Written::Experiment(written) => written.decision.as_ref(),
            Written::Rollout(written) => written.decision.as_ref(),
        }
    }

    /// Its waivers.
    #[must_use]
    pub fn waivers(&self) -> &[At<Waiver>] {
        let waive = match &self.written {
            Written::Experiment(written) => &written.waive,
            Written::Rollout(written) => &written.waive,
        };
        waive.as_ref().map_or(&[], |waive| &waive.value)
    }

    /// The place of the share it takes: `traffic`, or the steps of a rollout.
    #[must_use]
    pub fn traffic_span(&self) -> Span {
        let span = match &self.written {
            Written::Experiment(written) => written.traffic.as_ref().map(|traffic| traffic.span),
            Written::Rollout(written) => written.steps.as_ref().map(|steps| steps.span),
        };
        span.unwrap_or_else(|| self.top())
    }

    /// Its shares of the surface over time, growing, whatever stage it is in: empty for a pause, none where they are not
    /// written or shrink.
    #[must_use]
    pub fn steps(&self) -> Option<Vec<Step>> {
        super::intent::steps(&self.written)
    }

    /// Whether a share of nothing pauses it.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        let share = match &self.written {
            Written::Experiment(written) => written.traffic.as_ref().map(|traffic| traffic.value),
            Written::Rollout(written) => {
                let last = written.steps.as_ref().and_then(|steps| steps.value.last());
                last.and_then(|step| step.traffic.as_ref()).map(|traffic| traffic.value)
            }
        };
        share == Some(Share::NONE)
    }

    /// Whether its own part of its analysis plan could be read.
    pub(super) fn reads_plan(&self) -> bool {
        let (unread, guardrails) = match &self.written {
            Written::Experiment(written) => (&written.unread, &written.guardrails),
            Written::Rollout(written) => (&written.unread, &written.guardrails),
        };
        let own = self.experiment().is_none_or(|written| {
            let analysis = written.analysis.as_ref().is_none_or(|analysis| analysis.unread.is_empty());
            let success = written.success.as_ref();
            analysis && success.is_none_or(|success| success.reads(|metric| metric.unread.is_empty()))
        });
        let guarded = guardrails.as_ref().is_none_or(|guardrails| guardrails.reads(|metric| metric.unread.is_empty()));
        own && guarded && !["success", "guardrails", "analysis"].iter().any(|key| unread.contains(key))
    }

    /// The place of its audience.
    #[must_use]
    pub fn segment_span(&self) -> Span {
        let span = match &self.written {
            Written::Experiment(written) => written.segment.as_ref().map(|segment| segment.span),
            Written::Rollout(written) => written.segment.as_ref().map(|segment| segment.span),
        };
        span.unwrap_or_else(|| self.top())
    }

    /// The place of its first day.
    #[must_use]
    pub fn start_span(&self) -> Span {
        let span = match &self.written {
            Written::Experiment(written) => written.start.as_ref().map(|start| start.span),
            Written::Rollout(written) => written.start.as_ref().map(|start| start.span),
        };
        span.unwrap_or_else(|| self.top())
    }

    /// The id that exposures carry: `<id>` in phase 1 and `<id>.<phase>` after it.
    #[must_use]
    pub fn key(&self) -> String {
        match self.phase {
            0 | 1 => self.id.clone(),
            phase => format!("{}.{phase}", self.id),
        }
    }

    /// Whether it holds buckets on a day.
    #[must_use]
    pub fn live_on(&self, day: Day) -> bool {
        self.stage == Some(Stage::Ship) && self.window.is_some_and(|window| window.contains(day))
    }
}

impl Identified for Claim {
    fn id(&self) -> &str {
        &self.id
    }
}
