//! The statement of a quantile over events, whose units are clusters: the quantile, and the values at the levels around it that
//! the delta method's standard error of the share at or below it gives (Deng, Knoblich & Lu 2018).

use super::frame::{Frame, describe};
use super::inputs::Span;
use super::text::{Parts, Select, column, same};
use crate::query::{Calculation, Measure};

/// The normal quantile at 97.5 %: the two levels hold 95 % between them.
const Z: f64 = 1.959_963_984_540_054;

/// What the statement returns, a row for each metric and variant.
pub(super) const COLUMNS: [&str; 15] = [
    "study",
    "measure",
    "arm",
    "units",
    "incomplete",
    "without_rows",
    "events",
    "quantile",
    "lower",
    "upper",
    "sum_0",
    "sum_1",
    "product_0_0",
    "product_1_0",
    "product_1_1",
];

pub(super) fn text(frame: &Frame<'_>, source: usize, measures: &[(usize, &Measure)], head: &[String]) -> String {
    let mut parts = Parts::default();
    frame.constants(&mut parts);
    let places: Vec<usize> = measures.iter().map(|(place, _)| *place).collect();
    frame.tracked(&mut parts, &places);
    frame.units(&mut parts);
    let reach: Span = (0, measures.iter().map(|(_, measure)| measure.window.1).max().unwrap_or(0));
    let input = |measure: &Measure| match measure.calculation {
        Calculation::EventQuantile { input, .. } => input,
        _ => 0,
    };
    let wanted: Vec<usize> = measures.iter().map(|(_, measure)| input(measure)).collect();
    if let Some(own) = frame.request.sources.get(source) {
        frame.fact(&mut parts, source, own, &wanted, reach);
    }
    events(frame, &mut parts, source, measures, &input);
    quantile(frame, &mut parts);
    levels(frame, &mut parts, measures);
    let at = |name: &str, place: &str| {
        let rank = format!("FLOOR((a.events - 1) * {place})");
        let pick = |more: u8| format!("MAX(CASE WHEN o.rank = {rank} + {more} THEN o.v END)");
        let (low, high) = (pick(1), pick(2));
        let share = format!("(MAX((a.events - 1) * {place} - {rank}))");
        let value = format!("{low} + {share} * (COALESCE({high}, {low}) - {low})");
        column(format!("COALESCE({value}, MAX(a.quantile))"), name)
    };
    let most = |name: &str| column(format!("MAX(a.{name})"), name);
    let words: Vec<String> =
        measures.iter().map(|(place, measure)| format!("{place} is {}", describe(measure))).collect();
    let keys = ["a.study", "a.measure", "a.arm"].map(str::to_owned).to_vec();
    let last = Select {
        words: "a row for each metric and variant".to_owned(),
        columns: vec![
            column("a.study", "study"),
            column("a.measure", "measure").for_(words.join(", ")),
            column("a.arm", "arm").for_("by place, 0 is control"),
            most("units").for_("whose window is complete"),
            most("incomplete"),
            most("without_rows").for_("complete units without any event"),
            most("events"),
            most("quantile"),
            at("lower", "a.lower_level"),
            at("upper", "a.upper_level"),
            most("sum_0").for_("events at or below the quantile"),
            most("sum_1").for_("events"),
            most("product_0_0"),
            most("product_1_0"),
            most("product_1_1"),
        ],
        from: vec![
            format!("{} AS a", frame.name("levels")),
            format!(
                "LEFT JOIN {} AS o ON o.study = a.study AND o.measure = a.measure AND o.arm = a.arm AND o.counted = 1",
                frame.name("ordered")
            ),
        ],
        group: keys.clone(),
        order: keys,
        ..Select::default()
    };
    parts.print(head, &last)
}

/// A row for each event of a unit, or one without a value; then their order.
fn events(
    frame: &Frame<'_>,
    parts: &mut Parts,
    source: usize,
    measures: &[(usize, &Measure)],
    input: &dyn Fn(&Measure) -> usize,
) {
    let (fact, unit, seen) = (frame.name(&format!("fact_{source}")), frame.name("unit"), frame.name("seen"));
    let cases: Vec<String> = measures
        .iter()
        .map(|(place, measure)| format!(" WHEN {place} THEN f.{}", frame.name(&input(measure).to_string())))
        .collect();
    let mut out = same("t.", ["study", "measure", "level"]);
    out.extend(same("u.", ["arm", "unit"]));
    out.push(column("CASE WHEN u.first_seen + t.reach <= t.complete_by THEN 1 ELSE 0 END", "complete"));
    out.push(column(format!("CASE t.measure{} END", cases.concat()), "v"));
    let near = format!(
        "LEFT JOIN {fact} AS f ON f.{unit} = u.unit AND f.{seen} >= u.first_seen + t.after AND f.{seen} < u.first_seen + t.reach"
    );
    parts.add(
        frame.name("events"),
        Select {
            words: "a row for each event in a unit's window; one without a value for a unit that has none".to_owned(),
            columns: out,
            from: vec![
                format!("{} AS u", frame.name("units")),
                format!("JOIN {} AS t ON t.study = u.study", frame.name("tracked")),
                near,
            ],
            filters: vec!["u.mixed = 0".to_owned()],
            ..Select::default()
        },
    );
    let counted = "CASE WHEN e.complete = 1 AND e.v IS NOT NULL THEN 1 ELSE 0 END";
    let mut out = same("e.", ["study", "measure", "level", "arm", "unit", "complete", "v"]);
    out.push(column(counted, "counted"));
    out.push(column(format!("SUM({counted}) OVER (PARTITION BY e.study, e.measure, e.arm)"), "events"));
    let rank = format!("ROW_NUMBER() OVER (PARTITION BY e.study, e.measure, e.arm, {counted} ORDER BY e.v)");
    out.push(column(rank, "rank"));
    let words = "their order within each variant".to_owned();
    let from = vec![format!("{} AS e", frame.name("events"))];
    parts.add(frame.name("ordered"), Select { words, columns: out, from, ..Select::default() });
}

