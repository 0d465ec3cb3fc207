//! Requests and data drawn at random: names that clash with those of our own, instants on the ends of windows, and all that is
//! broken in real tables.

use std::collections::BTreeSet;

use allotment::decl::Function;
use allotment::query::{
    Calculation, Comparator, Exposures, Input, Measure, Number, Pair, Relation, Request, Source, Study,
};
use jiff::Timestamp;

use crate::stats_peers::Random;

const HOUR: i64 = 3_600_000_000;
/// 2026-03-01, where a day of New York has 23 hours a week later.
const BEGIN: i64 = 1_772_323_200_000_000;

pub struct Exposed {
    pub unit: Option<String>,
    pub experiment: Option<String>,
    pub variant: Option<String>,
    pub at: Option<i64>,
    pub country: Option<String>,
    pub age: Option<i64>,
}

pub struct Row {
    pub unit: Option<String>,
    pub at: Option<i64>,
    pub value: Option<f64>,
    pub kind: Option<String>,
    pub flag: Option<bool>,
}

/// A request with the data that it asks for.
pub struct World {
    pub request: Request,
    pub exposed: Vec<Exposed>,
    /// By the places of the request's sources.
    pub rows: Vec<Vec<Row>>,
    /// Statements that make the tables; the types are spelt as both engines know them.
    pub setup: Vec<String>,
    /// Whether all values are whole numbers, so that every sum is exact.
    pub exact: bool,
}

/// The columns of a fact, by what they hold.
struct Names {
    unit: &'static str,
    at: &'static str,
    value: &'static str,
    kind: &'static str,
    flag: &'static str,
}

const NAMES: [Names; 3] = [
    Names { unit: "user_id", at: "started_at", value: "ms_played", kind: "kind", flag: "skipped" },
    Names { unit: "unit", at: "seen", value: "study", kind: "first_seen", flag: "mixed" },
    Names { unit: "Order", at: "timestamp", value: "allot_0", kind: "allot_unit", flag: "arm" },
];

fn pick<'a, T>(random: &mut Random, from: &'a [T]) -> &'a T {
    &from[random.below(from.len() as u64) as usize]
}

fn number(source: usize, input: usize) -> Number {
    Number::Input { source, input }
}

fn binary(operator: char, left: Number, right: Number) -> Number {
    Number::Binary(operator, Box::new(left), Box::new(right))
}

/// Dimensions, of which one has a name like one of our own.
const DIMENSIONS: [&str; 2] = ["Country", "trait_0"];

/// Every two studies, with what both measure as a sum.
fn pairs(studies: &[Study], measures: &[Measure]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (other, second) in studies.iter().enumerate() {
        for (one, first) in studies.iter().enumerate().take(other) {
            let both = first.measures.iter().copied().filter(|place| second.measures.contains(place));
            let measures: Vec<usize> = both.filter(|place| measures[*place].calculation.is_of_units()).collect();
            if !measures.is_empty() {
                pairs.push(Pair { one, other, measures });
            }
        }
    }
    pairs
}

impl World {
    pub fn draw(random: &mut Random) -> Self {
        let names = [pick(random, &NAMES), pick(random, &NAMES)];
        let exact = random.below(2) == 0;
        let numbered = random.below(2) == 0;
        let now = BEGIN + 26 * 24 * HOUR + random.below(5 * 24 * HOUR as u64) as i64;
        let sources = sources(random, names);
        let measures = measures(random);
        let studies = studies(random, measures.len());
        let exposures = Exposures {
            table: "lake.exposures".to_owned(),
            select: None,
            unit: (*pick(random, &["user_id", "unit", "User"])).to_owned(),
            experiment: "experiment_id".to_owned(),
            variant: (*pick(random, &["variant", "Variant id"])).to_owned(),
            timestamp: (*pick(random, &["seen", "timestamp"])).to_owned(),
            dimensions: DIMENSIONS[..random.below(3) as usize].iter().map(|name| (*name).to_owned()).collect(),
        };
        // Not in every world: the generic SQL joins units with themselves for it.
        let pairs = if random.below(3) == 0 { pairs(&studies, &measures) } else { Vec::new() };
        let (surface, unit) = ("home".to_owned(), "user".to_owned());
        let request = Request { surface, unit, now, exposures, studies, sources, measures, pairs };
        let ids = ids(random, numbered);
        let exposed = exposed(random, &request, &ids);
        let rows: Vec<Vec<Row>> = (0..2).map(|_| rows(random, &request, &exposed, &ids, exact)).collect();
        let setup = setup(random, &request, names, &exposed, &rows, numbered);
        Self { request, exposed, rows, setup, exact }
    }
}

