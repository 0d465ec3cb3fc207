//! What a baseline asks of data: visits of a surface in the place of exposures, everybody in one arm, its segments as studies.
//!
//! A unit's first visit in the measured days stands for its exposure, so that moments are those that an experiment over the same
//! days would have had, and units by the day of that visit are the reach.

use super::build::{DAY, Gathered};
use super::left_out::Why;
use super::request::{Calculation, Exposures, Measure, Number, Relation, Request, Study};
use crate::artifact::{AttributeType, Condition, Operand, Predicate, Test};
use crate::decl::Sdk;
use crate::model::{Catalogue, Ix, Metric, Segment, Surface};

/// What everybody's study is called; no segment's id has a `*`.
const ALL: &str = "*";
/// Columns of the visits as they are asked for.
const UNIT: &str = "unit";
const STUDY: &str = "study";
const ARM: &str = "arm";
const AT: &str = "at";

/// The request of a surface's baselines, and what is where in its answer.
#[derive(Debug, Clone)]
pub struct Baselines<'a> {
    /// Its first study is everybody, whose first measure is 1 for every unit; the others are segments.
    pub request: Request,
    /// The metrics behind the measures of the first study, without the one that is 1.
    pub metrics: Vec<&'a Metric>,
    /// The segments behind the other studies.
    pub segments: Vec<&'a Segment>,
    pub unmeasured: Vec<Unmeasured<'a>>,
}

/// What cannot be measured, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmeasured<'a> {
    /// `metric` or `segment`.
    pub kind: &'static str,
    pub id: &'a str,
    pub why: String,
}

/// Asks for the baselines of a surface over `days` days that end at `now`, in microseconds since 1970.
///
/// `has` says whether the visits have a column, and whether that is text: segments are told by columns of the names of their
/// attributes, with `_` for `-`. The SQL is for the embedded engine, whose function [`version_order`] orders versions.
///
/// # Errors
/// Where there is no such fact, or it has no id of the surface's unit.
pub fn baselines<'a>(
    catalogue: &'a Catalogue,
    surface: Ix<Surface>,
    visits: &str,
    days: u32,
    now: i64,
    has: impl Fn(&str) -> Option<bool>,
) -> Result<Baselines<'a>, Why> {
    let ground = catalogue.surfaces.at(surface);
    let mut gathered = Gathered::new(catalogue, ground.unit());
    let fact = catalogue.facts.find(visits).ok_or_else(|| Why::UnknownFact(visits.to_owned()))?;
    let source = gathered.source(fact)?;
    let (from, until) = (now.saturating_sub(i64::from(days).saturating_mul(DAY)), now);
    let mut unmeasured = Vec::new();
    gathered.measures.push(Measure {
        id: ALL.to_owned(),
        calculation: Calculation::Mean(Number::Constant(1.0)),
        window: (0, 0),
        covariate: None,
        cap: None,
        drops_missing: false,
        lag: 0,
    });
    let mut metrics = Vec::new();
    let mut everybody = study(ALL, from, until);
    everybody.measures.push(0);
    for ix in tracked(catalogue, surface) {
        let metric = catalogue.metrics.at(ix);
        match gathered.measure(ix) {
            Ok(at) => {
                everybody.measures.push(at);
                metrics.push(metric);
            }
            Err(why) => unmeasured.push(Unmeasured { kind: "metric", id: &metric.id, why: why.to_string() }),
        }
    }
    let mut studies = vec![everybody];
    let mut segments = Vec::new();
    let rows = match &source.relation {
        Relation::Table(table) => table.split('.').map(quoted).collect::<Vec<_>>().join("."),
        Relation::Select(select) => format!("({select})"),
    };
    let part = |id: &str, condition: &str| {
        format!(
            "SELECT {} AS {UNIT}, {} AS {STUDY}, '{ALL}' AS {ARM}, {} AS {AT} FROM {rows} AS visits{condition}",
            quoted(&source.unit),
            literal(id),
            quoted(&source.timestamp)
        )
    };
    let mut parts = vec![part(ALL, "")];
    for segment in catalogue.segments.values() {
        let condition = match &segment.predicate {
            Some(predicate) => Columns { has: &has, order: version_order(ground.sdk) }.sql(predicate),
            None => Err("it could not be read".to_owned()),
        };
        match condition {
            Ok(condition) => {
                let mut own = study(&segment.id, from, until);
                own.measures.push(0);
                studies.push(own);
                parts.push(part(&segment.id, &format!(" WHERE {condition}")));
                segments.push(segment);
            }
            Err(why) => unmeasured.push(Unmeasured { kind: "segment", id: &segment.id, why }),
        }
    }
    let exposures = Exposures {
        table: visits.to_owned(),
        select: Some(parts.join(" UNION ALL ")),
        unit: UNIT.to_owned(),
        experiment: STUDY.to_owned(),
        variant: ARM.to_owned(),
        timestamp: AT.to_owned(),
        dimensions: Vec::new(),
    };
    let request = Request {
        surface: ground.id.clone(),
        unit: ground.unit().to_owned(),
        now,
        exposures,
        studies,
        sources: gathered.sources,
        measures: gathered.measures,
        pairs: Vec::new(),
    };
    Ok(Baselines { request, metrics, segments, unmeasured })
}

