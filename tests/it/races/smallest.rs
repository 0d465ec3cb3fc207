//! The smallest pairs of branches that were ever found to race, each on one component: Git must see each.

use super::git::{How, Repository};
use super::judge::Survey;
use super::land::{Branch, Land};
use crate::allocation::field::Plot;
use crate::world::{TODAY, World};

/// Merges two branches of a trunk both ways. Git must see a conflict.
fn must_conflict(trunk: &Branch, ours: &Branch, theirs: &Branch) {
    let mut repository = Repository::new();
    let root = repository.commit("main", None, &World::default(), &trunk.world);
    repository.commit("ours", Some(root), &trunk.world, &ours.world);
    repository.commit("theirs", Some(root), &trunk.world, &theirs.world);
    repository.flush();
    for (one, other) in [("ours", "theirs"), ("theirs", "ours")] {
        if repository.bring(How::Merge, one, other) {
            let merged = repository.read([&ours.world, &theirs.world]);
            panic!("Git saw no conflict; merged: {:?}", Survey::of(&merged, trunk.today).faults);
        }
    }
}

fn plot(land: &mut Land) -> &mut Plot {
    land.plots.get_mut("first").expect("it is planted")
}

/// A trunk with one experiment on the ranker.
fn trunk(plant: impl FnOnce(&mut Plot)) -> Branch {
    let mut first = Plot::new("first", "ranker", TODAY.plus(1), 14, 20);
    plant(&mut first);
    Branch::bare().make(|land| drop(land.plots.insert(first.id.clone(), first)))
}

#[test]
fn a_conclusion_on_the_last_day_and_an_extension() {
    let mut trunk = trunk(|_| {});
    // Its days are over: the conclusion leaves its window as it is.
    trunk.today = TODAY.plus(20);
    let concluded = trunk.clone().make(|land| plot(land).decided = Some(TODAY.plus(20)));
    let extended = trunk.clone().make(|land| plot(land).days = 40);
    must_conflict(&trunk, &concluded, &extended);
}

#[test]
fn a_component_that_is_claimed_twice_and_a_flag_that_moves() {
    let trunk = trunk(|plot| plot.touches = vec!["ranker"]);
    let once = trunk.clone().make(|land| plot(land).touches.clear());
    let moved = trunk.clone().make(|land| {
        land.flags.insert("ranker", ("home", "cards"));
    });
    must_conflict(&trunk, &once, &moved);
}

#[test]
fn a_phase_that_begins_in_a_pause_and_the_end_of_the_pause() {
    let trunk = trunk(|_| {}).make(|land| plot(land).traffic = 0);
    let raised = trunk.clone().make(|land| plot(land).phase = 2);
    let resumed = trunk.clone().make(|land| plot(land).traffic = 20);
    must_conflict(&trunk, &raised, &resumed);
}

#[test]
fn a_new_salt_and_the_end_of_a_pause() {
    let trunk = trunk(|_| {}).make(|land| plot(land).traffic = 0);
    let salted = trunk.clone().make(|land| {
        land.grounds.get_mut("home").expect("a surface").salt = Some("another".to_owned());
        plot(land).phase = 2;
    });
    let resumed = trunk.clone().make(|land| plot(land).traffic = 20);
    must_conflict(&trunk, &salted, &resumed);
}

#[test]
fn a_rollout_to_everyone_and_a_smaller_holdout() {
    let all = |plot: &mut Plot| (plot.rollout, plot.traffic) = (true, 98);
    let trunk = trunk(all);
    let everyone = trunk.clone().make(|land| plot(land).traffic = 100);
    let smaller = trunk.clone().make(|land| land.grounds.get_mut("home").expect("a surface").holdout = 0);
    must_conflict(&trunk, &everyone, &smaller);
}

#[test]
fn a_component_that_both_add_and_a_launch_on_the_one_before_it() {
    let trunk = trunk(|_| {});
    let add = |land: &mut Land| {
        land.grounds.get_mut("home").expect("a surface").components.insert("footer");
    };
    let added = trunk.clone().make(add);
    let launched = trunk.clone().make(|land| {
        add(land);
        let plot = Plot::new("second", "cards", TODAY.plus(1), 14, 20);
        land.plots.insert(plot.id.clone(), plot);
    });
    must_conflict(&trunk, &added, &launched);
}
