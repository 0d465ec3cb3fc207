//! Scans: columns made of a relation's, in batches whose order depends on the files alone.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, cast, when};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use datafusion::prelude::ident;
use futures::StreamExt;
use tokio::sync::mpsc;

use super::csv::Expected;
use super::fault::Fault;
use super::relation::{Kind, Relation};
use super::table::between;
use super::{PARTS, Warehouse};

/// How many batches are handed on together: enough to share out among cores.
const TOGETHER: usize = 4 * PARTS;

/// A column of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// A column as it is.
    Column(String),
    /// An instant.
    Instant(String),
    /// A number, where a predicate holds.
    Number { column: String, predicate: Option<String> },
    /// Any value, where a predicate holds.
    Value { column: String, predicate: Option<String> },
    /// Whether a predicate holds.
    Truth(String),
}

impl Relation {
    fn expression(&self, output: &Output) -> Result<Expr, Fault> {
        let parsed = |sql: &String| {
            let what = format!("{}, in `{sql}`", self.name);
            self.frame.parse_sql_expr(sql).map_err(|wrong| Fault::of(&what, &wrong))
        };
        let wrong = |column: &str, shown: &str, is: &str| {
            Fault::data(format!("column `{column}` of {} is {shown}, not {is}", self.name))
        };
        let (value, predicate) = match output {
            Output::Column(column) => {
                self.column(column)?;
                (ident(column), &None)
            }
            Output::Instant(column) => {
                let own = self.column(column)?;
                match own.kind {
                    Kind::Instant => (ident(column), &None),
                    Kind::Nothing => (cast(ident(column), MICROSECONDS), &None),
                    Kind::Text if self.is_text => (cast(ident(column), MICROSECONDS), &None),
                    Kind::Integer => {
                        return Err(wrong(column, &own.shown, "an instant").help(format!(
                            "a number does not say its unit: write `to_timestamp_seconds({column})`, or `_millis` or \
                             `_micros`, {WRITTEN}"
                        )));
                    }
                    _ => {
                        return Err(wrong(column, &own.shown, "an instant")
                            .help(format!("write `to_timestamp_micros({column})` {WRITTEN}")));
                    }
                }
            }
            Output::Number { column, predicate } => {
                let own = self.column(column)?;
                let value = match own.kind {
                    Kind::Integer | Kind::Number | Kind::Nothing => cast(ident(column), DataType::Float64),
                    Kind::Truth => cast(cast(ident(column), DataType::Int8), DataType::Float64),
                    Kind::Text if self.is_text => cast(ident(column), DataType::Float64),
                    _ => return Err(wrong(column, &own.shown, "a number").help("cast it in the fact's `select`")),
                };
                (value, predicate)
            }
            Output::Value { column, predicate } => {
                self.column(column)?;
                (ident(column), predicate)
            }
            Output::Truth(predicate) => {
                let truth = parsed(predicate)?;
                return Ok(cast(truth, DataType::Boolean));
            }
        };
        match predicate {
            None => Ok(value),
            Some(predicate) => when(parsed(predicate)?, value).end().map_err(|wrong| Fault::of(&self.name, &wrong)),
        }
    }
}

/// Where SQL is written.
const WRITTEN: &str = "in the `select` of the fact, or of `[exposures]`";

const MICROSECONDS: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

impl Warehouse {
    /// Scans a relation. `span` names a column of instants, and between which rows can matter: from the first, before the
    /// second; others may come as well. Batches come in turns from a fixed number of parts; `each` gets some at a time.
    ///
    /// # Errors
    ///
    /// Where a column is not there or not of its type, files cannot be read, or `each` failed.
    pub fn scan<E: From<Fault>>(
        &self,
        relation: &Relation,
        outputs: &[Output],
        span: Option<(&str, i64, i64)>,
        mut each: impl FnMut(&[RecordBatch]) -> Result<(), E>,
    ) -> Result<(), E> {
        let plan = self.plan(relation, outputs, span)?;
        let context = self.context.task_ctx();
        let parts = plan.output_partitioning().partition_count();
        let mut parts: Vec<_> = (0..parts)
            .map(|part| {
                let (sender, receiver) = mpsc::channel(2);
                let (plan, context) = (Arc::clone(&plan), Arc::clone(&context));
                self.runtime.spawn(async move {
                    let mut batches = match plan.execute(part, context) {
                        Ok(batches) => batches,
                        Err(wrong) => {
                            let _ = sender.send(Err(wrong)).await;
                            return;
                        }
                    };
                    while let Some(batch) = batches.next().await {
                        // Nobody listens once something went wrong elsewhere.
                        if sender.send(batch).await.is_err() {
                            return;
                        }
                    }
                });
                Some(receiver)
            })
            .collect();
        let mut together = Vec::with_capacity(TOGETHER);
        while parts.iter().any(Option::is_some) {
            for part in &mut parts {
                let Some(receiver) = part else { continue };
                match receiver.blocking_recv() {
                    Some(Ok(batch)) if batch.num_rows() == 0 => {}
                    Some(Ok(batch)) => together.push(batch),
                    Some(Err(wrong)) => return Err(self.named(relation, outputs, &wrong).into()),
                    None => *part = None,
                }
            }
            if together.len() >= TOGETHER {
                each(&together)?;
                together.clear();
            }
        }
        if together.is_empty() { Ok(()) } else { each(&together) }
    }

