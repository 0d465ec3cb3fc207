//! Random months on one surface: after every edit, allocation keeps its promises.

use std::collections::{BTreeMap, BTreeSet};

use allotment::bucket::BucketSet;
use allotment::decl::Day;
use allotment::lock::{Lock, Step};

use super::dice::Dice;
use super::field::{COMPONENTS, Field, Plot, Survey};
use crate::world::TODAY;

/// A field over time.
struct Season {
    dice: Dice,
    field: Field,
    /// The field before the present edit.
    survey: Survey,
    plots: BTreeMap<String, Plot>,
    today: Day,
    buckets: u32,
    holdout: u32,
    /// Claims that were refused and stay as they are written; they may be drawn when another makes room.
    waiting: BTreeSet<String>,
    launched: u32,
    /// How often each kind of edit was made, and how often it did not fit.
    made: BTreeMap<&'static str, (u32, u32)>,
}

/// What an edit did: to which claim, if to one, and whether it may move its units.
struct Edit {
    kind: &'static str,
    id: Option<String>,
    may_move: bool,
}

impl Season {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let buckets = *dice.pick(&[50, 100, 1_000]);
        // Whole percents of 50 buckets are whole buckets only where they are even.
        let holdout = 2 * dice.below(3);
        let field = Field::new(buckets, holdout);
        let survey = field.survey();
        let (plots, waiting, made) = Default::default();
        Self { dice, field, survey, plots, today: TODAY, buckets, holdout, waiting, launched: 0, made }
    }

    fn share(&mut self, most: u32) -> u32 {
        2 * (1 + self.dice.below(most / 2))
    }

    fn ramp(&mut self, traffic: u32) -> Vec<(u32, u32)> {
        let mut shares: Vec<u32> = (0..self.dice.below(3)).map(|_| self.share(traffic)).collect();
        shares.sort_unstable();
        shares.into_iter().map(|share| (1 + self.dice.below(5), share)).collect()
    }

    fn touches(&mut self) -> Vec<&'static str> {
        match self.dice.below(6) {
            0 => vec!["*"],
            1 => vec![*self.dice.pick(&COMPONENTS)],
            2 => vec![*self.dice.pick(&COMPONENTS), *self.dice.pick(&COMPONENTS)],
            _ => Vec::new(),
        }
    }

    fn launch(&mut self) -> Edit {
        let id = format!("plot-{}", self.launched);
        self.launched += 1;
        let component = *self.dice.pick(&COMPONENTS);
        let start = self.today.plus(1 + self.dice.below(10));
        // A ramp takes at most 10 days, and must leave some for the full share.
        let (days, traffic) = (11 + self.dice.below(24), self.share(60));
        let mut plot = Plot::new(&id, component, start, days, traffic);
        plot.rollout = self.dice.below(6) == 0;
        plot.ramp = self.ramp(traffic);
        plot.leave_room();
        plot.touches = self.touches();
        plot.control = 10 + self.dice.below(80);
        let kind = if plot.rollout { "rollout" } else { "launch" };
        self.plots.insert(id.clone(), plot);
        Edit { kind, id: Some(id), may_move: true }
    }

    /// One edit of the catalogue; none where the dice named something that is not there.
    fn edit(&mut self) -> Option<Edit> {
        let kind = self.dice.below(12);
        if kind < 4 {
            return Some(self.launch());
        }
        if kind == 4 {
            self.holdout = (self.holdout + 2).min(10);
            return Some(Edit { kind: "holdout", id: None, may_move: false });
        }
        let today = self.today;
        let open: Vec<String> = self
            .plots
            .values()
            .filter(|plot| plot.decided.is_none() && plot.end() > today)
            .map(|plot| plot.id.clone())
            .collect();
        if open.is_empty() {
            return None;
        }
        let id = self.dice.pick(&open).clone();
        let mut plot = self.plots.get(&id)?.clone();
        // A phase that was raised in a pause is drawn when it goes on.
        let mut may_move = self.survey.locks.get(&id).is_some_and(|lock| lock.phase != plot.phase);
        let kind = match kind {
            5 if plot.traffic > 0 => {
                plot.traffic = (plot.traffic + self.share(30)).min(100);
                "ramp up"
            }
            6 if plot.traffic > 0 && plot.start > today => {
                plot.ramp = self.ramp(plot.traffic);
                plot.leave_room();
                "new ramp"
            }
            7 => {
                plot.decided = Some(today.plus(self.dice.below(2)));
                "stop"
            }
            8 if !plot.rollout => {
                // What is paused goes on as it was.
                let held = self.survey.locks.get(&id).map(Lock::size);
                plot.traffic = match (plot.traffic, held) {
                    (0, Some(held)) => held * 100 / self.buckets,
                    (0, None) => return None,
                    _ => 0,
                };
                let traffic = plot.traffic;
                plot.ramp.retain(|&(_, share)| traffic == 0 || share <= traffic);
                "pause"
            }
            9 if !may_move && !self.waiting.contains(&id) => {
                may_move = true;
                plot.phase += 1;
                plot.traffic = self.share(50);
                plot.ramp = self.ramp(plot.traffic);
                plot.leave_room();
                plot.control = 10 + self.dice.below(80);
                "phase"
            }
            10 => {
                plot.touches = self.touches();
                "touches"
            }
            11 if !plot.rollout => {
                plot.days += 1 + self.dice.below(14);
                "extension"
            }
            _ => return None,
        };
        self.plots.insert(id.clone(), plot);
        Some(Edit { kind, id: Some(id), may_move })
    }

    fn write(&mut self) {
        self.field.surface(self.buckets, self.holdout, "");
        for plot in self.plots.values() {
            self.field.world.put(&plot.path(), &plot.text());
        }
    }

    /// One edit, what allocation makes of it, and all that must hold then.
    fn turn(&mut self) {
        let (before, plots, holdout) = (self.field.clone(), self.plots.clone(), self.holdout);
        let Some(edit) = self.edit() else { return };
        self.write();
        let written = self.field.allocate();
        assert!(written.iter().all(|path| path.ends_with(".lock")));
        let context = format!("{} of {:?} on {}", edit.kind, edit.id, self.today);
        let survey = self.field.survey();
        assert!(survey.settled, "a second allocation would go on: {context}");

        self.exclusion(&survey, &context);
        for (id, lock) in &survey.locks {
            let Some(old) = self.survey.locks.get(id) else { continue };
            let moved = edit.may_move && edit.id.as_ref() == Some(id);
            if !moved && !self.waiting.contains(id) {
                stays(old, lock, &context);
            }
        }
        for (path, text) in before.world.files.iter().filter(|(path, _)| path.ends_with(".lock")) {
            let own = |id: &String| path.contains(&format!("/{id}.lock"));
            let touched = edit.id.iter().chain(&self.waiting).any(own) || path.starts_with("surfaces/");
            // A rollout to everyone takes all that a holdout leaves, and so follows it.
            let follows = edit.kind == "holdout" && path.starts_with("rollouts/");
            assert!(touched || follows || self.field.world.files[path] == *text, "{path} changed: {context}");
        }

        let (serving, others) = self.field.findings(self.today);
        assert_eq!(serving, Vec::new(), "{context}");
        let refused = &survey.refused;
        // One whose days are over wants nothing any more.
        let live = |id: &String| {
            let held = survey.locks.get(id).and_then(|lock| lock.window().end);
            self.plots[id].end() > self.today || held.is_some_and(|end| end > self.today)
        };
        let wanting = survey.holdout_refused || refused.iter().any(live);
        assert_eq!(others.contains(&"over-capacity"), wanting, "{context}");
        let count = self.made.entry(edit.kind).or_default();
        count.0 += 1;
        let own = edit.id.as_ref().map_or(survey.holdout_refused, |id| refused.contains(id));
        if own {
            count.1 += 1;
            let lock = edit.id.as_ref().map_or("surfaces/home.lock".to_owned(), |id| self.plots[id].lock_path());
            assert_eq!(before.world.files.get(&lock), self.field.world.files.get(&lock), "{context}");
            // Some leave it at that; most take it back.
            if edit.id.is_none() || self.dice.below(4) > 0 {
                (self.field, self.plots, self.holdout) = (before, plots, holdout);
                return;
            }
        }
        let share = survey.holdout.len() * 100;
        assert!(survey.holdout_refused || share == self.buckets * self.holdout, "{context}");
        let known = |id: &String| self.waiting.contains(id) || edit.id.as_ref() == Some(id);
        assert!(refused.iter().all(known), "{refused:?}: {context}");
        self.waiting.clone_from(refused);
        self.survey = survey;
    }

    /// No bucket is held twice where that matters.
    fn exclusion(&self, survey: &Survey, context: &str) {
        let all: Vec<&Lock> = survey.locks.values().collect();
        for (at, a) in all.iter().enumerate() {
            for b in &all[..at] {
                let exclude = a
                    .components
                    .iter()
                    .any(|own| own == "*" || b.components.iter().any(|its| its == "*" || its == own));
                let last = |lock: &Lock| lock.days.map_or(i32::MAX, |days| lock.start.0 + days as i32);
                let meet = a.start.0.max(b.start.0) < last(a).min(last(b));
                if exclude && meet {
                    assert!(a.held().is_disjoint(&b.held()), "{} and {}: {context}", a.id, b.id);
                }
            }
            // A decided claim is served to nobody, whatever is left of its window.
            let over =
                a.days.is_some_and(|days| a.start.plus(days) <= self.today) || self.plots[&a.id].decided.is_some();
            assert!(over || a.held().is_disjoint(&survey.holdout), "{} and the holdout: {context}", a.id);
        }
    }
}

