//! The statement of a fact source: sufficient statistics of every metric that is made of it, for all studies and variants.

use super::frame::{Frame, describe};
use super::inputs::{Span, Term, inputs};
use super::text::{self, Parts, Select, column, same};
use crate::query::{Calculation, Comparator, Measure, Number};

/// The largest finite double: what is beyond it, and what is not a number, is missing.
const LARGEST: f64 = f64::MAX;

/// A measure, with its columns: one or two numbers in its window, then the same before exposure.
pub(super) struct Column<'a> {
    pub number: &'a Number,
    pub span: Span,
}

/// The columns of a measure, as in `Sums`.
pub(super) fn columns(measure: &Measure) -> Vec<Column<'_>> {
    let numbers: Vec<&Number> = match &measure.calculation {
        Calculation::Mean(number) | Calculation::Conversion(number, ..) | Calculation::UnitQuantile(number, _) => {
            vec![number]
        }
        Calculation::Ratio(numerator, denominator) => vec![numerator, denominator],
        Calculation::EventQuantile { .. } => Vec::new(),
    };
    let before = measure.covariate.map(|length| (-length, 0));
    let spans = [Some(measure.window), before].into_iter().flatten();
    spans.flat_map(|span| numbers.iter().map(move |&number| Column { number, span })).collect()
}

/// The places of the sources that a measure reads.
pub(super) fn sources(measure: &Measure) -> Vec<usize> {
    if let Calculation::EventQuantile { source, .. } = measure.calculation {
        return vec![source];
    }
    let mut found = Vec::new();
    columns(measure).iter().for_each(|column| inputs(column.number, &mut found));
    let mut sources: Vec<usize> = found.into_iter().map(|(source, _)| source).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

/// How the statement's result is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// How many columns the widest measure has.
    pub width: usize,
    /// Whether any measure has a cap.
    pub caps: bool,
    /// Whether any is a quantile over units, whose distinct values are returned.
    pub values: bool,
    /// Whether rows for the values of dimensions follow.
    pub parts: bool,
}

impl Layout {
    /// The names of the result's columns: where a row belongs, counts, then per column its shift, cap, least value and sum, then
    /// the lower triangle of products.
    pub(super) fn names(self) -> Vec<String> {
        let mut names: Vec<String> =
            ["study", "measure", "arm", "mixed", "day"].iter().map(|name| (*name).to_owned()).collect();
        if self.parts {
            names.extend(["dimension", "place", "trait"].map(str::to_owned));
        }
        if self.values {
            names.push("value".to_owned());
        }
        names.extend(["units", "incomplete", "without_rows"].iter().map(|name| (*name).to_owned()));
        for at in 0..self.width {
            names.push(format!("shift_{at}"));
            if self.caps {
                names.extend([format!("cap_{at}"), format!("least_{at}")]);
            }
            names.push(format!("sum_{at}"));
        }
        names.extend((0..self.width).flat_map(|x| (0..=x).map(move |y| format!("product_{x}_{y}"))));
        names
    }
}

/// The statement about some measures, which are made of the same sources.
pub(super) struct Facts<'a> {
    pub frame: &'a Frame<'a>,
    /// By their places in the request.
    pub measures: Vec<(usize, &'a Measure)>,
    pub layout: Layout,
    spans: Vec<Span>,
    terms: Vec<Term>,
}

