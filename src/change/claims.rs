//! What becomes of each experiment and rollout.

use std::collections::BTreeSet;

use super::edits::{Edit, edits};
use super::moves::with_stays;
use super::neighbours::neighbours;
use super::{Assigned, Excluded, Move, Neighbour, Pair, Side, moves};
use crate::decl::{Day, Share, Stage};
use crate::lock::{Lock, Pin, Refusal, analysis_digest};
use crate::model::{Claim, ClaimKind, Intent, Ix, Surface, Window};

/// What happens to an experiment or a rollout; one change may do several things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    Launch,
    Phase,
    Ramp,
    Shrink,
    Pause,
    Resume,
    Reschedule,
    Stop,
    Stage,
    Add,
    Remove,
    Assignment,
    Analysis,
    Edit,
}

/// How much of its surface a claim takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Sized {
    pub stage: Option<Stage>,
    pub phase: u32,
    pub window: Option<Window>,
    /// The full share as declared; nothing for a pause.
    pub traffic: Option<Share>,
    /// Each share with its first day, growing.
    pub steps: Vec<(Day, Share)>,
}

/// What changes about one experiment or rollout.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimChange {
    pub id: String,
    pub kind: ClaimKind,
    /// The claim on each side.
    pub claims: Pair<Ix<Claim>>,
    pub actions: Vec<Action>,
    pub sizes: Pair<Sized>,
    /// Who moves, compared with what the base would do on the same day.
    pub moves: Vec<Move>,
    /// The first day on which most of them have moved.
    pub moves_on: Option<Day>,
    /// Who moves today already, where that is another day and some leave what they have.
    pub moves_today: Vec<Move>,
    /// Buckets that it takes and frees, of so many.
    pub taken: u32,
    pub freed: u32,
    pub buckets: u32,
    pub excludes: Vec<Excluded>,
    pub overlaps: Vec<Neighbour>,
    pub inherits: Vec<Neighbour>,
    pub edits: Vec<Edit>,
}

impl ClaimChange {
    /// The share of the surface's units that moves.
    #[must_use]
    pub fn moved(&self) -> f64 {
        share(&self.moves)
    }
}

/// The share of the surface's units that moves; those who only stay do not.
fn share(moves: &[Move]) -> f64 {
    moves.iter().filter(|found| !found.stays).map(|found| found.units).sum()
}

/// Compares every experiment and rollout; those that move most units come first, then by id.
#[must_use]
pub fn claims(base: &Side<'_>, head: &Side<'_>, today: Day) -> Vec<ClaimChange> {
    let moved_ground = moved_ground(base, head);
    let mut changes = Vec::new();
    for (ix, claim) in head.catalogue.claims.iter() {
        let before = base.catalogue.claims.find(&claim.id);
        let same = before.is_some_and(|before| {
            let old = base.catalogue.claims.at(before);
            let grounded = claim.surface.is_none_or(|surface| !moved_ground.contains(&surface));
            old.file == claim.file && base.lock_file(old) == head.lock_file(claim) && !head.redraws(ix) && grounded
        });
        if !same {
            changes.extend(compared(base, head, Pair { before, after: Some(ix) }, today));
        }
    }
    for (ix, claim) in base.catalogue.claims.iter() {
        if head.catalogue.claims.find(&claim.id).is_none() {
            changes.extend(compared(base, head, Pair { before: Some(ix), after: None }, today));
        }
    }
    changes.sort_by(|a, b| b.moved().total_cmp(&a.moved()).then_with(|| a.id.cmp(&b.id)));
    changes
}

/// Surfaces whose units are hashed otherwise than before.
fn moved_ground(base: &Side<'_>, head: &Side<'_>) -> BTreeSet<Ix<Surface>> {
    let moved = head.catalogue.surfaces.iter().filter(|&(ix, surface)| {
        let Some(old) = base.catalogue.surfaces.find(&surface.id) else { return true };
        let before = base.catalogue.surfaces.at(old);
        let ground = |surface: &Surface| (surface.unit().to_owned(), surface.sdk, surface.buckets);
        let attribute =
            |side: &Side<'_>, surface: &Surface| side.catalogue.unit_attribute(surface.unit()).map(str::to_owned);
        let differ = |(before, after)| before != after;
        let salts = base.salt(old).zip(head.salt(ix)).map(|(before, after)| (before.to_owned(), after.to_owned()));
        let attributes = attribute(base, before).zip(attribute(head, surface));
        [salts, attributes].into_iter().flatten().any(differ) || ground(before) != ground(surface)
    });
    moved.map(|(ix, _)| ix).collect()
}

