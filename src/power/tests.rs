//! Design questions on small catalogues, held against the formulas written out, and against each other.

use proptest::prelude::*;

use super::{Forecast, Goal, MetricForecast, NotEnough, Power, Standing, WhatIf, Why};
use crate::decl::{Day, Method, Share};
use crate::lint::Context;
use crate::source::Sources;
use crate::stats::design::Reason;
use crate::stats::normal::upper_quantile;

const ROOT: &str = r#"version = 1
organisation = "Tonar"
[teams]
home = { name = "Home" }
[units]
user = { attribute = "user-id" }
[attributes]
plan = { type = "string" }
[analysis]
method = "fixed"
"#;

const SURFACE: &str = r#"version = 1
name = "Home"
owners = ["home"]
unit = "user"
holdout = "10%"
buckets = 1000
north-star = "minutes"
[components]
cards = "Cards"
ranker = "Ranker"
[required]
crashes = { margin = "5%" }
minutes = {}
"#;

const METRICS: &str = r#"version = 1
owner = "home"
[facts.streams]
table = "streams"
unit = { user = "user_id" }
timestamp = "at"
[metrics.minutes]
mean = "sum(streams.ms)"
window = "7d"
goal = "increase"
covariate = "28d"
[metrics.crashes]
mean = "count(streams where crashed)"
window = "7d"
goal = "decrease"
[metrics.returned]
conversion = "count(streams) > 0"
window = "7d..14d"
goal = "increase"
"#;

const BASELINE: &str = r#"version = 1
surface = "home"
measured = 2027-01-01
[reach]
7 = 140_000
14 = 200_000
28 = 280_000
[segments]
premium = "25%"
[metrics.minutes]
mean = 200.0
standard-deviation = 300.0
correlation = 0.6
[metrics.crashes]
mean = 0.5
standard-deviation = 0.5
[metrics.returned]
mean = 0.6
standard-deviation = 0.49
"#;

const FLAG: &str = r#"version = 1
owner = "home"
surface = "home"
component = "cards"
type = "string"
values = ["small", "large", "huge"]
default = "small"
"#;

const TEST: &str = r#"version = 1
stage = "ship"
owner = "home"
surface = "home"
flag = "cards"
hypothesis = "Larger is better."
start = 2027-02-01
days = 21
traffic = "20%"
[variants]
control = "small"
large = "large"
[success]
minutes = { mde = "5%" }
"#;

const TODAY: Day = Day(20_850); // 2027-02-01

struct World(Vec<(String, String)>);

impl World {
    fn new() -> Self {
        let files = [
            ("allotment.toml", ROOT),
            ("surfaces/home.toml", SURFACE),
            ("metrics/all.toml", METRICS),
            ("baselines/home.toml", BASELINE),
            ("flags/cards.toml", FLAG),
            ("segments/premium.toml", "version = 1\n[where]\nplan = \"premium\"\n"),
            ("experiments/test.toml", TEST),
        ];
        Self(files.map(|(path, text)| (path.to_owned(), text.to_owned())).to_vec())
    }

    fn edit(mut self, path: &str, from: &str, to: &str) -> Self {
        let (_, text) = self.0.iter_mut().find(|(at, _)| at == path).expect("the file");
        assert!(text.contains(from), "{path} has no {from}");
        *text = text.replace(from, to);
        self
    }

    fn put(mut self, path: &str, text: &str) -> Self {
        self.0.retain(|(at, _)| at != path);
        self.0.push((path.to_owned(), text.to_owned()));
        self
    }

    fn ask<T>(&self, ask: impl FnOnce(&Power<'_>, &Context<'_>) -> T) -> T {
        let sources = Sources::new(self.0.clone());
        let context = Context::new(&sources, TODAY);
        ask(&Power::new(&context.catalogue, &context.locks, &context.plan), &context)
    }

    fn forecast(&self, what_if: &WhatIf) -> Forecast {
        self.ask(|power, context| power.forecast(context.catalogue.claims.get("test").expect("a claim"), what_if))
    }
}

fn now() -> WhatIf {
    WhatIf::default()
}

fn share(text: &str) -> Option<Share> {
    Share::parse(text)
}

fn of<'a>(forecast: &'a Forecast, id: &str) -> &'a MetricForecast {
    forecast.metrics.iter().find(|metric| metric.id == id).expect("the metric")
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-9 * b.abs(), "{a} is not {b}");
}

