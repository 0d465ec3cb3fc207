//! Random pairs of branches in real repositories, a thousand with `ALLOTMENT_PEERS`: what Git merges without a conflict is clean.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use super::git::{How, Repository};
use super::judge::{Survey, changed_meaning};
use super::land::{Branch, shared};
use crate::allocation::dice::Dice;
use crate::world::World;

/// How many pairs branch off one trunk.
const PER_TRUNK: u32 = 20;

/// Of how many conflicts of a trunk one is given to `allot merge`.
const EVERY: u32 = 6;

/// How the pairs went.
#[derive(Default)]
struct Tally {
    pairs: BTreeMap<How, u32>,
    clean: u32,
    /// Conflicts of branches that did something on one component, and of those that did not.
    conflicts: u32,
    needless: Vec<String>,
    /// Merges without a conflict of branches that did something on one component.
    agreeing: u32,
    /// Conflicts that `allot merge` resolved, and that it left.
    resolved: [u32; 2],
    races: Vec<String>,
    made: BTreeMap<&'static str, u32>,
}

/// A branch with its commits, and all that was done on it.
struct Side {
    branch: Branch,
    made: Vec<&'static str>,
    touched: BTreeSet<(&'static str, &'static str)>,
}

fn side(dice: &mut Dice, trunk: &Branch, name: &'static str, mut commit: impl FnMut(&World, &World)) -> Side {
    let mut branch = trunk.branch(name);
    let (mut made, mut touched) = (Vec::new(), BTreeSet::new());
    let wanted = 1 + dice.below(3) as usize;
    for _ in 0..30 {
        if made.len() == wanted {
            break;
        }
        let before = branch.clone();
        if let Some(kind) = branch.edit(dice).filter(|_| branch.world.files != before.world.files) {
            commit(&before.world, &branch.world);
            touched.extend(branch.land.touched(&before.land));
            made.push(kind);
        }
    }
    assert!(!made.is_empty(), "no edit of thirty was possible");
    Side { branch, made, touched }
}

/// One trunk and the pairs that branch off it.
fn trunk(seed: u64, pairs: u32, tally: &mut Tally) {
    let mut dice = Dice::new(seed);
    let trunk = Branch::trunk(&mut dice);
    let mut repository = Repository::new();
    let root = repository.commit("main", None, &World::default(), &trunk.world);
    let mut made = Vec::new();
    for pair in 0..pairs {
        let mut grow = |name: &'static str, dice: &mut Dice| {
            let (branch, mut from) = (format!("{name}-{pair}"), root);
            side(dice, &trunk, name, |before, after| from = repository.commit(&branch, Some(from), before, after))
        };
        let (ours, theirs) = (grow("ours", &mut dice), grow("theirs", &mut dice));
        let how = match dice.below(8) {
            0 => How::Rebase,
            1 => How::Squash,
            2 => How::CherryPick,
            _ => How::Merge,
        };
        made.push((ours, theirs, how));
    }
    repository.flush();
    for (pair, (ours, theirs, how)) in made.iter().enumerate() {
        let context = format!("seed {seed}, pair {pair}, {how:?}: {:?} and {:?}", ours.made, theirs.made);
        *tally.pairs.entry(*how).or_default() += 1;
        ours.made.iter().chain(&theirs.made).for_each(|kind| *tally.made.entry(kind).or_default() += 1);
        let common = shared(&ours.touched, &theirs.touched);
        if !repository.bring(*how, &format!("ours-{pair}"), &format!("theirs-{pair}")) {
            if common {
                tally.conflicts += 1;
                // To start the tool takes longer than all else, so it is done for some.
                if tally.conflicts.is_multiple_of(EVERY) {
                    let merged =
                        resolve(&repository, &trunk, pair, ours, theirs).map_err(|wrong| format!("{context}: {wrong}"));
                    match merged {
                        Ok(merged) => tally.resolved[usize::from(!merged)] += 1,
                        Err(wrong) => tally.races.push(wrong),
                    }
                }
            } else {
                tally.needless.push(format!("{context}: {:?} and {:?}", ours.touched, theirs.touched));
            }
            continue;
        }
        tally.clean += 1;
        tally.agreeing += u32::from(common);
        let (ours, theirs) = (&ours.branch, &theirs.branch);
        let merged = repository.read([&ours.world, &theirs.world]);
        let survey = Survey::of(&merged, trunk.today);
        let sides = [(&ours.world, &ours.survey), (&theirs.world, &theirs.survey)];
        let mut wrong = survey.faults.clone();
        wrong.extend(survey.overlaps());
        wrong.extend(changed_meaning(&trunk.world, sides, (&merged, &survey)));
        if !wrong.is_empty() {
            tally.races.push(format!("{context}:\n  {}", wrong.join("\n  ")));
        }
    }
}

