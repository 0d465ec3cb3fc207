//! Two surfaces with what grows on them, and every edit that a branch may make there.

use std::collections::{BTreeMap, BTreeSet};

use allotment::decl::Day;
use allotment::lock::Lock;

use super::judge::Survey;
use crate::allocation::dice::Dice;
use crate::allocation::field::{Field, Plot};
use crate::world::{TODAY, World};

/// Components that a surface may be given, besides those that it begins with.
const MORE: [&str; 4] = ["banner", "footer", "menu", "player"];

/// The kinds of edits.
const LAUNCH: u32 = 0;
const LAUNCH_ALL: u32 = 1;
const HOLDOUT: u32 = 2;
const SALT: u32 = 3;
const BUCKETS: u32 = 4;
const COMPONENTS: u32 = 5;
const FLAG: u32 = 6;
const EXTENSION: u32 = 7;
const GROWTH: u32 = 8;
const RAMP: u32 = 9;
const CONCLUSION: u32 = 10;
const PAUSE: u32 = 11;
const PHASE: u32 = 12;
const TOUCHES: u32 = 13;
const KINDS: u32 = 14;

/// A surface as it will be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Ground {
    pub buckets: u32,
    /// In percent.
    pub holdout: u32,
    pub salt: Option<String>,
    pub components: BTreeSet<&'static str>,
}

/// A catalogue as it will be written.
#[derive(Clone, Debug)]
pub struct Land {
    pub grounds: BTreeMap<&'static str, Ground>,
    /// The surface and the component of each flag, by what follows `flag-` in its id.
    pub flags: BTreeMap<&'static str, (&'static str, &'static str)>,
    pub plots: BTreeMap<String, Plot>,
}

/// A branch: what it says, the files that it holds, and what it did.
#[derive(Clone)]
pub struct Branch {
    pub land: Land,
    pub world: World,
    pub survey: Survey,
    pub today: Day,
    name: &'static str,
    launched: u32,
}

impl Land {
    fn new(mut grid: impl FnMut() -> (u32, u32)) -> Self {
        let mut ground = |components: &[&'static str]| {
            let (buckets, holdout) = grid();
            Ground { buckets, holdout, salt: None, components: components.iter().copied().collect() }
        };
        let home = ground(&["cards", "header", "ranker", "shelves"]);
        let search = ground(&["box", "results"]);
        let flag = |name, surface| (name, (surface, name));
        let flags = [flag("cards", "home"), flag("header", "home"), flag("ranker", "home"), flag("shelves", "home")];
        let others = [flag("box", "search"), flag("results", "search")];
        Self {
            grounds: [("home", home), ("search", search)].into(),
            flags: flags.into_iter().chain(others).collect(),
            plots: BTreeMap::new(),
        }
    }

    /// What a plot claims: its surface, and components, of which `*` is all.
    fn claims(&self, plot: &Plot) -> BTreeSet<(&'static str, &'static str)> {
        let (surface, component) = self.flags[plot.component];
        if plot.touches.contains(&"*") {
            return [(surface, "*")].into();
        }
        plot.touches.iter().copied().chain([component]).map(|component| (surface, component)).collect()
    }

    /// Every surface and component that something was done on since `before`; `*` stands for the surface as a whole.
    pub fn touched(&self, before: &Self) -> BTreeSet<(&'static str, &'static str)> {
        let mut touched = BTreeSet::new();
        for (&surface, ground) in &self.grounds {
            if before.grounds[surface] != *ground {
                touched.insert((surface, "*"));
            }
        }
        for (flag, &place) in &self.flags {
            let was = before.flags[flag];
            if was != place {
                touched.extend([was, place]);
                for plot in self.plots.values().filter(|plot| plot.component == *flag) {
                    touched.extend(before.claims(plot));
                    touched.extend(self.claims(plot));
                }
            }
        }
        for (id, plot) in &self.plots {
            let was = before.plots.get(id);
            if was.is_none_or(|was| was.text() != plot.text()) {
                touched.extend(self.claims(plot));
                touched.extend(was.iter().flat_map(|was| before.claims(was)));
            }
        }
        touched
    }

    fn write(&self, world: &mut World) {
        for (surface, ground) in &self.grounds {
            let Ground { buckets, holdout, salt, components } = ground;
            let salt = salt.as_ref().map_or(String::new(), |salt| format!("salt = \"{salt}\"\n"));
            let components: String = components.iter().map(|component| format!("{component} = \"\"\n")).collect();
            let text = format!(
                "version = 1\nname = \"{surface}\"\nowners = [\"home\"]\nunit = \"user\"\nbuckets = {buckets}\n\
                 holdout = \"{holdout}%\"\n{salt}\n[components]\n{components}"
            );
            world.put(&format!("surfaces/{surface}.toml"), &text);
        }
        for (flag, (surface, component)) in &self.flags {
            let text = format!(
                "version = 1\nowner = \"home\"\nsurface = \"{surface}\"\ncomponent = \"{component}\"\n\
                 type = \"string\"\nvalues = [\"a\", \"b\"]\ndefault = \"a\"\n"
            );
            world.put(&format!("flags/flag-{flag}.toml"), &text);
        }
        for plot in self.plots.values() {
            world.put(&plot.path(), &plot.text());
        }
    }
}

