//! What a metric asks of its facts: its expression with each aggregate in its place, its window, its covariate.

use super::build::{DAY, Gathered, HOUR};
use super::left_out::Why;
use super::request::{Calculation, Comparator, Input, Measure, Number, Relation, Source};
use crate::decl::{Aggregate, At, Function, Missing, Term};
use crate::model::{Fact, Formula, Ix, Metric};

impl Gathered<'_> {
    /// The place of a metric, which is added where it is not there yet.
    pub(super) fn measure(&mut self, ix: Ix<Metric>) -> Result<usize, Why> {
        if let Some(known) = self.metrics.get(&ix) {
            return known.clone();
        }
        let place = self.make(ix).map(|measure| {
            self.measures.push(measure);
            self.measures.len() - 1
        });
        self.metrics.insert(ix, place.clone());
        place
    }

    fn make(&mut self, ix: Ix<Metric>) -> Result<Measure, Why> {
        let catalogue = self.catalogue;
        let metric = catalogue.metrics.at(ix);
        let formula = metric.formula.as_ref().ok_or(Why::NoFormula)?;
        let window = metric.written.window.as_ref().ok_or(Why::NoWindow)?.value;
        // Every fact is looked at before any is added: a metric that is left out leaves nothing to read behind.
        let facts = facts(formula)
            .into_iter()
            .map(|id| catalogue.facts.find(id).ok_or_else(|| Why::UnknownFact(id.to_owned())));
        let facts = facts.collect::<Result<Vec<_>, _>>()?;
        facts.iter().try_for_each(|&fact| self.source(fact).map(drop))?;
        let calculation = match formula {
            Formula::Mean(term) => Calculation::Mean(self.number(term)?),
            Formula::Conversion(term, operator, with) => {
                Calculation::Conversion(self.number(term)?, comparator(operator).ok_or(Why::NoFormula)?, *with)
            }
            Formula::Ratio(numerator, denominator) => {
                Calculation::Ratio(self.number(numerator)?, self.number(denominator)?)
            }
            Formula::UnitQuantile(term, at) => Calculation::UnitQuantile(self.number(term)?, level(at.0)),
            Formula::Quantile { fact, column, at } => {
                let input = Input { function: Function::Sum, column: Some(column.clone()), predicate: None };
                let (source, input) = self.input(fact, input)?;
                Calculation::EventQuantile { source, input, level: level(at.0) }
            }
        };
        let averaged = matches!(calculation, Calculation::Mean(_) | Calculation::Ratio(..));
        let compared = averaged || matches!(calculation, Calculation::Conversion(..));
        let lags = facts.iter().map(|&fact| lag(catalogue.facts.at(fact)));
        Ok(Measure {
            id: metric.id.clone(),
            window: (i64::from(window.from) * DAY, i64::from(window.to) * DAY),
            // A quantile has neither: no sum is taken that one value could dominate or another predict.
            covariate: metric.written.covariate.as_ref().filter(|_| compared).map(|length| i64::from(length.0) * DAY),
            cap: metric.written.cap.as_ref().filter(|_| averaged).map(|cap| level(cap.value.0.0)),
            drops_missing: metric.written.missing.as_ref().is_some_and(|missing| missing.value == Missing::Drop),
            lag: lags.max().unwrap_or(0),
            calculation,
        })
    }

    fn number(&mut self, term: &Term) -> Result<Number, Why> {
        Ok(match term {
            Term::Number(value) => Number::Constant(*value),
            Term::Aggregate(Aggregate { function, fact, column, predicate }) => {
                let text = |named: &Option<(String, _)>| named.as_ref().map(|(text, _)| text.clone());
                let input = Input { function: *function, column: text(column), predicate: text(predicate) };
                let (source, input) = self.input(&fact.0, input)?;
                Number::Input { source, input }
            }
            Term::Negate(inner) => Number::Negate(Box::new(self.number(inner)?)),
            Term::Binary(operator, left, right) => {
                Number::Binary(*operator, Box::new(self.number(left)?), Box::new(self.number(right)?))
            }
        })
    }

    /// The place of an input in its fact.
    fn input(&mut self, fact: &str, input: Input) -> Result<(usize, usize), Why> {
        let fact = self.catalogue.facts.find(fact).ok_or_else(|| Why::UnknownFact(fact.to_owned()))?;
        let source = match self.facts.get(&fact) {
            Some(&place) => place,
            None => {
                let source = self.source(fact)?;
                self.sources.push(source);
                self.facts.insert(fact, self.sources.len() - 1);
                self.sources.len() - 1
            }
        };
        let Some(inputs) = self.sources.get_mut(source).map(|source| &mut source.inputs) else {
            return Err(Why::NoFormula);
        };
        let place = inputs.iter().position(|own| *own == input).unwrap_or_else(|| {
            inputs.push(input);
            inputs.len() - 1
        });
        Ok((source, place))
    }

    /// A fact as it is read for this unit, without inputs.
    pub(super) fn source(&self, ix: Ix<Fact>) -> Result<Source, Why> {
        let fact = self.catalogue.facts.at(ix);
        let id = || fact.id.clone();
        if !fact.faults.is_empty() {
            return Err(Why::FactFaulty(id()));
        }
        let relation = match (&fact.written.table, &fact.written.select) {
            (Some(table), None) => Relation::Table(table.value.clone()),
            (None, Some(select)) => Relation::Select(select.value.clone()),
            _ => return Err(Why::FactWithoutRows(id())),
        };
        let unit = fact.written.unit.as_ref().and_then(|units| units.get(self.unit));
        let (_, unit) = unit.ok_or_else(|| Why::FactWithoutUnit(id(), self.unit.to_owned()))?;
        let timestamp: &At<String> = fact.written.timestamp.as_ref().ok_or_else(|| Why::FactWithoutTime(id()))?;
        Ok(Source {
            fact: id(),
            relation,
            unit: unit.value.clone(),
            timestamp: timestamp.value.clone(),
            lag: lag(fact),
            inputs: Vec::new(),
        })
    }
}

/// The ids of the facts that a formula reads.
fn facts(formula: &Formula) -> Vec<&str> {
    match formula {
        Formula::Quantile { fact, .. } => vec![fact],
        _ => formula.aggregates().into_iter().map(|aggregate| aggregate.fact.0.as_str()).collect(),
    }
}

fn lag(fact: &Fact) -> i64 {
    fact.written.lag.as_ref().map_or(0, |lag| i64::from(lag.value.0) * HOUR)
}

/// A level from millionths.
fn level(millionths: u32) -> f64 {
    f64::from(millionths) / 1e6
}

fn comparator(operator: &str) -> Option<Comparator> {
    Some(match operator {
        ">" => Comparator::Above,
        ">=" => Comparator::AtLeast,
        "<" => Comparator::Below,
        "<=" => Comparator::AtMost,
        "=" => Comparator::Equal,
        "<>" => Comparator::Unequal,
        _ => return None,
    })
}