/// Lets `allot merge` resolve a conflict: whether it did. Then all must be clean, and what the other side had drawn and this
/// one did not write about is as it was.
fn resolve(repository: &Repository, trunk: &Branch, pair: usize, ours: &Side, theirs: &Side) -> Result<bool, String> {
    let (merged, words) = repository.allot(trunk.today, &format!("ours-{pair}"), &format!("theirs-{pair}"));
    if !merged {
        return Ok(false);
    }
    let world = repository.read([&ours.branch.world, &theirs.branch.world]);
    let survey = Survey::of(&world, trunk.today);
    let mut wrong = survey.faults.clone();
    wrong.extend(survey.overlaps());
    // What is common to all may change all.
    let all = ["holdout", "salt", "buckets", "components", "flag moved"];
    if !ours.made.iter().any(|kind| all.contains(kind)) {
        let theirs = &theirs.branch.world.files;
        let locks = theirs.iter().filter(|(path, _)| path.ends_with(".lock") && !path.starts_with("surfaces/"));
        for (path, lock) in locks {
            let declared = path.replace(".lock", ".toml");
            if world.files.get(&declared) == theirs.get(&declared) && world.files.get(path) != Some(lock) {
                wrong.push(format!("{path} did not stay"));
            }
        }
    }
    if wrong.is_empty() { Ok(true) } else { Err(format!("{}\n{words}", wrong.join("\n  "))) }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: `{text}`")))
}

#[test]
fn what_git_merges_without_a_conflict_is_clean() {
    let seed = number("ALLOTMENT_RACES_SEED", 2027);
    // All of them take a minute on two cores: `.ci/run` runs them, and whoever is in a hurry runs a part.
    let most = if std::env::var_os("ALLOTMENT_PEERS").is_some() { 1_000 } else { 150 };
    let pairs = u32::try_from(number("ALLOTMENT_RACES_PAIRS", most)).expect("not that many");
    let trunks = pairs.div_ceil(PER_TRUNK);
    let (next, all) = (AtomicU32::new(0), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, std::num::NonZero::get) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= trunks {
                        break;
                    }
                    let mut tally = Tally::default();
                    trunk(seed + u64::from(at), PER_TRUNK.min(pairs - at * PER_TRUNK), &mut tally);
                    all.lock().expect("no thread has failed").add(tally);
                }
            });
        }
    });
    let tally = all.into_inner().expect("no thread has failed");
    let words = tally.words(seed);
    eprintln!("{words}");
    assert!(tally.races.is_empty(), "{words}\n{}", tally.races.join("\n"));
    assert!(tally.needless.is_empty(), "{words}\n{}", tally.needless.join("\n"));
    if pairs >= 1_000 {
        // They prove something only if everything was tried, Git merged many of them and saw conflicts in many.
        assert_eq!(tally.made.len(), 16, "{words}");
        assert!(tally.made.values().all(|&count| count >= 10), "{words}");
        assert!(tally.clean * 5 > pairs && tally.conflicts * 10 > pairs, "{words}");
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        other.pairs.into_iter().for_each(|(how, count)| *self.pairs.entry(how).or_default() += count);
        other.made.into_iter().for_each(|(kind, count)| *self.made.entry(kind).or_default() += count);
        self.clean += other.clean;
        self.conflicts += other.conflicts;
        self.agreeing += other.agreeing;
        self.resolved = [0, 1].map(|at| self.resolved[at] + other.resolved[at]);
        self.needless.extend(other.needless);
        self.races.extend(other.races);
    }

    fn words(&self, seed: u64) -> String {
        let Self { pairs, clean, conflicts, agreeing, resolved, made, .. } = self;
        let all: u32 = pairs.values().sum();
        format!(
            "{all} pairs of branches from seed {seed} (ALLOTMENT_RACES_SEED, ALLOTMENT_RACES_PAIRS; 1,000 with ALLOTMENT_PEERS=1): \
             {pairs:?}\n\
             {clean} merged without a conflict, of which {agreeing} had done something on one component; {} of them were races\n\
             {conflicts} conflicts of branches with a common component, {} needless ones; \
             of some of them `allot merge` resolved {} and left {} as they were\n{made:?}",
            self.races.len(),
            self.needless.len(),
            resolved[0],
            resolved[1],
        )
    }
}