/// z(1 − α/2) + z(power), with power 80 %, 1 % for deterioration and so many metrics that decide.
fn z(alpha: f64, deciding: f64) -> f64 {
    upper_quantile(alpha / 2.0).expect("z") + upper_quantile(0.19 / deciding).expect("z")
}

#[test]
fn a_fixed_test_is_the_formula_written_out() {
    let forecast = World::new().forecast(&now());
    assert_eq!(forecast.exposed, Some(0.2));
    let minutes = of(&forecast, "minutes");
    // Two tests decide: the success metric, and the guardrail that the surface requires.
    let needed = (z(0.05, 2.0) * 300.0 / 10.0).powi(2) * 2.0 * (1.0 - 0.36);
    let units = minutes.needed.expect("units");
    close(units.treatment, needed.ceil());
    close(units.all, 2.0 * needed.ceil());
    // Units complete a window of 7 days if they come in the first 14 of 21 days; the holdout takes nothing off a share.
    close(minutes.available.expect("units").all, 200_000.0 * 0.2);
    assert_eq!(minutes.standing, Standing::Enough);
    assert_eq!((minutes.days.clone(), minutes.extrapolated), (Ok(14), None));
    assert_eq!(forecast.standing(), Standing::Enough);
    assert_eq!(forecast.binding().map(|metric| metric.id.as_str()), Some("minutes"), "{forecast:?}");
    // A loss as large as the margin, in the direction that is bad: k = 1 + 0.05.
    let needed = (z(0.05, 2.0) / 0.05).powi(2) * (1.05_f64.powi(2) + 1.0);
    close(of(&forecast, "crashes").needed.expect("units").treatment, needed.ceil());
}

#[test]
fn what_is_required_without_a_margin_is_watched_for_deterioration_alone() {
    let forecast = World::new().edit("experiments/test.toml", "minutes = {", "returned = {").forecast(&now());
    let last = forecast.metrics.last().expect("metrics");
    assert_eq!((last.id.as_str(), last.goal, last.standing.clone()), ("minutes", Goal::Watched, Standing::Watched));
    assert!(last.required && last.needed.is_none() && last.reached.is_some());
    // 1 % over three metrics and one treatment, on one side.
    close(last.test.expect("a test").alpha, 0.01 / 3.0);
}

#[test]
fn a_share_moves_with_the_effect() {
    let forecast = World::new()
        .edit("experiments/test.toml", "minutes = { mde = \"5%\"", "returned = { mde = \"4%\"")
        .forecast(&now());
    let returned = of(&forecast, "returned");
    let needed = (z(0.05, 2.0) / 0.024).powi(2) * (0.6 * 0.4 + 0.624 * 0.376);
    close(returned.needed.expect("units").treatment, needed.ceil());
    close(returned.available.expect("units").all, 140_000.0 * 0.2);
}

#[test]
fn the_smallest_of_several_treatments_decides() {
    let world = World::new().edit(
        "experiments/test.toml",
        "large = \"large\"\n",
        "large = \"large\"\nhuge = \"huge\"\n[weights]\ncontrol = \"60%\"\nlarge = \"30%\"\nhuge = \"10%\"\n",
    );
    let forecast = world.forecast(&now());
    let minutes = of(&forecast, "minutes");
    close(minutes.test.expect("a test").alpha, 0.025);
    let needed = (z(0.025, 2.0) * 300.0 / 10.0).powi(2) * (1.0 / 6.0 + 1.0) * 0.64;
    let units = minutes.needed.expect("units");
    close(units.treatment, needed.ceil());
    close(units.all, 10.0 * needed.ceil());
    close(minutes.available.expect("units").treatment, 4_000.0);
}

#[test]
fn a_ramp_and_a_segment_bring_fewer() {
    let world = World::new().edit(
        "experiments/test.toml",
        "traffic = \"20%\"\n",
        "traffic = \"20%\"\nsegment = \"premium\"\nramp = [{ days = 7, traffic = \"4%\" }]\n",
    );
    let forecast = world.forecast(&now());
    assert_eq!(forecast.exposed, Some(0.05));
    close(of(&forecast, "minutes").available.expect("units").all, 0.25 * (0.04 * 200_000.0 + 0.16 * 140_000.0));
}