fn compared(base: &Side<'_>, head: &Side<'_>, claims: Pair<Ix<Claim>>, today: Day) -> Option<ClaimChange> {
    let old = claims.before.map(|ix| base.catalogue.claims.at(ix));
    let new = claims.after.map(|ix| head.catalogue.claims.at(ix));
    let shown = new.or(old)?;
    let locks = (claims.before.and_then(|ix| base.lock(ix)), claims.after.and_then(|ix| head.lock(ix)));
    let locks = Pair { before: locks.0.as_deref(), after: locks.1.as_deref() };
    let sizes = Pair { before: old.map(sized), after: new.map(sized) };
    let text = |side: &Side<'_>, claim: &Claim| side.sources.get(claim.file).map(|source| source.text.to_string());
    let texts = (old.and_then(|claim| text(base, claim)), new.and_then(|claim| text(head, claim)));
    let mut edits = match (&texts.0, &texts.1) {
        (Some(before), Some(after)) if before != after => edits(before, after),
        _ => Vec::new(),
    };
    edits.extend(old.zip(new).and_then(|(old, new)| reordered(old, new)));
    let (moves_on, moves, moves_today) = most_moves(base, head, claims, locks, today);
    let held = |lock: Option<&Lock>| lock.map(Lock::held);
    let (before, after) = (held(locks.before), held(locks.after));
    let (taken, freed) = match (&before, &after) {
        (Some(before), Some(after)) if before.size() == after.size() => {
            let both = before.intersection_len(after);
            (after.len() - both, before.len() - both)
        }
        (before, after) => {
            let count = |set: &Option<crate::bucket::BucketSet>| set.as_ref().map_or(0, crate::bucket::BucketSet::len);
            (count(after), count(before))
        }
    };
    // A window that was cut frees all buckets, although the lock remembers them.
    let over = |lock: Option<&Lock>| lock.is_some_and(|lock| lock.window().end.is_some_and(|end| end <= today));
    let freed = if over(locks.after) && !over(locks.before) { before.map_or(0, |held| held.len()) } else { freed };
    let mut change = ClaimChange {
        id: shown.id.clone(),
        kind: shown.kind,
        actions: Vec::new(),
        moves,
        moves_on,
        moves_today,
        taken,
        freed,
        buckets: locks.after.or(locks.before).map_or(0, |lock| lock.buckets),
        excludes: Vec::new(),
        overlaps: Vec::new(),
        inherits: Vec::new(),
        edits,
        sizes,
        claims,
    };
    change.actions = actions(base, head, &change, old.zip(new));
    if change.actions.is_empty() && change.moves.is_empty() {
        return None;
    }
    let places =
        |action| matches!(action, Action::Launch | Action::Phase | Action::Ramp | Action::Resume | Action::Reschedule);
    if let (Some(ix), Some(lock)) = (claims.after, locks.after)
        && change.actions.iter().copied().any(places)
    {
        let found = neighbours(head, ix, lock, today);
        (change.excludes, change.overlaps) = (found.excludes, found.overlaps);
        if change.taken > 0 {
            change.inherits = found.inherits;
        }
    }
    Some(change)
}

/// The same variants in another order: no key says so.
fn reordered(old: &Claim, new: &Claim) -> Option<Edit> {
    let ids = |claim: &Claim| -> Vec<String> { claim.variants.iter().map(|variant| variant.id.clone()).collect() };
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    let (before, after) = (ids(old), ids(new));
    (before != after && sorted(before.clone()) == sorted(after.clone())).then(|| Edit {
        key: "order of variants".to_owned(),
        before: Some(before.join(", ")),
        after: Some(after.join(", ")),
    })
}

fn sized(claim: &Claim) -> Sized {
    let intent = claim.intent.as_ref();
    let declared = claim.experiment().and_then(|written| written.traffic.as_ref()).map(|traffic| traffic.value);
    let full = intent.map(|intent| intent.steps.last().map_or(Share::NONE, |step| step.share));
    Sized {
        stage: claim.stage,
        phase: claim.phase,
        window: claim.window,
        traffic: full.or(declared),
        steps: intent.map_or(Vec::new(), |intent| {
            intent.steps.iter().map(|step| (intent.window.start.plus(step.after), step.share)).collect()
        }),
    }
}