fn sources(random: &mut Random, names: [&Names; 2]) -> Vec<Source> {
    let input = |function, column: Option<&str>, predicate: Option<String>| Input {
        function,
        column: column.map(str::to_owned),
        predicate,
    };
    let source = |fact: &str, names: &Names, relation, lag| {
        let (value, kind, flag) = (names.value, names.kind, names.flag);
        Source {
            fact: fact.to_owned(),
            relation,
            unit: names.unit.to_owned(),
            timestamp: names.at.to_owned(),
            lag,
            inputs: vec![
                input(Function::Sum, Some(value), None),
                input(Function::Count, None, None),
                input(Function::Count, None, Some(flag.to_owned())),
                input(Function::CountDistinct, Some(kind), Some(format!("{kind} <> 'it''s' or {flag} is null"))),
                input(Function::Max, Some(value), Some(format!("{value} > -3"))),
                input(Function::Min, Some(value), None),
            ],
        }
    };
    let lag = random.below(30) as i64 * HOUR;
    let select = "select * from lake.sessions where 1 = 1".to_owned();
    vec![
        source("streams", names[0], Relation::Table("lake.streams".to_owned()), lag),
        source("user-sessions", names[1], Relation::Select(select), 0),
    ]
}

fn measures(random: &mut Random) -> Vec<Measure> {
    let level = 0.8 + 0.15 * random.share();
    let with = random.below(4) as f64;
    let comparators = [
        Comparator::Above,
        Comparator::AtLeast,
        Comparator::Below,
        Comparator::AtMost,
        Comparator::Equal,
        Comparator::Unequal,
    ];
    let comparator = *pick(random, &comparators);
    let sum = |source| number(source, 0);
    let mean = binary('/', sum(0), number(0, 1));
    let minutes = binary('/', sum(0), Number::Constant(60_000.5));
    let range = binary('-', number(0, 4), Number::Negate(Box::new(number(0, 5))));
    let offset = binary('+', Number::Constant(1e9), sum(1));
    let calculations = vec![
        Calculation::Mean(sum(0)),
        Calculation::Mean(minutes),
        Calculation::Conversion(number(0, 1), comparator, with),
        Calculation::Ratio(number(0, 2), number(0, 1)),
        Calculation::Mean(mean),
        Calculation::Ratio(sum(0), number(1, 1)),
        Calculation::UnitQuantile(sum(1), level),
        Calculation::EventQuantile { source: 1, input: 0, level },
        Calculation::Mean(number(0, 3)),
        Calculation::Mean(range),
        Calculation::Mean(offset),
    ];
    let calculations = calculations.into_iter().enumerate();
    calculations
        .map(|(at, calculation)| {
            let from = if random.below(3) == 0 { random.below(40) as i64 } else { 0 };
            let averaged = matches!(calculation, Calculation::Mean(_) | Calculation::Ratio(..));
            let compared = averaged || matches!(calculation, Calculation::Conversion(..));
            Measure {
                id: format!("measure-{at}"),
                window: (from * HOUR, (from + 1 + random.below(200) as i64) * HOUR),
                covariate: (compared && random.below(2) == 0).then_some(72 * HOUR),
                cap: (averaged && random.below(2) == 0).then_some(level),
                drops_missing: random.below(3) == 0,
                lag: random.below(30) as i64 * HOUR,
                calculation,
            }
        })
        .collect()
}