#[test]
fn exactly_enough_is_enough_and_a_bucket_less_is_not() {
    for method in [Method::Fixed, Method::GroupSequential, Method::AlwaysValid] {
        let world = World::new().edit("experiments/test.toml", "5%", "2.5%");
        let world = world.edit("allotment.toml", "fixed", method.word());
        let (ways, enough, short) = world.ask(|power, context| {
            let claim = context.catalogue.claims.get("test").expect("a claim");
            let ways = power.ways(claim, &now()).expect("it is too small");
            let share = ways.traffic.as_ref().expect("more traffic").share;
            let standing = |share| power.forecast(claim, &WhatIf { traffic: Some(share), ..now() }).standing();
            (ways.clone(), standing(share), standing(Share(share.0 - 1_000)))
        });
        assert_eq!((enough, short), (Standing::Enough, Standing::TooSmall), "{ways:?}");
    }
    // A reach of which 20 % are just as many units as it takes, and then one unit less.
    let needed = of(&World::new().forecast(&now()), "crashes").needed.expect("units").all;
    let world = |reach: f64| {
        let reach = format!("7 = 1\n14 = {reach:.0}\n28 = {reach:.0}");
        World::new().edit("baselines/home.toml", "7 = 140_000\n14 = 200_000\n28 = 280_000", &reach).forecast(&now())
    };
    assert_eq!(of(&world(needed * 5.0), "crashes").standing, Standing::Enough);
    assert_eq!(of(&world(needed * 5.0 - 5.0), "crashes").standing, Standing::TooSmall);
}

#[test]
fn more_days_are_the_fewest() {
    for method in [Method::Fixed, Method::GroupSequential] {
        let world = World::new().edit("experiments/test.toml", "5%", "3%");
        let world = world.edit("allotment.toml", "fixed", method.word());
        let days = of(&world.forecast(&now()), "minutes").days.clone().expect("days");
        assert!(days > 21, "{days}");
        let standing = |days| of(&world.forecast(&WhatIf { days: Some(days), ..now() }), "minutes").standing.clone();
        assert_eq!((standing(days), standing(days - 1)), (Standing::Enough, Standing::TooSmall), "{days}");
    }
}

#[test]
fn a_covariate_as_good_as_is_said_suffices() {
    let world = World::new().edit("experiments/test.toml", "5%", "3%");
    let ways = world.ask(|power, context| power.ways(context.catalogue.claims.get("test").expect("a claim"), &now()));
    let ways = ways.expect("it is too small");
    let [covariate] = ways.covariates.as_slice() else { panic!("{ways:?}") };
    assert_eq!((covariate.metric.as_str(), covariate.has), ("minutes", Some(0.6)));
    let better = |by: f64| {
        let correlation = format!("correlation = {:.4}", covariate.correlation + by);
        of(&world_with(&correlation).forecast(&now()), "minutes").standing.clone()
    };
    assert_eq!((better(1e-3), better(-1e-3)), (Standing::Enough, Standing::TooSmall));
}

fn world_with(correlation: &str) -> World {
    let world = World::new().edit("experiments/test.toml", "5%", "3%");
    world.edit("baselines/home.toml", "correlation = 0.6", correlation)
}

#[test]
fn room_is_what_others_leave_in_its_window() {
    let other = TEST.replace("days = 21", "days = 14").replace("traffic = \"20%\"", "traffic = \"60%\"");
    let world = World::new().put("experiments/other.toml", &other).edit("experiments/test.toml", "5%", "3%");
    let ways = world.ask(|power, context| power.ways(context.catalogue.claims.get("test").expect("a claim"), &now()));
    let ways = ways.expect("it is too small");
    let traffic = ways.traffic.expect("more traffic");
    let room = traffic.room.expect("it says what it touches");
    assert_eq!((room.free, room.fits), (share("30%").expect("a share"), false), "{}", traffic.share);
    assert_eq!(room.holders.first().map(|holder| (holder.id.as_str(), holder.buckets)), Some(("other", 600)));
    let hopeless = world.edit("experiments/test.toml", "3%", "0.1%");
    let ways =
        hopeless.ask(|power, context| power.ways(context.catalogue.claims.get("test").expect("a claim"), &now()));
    assert_eq!(ways.map(|ways| ways.traffic), Some(Err(NotEnough::NotEvenAll)));
}