/// Whatever else becomes of a lock, its units stay where they are: it grows only, and on no day does it hold fewer buckets.
fn stays(old: &Lock, new: &Lock, context: &str) {
    let id = &old.id;
    assert_eq!((old.phase, &old.salt, &old.variants), (new.phase, &new.salt, &new.variants), "{id}: {context}");
    assert!(old.held().is_subset(&new.held()), "{id}: {context}");
    let ramp = |steps: &[Step]| steps.iter().map(|step| (step.after, step.adds.len())).collect::<Vec<_>>();
    let mut held = BucketSet::with_size(new.buckets);
    for step in &new.steps {
        assert!(held.is_disjoint(&step.adds), "{id}: steps contain those before: {context}");
        held.union_with(&step.adds);
    }
    if ramp(&old.steps) == ramp(&new.steps) {
        assert_eq!(old.steps, new.steps, "{id}: {context}");
    }
    // Where no step was made smaller or later, no day has lost a bucket.
    let on = |lock: &Lock, day: u32| {
        let mut held = BucketSet::with_size(lock.buckets);
        lock.steps.iter().filter(|step| step.after <= day).for_each(|step| held.union_with(&step.adds));
        held
    };
    let days: BTreeSet<u32> = old.steps.iter().chain(&new.steps).map(|step| step.after).collect();
    let grows = days.iter().all(|&day| on(old, day).len() <= on(new, day).len());
    for day in days {
        assert!(!grows || on(old, day).is_subset(&on(new, day)), "{id} on day {day}: {context}");
    }
}

#[test]
fn months_of_random_edits_never_move_a_unit_unseen() {
    let mut made: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for seed in 0..10 {
        let mut season = Season::new(seed);
        for _ in 0..60 {
            season.turn();
            season.today = season.today.plus(season.dice.below(4));
        }
        for (kind, (count, refused)) in season.made {
            let sum = made.entry(kind).or_default();
            *sum = (sum.0 + count, sum.1 + refused);
        }
    }
    // The months are worth something only if all that can happen did, and some of it did not fit.
    assert_eq!(made.len(), 10, "{made:?}");
    assert!(made.values().all(|&(count, _)| count >= 5), "{made:?}");
    for kind in ["launch", "ramp up", "phase", "holdout", "extension", "touches"] {
        assert!(made[kind].1 > 0, "{made:?}");
    }
}