fn study(key: &str, from: i64, until: i64) -> Study {
    Study { id: key.to_owned(), key: key.to_owned(), variants: vec![ALL.to_owned()], from, until, measures: Vec::new() }
}

/// Metrics that the surface names, or an experiment or rollout on it, each once, in order of their declarations.
fn tracked(catalogue: &Catalogue, surface: Ix<Surface>) -> Vec<Ix<Metric>> {
    let ground = catalogue.surfaces.at(surface);
    let required = ground.written.required.iter().flat_map(|required| required.iter()).map(|(id, _)| id.value.as_str());
    let star = ground.written.north_star.as_ref().map(|id| id.value.as_str());
    let own = required.chain(star).filter_map(|id| catalogue.metrics.find(id));
    let claims = catalogue.claims_on(surface).flat_map(|(_, claim)| &claim.tracked);
    let mut all: Vec<Ix<Metric>> = own.chain(claims.filter_map(|tracked| tracked.metric)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The function of SQL that orders two versions as an SDK does: −1, 0 or 1, and null where one is no version for it.
#[must_use]
pub fn version_order(sdk: Sdk) -> &'static str {
    match sdk {
        Sdk::Growthbook => "version_order_growthbook",
        Sdk::Eppo => "version_order_eppo",
        Sdk::Confidence => "version_order_confidence",
    }
}

/// The columns that conditions are over.
struct Columns<'a> {
    has: &'a dyn Fn(&str) -> Option<bool>,
    /// The function that orders versions.
    order: &'static str,
}

impl Columns<'_> {
    /// A segment's condition over columns; an attribute that is missing fails every test but that it is missing, as in the SDKs.
    fn sql(&self, condition: &Condition) -> Result<String, String> {
        let joined = |all: &[Condition], word: &str, none: &str| {
            let parts = all.iter().map(|condition| self.sql(condition)).collect::<Result<Vec<_>, _>>()?;
            Ok(if parts.is_empty() { none.to_owned() } else { format!("({})", parts.join(word)) })
        };
        match condition {
            Condition::All(all) => joined(all, " AND ", "TRUE"),
            Condition::Any(any) => joined(any, " OR ", "FALSE"),
            Condition::Not(inner) => Ok(format!("NOT {}", self.sql(inner)?)),
            Condition::Is(test) => self.tested(test),
        }
    }

    fn tested(&self, test: &Test) -> Result<String, String> {
        let name = test.attribute.replace('-', "_");
        let is_text = (self.has)(&name).ok_or_else(|| format!("the visits have no column `{name}`"))?;
        let column = quoted(&name);
        let compared = |sign: &str, operand: &Operand| match test.kind {
            // `9.10` as a number is 9.1.
            AttributeType::Version if !is_text => {
                Err(format!("the column `{name}` has numbers, and versions are texts: `9.10` is not 9.1"))
            }
            AttributeType::Version => Ok(format!("{}({column}, {}) {sign} 0", self.order, value(operand))),
            _ => Ok(format!("{column} {sign} {}", value(operand))),
        };
        let condition = match &test.predicate {
            Predicate::Equals(operand) => compared("=", operand)?,
            Predicate::In(operands) if operands.is_empty() => "FALSE".to_owned(),
            Predicate::In(operands) if test.kind == AttributeType::Version => {
                let each = operands.iter().map(|operand| compared("=", operand)).collect::<Result<Vec<_>, _>>()?;
                format!("({})", each.join(" OR "))
            }
            Predicate::In(operands) => {
                format!("{column} IN ({})", operands.iter().map(value).collect::<Vec<_>>().join(", "))
            }
            Predicate::AtLeast(operand) => compared(">=", operand)?,
            Predicate::AtMost(operand) => compared("<=", operand)?,
            Predicate::Above(operand) => compared(">", operand)?,
            Predicate::Below(operand) => compared("<", operand)?,
            Predicate::Exists(exists) => {
                let there = match (test.kind, is_text) {
                    // What is no version is not there.
                    (AttributeType::Version, true) => format!("{}({column}, {column})", self.order),
                    _ => column,
                };
                return Ok(format!("{there} IS {}NULL", if *exists { "NOT " } else { "" }));
            }
            Predicate::StartsWith(part) => format!("starts_with({column}, {})", literal(part)),
            Predicate::Contains(part) => format!("strpos({column}, {}) > 0", literal(part)),
        };
        Ok(format!("COALESCE({condition}, FALSE)"))
    }
}