#[test]
fn what_cannot_be_told_has_its_reason() {
    let why = |world: World, id: &str| of(&world.forecast(&now()), id).standing.clone();
    let undefined = |why: Why| Standing::Undefined(why);
    let test = "experiments/test.toml";
    assert_eq!(
        why(World::new().edit("baselines/home.toml", "\"home\"", "\"search\""), "minutes"),
        undefined(Why::NoReach)
    );
    assert_eq!(
        why(World::new().edit("baselines/home.toml", "metrics.crashes", "metrics.other"), "crashes"),
        undefined(Why::NoBaseline)
    );
    let segment = World::new().edit(test, "days = 21", "days = 21\nsegment = \"premium\"").edit(
        "baselines/home.toml",
        "premium",
        "other",
    );
    assert_eq!(why(segment, "minutes"), undefined(Why::NoSegmentShare("premium".to_owned())));
    assert_eq!(why(World::new().edit(test, "days = 21", "days = 7"), "minutes"), undefined(Why::NoCompleteUnits(7)));
    assert_eq!(why(World::new().edit(test, "mde = \"5%\"", ""), "minutes"), undefined(Why::NoMde));
    assert_eq!(why(World::new().edit(test, "control", "small"), "minutes"), undefined(Why::NoControl));
    assert_eq!(why(World::new().edit(test, "\"20%\"", "\"0%\""), "minutes"), undefined(Why::NoTraffic));
    let flat = World::new().edit("baselines/home.toml", "300.0", "0.0");
    assert_eq!(why(flat, "minutes"), undefined(Why::Design(Reason::NoVariance)));
    let zero = World::new().edit("baselines/home.toml", "mean = 200.0", "mean = 0.0");
    assert_eq!(why(zero, "minutes"), undefined(Why::Design(Reason::ZeroMean)));
}

#[test]
fn an_idea_is_asked_what_it_finds_at_best() {
    let world = World::new().put("experiments/test.toml", "version = 1\nstage = \"think\"\nowner = \"home\"\nsurface = \"home\"\nhypothesis = \"It might.\"\n[success]\nminutes = { mde = \"2%\" }\n");
    let forecast = world.forecast(&now());
    assert!(forecast.supposed.days && forecast.supposed.traffic && forecast.supposed.arms);
    assert_eq!((forecast.days, forecast.traffic()), (Some(28), share("90%").expect("a share")));
    assert_eq!(of(&forecast, "minutes").standing, Standing::Enough);
}

#[test]
fn a_rollout_needs_days_and_is_never_too_short() {
    let rollout = "version = 1\nowner = \"home\"\nsurface = \"home\"\nflag = \"cards\"\nvalue = \"large\"\nstart = 2027-03-01\nsteps = [{ days = 7, traffic = \"10%\" }, { traffic = \"100%\" }]\nholdback = \"5%\"\n";
    let world = World::new().put("rollouts/test.toml", rollout).put("experiments/test.toml", "version = 1\n");
    let forecast = world.ask(|power, context| {
        let claims = context.catalogue.claims.values();
        let claim = claims.clone().find(|claim| claim.experiment().is_none()).expect("the rollout");
        power.forecast(claim, &now())
    });
    let crashes = of(&forecast, "crashes");
    assert_eq!((crashes.standing.clone(), crashes.available), (Standing::Enough, None));
    assert!(crashes.days.as_ref().is_ok_and(|&days| days > 7), "{crashes:?}");
}

#[test]
fn a_calendar_has_every_day_once_and_openings_only_grow() {
    let other = TEST.replace("days = 21", "days = 14").replace("traffic = \"20%\"", "traffic = \"60%\"");
    let everywhere = other
        .replace("hypothesis", "also-touches = [\"*\"]\nhypothesis")
        .replace("2027-02-01", "2027-03-01")
        .replace("60%", "30%");
    let world = World::new().put("experiments/other.toml", &other).put("experiments/all.toml", &everywhere);
    world.ask(|power, context| {
        let surface = context.catalogue.surfaces.find("home").expect("the surface");
        let calendar = power.calendar(surface, TODAY, 60);
        assert_eq!((calendar.buckets, calendar.holdout), (1_000, 100));
        let [cards, ranker] = calendar.lanes.as_slice() else { panic!("{calendar:?}") };
        let levels: Vec<_> =
            cards.levels.iter().map(|level| (level.from.since(TODAY), level.taken, level.free)).collect();
        assert_eq!(levels, [(0, 800, 100), (14, 200, 700), (21, 0, 900), (28, 300, 600), (42, 0, 900)]);
        let levels: Vec<_> = ranker.levels.iter().map(|level| (level.from.since(TODAY), level.taken)).collect();
        assert_eq!(levels, [(0, 0), (28, 300), (42, 0)]);
        let booked: Vec<_> = ranker.bookings.iter().map(|it| (it.id.as_str(), it.everywhere, it.allotted)).collect();
        assert_eq!(booked, [("all", true, false)]);
        let metric = power.headline(surface).expect("a north star");
        let openings = power.openings(surface, "cards", metric, TODAY, 21);
        let found: Vec<_> = openings.iter().map(|it| (it.start.since(TODAY), it.share.to_string())).collect();
        assert_eq!(
            found,
            [(0, "10%".to_owned()), (14, found[1].1.clone()), (21, "60%".to_owned()), (42, "90%".to_owned())]
        );
        let mdes: Vec<f64> = openings.iter().map(|it| it.mde.clone().expect("an effect")).collect();
        assert!(mdes.iter().zip(&mdes[1..]).all(|(a, b)| a > b), "{mdes:?}");
        let earliest = power.earliest(surface, "cards", metric, mdes[1], TODAY, 21).expect("an opening");
        assert_eq!(earliest.start.since(TODAY), 14);
        assert_eq!(power.earliest(surface, "cards", metric, mdes[3] * 0.99, TODAY, 21), None);
    });
}