/// The quantile by linear interpolation between order statistics (type 7), and how many events of a unit are at or below it.
fn quantile(frame: &Frame<'_>, parts: &mut Parts) {
    let of_arm = "OVER (PARTITION BY o.study, o.measure, o.arm)";
    let place = "FLOOR((o.events - 1) * o.level)";
    let mut out = same("o.", ["study", "measure", "level", "arm", "unit", "complete", "v", "counted", "events"]);
    out.push(column(format!("(o.events - 1) * o.level - {place}"), "share"));
    for (name, more) in [("low", 1), ("high", 2)] {
        let value = format!("CASE WHEN o.counted = 1 AND o.rank = {place} + {more} THEN o.v END");
        out.push(column(format!("MAX({value}) {of_arm}"), name));
    }
    let words = "the values around the quantile".to_owned();
    let from = vec![format!("{} AS o", frame.name("ordered"))];
    parts.add(frame.name("around"), Select { words, columns: out, from, ..Select::default() });

    let value = "o.low + o.share * (COALESCE(o.high, o.low) - o.low)";
    let mut out = same("o.", ["study", "measure", "level", "arm", "unit", "complete", "v", "counted", "events"]);
    out.push(column(value, "quantile"));
    let words = "the quantile".to_owned();
    let from = vec![format!("{} AS o", frame.name("around"))];
    parts.add(frame.name("placed"), Select { words, columns: out, from, ..Select::default() });

    let keys = ["study", "measure", "arm", "level", "unit", "complete", "events", "quantile"];
    let mut out = same("o.", keys);
    out.push(column("SUM(CASE WHEN o.counted = 1 AND o.v <= o.quantile THEN 1 ELSE 0 END)", "below"));
    out.push(column("SUM(o.counted)", "own"));
    parts.add(
        frame.name("clusters"),
        Select {
            words: "events of each unit: those at or below the quantile, and all".to_owned(),
            columns: out,
            from: vec![format!("{} AS o", frame.name("placed"))],
            group: keys.map(|key| format!("o.{key}")).to_vec(),
            ..Select::default()
        },
    );
}

/// The sums over units, and with them the levels around the quantile.
fn levels(frame: &Frame<'_>, parts: &mut Parts, measures: &[(usize, &Measure)]) {
    let double = |what: &str| frame.dialect.as_double(what);
    let dropping: Vec<String> =
        measures.iter().filter(|(_, measure)| measure.drops_missing).map(|(place, _)| place.to_string()).collect();
    let kept = match dropping.is_empty() {
        true => String::new(),
        false => format!(" AND (c.own > 0 OR c.measure NOT IN ({}))", dropping.join(", ")),
    };
    let complete = |what: &str| format!("SUM(CASE WHEN c.complete = 1 THEN {} ELSE 0 END)", double(what));
    let mut out = same("c.", ["study", "measure", "arm", "level"]);
    out.extend([
        column(format!("SUM(CASE WHEN c.complete = 1{kept} THEN 1 ELSE 0 END)"), "units"),
        column("SUM(1 - c.complete)", "incomplete"),
        column("SUM(CASE WHEN c.complete = 1 AND c.own = 0 THEN 1 ELSE 0 END)", "without_rows"),
        column("MAX(c.events)", "events"),
        column("MAX(c.quantile)", "quantile"),
        column(complete("c.below"), "sum_0"),
        column(complete("c.own"), "sum_1"),
        column(complete("c.below * c.below"), "product_0_0"),
        column(complete("c.own * c.below"), "product_1_0"),
        column(complete("c.own * c.own"), "product_1_1"),
    ]);
    parts.add(
        frame.name("sums"),
        Select {
            words: "sums over the units of each variant".to_owned(),
            columns: out,
            from: vec![format!("{} AS c", frame.name("clusters"))],
            group: ["study", "measure", "arm", "level"].map(|key| format!("c.{key}")).to_vec(),
            ..Select::default()
        },
    );
    let handed: Vec<&str> = COLUMNS.iter().copied().filter(|name| !["lower", "upper"].contains(name)).collect();
    let ratio = "(s.sum_0 / s.sum_1)";
    let residual = format!(
        "GREATEST(s.product_0_0 - 2 * {ratio} * s.product_1_0 + {ratio} * {ratio} * s.product_1_1, {})",
        frame.dialect.number(0.0)
    );
    let spread = format!("SQRT({residual} * s.units / (s.units - 1)) / s.sum_1");
    let mut out = same("s.", handed.iter().copied());
    out.push(column("s.level", "level"));
    out.push(column(format!("CASE WHEN s.units > 1 AND s.sum_1 > 0 THEN {spread} END"), "spread"));
    let words = "the standard error of the share at or below the quantile, by the delta method".to_owned();
    let from = vec![format!("{} AS s", frame.name("sums"))];
    parts.add(frame.name("spreads"), Select { words, columns: out, from, ..Select::default() });
    let reach = format!("{} * s.spread", frame.dialect.number(Z));
    let inside = format!("s.level - {reach} > 0 AND s.level + {reach} < 1");
    let mut out = same("s.", handed);
    for (name, sign) in [("lower_level", '-'), ("upper_level", '+')] {
        out.push(column(format!("CASE WHEN {inside} THEN s.level {sign} {reach} END"), name));
    }
    let words = "the levels around it".to_owned();
    let from = vec![format!("{} AS s", frame.name("spreads"))];
    parts.add(frame.name("levels"), Select { words, columns: out, from, ..Select::default() });
}
