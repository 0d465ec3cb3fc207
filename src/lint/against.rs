//! What rules of the lifecycle look at: experiments that were running at the base, beside what they are now.

use crate::change::{self, Move, Pair, Side};
use crate::decl::{Day, Stage};
use crate::lock::{Lock, Refusal, Verdict};
use crate::model::{Claim, Ix};

use super::Context;

/// An experiment or a rollout that is live at the base and goes on in the same phase.
pub(super) struct Running<'a> {
    pub base: &'a Context<'a>,
    pub old: &'a Claim,
    pub new: &'a Claim,
    pub lock: &'a Lock,
    claims: Pair<Ix<Claim>>,
}

impl Context<'_> {
    /// Those that were running at the base and go on without a new phase.
    pub(super) fn running(&self) -> Vec<Running<'_>> {
        let Some(base) = self.base.as_ref().map(|base| base.context.as_ref()) else { return Vec::new() };
        let all = base.catalogue.claims.iter().filter_map(|(before, old)| {
            let after = self.catalogue.claims.find(&old.id)?;
            let new = self.catalogue.claims.at(after);
            let lock = &base.locks.of(old.file)?.lock;
            let goes_on = old.live_on(self.today)
                && lock.window().contains(self.today)
                && new.stage == Some(Stage::Ship)
                && new.kind == old.kind
                && new.phase == old.phase;
            goes_on.then_some(Running {
                base,
                old,
                new,
                lock,
                claims: Pair { before: Some(before), after: Some(after) },
            })
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

    /// Who would move once its share is full.
    pub fn moves(&self, context: &Context<'_>) -> Vec<Move> {
        let Some((before, after)) = context.sides() else { return Vec::new() };
        let head = self.claims.after.and_then(|ix| after.lock(ix));
        let locks = Pair { before: Some(self.lock), after: head.as_deref() };
        change::moves_on(&before, &after, self.claims, locks, self.full_day(context.today))
    }

    /// Why allocation refuses what the declaration asks for now.
    pub fn refusal<'c>(&self, context: &'c Context<'_>) -> Option<&'c Refusal> {
        match context.plan.of(self.claims.after?) {
            Some(Verdict::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    }

    /// The first day from now on which its share is full at the base.
    fn full_day(&self, today: Day) -> Day {
        let full = self.lock.steps.last().map_or(self.lock.start, |step| self.lock.start.plus(step.after));
        let last = self.lock.window().end.map_or(full, |end| Day(end.0.saturating_sub(1)));
        full.min(last).max(today)
    }
}

/// What to do instead of changing a live experiment.
pub(super) fn new_phase(claim: &Claim) -> String {
    format!(
        "undo it, or begin a new phase with `phase = {}`: every unit is then assigned anew, and measured apart",
        claim.phase + 1
    )
}