#[test]
fn many_looks_cost_little_and_are_worked_with() {
    for spending in crate::decl::Spending::WORDS {
        let analysis = format!("method = \"group-sequential\"\nlooks = \"daily\"\nspending = \"{spending}\"\n");
        let world = World::new().edit("allotment.toml", "method = \"fixed\"\n", &analysis);
        let forecast = world.forecast(&WhatIf { days: Some(400), mde: share("0.5%"), ..now() });
        let test = of(&forecast, "minutes").test.expect("a test");
        assert!(test.looks > 200 && test.inflation > 1.0 && test.inflation < 2.0, "{test:?}");
    }
}

/// Numbers at the edges of what can be written.
fn edge() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["0.0", "1.0", "0.5", "-3.0", "1e-9", "1e12", "1e300", "-1e300", "1e-300", "inf", "nan"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn anything_gives_an_answer_or_a_reason(
        mean in edge(), sd in edge(), correlation in edge(),
        reach in prop::sample::select(vec!["0", "1", "1_000_000_000_000", "9_000_000_000_000_000_000"]),
        mde in prop::sample::select(vec!["0%", "0.0001%", "5%", "1000%"]),
        power in prop::sample::select(vec!["80%", "99.9999%", "0%", "100%", "2%"]),
        days in prop::sample::select(vec![0_u32, 1, 8, 21, 4_000_000_000]),
        method in prop::sample::select(Method::WORDS),
        spending in prop::sample::select(crate::decl::Spending::WORDS),
        looks in prop::sample::select(vec!["\"daily\"", "\"weekly\"", "[1, 2, 3]", "[]"]),
    ) {
        let analysis = format!("method = \"{method}\"\npower = \"{power}\"\nspending = \"{spending}\"\nlooks = {looks}\n");
        let world = World::new()
            .edit("allotment.toml", "method = \"fixed\"\n", &analysis)
            .edit("baselines/home.toml", "mean = 200.0\nstandard-deviation = 300.0\ncorrelation = 0.6", &format!("mean = {mean}\nstandard-deviation = {sd}\ncorrelation = {correlation}"))
            .edit("baselines/home.toml", "28 = 280_000", &format!("28 = {reach}"))
            .edit("experiments/test.toml", "5%", mde)
            .edit("experiments/test.toml", "days = 21", &format!("days = {days}"));
        world.ask(|power, context| {
            let Some(claim) = context.catalogue.claims.get("test") else { return Ok(()) };
            let forecast = power.forecast(claim, &now());
            for metric in &forecast.metrics {
                let finite = |number: Option<f64>| number.is_none_or(f64::is_finite);
                prop_assert!(finite(metric.reached) && finite(metric.power_reached), "{metric:?}");
                prop_assert!(finite(metric.needed.map(|units| units.all)), "{metric:?}");
                if metric.standing == Standing::Enough && metric.available.is_some() {
                    prop_assert!(metric.days.clone().is_ok_and(|needed| needed <= days), "{metric:?}");
                }
            }
            let ways = power.ways(claim, &now());
            prop_assert_eq!(ways.is_some(), forecast.standing() == Standing::TooSmall);
            Ok(())
        })?;
    }
}