/// What two branches both did something on.
pub fn shared(a: &BTreeSet<(&'static str, &'static str)>, b: &BTreeSet<(&'static str, &'static str)>) -> bool {
    a.iter().any(|(surface, one)| {
        b.iter().any(|(other, two)| surface == other && (one == two || *one == "*" || *two == "*"))
    })
}

impl Branch {
    /// A trunk on which nothing grows yet.
    pub fn bare() -> Self {
        Self::first(Land::new(|| (1_000, 2)), TODAY)
    }

    /// A trunk with a history: what ended, what runs, what is planned, what is paused.
    pub fn trunk(dice: &mut Dice) -> Self {
        let land = Land::new(|| (*dice.pick(&[100, 200, 500, 1_000]), 2 * dice.below(3)));
        let today = TODAY.plus(dice.below(4));
        let mut branch = Self::first(land, Day(TODAY.0 - 30));
        // Some trunks are so sparse that even a surface may change; others are crowded.
        for _ in 0..2 + dice.below(14) {
            let kind = if dice.below(3) == 0 { dice.below(KINDS) } else { LAUNCH };
            branch.step(dice, kind);
            branch.today = branch.today.plus(dice.below(8)).min(today);
        }
        branch.today = today;
        branch
    }

    fn first(land: Land, today: Day) -> Self {
        let mut world = Field::new(100, 0).world;
        world.files.retain(|path, _| !path.starts_with("flags/") && !path.starts_with("surfaces/"));
        let survey = Survey::of(&world, today);
        let mut first = Self { land, world, survey, today, name: "old", launched: 0 };
        first.write();
        first
    }

    /// Writes what it says, and allots it.
    fn write(&mut self) {
        self.land.write(&mut self.world);
        self.world.allocate();
        self.survey = Survey::of(&self.world, self.today);
    }

    /// Makes one edit, which must be clean once allotted.
    pub fn make(mut self, edit: impl FnOnce(&mut Land)) -> Self {
        edit(&mut self.land);
        self.write();
        assert_eq!(self.survey.faults, Vec::<String>::new());
        self
    }

    /// A branch of this one, whose launches have ids of their own.
    pub fn branch(&self, name: &'static str) -> Self {
        Self { name, launched: 0, ..self.clone() }
    }