fn value(operand: &Operand) -> String {
    match operand {
        Operand::Boolean(value) => value.to_string().to_uppercase(),
        Operand::Number(number) => number.to_string(),
        Operand::Text(text) => literal(text),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::{Columns, literal, quoted, version_order};
    use crate::artifact::{AttributeType, Condition, Operand, Predicate, Test};
    use crate::decl::Sdk;

    fn is(attribute: &str, kind: AttributeType, predicate: Predicate) -> Condition {
        Condition::Is(Test { attribute: attribute.to_owned(), kind, predicate })
    }

    fn sql(condition: &Condition, has: &dyn Fn(&str) -> Option<bool>) -> Result<String, String> {
        Columns { has, order: version_order(Sdk::Growthbook) }.sql(condition)
    }

    #[test]
    fn conditions_over_columns_and_what_cannot_be_told() {
        let texts = Predicate::In(vec![Operand::Text("DK".to_owned()), Operand::Text("O'x".to_owned())]);
        let all = Condition::All(vec![
            is("country", AttributeType::String, texts),
            Condition::Not(Box::new(is("tenure-days", AttributeType::Number, Predicate::Above(Operand::Number(7.5))))),
        ]);
        assert_eq!(
            sql(&all, &|_| Some(true)).as_deref(),
            Ok("(COALESCE(\"country\" IN ('DK', 'O''x'), FALSE) AND NOT COALESCE(\"tenure_days\" > 7.5, FALSE))")
        );
        assert!(sql(&all, &|name| (name == "country").then_some(true)).is_err_and(|why| why.contains("`tenure_days`")));
        let text = |text: &str| Operand::Text(text.to_owned());
        let version = |predicate| is("app", AttributeType::Version, predicate);
        let least = version(Predicate::AtLeast(text("9.4")));
        assert_eq!(
            sql(&least, &|_| Some(true)).as_deref(),
            Ok("COALESCE(version_order_growthbook(\"app\", '9.4') >= 0, FALSE)")
        );
        assert!(sql(&least, &|_| Some(false)).is_err_and(|why| why.contains("versions are texts")));
        let either = version(Predicate::In(vec![text("1"), text("2")]));
        let one = |constant: &str| format!("version_order_growthbook(\"app\", '{constant}') = 0");
        assert_eq!(sql(&either, &|_| Some(true)), Ok(format!("COALESCE(({} OR {}), FALSE)", one("1"), one("2"))));
        assert_eq!(
            sql(&version(Predicate::Exists(false)), &|_| Some(true)).as_deref(),
            Ok("version_order_growthbook(\"app\", \"app\") IS NULL")
        );
        assert_eq!((quoted("a\"b"), literal("'")), ("\"a\"\"b\"".to_owned(), "''''".to_owned()));
    }
}
