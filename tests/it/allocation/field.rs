//! A surface of four components and what is planted on it, written as a catalogue.

use std::collections::{BTreeMap, BTreeSet};

use allotment::bucket::BucketSet;
use allotment::decl::Day;
use allotment::diag::{Concern, Severity};
use allotment::lint::{Context, Group, rules};
use allotment::lock::{LedgerVerdict, Lock, Verdict};

use crate::world::World;

/// The components of the surface; each has one flag.
pub const COMPONENTS: [&str; 4] = ["cards", "header", "ranker", "shelves"];

/// An experiment or a rollout, as it will be written.
#[derive(Clone, Debug)]
pub struct Plot {
    pub id: String,
    pub rollout: bool,
    pub surface: &'static str,
    pub component: &'static str,
    pub touches: Vec<&'static str>,
    pub start: Day,
    pub days: u32,
    /// In percent; none is a pause.
    pub traffic: u32,
    /// Days and percents of the steps before the full share.
    pub ramp: Vec<(u32, u32)>,
    pub phase: u32,
    /// The percentage of `control`.
    pub control: u32,
    pub decided: Option<Day>,
}

impl Plot {
    pub fn new(id: &str, component: &'static str, start: Day, days: u32, traffic: u32) -> Self {
        Self {
            id: id.to_owned(),
            rollout: false,
            surface: "home",
            component,
            touches: Vec::new(),
            start,
            days,
            traffic,
            ramp: Vec::new(),
            phase: 1,
            control: 50,
            decided: None,
        }
    }

    /// Runs for longer than its ramp.
    pub fn leave_room(&mut self) {
        let ramp: u32 = self.ramp.iter().map(|(days, _)| days).sum();
        self.days = self.days.max(ramp + 1);
    }

    pub fn path(&self) -> String {
        format!("{}/{}.toml", if self.rollout { "rollouts" } else { "experiments" }, self.id)
    }

    pub fn lock_path(&self) -> String {
        self.path().replace(".toml", ".lock")
    }

    /// The end of its window as declared.
    pub fn end(&self) -> Day {
        let planned = if self.rollout { Day::LAST } else { self.start.plus(self.days) };
        self.decided.map_or(planned, |on| on.max(self.start).min(planned))
    }

    pub fn text(&self) -> String {
        let Self { surface, component, start, phase, .. } = self;
        let mut text = format!("version = 1\nowner = \"home\"\nsurface = \"{surface}\"\nflag = \"flag-{component}\"\n");
        if !self.touches.is_empty() {
            text += &format!("also-touches = {:?}\n", self.touches);
        }
        text += &format!("start = {start}\nphase = {phase}\n");
        let steps: Vec<String> =
            self.ramp.iter().map(|(days, share)| format!("{{ days = {days}, traffic = \"{share}%\" }}")).collect();
        if self.rollout {
            text += "value = \"b\"\n";
            let last = format!("{{ traffic = \"{}%\" }}", self.traffic);
            text += &format!("steps = [{}]\n", steps.into_iter().chain([last]).collect::<Vec<_>>().join(", "));
        } else {
            let stage = if self.decided.is_some() { "tweak" } else { "ship" };
            text += &format!("stage = \"{stage}\"\nhypothesis = \"It helps.\"\ndays = {}\n", self.days);
            text += &format!("traffic = \"{}%\"\n", self.traffic);
            if !steps.is_empty() && self.traffic > 0 {
                text += &format!("ramp = [{}]\n", steps.join(", "));
            }
            text += "[variants]\ncontrol = \"a\"\nb = \"b\"\n";
            text += &format!("[weights]\ncontrol = \"{}%\"\nb = \"{}%\"\n", self.control, 100 - self.control);
            text += "[success]\nreturned = { mde = \"2%\" }\n";
        }
        if let Some(on) = self.decided {
            text += &format!("[decision]\noutcome = \"stopped\"\non = {on}\nreason = \"It did not help.\"\n");
        }
        text
    }
}

/// What locks and ledger say.
#[derive(Clone)]
pub struct Survey {
    /// By id.
    pub locks: BTreeMap<String, Lock>,
    pub holdout: BucketSet,
    /// The claims that cannot be what their declarations ask for.
    pub refused: BTreeSet<String>,
    /// Whether the holdout cannot.
    pub holdout_refused: bool,
    /// Whether another allocation would find nothing to do.
    pub settled: bool,
}