/// The first day on which most units have moved against what the base would do that day, and their moves; and those of today, if
/// that is earlier and somebody loses what they have: a later start does not hide that it ends now.
fn most_moves(
    base: &Side<'_>,
    head: &Side<'_>,
    claims: Pair<Ix<Claim>>,
    locks: Pair<&Lock>,
    today: Day,
) -> (Option<Day>, Vec<Move>, Vec<Move>) {
    let mut days = BTreeSet::from([today]);
    for lock in [locks.before, locks.after].into_iter().flatten() {
        days.extend(lock.steps.iter().map(|step| lock.start.plus(step.after)));
        days.extend(lock.window().end);
    }
    let days = days.into_iter().filter(|&day| day >= today);
    let found: Vec<(Day, Vec<Move>)> =
        days.map(|day| (day, moves_or_stays(base, head, claims, locks, day, today))).collect();
    let most = |size: fn(&[Move]) -> f64| {
        let mut most: Option<(f64, &(Day, Vec<Move>))> = None;
        for on in &found {
            let share = size(&on.1);
            if share > most.map_or(1e-12, |(most, _)| most + 1e-12) {
                most = Some((share, on));
            }
        }
        most.map(|(_, on)| on)
    };
    // Where nobody moves, it is worth a word who stays.
    let Some((day, moves)) = most(share).or_else(|| most(|moves| moves.iter().map(|found| found.units).sum())) else {
        return (None, Vec::new(), Vec::new());
    };
    let at_once = found
        .first()
        .filter(|(first, moves)| *first == today && today < *day && moves.iter().any(|found| found.from.is_some()));
    (Some(*day), moves.clone(), at_once.map_or(Vec::new(), |(_, moves)| moves.clone()))
}

/// Who moves on a day against what the base would do that day. Where it would let everybody go, those who are in it the day
/// before on both sides, and still are with the change, only stay.
fn moves_or_stays(
    base: &Side<'_>,
    head: &Side<'_>,
    claims: Pair<Ix<Claim>>,
    locks: Pair<&Lock>,
    day: Day,
    today: Day,
) -> Vec<Move> {
    let on = |day| assigned(base, head, claims, locks, day, Assigned::on);
    let now = on(day);
    let found = moves(now.before.as_ref(), now.after.as_ref());
    if day <= today || now.before.is_some() {
        return found;
    }
    let earlier = on(Day(day.0.saturating_sub(1)));
    match (earlier.before, earlier.after, now.after) {
        (Some(before), Some(earlier), Some(after)) => with_stays(found, [&before, &earlier], &after),
        _ => found,
    }
}

/// Who moves on a day against what the base would do that day.
#[must_use]
pub fn moves_on(base: &Side<'_>, head: &Side<'_>, claims: Pair<Ix<Claim>>, locks: Pair<&Lock>, day: Day) -> Vec<Move> {
    let on = assigned(base, head, claims, locks, day, Assigned::on);
    moves(on.before.as_ref(), on.after.as_ref())
}

/// Who moves on a day, were neither side paused.
#[must_use]
pub fn moves_despite_pauses(
    base: &Side<'_>,
    head: &Side<'_>,
    claims: Pair<Ix<Claim>>,
    locks: Pair<&Lock>,
    day: Day,
) -> Vec<Move> {
    let on = assigned(base, head, claims, locks, day, Assigned::on_despite_pauses);
    moves(on.before.as_ref(), on.after.as_ref())
}