    fn plan(
        &self,
        relation: &Relation,
        outputs: &[Output],
        span: Option<(&str, i64, i64)>,
    ) -> Result<Arc<dyn ExecutionPlan>, Fault> {
        let wrong = |wrong: datafusion::error::DataFusionError| Fault::of(&relation.name, &wrong);
        let columns = outputs.iter().map(|output| relation.expression(output)).collect::<Result<Vec<_>, _>>()?;
        let frame = match (span, &relation.table) {
            (None, _) => relation.frame.clone(),
            // Only for what can be skipped as a whole: to filter every row costs more than it saves.
            (Some((column, from, to)), Some(table)) => {
                let table = table.clone().within(column, from, to);
                self.context.read_table(Arc::new(table)).map_err(wrong)?
            }
            (Some((column, from, to)), None) => {
                let kind =
                    relation.frame.schema().field_with_unqualified_name(column).map(|field| field.data_type().clone());
                match kind.ok().and_then(|kind| between(ident(column), &kind, from, to)) {
                    Some(predicate) => relation.frame.clone().filter(predicate).map_err(wrong)?,
                    None => relation.frame.clone(),
                }
            }
        };
        let named = columns.into_iter().enumerate().map(|(place, column)| column.alias(format!("c{place}")));
        let frame = frame.select(named.collect::<Vec<_>>()).map_err(wrong)?;
        let mut state = self.context.state();
        let plan = self.runtime.block_on(state.create_physical_plan(frame.logical_plan())).map_err(wrong)?;
        if keeps_order(&plan) {
            return Ok(plan);
        }
        // What joins, groups or sorts does so in one part, so that its rows come in the same order every time.
        state.config_mut().options_mut().execution.target_partitions = 1;
        self.runtime.block_on(state.create_physical_plan(frame.logical_plan())).map_err(wrong)
    }

    /// An error of a scan, with the file and the line that it is about if that can be found out.
    fn named(&self, relation: &Relation, outputs: &[Output], wrong: &datafusion::error::DataFusionError) -> Fault {
        let fault = match &relation.table {
            Some(table) => Fault::of(&format!("{} in `{}`", relation.name, table.files.shown_paths()), wrong),
            None => Fault::of(&relation.name, wrong),
        };
        if !matches!(fault, Fault::Data { .. }) {
            return fault;
        }
        let words = wrong.to_string();
        let value = unread(&words);
        let found = relation.reads.iter().find_map(|table| {
            let expected = |name: &str, kind: &DataType| relation.expected(outputs, name, kind, value);
            self.runtime.block_on(table.look(&relation.name, expected))
        });
        found.unwrap_or(fault)
    }
}

impl Relation {
    /// What the values of a table's column have to be for what is read of it; none where it is not read. `value` is one that
    /// could not be read.
    fn expected(&self, outputs: &[Output], name: &str, kind: &DataType, value: Option<&str>) -> Option<Expected> {
        let within = |sql: &Option<String>| sql.as_ref().is_some_and(|sql| sql.contains(name) || sql.contains('*'));
        let mut expected = within(&self.sql).then(|| Expected { kind: kind.clone(), only: None });
        for output in outputs {
            let (column, predicate, other) = match output {
                Output::Column(column) => (Some(column), None, None),
                Output::Instant(column) => (Some(column), None, Some(MICROSECONDS)),
                Output::Number { column, predicate } => (Some(column), predicate.as_ref(), Some(DataType::Float64)),
                Output::Value { column, predicate } => (Some(column), predicate.as_ref(), None),
                Output::Truth(predicate) => (None, Some(predicate), None),
            };
            let is_text = matches!(kind, DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8);
            if column.is_some_and(|column| column == name) {
                return Some(match other.filter(|_| is_text) {
                    // Where SQL or a predicate stands between, other values may never be asked for.
                    Some(kind) if predicate.is_some() || self.sql.is_some() => {
                        Expected { kind, only: Some(value?.to_owned()) }
                    }
                    Some(kind) => Expected { kind, only: None },
                    None => Expected { kind: kind.clone(), only: None },
                });
            }
            if predicate.is_some_and(|predicate| predicate.contains(name)) {
                expected = Some(Expected { kind: kind.clone(), only: None });
            }
        }
        expected
    }
}

/// The value that the engine could not read, out of its words.
fn unread(words: &str) -> Option<&str> {
    let (_, rest) =
        words.split_once("Cannot cast string '").or_else(|| words.split_once("parsing timestamp from '"))?;
    rest.split_once("' to value of").or_else(|| rest.split_once("': ")).map(|(value, _)| value)
}

/// Whether each part of a plan's rows follows from one part of its files.
fn keeps_order(plan: &Arc<dyn ExecutionPlan>) -> bool {
    const SIMPLE: [&str; 6] =
        ["DataSourceExec", "FilterExec", "ProjectionExec", "CoalesceBatchesExec", "CooperativeExec", "EmptyExec"];
    let mut simple = true;
    let walked = plan.apply(|part| {
        simple &= SIMPLE.contains(&part.name());
        Ok(if simple { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    simple && walked.is_ok()
}