/// The surface, with all that is planted on it.
#[derive(Clone)]
pub struct Field {
    pub world: World,
}

impl Field {
    /// A surface of so many buckets, with a holdout in percent, and nothing planted on it.
    pub fn new(buckets: u32, holdout: u32) -> Self {
        let mut world = World::base();
        world.files.retain(|path, _| {
            !["experiments/", "rollouts/", "flags/", "surfaces/"].iter().any(|folder| path.starts_with(folder))
        });
        let mut field = Self { world };
        for component in COMPONENTS {
            field.world.put(
                &format!("flags/flag-{component}.toml"),
                &format!(
                    "version = 1\nowner = \"home\"\nsurface = \"home\"\ncomponent = \"{component}\"\n\
                     type = \"string\"\nvalues = [\"a\", \"b\"]\ndefault = \"a\"\n"
                ),
            );
        }
        field.surface(buckets, holdout, "");
        field
    }

    /// Writes the surface anew, with further lines.
    pub fn surface(&mut self, buckets: u32, holdout: u32, more: &str) {
        let components: String = COMPONENTS.iter().map(|component| format!("{component} = \"\"\n")).collect();
        self.world.put(
            "surfaces/home.toml",
            &format!(
                "version = 1\nname = \"Home\"\nowners = [\"home\"]\nunit = \"user\"\nbuckets = {buckets}\n\
                 holdout = \"{holdout}%\"\n{more}[components]\n{components}"
            ),
        );
    }

    pub fn plant(&mut self, plot: &Plot) -> &mut Self {
        self.world.put(&plot.path(), &plot.text());
        self
    }

    pub fn allocate(&mut self) -> Vec<String> {
        self.world.allocate()
    }

    /// The text of a lock, if there is one.
    pub fn lock_text(&self, plot: &Plot) -> Option<&str> {
        self.world.files.get(&plot.lock_path()).map(String::as_str)
    }

    /// Every lock that can be read, by id, and the holdout.
    pub fn locks(&self) -> (BTreeMap<String, Lock>, BucketSet) {
        let survey = self.survey();
        (survey.locks, survey.holdout)
    }

    /// What is there now, and what allocation would still do.
    pub fn survey(&self) -> Survey {
        let sources = self.world.sources();
        let context = Context::new(&sources, Day::FIRST);
        let (claims, plan) = (&context.catalogue.claims, &context.plan);
        let held = claims.values().filter_map(|claim| context.locks.of(claim.file));
        let surface = sources.find("surfaces/home.toml").expect("the surface is there");
        let holdout = context.locks.ledger(surface).map(|held| held.ledger.holdout.clone());
        let refused = plan.claims.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Refused(_)));
        let drawn = |verdict: &Verdict| matches!(verdict, Verdict::New(_) | Verdict::Changed(_));
        let renewed = |verdict: &LedgerVerdict| matches!(verdict, LedgerVerdict::New(_) | LedgerVerdict::Changed(_));
        Survey {
            locks: held.map(|held| (held.lock.id.clone(), held.lock.clone())).collect(),
            holdout: holdout.unwrap_or_else(|| BucketSet::with_size(1)),
            refused: refused.map(|(ix, _)| claims.at(*ix).id.clone()).collect(),
            holdout_refused: plan.ledgers.iter().any(|(_, verdict)| matches!(verdict, LedgerVerdict::Refused { .. })),
            settled: !plan.claims.iter().any(|(_, verdict)| drawn(verdict))
                && !plan.ledgers.iter().any(|(_, verdict)| renewed(verdict)),
        }
    }

    /// The findings on a day that guard what is served, each as its rule and its words, and the rules of all other errors
    /// of coordination.
    pub fn findings(&self, today: Day) -> (Vec<(&'static str, String)>, Vec<&'static str>) {
        let (_, report) = self.world.lint_on(today);
        let serving = |rule: &str| rules::find(rule).is_some_and(|rule| rule.serving);
        let (guarding, others): (Vec<_>, Vec<_>) = report
            .findings
            .into_iter()
            .partition(|finding| serving(finding.rule) && finding.concern == Concern::Serving);
        let coordination = |rule: &str| rules::find(rule).is_some_and(|rule| rule.group == Group::Coordination);
        let others = others.into_iter().filter(|finding| finding.severity == Severity::Error);
        (
            guarding.into_iter().map(|finding| (finding.rule, finding.message)).collect(),
            others.map(|finding| finding.rule).filter(|rule| coordination(rule)).collect(),
        )
    }
}