/// The assignment of a claim by a lock on a day.
type On = fn(&Side<'_>, Ix<Claim>, &Lock, Day) -> Option<Assigned>;

/// What both sides assign on a day.
fn assigned(
    base: &Side<'_>,
    head: &Side<'_>,
    claims: Pair<Ix<Claim>>,
    locks: Pair<&Lock>,
    day: Day,
    on: On,
) -> Pair<Assigned> {
    let before = claims.before.zip(locks.before).and_then(|(ix, lock)| on(base, ix, lock, day));
    let after = claims.after.zip(locks.after).and_then(|(ix, lock)| asked(head, ix, lock, day, on));
    Pair { before, after }
}

/// What the head's declaration asks for on a day, also where allocation refuses it: that is what it would do to users.
fn asked(side: &Side<'_>, ix: Ix<Claim>, lock: &Lock, day: Day, on: On) -> Option<Assigned> {
    let mut assigned = on(side, ix, lock, day)?;
    match side.refusal(ix) {
        Some(Refusal::Pinned(pins)) => {
            if pins.contains(&Pin::Variants) {
                assigned = assigned.with_ranges(side.catalogue.claims.at(ix));
            }
            if pins.iter().any(|pin| matches!(pin, Pin::Unit | Pin::Scheme | Pin::Buckets)) {
                assigned = assigned.drawn_anew();
            }
            if pins.iter().any(|pin| matches!(pin, Pin::Surface | Pin::Flag)) {
                assigned = assigned.elsewhere(side, ix);
            }
            Some(match wanted(side, ix, lock, day) {
                Some(buckets) => assigned.resized(buckets),
                None => assigned,
            })
        }
        Some(&Refusal::Shrinks { to, .. }) => Some(assigned.shrunk(to)),
        _ => Some(assigned),
    }
}

/// How many buckets of a lock the declared share of a day would be; none where it takes no share.
fn wanted(side: &Side<'_>, ix: Ix<Claim>, lock: &Lock, day: Day) -> Option<u32> {
    let claim = side.catalogue.claims.at(ix);
    let intent = claim.intent.as_ref()?;
    let step = intent.steps.iter().rev().find(|step| intent.window.start.plus(step.after) <= day)?;
    let millionths = u64::from(step.share.0) * u64::from(lock.buckets);
    let holdout = side.locks.ledger(side.catalogue.surfaces.at(intent.surface).file);
    let kept_free = holdout.map_or(0, |held| held.ledger.holdout.len());
    let most = lock.buckets.saturating_sub(if claim.experiment().is_none() { kept_free } else { 0 });
    Some(u32::try_from(millionths / 1_000_000).unwrap_or(most).min(most))
}

/// What a change does, from its two sides.
fn actions(base: &Side<'_>, head: &Side<'_>, change: &ClaimChange, both: Option<(&Claim, &Claim)>) -> Vec<Action> {
    let Some((old, new)) = both else {
        let stage = change.sizes.after.as_ref().map(|size| size.stage);
        return vec![match stage {
            None => Action::Remove,
            Some(Some(Stage::Ship)) => Action::Launch,
            Some(_) => Action::Add,
        }];
    };
    let mut actions = Vec::new();
    let mut note = |happens: bool, action: Action| {
        if happens {
            actions.push(action);
        }
    };
    let (was, is) = (old.stage == Some(Stage::Ship), new.stage == Some(Stage::Ship));
    note(!was && is, Action::Launch);
    note(was && new.stage == Some(Stage::Tweak), Action::Stop);
    note(!is && old.stage != new.stage && !(was && new.stage == Some(Stage::Tweak)), Action::Stage);
    if was && is {
        let paused = (old.is_paused(), new.is_paused());
        note(new.phase > old.phase, Action::Phase);
        note(paused == (false, true), Action::Pause);
        note(paused == (true, false), Action::Resume);
        if paused == (false, false) && new.phase == old.phase {
            let (grows, shrinks) = growth(old.intent.as_ref(), new.intent.as_ref());
            note(grows, Action::Ramp);
            note(shrinks, Action::Shrink);
        }
        note(new.window != old.window && new.phase == old.phase, Action::Reschedule);
    }
    let assigned = |side: &Side<'_>, claim: &Claim| {
        let flag = claim.flag.map(|flag| side.catalogue.flags.at(flag).id.clone());
        let surface = claim.surface.map(|surface| side.catalogue.surfaces.at(surface).id.clone());
        let segment = claim.segment.map(|segment| side.catalogue.segments.at(segment).id.clone());
        let touches = claim.intent.as_ref().map(|intent| intent.components.clone());
        // In another order they are the same: the lock keeps their ranges.
        let mut variants = claim.variants.clone();
        variants.sort_by(|a, b| a.id.cmp(&b.id));
        (flag, surface, segment, variants, touches.filter(|_| was && is))
    };
    let settled = |stage: Option<Stage>| matches!(stage, Some(Stage::Ship | Stage::Build));
    note(settled(old.stage) && settled(new.stage) && assigned(base, old) != assigned(head, new), Action::Assignment);
    let digest = |side: &Side<'_>, claim: &Claim| {
        claim.surface.map(|surface| analysis_digest(side.catalogue, claim, side.catalogue.surfaces.at(surface)))
    };
    note(is && old.file != new.file && digest(base, old) != digest(head, new), Action::Analysis);
    if actions.is_empty() && !change.moves.is_empty() {
        actions.push(Action::Assignment);
    }
    if actions.is_empty() && !change.edits.is_empty() {
        actions.push(Action::Edit);
    }
    actions
}

/// Whether a share grows, and whether one shrinks, on some day after the start.
fn growth(old: Option<&Intent>, new: Option<&Intent>) -> (bool, bool) {
    let (Some(old), Some(new)) = (old, new) else { return (false, false) };
    let share = |intent: &Intent, after: u32| {
        intent.steps.iter().rev().find(|step| step.after <= after).map_or(Share::NONE, |step| step.share)
    };
    let days: BTreeSet<u32> = old.steps.iter().chain(&new.steps).map(|step| step.after).collect();
    let any = |differs: fn(Share, Share) -> bool| days.iter().any(|&day| differs(share(old, day), share(new, day)));
    (any(|old, new| new > old), any(|old, new| new < old))
}