fn studies(random: &mut Random, measures: usize) -> Vec<Study> {
    let keys = ["fresh-first", "fresh-first.2", "o'clock \\ ranker", "leer"];
    let variants = [["control", "treatment", "tr\u{e9}s"], ["control", "Control", "contro\u{6c}e\u{301}"]];
    keys.iter()
        .map(|key| {
            let from = BEGIN + random.below(10) as i64 * 24 * HOUR;
            let all: Vec<usize> = (0..measures).filter(|_| random.below(5) > 0).collect();
            let arms = 2 + random.below(2) as usize;
            Study {
                id: key.split('.').next().expect("an id").to_owned(),
                key: (*key).to_owned(),
                variants: pick(random, &variants)[..arms].iter().map(|id| (*id).to_owned()).collect(),
                from,
                until: from + (3 + random.below(20) as i64) * 24 * HOUR,
                measures: all,
            }
        })
        .collect()
}

/// Ids that only code points, and only whole numbers of 64 bits, tell apart.
fn ids(random: &mut Random, numbered: bool) -> Vec<String> {
    let count = 20 + random.below(120);
    let one = |at: u64| match (numbered, at % 4) {
        (true, 0) => (9_007_199_254_740_992 + at).to_string(),
        (true, _) => at.to_string(),
        (false, 0) => format!("u{at}"),
        (false, 1) => format!("U{}", at - 1),
        (false, 2) => format!("\u{e9}'{}", at / 4),
        (false, _) => format!("e\u{301}'{}", at / 4),
    };
    (0..count).map(one).collect()
}

/// A few countries, some of them alike but for their code points, and many that few are from.
fn country(random: &mut Random) -> Option<String> {
    let known = ["SE", "se", "\u{e9}", "e\u{301}", "it's, \"so\" <b>", ""];
    match random.below(4) {
        0 => None,
        1 => Some(format!("x{}", random.below(30))),
        _ => Some((*pick(random, &known)).to_owned()),
    }
}

fn exposed(random: &mut Random, request: &Request, ids: &[String]) -> Vec<Exposed> {
    let mut exposed = Vec::new();
    for study in request.studies.iter().filter(|study| study.key != "leer") {
        let run = (study.until - study.from).cast_unsigned();
        for id in ids {
            let times = random.below(4);
            let mut arm = random.below(study.variants.len() as u64) as usize;
            for _ in 0..times {
                if random.below(12) == 0 {
                    arm = random.below(study.variants.len() as u64) as usize;
                }
                let at = match random.below(12) {
                    0 => study.from - 1 - random.below(HOUR as u64) as i64,
                    1 => study.until + random.below(2) as i64 - 1,
                    2 => study.from,
                    3 => study.from + 24 * HOUR * random.below(4) as i64 - random.below(2) as i64,
                    _ => study.from + random.below(run) as i64,
                };
                let mut row = Exposed {
                    unit: Some(id.clone()),
                    experiment: Some(study.key.clone()),
                    variant: Some(study.variants[arm].clone()),
                    at: Some(at),
                    country: country(random),
                    age: (random.below(9) > 0).then(|| 18 + random.below(3) as i64),
                };
                match random.below(60) {
                    0 => row.unit = None,
                    1 => row.variant = None,
                    2 => row.at = None,
                    3 => row.variant = Some("CONTROL".to_owned()),
                    4 => row.experiment = None,
                    5 => row.experiment = Some("Fresh-first".to_owned()),
                    _ => {}
                }
                exposed.push(row);
            }
        }
    }
    exposed
}

