//! A small catalogue to analyse on, and tallies of made-up data.

use allotment::analysis::{Counted, Question, analyse};
use allotment::lint::Context;
use allotment::power::Power;
use allotment::results::{Arm, ArmTally, DaySums, MetricTally, Results, Sums, Tally};
use allotment::stats::Direction;

use crate::world::{TODAY, World};

const DAY: i64 = 86_400_000_000;

/// The experiment that is looked at: `probe`, from 2027-01-04 on.
pub struct Field {
    world: World,
}

/// An instant so many days after the start, in microseconds since 1970.
pub fn day(days: f64) -> i64 {
    20_822 * DAY + (days * DAY as f64) as i64
}

impl Field {
    /// With an experiment whose variants and what follows them are given, of a surface that requires nothing.
    pub fn new(days: u32, variants: &[&str], rest: &str) -> Self {
        let mut world = World::base();
        world.files.retain(|path, _| !path.starts_with("experiments/") && !path.starts_with("rollouts/"));
        let surface = world.files.get_mut("surfaces/home.toml").expect("a surface");
        *surface =
            surface[..surface.find("[required]").expect("a table")].replace("limits = { first-day = \"5%\" }\n", "");
        world.put(
            "metrics/probe.toml",
            r#"version = 1
owner = "home"

[facts.things]
table = "lake.things"
unit = { user = "user_id" }
timestamp = "at"

[facts.late]
table = "lake.late"
unit = { user = "user_id" }
timestamp = "at"
lag = "1d"

[metrics.gain]
mean = "sum(things.value)"
window = "1d"
goal = "increase"

[metrics.loss]
mean = "sum(late.value)"
window = "1d"
goal = "decrease"

[metrics.eased]
mean = "sum(things.value)"
window = "1d"
goal = "increase"
covariate = "7d"

[metrics.spent]
mean = "sum(things.value)"
window = "1d"
goal = "increase"
missing = "drop"

[metrics.rate]
ratio = "sum(things.part) / sum(things.whole)"
window = "1d"
goal = "increase"

[metrics.middle]
quantile = { of = "sum(things.value)", at = "p50" }
window = "1d"
goal = "increase"

[metrics.other]
conversion = "count(things) > 0"
window = "1d"
"#,
        );
        let values: String = variants.iter().map(|id| format!("{id} = \"v8-fresh\"\n")).collect();
        world.put(
            "experiments/probe.toml",
            &format!(
                "version = 1\nstage = \"ship\"\nowner = \"home\"\nsurface = \"home\"\nflag = \"home-ranker\"\nhypothesis = \"It helps.\"\n\
                 start = 2027-01-04\ndays = {days}\ntraffic = \"20%\"\n\n[variants]\ncontrol = \"v7\"\n{values}\n{rest}"
            ),
        );
        world.allocate();
        Self { world }
    }

    /// The same where a baseline knows `gain`.
    pub fn measured(mut self) -> Self {
        let baseline = self.world.files.get_mut("baselines/home.toml").expect("a baseline");
        baseline.push_str("\n[metrics.gain]\nmean = 10\nstandard-deviation = 2\n");
        self
    }

    /// Takes a look.
    pub fn look(&self, at: i64, tally: &Tally, earlier: &[Results]) -> Results {
        let sources = self.world.sources();
        let context = Context::new(&sources, TODAY);
        let claim = context.catalogue.claims.get("probe").expect("it is there");
        let lock = &context.locks.of(claim.file).expect("it is allotted").lock;
        let power = Power::new(&context.catalogue, &context.locks, &context.plan);
        let question = Question {
            catalogue: &context.catalogue,
            power: &power,
            claim,
            lock,
            now: at,
            earlier,
            commit: Some("0123abc"),
            dirty: false,
        };
        let counted = Counted { tally, engine: "embedded", query: "none", aggregated: false };
        let results = analyse(&question, &counted).expect("it has a surface");
        assert_eq!(Results::read(results.write().as_bytes()).as_ref(), Ok(&results), "it is read as it was written");
        results
    }

    /// Takes looks one after the other, each after those before it.
    pub fn looks(&self, looks: &[(f64, Tally)]) -> Vec<Results> {
        let mut taken = Vec::new();
        for (at, tally) in looks {
            let next = self.look(day(*at), tally, &taken);
            taken.push(next);
        }
        taken
    }
}

/// Sums of one column of so many units about their mean.
pub fn sums(n: u64, mean: f64, variance: f64) -> Sums {
    let freedom = n.saturating_sub(1) as f64;
    Sums { n, shifts: vec![mean], sums: vec![0.0], products: vec![variance * freedom] }
}

/// The sums of rows about a shift near their means, one column an entry.
pub fn of_rows(rows: &[Vec<f64>], shifts: &[f64]) -> Sums {
    let width = shifts.len();
    let mut sums = Sums { n: rows.len() as u64, shifts: shifts.to_vec(), sums: vec![0.0; width], products: Vec::new() };
    for row in 0..width {
        sums.sums[row] = rows.iter().map(|own| own[row] - shifts[row]).sum();
        for column in 0..=row {
            sums.products.push(rows.iter().map(|own| (own[row] - shifts[row]) * (own[column] - shifts[column])).sum());
        }
    }
    sums
}

/// An arm of a metric that consists of sums alone.
pub fn arm(sums: Sums) -> ArmTally {
    ArmTally { kept: sums.clone(), days: Vec::new(), sums, ..ArmTally::default() }
}

/// A tally in which each arm has as many exposed units as its first metric; `metrics` are ids with arms, control first.
pub fn tally(variants: &[&str], metrics: Vec<(&str, Vec<ArmTally>)>) -> Tally {
    let exposed = |at: usize| metrics.first().map_or(0, |(_, arms)| arms[at].sums.n + arms[at].incomplete);
    let arms = ["control"].iter().chain(variants).enumerate();
    Tally {
        key: "probe".to_owned(),
        arms: arms.map(|(at, id)| Arm { variant: (*id).to_owned(), exposed: exposed(at), mixed: 0 }).collect(),
        metrics: metrics
            .into_iter()
            .map(|(id, arms)| MetricTally { metric: id.to_owned(), arms, ..MetricTally::default() })
            .collect(),
        ..Tally::default()
    }
}

/// A tally of control and one treatment with the same units: each metric has its mean in control and the z of its difference,
/// towards the good side.
pub fn by_z(n: u64, metrics: &[(&str, Direction, f64)]) -> Tally {
    let variance = 4.0;
    let se = (2.0 * variance / n as f64).sqrt();
    let arms = |direction: &Direction, z: f64| {
        vec![arm(sums(n, 10.0, variance)), arm(sums(n, 10.0 + direction.sign() * z * se, variance))]
    };
    tally(&["treatment"], metrics.iter().map(|(id, direction, z)| (*id, arms(direction, *z))).collect())
}

/// Spreads the sums of an arm evenly over days.
pub fn spread(mut own: ArmTally, days: u32) -> ArmTally {
    let part = |day: u32| {
        let n = own.sums.n / u64::from(days);
        let share = n as f64 / own.sums.n as f64;
        let scaled = |numbers: &[f64]| numbers.iter().map(|number| number * share).collect();
        let sums = Sums {
            n,
            shifts: own.sums.shifts.clone(),
            sums: scaled(&own.sums.sums),
            products: scaled(&own.sums.products),
        };
        DaySums { day, sums }
    };
    own.days = (0..days).map(part).collect();
    own
}
