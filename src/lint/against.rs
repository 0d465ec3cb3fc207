//! What rules of the lifecycle look at: experiments that were running at the base, beside what they are now.

use crate::change::{self, Move, Pair, Side};
use crate::decl::{Day, Stage};
use crate::lock::{Lock, Refusal, Verdict};
use crate::model::{Claim, ClaimKind, Ix, Phase};

use super::Context;
use super::words::{counted, listed};

/// An experiment or a rollout that was launched at the base, and is not decided there, in the same phase.
pub(super) struct Running<'a> {
    pub base: &'a Context<'a>,
    pub old: &'a Claim,
    pub new: &'a Claim,
    pub lock: &'a Lock,
    pub standing: Standing,
    claims: Pair<Ix<Claim>>,
}

/// Where something that was launched stands on the day of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Live,
    Paused,
    /// Its days are over, and nobody has decided.
    Ended,
}

impl Standing {
    /// What it is, after its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "is live",
            Self::Paused => "is paused",
            Self::Ended => "awaits its decision",
        }
    }
}

impl Context<'_> {
    /// Those that are live at the base and go on without a new phase, and those that were over and are extended: whoever was in
    /// them then comes back.
    pub(super) fn running(&self) -> Vec<Running<'_>> {
        let mut running = self.launched();
        running.retain(|running| running.new.stage == Some(Stage::Ship) && running.serves(self.today));
        running
    }

    /// Those that were launched at the base and are not decided there: until then, the plan of their analysis holds.
    pub(super) fn launched(&self) -> Vec<Running<'_>> {
        let Some(base) = self.base.as_ref().map(|base| base.context.as_ref()) else { return Vec::new() };
        let all = base.catalogue.claims.iter().filter_map(|(before, old)| {
            let after = self.catalogue.claims.find(&old.id)?;
            let new = self.catalogue.claims.at(after);
            let lock = &base.locks.of(old.file)?.lock;
            let standing = match lock.window().phase(self.today) {
                Phase::Ahead => return None,
                Phase::Live if !old.live_on(self.today) => Standing::Ended,
                Phase::Live if old.is_paused() => Standing::Paused,
                Phase::Live => Standing::Live,
                Phase::Over => Standing::Ended,
            };
            let launched = old.stage == Some(Stage::Ship)
                && matches!(new.stage, Some(Stage::Ship | Stage::Tweak))
                && new.kind == old.kind
                && new.phase == old.phase;
            let claims = Pair { before: Some(before), after: Some(after) };
            launched.then_some(Running { base, old, new, lock, standing, claims })
        });
        all.collect()
    }

    /// Both sides of the comparison; the head's as it would be once it is allotted.
    pub(super) fn sides(&self) -> Option<(Side<'_>, Side<'_>)> {
        let base = &self.base.as_ref()?.context;
        let before = Side::as_it_is(base.sources, &base.catalogue, &base.locks);
        Some((before, Side::once_allotted(self.sources, &self.catalogue, &self.locks, &self.plan)))
    }
}

impl Running<'_> {
    /// The name of its surface.
    pub fn surface(&self) -> &str {
        &self.lock.surface
    }

    /// Whether it serves anybody from now on.
    pub fn serves(&self, today: Day) -> bool {
        let over = || self.new.window.is_none_or(|window| window.phase(today) == Phase::Over);
        self.standing != Standing::Ended || !over()
    }

    /// Who would move once its share is full. A pause is no part of it: whoever was assigned comes back after it.
    pub fn moves(&self, context: &Context<'_>) -> Vec<Move> {
        self.moves_on(context, self.full_day(context.today))
    }

    /// Who would move on a day, pauses aside.
    pub fn moves_on(&self, context: &Context<'_>, day: Day) -> Vec<Move> {
        let Some((before, after)) = context.sides() else { return Vec::new() };
        let head = self.claims.after.and_then(|ix| after.lock(ix));
        let locks = Pair { before: Some(self.lock), after: head.as_deref() };
        change::moves_despite_pauses(&before, &after, self.claims, locks, day)
    }

    /// Why allocation refuses what the declaration asks for now.
    pub fn refusal<'c>(&self, context: &'c Context<'_>) -> Option<&'c Refusal> {
        match context.plan.of(self.claims.after?) {
            Some(Verdict::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    }

    /// The first day from now on which its share is full at the base; of one that is over, its last.
    fn full_day(&self, today: Day) -> Day {
        let full = self.lock.steps.last().map_or(self.lock.start, |step| self.lock.start.plus(step.after));
        let last = self.lock.window().end.map_or(full, |end| Day(end.0.saturating_sub(1)));
        if self.standing == Standing::Ended { last.max(self.lock.start) } else { full.min(last).max(today) }
    }
}

/// What to do instead of changing a live experiment.
pub(super) fn new_phase(claim: &Claim, today: Day) -> String {
    let keys = keys_of_new_phase(claim.phase, today);
    format!("undo it, or begin a new phase with {keys}: every unit is then assigned anew, and measured apart")
}

/// What to write for the phase after one that has begun: with its old start, days would count on which nobody was in it, and
/// its ramp would be over.
pub(super) fn keys_of_new_phase(phase: u32, today: Day) -> String {
    format!("`phase = {}` and `start = {}`", phase.saturating_add(1), today.plus(1))
}

/// Several of them, counted and the first few named: "2 live experiments, `a` and `b`".
pub(super) fn named(several: &[&Running<'_>]) -> String {
    let ids = several.iter().take(NAMED).map(|running| running.new.id.as_str());
    let shown = match several.len().checked_sub(NAMED).filter(|&more| more > 0) {
        None => listed(ids),
        Some(more) => format!("{} and {more} more", ids.map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")),
    };
    format!("{}, {shown}", count(several))
}

/// How many are named at most.
const NAMED: usize = 5;

fn count(several: &[&Running<'_>]) -> String {
    let all = |wanted: fn(&Running<'_>) -> bool| several.iter().all(|running| wanted(running));
    let noun = match () {
        () if all(|running| running.new.kind == ClaimKind::Experiment) => "experiment",
        () if all(|running| running.new.kind == ClaimKind::Rollout) => "rollout",
        () => "experiments and rollout",
    };
    let number = u32::try_from(several.len()).unwrap_or(u32::MAX);
    match all(|running| running.standing == Standing::Live) {
        true => counted(number, &format!("live {noun}")),
        false => format!("{} not decided yet", counted(number, noun)),
    }
}