impl<'a> Facts<'a> {
    pub fn new(frame: &'a Frame<'a>, measures: Vec<(usize, &'a Measure)>) -> Self {
        let of = |test: fn(&Measure) -> bool| measures.iter().any(|(_, measure)| test(measure));
        let layout = Layout {
            width: measures.iter().map(|(_, measure)| columns(measure).len()).max().unwrap_or(0),
            caps: of(|measure| measure.cap.is_some()),
            values: of(|measure| matches!(measure.calculation, Calculation::UnitQuantile(..))),
            parts: !frame.dimensions().is_empty() && of(|measure| measure.calculation.is_of_units()),
        };
        let (mut spans, mut terms) = (Vec::new(), Vec::new());
        for column in measures.iter().flat_map(|(_, measure)| columns(measure)) {
            spans.push(column.span);
            let mut found = Vec::new();
            inputs(column.number, &mut found);
            terms.extend(found.into_iter().map(|(source, input)| Term { source, input, span: column.span }));
        }
        spans.sort_unstable();
        spans.dedup();
        terms.sort_unstable();
        terms.dedup();
        Self { frame, measures, layout, spans, terms }
    }

    pub fn text(&self, head: &[String]) -> String {
        let mut parts = Parts::default();
        self.frame.constants(&mut parts);
        let places: Vec<usize> = self.measures.iter().map(|(place, _)| *place).collect();
        self.frame.tracked(&mut parts, &places);
        self.frame.units(&mut parts);
        let joined = self.join(&mut parts);
        self.numbers(&mut parts, &joined);
        self.choose(&mut parts);
        if self.layout.caps {
            self.cut(&mut parts);
        }
        self.centre(&mut parts);
        if self.layout.parts {
            let all = std::iter::once("-1".to_owned()).chain(self.frame.dimensions().map(|place| place.to_string()));
            parts.add(
                self.frame.name("parts"),
                Select {
                    words: "all units, then each dimension by its values".to_owned(),
                    columns: same("", ["part"]),
                    constants: all.map(|place| vec![place]).collect(),
                    ..Select::default()
                },
            );
        }
        parts.print(head, &self.sum())
    }

    /// Joins each source in turn to the units, and hands on what the sources before came to. Returns the last part's name.
    fn join(&self, parts: &mut Parts) -> String {
        let mut before = self.frame.name("units");
        let mut kept: Vec<String> = Vec::new();
        let mut sources: Vec<usize> = self.terms.iter().map(|term| term.source).collect();
        sources.dedup();
        for at in sources {
            let Some(source) = self.frame.request.sources.get(at) else { continue };
            let own: Vec<Term> = self.terms.iter().copied().filter(|term| term.source == at).collect();
            let from = own.iter().map(|term| term.span.0).min().unwrap_or(0);
            let to = own.iter().map(|term| term.span.1).max().unwrap_or(0);
            let wanted: Vec<usize> = own.iter().map(|term| term.input).collect();
            self.frame.fact(parts, at, source, &wanted, (from, to));
            let unit = ["study", "unit", "first_seen", "arm", "mixed"].map(str::to_owned);
            let handed: Vec<String> = unit.into_iter().chain(self.frame.traits()).chain(kept.iter().cloned()).collect();
            let mut columns = same("u.", handed.iter().map(String::as_str));
            for &term in &own {
                let name = Frame::term(term, &self.spans);
                columns.push(column(self.frame.aggregate(term), name.clone()));
                kept.push(name);
            }
            for (place, measure) in &self.measures {
                let has = self.has(measure, at);
                if let Some(has) = has {
                    let name = format!("r{place}_{at}");
                    columns.push(column(has, name.clone()).for_(format!("rows for `{}`", measure.id)));
                    kept.push(name);
                }
            }
            let name = self.frame.name(&format!("joined_{at}"));
            let fact = self.frame.name(&format!("fact_{at}"));
            let unit = self.frame.name("unit");
            parts.add(
                name.clone(),
                Select {
                    words: "what the rows in each window of a unit come to".to_owned(),
                    columns,
                    from: vec![
                        format!("{before} AS u"),
                        format!("LEFT JOIN {fact} AS f ON f.{unit} = u.unit AND {}", self.frame.within((from, to))),
                    ],
                    group: handed.iter().map(|name| format!("u.{name}")).collect(),
                    ..Select::default()
                },
            );
            before = name;
        }
        before
    }

    /// How many rows of a source count for a measure within its window.
    fn has(&self, measure: &Measure, source: usize) -> Option<String> {
        let mut found = Vec::new();
        let within = columns(measure).into_iter().filter(|column| column.span == measure.window);
        within.for_each(|column| inputs(column.number, &mut found));
        found.retain(|(own, _)| *own == source);
        found.sort_unstable();
        found.dedup();
        let any: Vec<String> =
            found.iter().map(|(_, input)| format!("f.{} IS NOT NULL", self.frame.name(&input.to_string()))).collect();
        let within = self.frame.within(measure.window);
        (!any.is_empty()).then(|| format!("COUNT(CASE WHEN {within} AND ({}) THEN 1 END)", any.join(" OR ")))
    }

    /// Each metric's numbers of a unit.
    fn numbers(&self, parts: &mut Parts, from: &str) {
        let mut out = same("u.", ["study", "first_seen", "arm", "mixed"]);
        out.extend(self.traits("u."));
        for (place, measure) in &self.measures {
            let rows: Vec<String> = sources(measure).iter().map(|source| format!("u.r{place}_{source}")).collect();
            out.push(column(rows.join(" + "), format!("r{place}")).for_(describe(measure)));
            for (at, own) in columns(measure).iter().enumerate() {
                out.push(column(self.frame.number(own.number, own.span, &self.spans), format!("m{place}_{at}")));
            }
        }
        let words = "the numbers of each metric, and how many rows they are made of".to_owned();
        let from = vec![format!("{from} AS u")];
        parts.add(self.frame.name("numbers"), Select { words, columns: out, from, ..Select::default() });
    }

    /// A row for each unit and metric.
    fn choose(&self, parts: &mut Parts) {
        let finite = |name: &str| {
            let largest = self.frame.dialect.number(LARGEST);
            format!("CASE WHEN ABS(u.{name}) <= {largest} THEN u.{name} END")
        };
        let one = |each: &dyn Fn(usize, &Measure) -> Option<String>, other: &str| {
            let cases: Vec<String> = self
                .measures
                .iter()
                .filter_map(|(place, measure)| Some(format!("\n  WHEN {place} THEN {}", each(*place, measure)?)))
                .collect();
            match cases.is_empty() {
                true => other.to_owned(),
                false => format!("CASE t.measure{}\n  ELSE {other}\nEND", cases.concat()),
            }
        };
        let rows = one(&|place, _| Some(format!("u.r{place}")), "0");
        let missing = one(
            &|place, measure| {
                let own = columns(measure);
                let own = own.iter().enumerate().filter(|(_, own)| own.span == measure.window);
                let absent: Vec<String> =
                    own.map(|(at, _)| format!("({}) IS NULL", finite(&format!("m{place}_{at}")))).collect();
                let test = format!("u.r{place} = 0 OR {}", absent.join(" OR "));
                measure.drops_missing.then(|| format!("CASE WHEN {test} THEN 1 ELSE 0 END"))
            },
            "0",
        );
        let complete = "u.first_seen + t.reach <= t.complete_by";
        let mut out = same("t.", ["study", "measure"]);
        out.extend(same("u.", ["arm", "mixed"]));
        out.extend(self.traits("u."));
        out.push(column(self.frame.dialect.days("u.first_seen - t.from_at"), "day"));
        out.push(column("t.level", "level"));
        out.push(column(format!("CASE WHEN {complete} THEN 1 ELSE 0 END"), "complete"));
        out.push(column(rows, "row_count"));
        out.push(column(missing, "missing").for_("only where a metric drops such units"));
        for at in 0..self.layout.width {
            let value = one(
                &|place, measure| {
                    columns(measure).get(at)?;
                    let value =
                        format!("COALESCE({}, {})", finite(&format!("m{place}_{at}")), self.frame.dialect.number(0.0));
                    Some(match &measure.calculation {
                        Calculation::Conversion(_, comparator, with) => {
                            let (sign, with) = (sign(*comparator), self.frame.dialect.number(*with));
                            let double = |x| self.frame.dialect.number(x);
                            format!("CASE WHEN {value} {sign} {with} THEN {} ELSE {} END", double(1.0), double(0.0))
                        }
                        _ => value,
                    })
                },
                "NULL",
            );
            out.push(column(value, format!("c{at}")));
        }
        parts.add(
            self.frame.name("chosen"),
            Select {
                words: "a row for each unit and metric of its experiment; what is missing is 0".to_owned(),
                columns: out,
                from: vec![
                    format!("{} AS u", self.frame.name("numbers")),
                    format!("JOIN {} AS t ON t.study = u.study", self.frame.name("tracked")),
                ],
                ..Select::default()
            },
        );
        let mut out = same("c.", ["study", "measure", "arm", "mixed", "day", "level", "complete", "row_count"]);
        out.extend(self.traits("c."));
        out.push(column("CASE WHEN c.complete = 1 AND c.missing = 0 THEN 1 ELSE 0 END", "counted"));
        out.push(column("CASE WHEN c.complete = 1 AND c.missing = 0 AND c.mixed = 0 THEN 1 ELSE 0 END", "pure"));
        out.extend(same("c.", self.values().iter().map(String::as_str)));
        parts.add(
            self.frame.name("values"),
            Select {
                words: "which of them count: complete, and not missing where that drops a unit".to_owned(),
                columns: out,
                from: vec![format!("{} AS c", self.frame.name("chosen"))],
                ..Select::default()
            },
        );
    }

    /// Which value of each dimension a unit has, handed on.
    fn traits(&self, from: &str) -> Vec<text::Column> {
        same(from, self.frame.traits().iter().map(String::as_str))
    }

    fn values(&self) -> Vec<String> {
        (0..self.layout.width).map(|at| format!("c{at}")).collect()
    }

    /// Caps: the percentile over the units of all arms, by linear interpolation between order statistics (type 7).
    fn cut(&self, parts: &mut Parts) {
        let handed = ["study", "measure", "arm", "mixed", "day", "complete", "row_count", "counted", "pure"];
        let values = self.values();
        let width = || 0..self.layout.width;
        let of_metric = "OVER (PARTITION BY v.study, v.measure)";
        let mut out = same("v.", handed.into_iter().chain(["level"]).chain(values.iter().map(String::as_str)));
        out.extend(self.traits("v."));
        out.push(column(format!("SUM(v.pure) {of_metric}"), "pure_units"));
        out.extend(width().map(|at| {
            let rank = format!("ROW_NUMBER() OVER (PARTITION BY v.study, v.measure, v.pure ORDER BY v.c{at})");
            column(rank, format!("rank_{at}"))
        }));
        let from = vec![format!("{} AS v", self.frame.name("values"))];
        let words = "the rank of each value among the units that count".to_owned();
        parts.add(self.frame.name("ranked"), Select { words, columns: out, from, ..Select::default() });

        let place = "FLOOR((v.pure_units - 1) * v.level)";
        let mut out = same("v.", handed.into_iter().chain(values.iter().map(String::as_str)));
        out.extend(self.traits("v."));
        out.push(column(format!("(v.pure_units - 1) * v.level - {place}"), "share"));
        for at in width() {
            for (name, further) in [("low", 1), ("high", 2)] {
                let value = format!("CASE WHEN v.pure = 1 AND v.rank_{at} = {place} + {further} THEN v.c{at} END");
                out.push(column(format!("MAX({value}) {of_metric}"), format!("{name}_{at}")));
            }
        }
        let from = vec![format!("{} AS v", self.frame.name("ranked"))];
        let words = "the values around the percentile".to_owned();
        parts.add(self.frame.name("around"), Select { words, columns: out, from, ..Select::default() });

        let mut out = same("v.", handed.into_iter().chain(values.iter().map(String::as_str)));
        out.extend(self.traits("v."));
        out.extend(width().map(|at| {
            let cap = format!("v.low_{at} + v.share * (COALESCE(v.high_{at}, v.low_{at}) - v.low_{at})");
            column(cap, format!("cap_{at}"))
        }));
        let from = vec![format!("{} AS v", self.frame.name("around"))];
        let words = "the percentile, null where a metric has no cap".to_owned();
        parts.add(self.frame.name("capped"), Select { words, columns: out, from, ..Select::default() });
    }

    /// What is taken off each value before summing: the one nearest to zero, if none is on the other side of it.
    fn centre(&self, parts: &mut Parts) {
        let handed = ["study", "measure", "arm", "mixed", "day", "complete", "row_count", "counted"];
        let from = self.frame.name(if self.layout.caps { "capped" } else { "values" });
        let mut out = same("v.", handed);
        out.extend(self.traits("v."));
        for at in 0..self.layout.width {
            let cut = match self.layout.caps {
                true => format!("CASE WHEN v.c{at} > v.cap_{at} THEN v.cap_{at} ELSE v.c{at} END"),
                false => format!("v.c{at}"),
            };
            let over = "OVER (PARTITION BY v.study, v.measure)";
            let pure = format!("CASE WHEN v.pure = 1 THEN {cut} END");
            out.push(column(format!("MIN({pure}) {over}"), format!("least_{at}")));
            out.push(column(format!("MAX({pure}) {over}"), format!("most_{at}")));
            if self.layout.caps {
                out.push(column(format!("v.cap_{at}"), format!("cap_{at}")));
            }
            out.push(column(cut, format!("c{at}")));
        }
        let from = vec![format!("{from} AS v")];
        let words = "the least and the greatest value, alike in all arms".to_owned();
        parts.add(self.frame.name("bounds"), Select { words, columns: out, from, ..Select::default() });

        let mut out = same("v.", handed);
        out.extend(self.traits("v."));
        for at in 0..self.layout.width {
            let zero = self.frame.dialect.number(0.0);
            let shift = format!(
                "CASE WHEN v.least_{at} > 0 THEN v.least_{at} WHEN v.most_{at} < 0 THEN v.most_{at} ELSE {zero} END"
            );
            if self.layout.values && at == 0 {
                out.push(column("v.c0", "value"));
            }
            if self.layout.caps {
                out.extend(same("v.", [format!("cap_{at}").as_str(), format!("least_{at}").as_str()]));
            }
            out.push(column(format!("CASE WHEN v.counted = 1 THEN v.c{at} - {shift} END"), format!("d{at}")));
            out.push(column(shift, format!("shift_{at}")));
        }
        let from = vec![format!("{} AS v", self.frame.name("bounds"))];
        let words = "values without what is common to them, so that no digits are lost".to_owned();
        parts.add(self.frame.name("centred"), Select { words, columns: out, from, ..Select::default() });
    }

    /// The sums: of each variant by day and, where there are dimensions, of its units of one variant alone by their values.
    fn sum(&self) -> Select {
        let mut group: Vec<String> = ["study", "measure", "arm", "mixed"].map(|name| format!("d.{name}")).to_vec();
        let day = if self.layout.parts { "CASE WHEN p.part < 0 THEN d.day END" } else { "d.day" };
        group.push(day.to_owned());
        let named: Vec<String> =
            self.measures.iter().map(|(place, measure)| format!("{place} is `{}`", measure.id)).collect();
        let mut out = vec![
            column("d.study", "study"),
            column("d.measure", "measure").for_(named.join(", ")),
            column("d.arm", "arm").for_("by place, 0 is control"),
            column("d.mixed", "mixed").for_("1 for units that saw two variants"),
            column(day, "day").for_("of first exposure, after the first of the run"),
        ];
        let mut from = vec![format!("{} AS d", self.frame.name("centred"))];
        if self.layout.parts {
            out.push(column("p.part", "dimension").for_("by place; -1 for all units"));
            group.push("p.part".to_owned());
            for (name, words) in [("place", "of the value; null for all others"), ("trait", "the value")] {
                let cases = self.frame.dimensions().map(|at| format!(" WHEN {at} THEN d.{name}_{at}"));
                let case = format!("CASE p.part{} END", cases.collect::<String>());
                out.push(column(case.clone(), name).for_(words));
                group.push(case);
            }
            let summed = self.places(|measure| measure.calculation.is_of_units());
            let part = format!("d.mixed = 0 AND d.measure IN ({summed})");
            from.push(format!("JOIN {} AS p ON p.part < 0 OR ({part})", self.frame.name("parts")));
        }
        if self.layout.values {
            let places = self.places(|measure| matches!(measure.calculation, Calculation::UnitQuantile(..)));
            let value = format!("CASE WHEN d.counted = 1 AND d.measure IN ({places}) THEN d.value END");
            out.push(column(value.clone(), "value").for_("of a quantile over units, else null"));
            group.push(value);
        }
        out.push(column("SUM(d.counted)", "units").for_("whose window is complete"));
        out.push(column("SUM(1 - d.complete)", "incomplete"));
        let bare = "SUM(CASE WHEN d.complete = 1 AND d.row_count = 0 THEN 1 ELSE 0 END)";
        out.push(column(bare, "without_rows").for_("complete units without any row"));
        let mut products = Vec::new();
        for x in 0..self.layout.width {
            out.push(column(format!("MAX(d.shift_{x})"), format!("shift_{x}")).for_(self.serves(x)));
            if self.layout.caps {
                out.push(column(format!("MAX(d.cap_{x})"), format!("cap_{x}")));
                out.push(column(format!("MAX(d.least_{x})"), format!("least_{x}")));
            }
            out.push(column(format!("SUM(d.d{x})"), format!("sum_{x}")));
            products.extend((0..=x).map(|y| column(format!("SUM(d.d{x} * d.d{y})"), format!("product_{x}_{y}"))));
        }
        out.extend(products);
        Select {
            words: "sufficient statistics: units, sums and products, never raw units".to_owned(),
            columns: out,
            from,
            order: group.clone(),
            group,
            ..Select::default()
        }
    }

    /// The places of some measures, as a list.
    fn places(&self, of: impl Fn(&Measure) -> bool) -> String {
        let places = self.measures.iter().filter(|(_, measure)| of(measure)).map(|(place, _)| place.to_string());
        places.collect::<Vec<_>>().join(", ")
    }

    /// What a column of the result is, for each metric that has it.
    fn serves(&self, at: usize) -> String {
        let all = self.measures.iter().filter_map(|(_, measure)| {
            let own = columns(measure).get(at)?.span;
            let ratio = matches!(measure.calculation, Calculation::Ratio(..));
            let part = match (ratio, at % 2) {
                (true, 0) => "numerator",
                (true, _) => "denominator",
                (false, _) => "value",
            };
            let before = if own == measure.window { "" } else { " before exposure" };
            Some(format!("{part} of `{}`{before}", measure.id))
        });
        all.collect::<Vec<_>>().join(", ")
    }
}

fn sign(comparator: Comparator) -> &'static str {
    match comparator {
        Comparator::Above => ">",
        Comparator::AtLeast => ">=",
        Comparator::Below => "<",
        Comparator::AtMost => "<=",
        Comparator::Equal => "=",
        Comparator::Unequal => "<>",
    }
}