    /// One edit that is clean once allotted, and its name; none where it was not.
    pub fn edit(&mut self, dice: &mut Dice) -> Option<&'static str> {
        // What concerns a whole surface is common to all its branches: it is made less often than the rest.
        let kind = match dice.below(100) {
            0..4 => HOLDOUT,
            4..7 => SALT,
            7..10 => BUCKETS,
            10..14 => COMPONENTS,
            14..18 => LAUNCH_ALL,
            18..22 => FLAG,
            22..50 => LAUNCH,
            50..59 => EXTENSION,
            59..68 => GROWTH,
            68..73 => RAMP,
            73..81 => CONCLUSION,
            81..89 => PAUSE,
            89..95 => PHASE,
            _ => TOUCHES,
        };
        self.step(dice, kind)
    }

    fn step(&mut self, dice: &mut Dice, kind: u32) -> Option<&'static str> {
        let before = self.clone();
        let made = self.change(dice, kind).filter(|_| {
            self.write();
            self.survey.faults.is_empty()
        });
        if made.is_none() {
            let launched = self.launched;
            *self = Self { launched, ..before };
        }
        made
    }

    fn share(dice: &mut Dice, most: u32) -> u32 {
        2 * (1 + dice.below(most.max(2) / 2))
    }

    fn ramp(dice: &mut Dice, traffic: u32) -> Vec<(u32, u32)> {
        let mut shares: Vec<u32> = (0..dice.below(3)).map(|_| Self::share(dice, traffic)).collect();
        shares.sort_unstable();
        shares.into_iter().map(|share| (1 + dice.below(5), share)).collect()
    }

    fn touches(&self, dice: &mut Dice, surface: &str) -> Vec<&'static str> {
        let components: Vec<&'static str> = self.land.grounds[surface].components.iter().copied().collect();
        match dice.below(8) {
            0 => vec!["*"],
            1 => vec![*dice.pick(&components)],
            2 => vec![*dice.pick(&components), *dice.pick(&components)],
            _ => Vec::new(),
        }
    }

    fn launch(&mut self, dice: &mut Dice, all: bool) -> &'static str {
        let id = format!("{}-{}", self.name, self.launched);
        self.launched += 1;
        let flags: Vec<&'static str> = self.land.flags.keys().copied().collect();
        let flag = *dice.pick(&flags);
        let surface = self.land.flags[flag].0;
        let traffic = Self::share(dice, 30);
        let mut plot = Plot::new(&id, flag, self.today.plus(1 + dice.below(10)), 11 + dice.below(24), traffic);
        plot.surface = surface;
        plot.rollout = dice.below(6) == 0;
        plot.ramp = Self::ramp(dice, traffic);
        plot.leave_room();
        plot.touches = if all { vec!["*"] } else { self.touches(dice, surface) };
        plot.control = 10 + dice.below(80);
        let kind = match (plot.touches.contains(&"*"), plot.rollout) {
            (true, _) => "launch of `*`",
            (false, true) => "rollout",
            (false, false) => "launch",
        };
        self.land.plots.insert(id, plot);
        kind
    }

    fn ground(&mut self, dice: &mut Dice) -> (&'static str, &mut Ground) {
        let surface = *dice.pick(&["home", "search"]);
        (surface, self.land.grounds.get_mut(surface).expect("a surface"))
    }

    /// Every lock of a surface whose claim is still open begins a new phase, as a new grid or salt needs.
    fn begin_anew(&mut self, surface: &str) {
        let today = self.today;
        for plot in self.land.plots.values_mut().filter(|plot| plot.surface == surface && plot.decided.is_none()) {
            let held = self.survey.locks.get(&plot.id);
            let phase = held.map_or(plot.phase, |lock| lock.phase);
            if held.and_then(|lock| lock.window().end).is_none_or(|end| end > today) {
                plot.phase = phase + u32::from(held.is_some());
            }
        }
    }

    /// One edit of the declarations; none where the dice named something that is not there.
    fn change(&mut self, dice: &mut Dice, kind: u32) -> Option<&'static str> {
        match kind {
            LAUNCH => return Some(self.launch(dice, false)),
            LAUNCH_ALL => return Some(self.launch(dice, true)),
            HOLDOUT => {
                let (_, ground) = self.ground(dice);
                ground.holdout = (ground.holdout + 2).min(12);
                return Some("holdout");
            }
            SALT => {
                let (surface, ground) = self.ground(dice);
                ground.salt = Some(format!("salt-{}", dice.below(1_000)));
                self.begin_anew(surface);
                return Some("salt");
            }
            BUCKETS => {
                let (surface, ground) = self.ground(dice);
                ground.buckets = *dice.pick(&[100, 200, 500, 1_000]);
                self.begin_anew(surface);
                return Some("buckets");
            }
            COMPONENTS => {
                let (_, ground) = self.ground(dice);
                let component = *dice.pick(&MORE);
                // What is there already and unused is taken away again.
                if !ground.components.remove(component) {
                    ground.components.insert(component);
                }
                return Some("components");
            }
            FLAG => {
                let flags: Vec<&'static str> = self.land.flags.keys().copied().collect();
                let flag = *dice.pick(&flags);
                let surface = self.land.flags[flag].0;
                let components: Vec<&'static str> = self.land.grounds[surface].components.iter().copied().collect();
                self.land.flags.insert(flag, (surface, *dice.pick(&components)));
                return Some("flag moved");
            }
            _ => {}
        }
        let today = self.today;
        let open = |plot: &&Plot| plot.decided.is_none() && plot.end() > Day(today.0 - 6);
        let open: Vec<String> = self.land.plots.values().filter(open).map(|plot| plot.id.clone()).collect();
        if open.is_empty() {
            return None;
        }
        let mut plot = self.land.plots.get(dice.pick(&open))?.clone();
        let buckets = self.land.grounds[plot.surface].buckets;
        let held = self.survey.locks.get(&plot.id).map(Lock::size);
        let made = match kind {
            EXTENSION => {
                plot.days += 1 + dice.below(14);
                "extension"
            }
            GROWTH if plot.traffic > 0 => {
                plot.traffic = (plot.traffic + Self::share(dice, 20)).min(100);
                "growth"
            }
            RAMP if plot.traffic > 0 && plot.start > today => {
                plot.ramp = Self::ramp(dice, plot.traffic);
                plot.leave_room();
                "ramp"
            }
            CONCLUSION => {
                plot.decided = Some(today.plus(dice.below(2)));
                "conclusion"
            }
            PAUSE if !plot.rollout => {
                // What is paused goes on as it was.
                plot.traffic = match (plot.traffic, held) {
                    (0, Some(held)) => held * 100 / buckets,
                    (0, None) => return None,
                    _ => 0,
                };
                let traffic = plot.traffic;
                plot.ramp.retain(|&(_, share)| traffic == 0 || share <= traffic);
                if traffic == 0 { "pause" } else { "pause over" }
            }
            PHASE => {
                plot.phase += 1;
                plot.traffic = if plot.traffic == 0 { 0 } else { Self::share(dice, 30) };
                plot.ramp = Self::ramp(dice, plot.traffic);
                plot.leave_room();
                plot.control = 10 + dice.below(80);
                "phase"
            }
            TOUCHES => {
                plot.touches = self.touches(dice, plot.surface);
                "touches"
            }
            _ => return None,
        };
        self.land.plots.insert(plot.id.clone(), plot);
        Some(made)
    }
}