fn rows(random: &mut Random, request: &Request, exposed: &[Exposed], ids: &[String], exact: bool) -> Vec<Row> {
    let ends: BTreeSet<i64> = request
        .measures
        .iter()
        .flat_map(|measure| [measure.window.0, measure.window.1, -measure.covariate.unwrap_or(0)])
        .collect();
    let ends: Vec<i64> = ends.into_iter().collect();
    let instants: Vec<(&String, i64)> = exposed.iter().filter_map(|row| Some((row.unit.as_ref()?, row.at?))).collect();
    let mut rows = Vec::new();
    for _ in 0..ids.len() * 6 {
        let (mut unit, mut at) = (pick(random, ids).clone(), BEGIN + random.below(35 * 24 * HOUR as u64) as i64);
        if random.below(2) == 0 {
            let (id, seen) = *pick(random, &instants);
            (unit, at) = (id.clone(), seen + *pick(random, &ends) + random.below(3) as i64 - 1);
        }
        let value = match (random.below(20), exact) {
            (0, _) => None,
            (1, _) => Some(f64::NAN),
            (_, true) => Some(random.below(40) as f64 - 5.0),
            (_, false) => Some((random.normal() * 2.0).exp() * if random.below(8) == 0 { -1.0 } else { 1.0 }),
        };
        rows.push(Row {
            unit: (random.below(50) > 0).then_some(unit),
            at: (random.below(50) > 0).then_some(at),
            value,
            kind: (random.below(8) > 0).then(|| (*pick(random, &["a", "A", "it's", "\u{e9}", "e\u{301}"])).to_owned()),
            flag: (random.below(8) > 0).then(|| random.below(2) == 0),
        });
    }
    rows
}

/// An instant as a literal; a zone makes no difference to what it means.
fn instant(at: i64, zoned: bool) -> String {
    let text = Timestamp::from_microsecond(at).expect("an instant").to_string();
    if zoned { format!("'{text}'") } else { format!("'{}'", text.trim_end_matches('Z')) }
}

fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn setup(
    random: &mut Random,
    request: &Request,
    names: [&Names; 2],
    exposed: &[Exposed],
    rows: &[Vec<Row>],
    numbered: bool,
) -> Vec<String> {
    let or_null = |value: Option<String>| value.unwrap_or_else(|| "NULL".to_owned());
    let mut zoned = || random.below(2) == 0;
    let stamp = |zoned: bool| if zoned { "TIMESTAMPTZ" } else { "TIMESTAMP" };
    let id = if numbered { "BIGINT" } else { "TEXT" };
    let unit = |unit: Option<&String>| or_null(unit.map(|unit| if numbered { unit.clone() } else { text(unit) }));
    let own = zoned();
    let Exposures { unit: unit_name, variant, timestamp, .. } = &request.exposures;
    let mut setup = vec![
        "CREATE SCHEMA lake".to_owned(),
        format!(
            "CREATE TABLE lake.exposures (\"{unit_name}\" {id}, experiment_id TEXT, \"{variant}\" TEXT, \"{timestamp}\" {}, \
             \"{}\" TEXT, \"{}\" BIGINT)",
            stamp(own),
            DIMENSIONS[0],
            DIMENSIONS[1]
        ),
    ];
    let values: Vec<String> = exposed
        .iter()
        .map(|row| {
            let optional = |value: &Option<String>| or_null(value.as_deref().map(text));
            let at = or_null(row.at.map(|at| instant(at, own)));
            format!(
                "({}, {}, {}, {at}, {}, {})",
                unit(row.unit.as_ref()),
                optional(&row.experiment),
                optional(&row.variant),
                optional(&row.country),
                or_null(row.age.map(|age| age.to_string()))
            )
        })
        .collect();
    setup.push(format!("INSERT INTO lake.exposures VALUES {}", values.join(", ")));
    for ((table, names), rows) in ["streams", "sessions"].iter().zip(names).zip(rows) {
        let own = zoned();
        let Names { unit: unit_name, at, value, kind, flag } = names;
        setup.push(format!(
            "CREATE TABLE lake.{table} (\"{unit_name}\" {id}, \"{at}\" {}, \"{value}\" DOUBLE PRECISION, \"{kind}\" TEXT, \"{flag}\" BOOLEAN)",
            stamp(own)
        ));
        let values: Vec<String> = rows
            .iter()
            .map(|row| {
                let value = or_null(row.value.map(|value| format!("CAST('{value}' AS DOUBLE PRECISION)")));
                let at = or_null(row.at.map(|at| instant(at, own)));
                let kind = or_null(row.kind.as_deref().map(text));
                let flag = or_null(row.flag.map(|flag| flag.to_string()));
                format!("({}, {at}, {value}, {kind}, {flag})", unit(row.unit.as_ref()))
            })
            .collect();
        setup.push(format!("INSERT INTO lake.{table} VALUES {}", values.join(", ")));
    }
    setup
}
