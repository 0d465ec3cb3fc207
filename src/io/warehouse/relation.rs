//! What a scan reads: a table, or the rows of a SELECT; with the columns it has.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::TableReference;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{DataFrame, SQLOptions};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast;

use super::Warehouse;
use super::fault::Fault;
use super::table::{Shape, Table};

/// What a scan reads.
#[derive(Debug, Clone)]
pub struct Relation {
    /// How it is called in words.
    pub name: String,
    /// Whether any of its files is text, so that types are what was seen in it.
    pub is_text: bool,
    pub(super) table: Option<Table>,
    /// Every table that it reads.
    pub(super) reads: Vec<Table>,
    /// What it is, where it is a SELECT.
    pub(super) sql: Option<String>,
    pub(super) frame: DataFrame,
}

/// A column as far as it matters how to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub kind: Kind,
    /// Its type, in words.
    pub shown: String,
}

/// What a column can be used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Integer,
    Number,
    Text,
    Truth,
    Instant,
    /// No file has a value in it.
    Nothing,
    Other,
}

impl Relation {
    /// The names of its columns.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        self.frame.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// A column by its name.
    ///
    /// # Errors
    ///
    /// [`Fault::Unknown`] with the columns that there are.
    pub fn column(&self, name: &str) -> Result<Column, Fault> {
        let fields = self.frame.schema().fields();
        let field = fields.iter().find(|field| field.name() == name).ok_or_else(|| {
            Fault::unknown("column", name, &self.name, fields.iter().map(|field| field.name().clone()).collect())
        })?;
        Ok(Column { kind: kind(field.data_type()), shown: shown(field.data_type()) })
    }
}

fn kind(kind: &DataType) -> Kind {
    match kind {
        DataType::Dictionary(_, value) => self::kind(value),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Kind::Text,
        DataType::Null => Kind::Nothing,
        DataType::Boolean => Kind::Truth,
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => Kind::Instant,
        DataType::Decimal32(_, 0) | DataType::Decimal64(_, 0) | DataType::Decimal128(_, 0) => Kind::Integer,
        kind if kind.is_integer() => Kind::Integer,
        kind if kind.is_numeric() => Kind::Number,
        _ => Kind::Other,
    }
}

fn shown(kind: &DataType) -> String {
    match self::kind(kind) {
        Kind::Integer => "a whole number".to_owned(),
        Kind::Number => "a number".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Truth => "true or false".to_owned(),
        Kind::Instant => "an instant".to_owned(),
        Kind::Nothing => "without a value".to_owned(),
        Kind::Other => format!("of type {kind}"),
    }
}

impl Warehouse {
    /// A table by `schema.table`.
    ///
    /// # Errors
    ///
    /// Where it is not there, or its files cannot be read.
    pub fn read_table(&self, name: &str) -> Result<Relation, Fault> {
        let shown = format!("table `{name}`");
        let table = self.table(name)?;
        let frame =
            self.context.read_table(std::sync::Arc::new(table.clone())).map_err(|wrong| Fault::of(&shown, &wrong))?;
        Ok(Relation {
            name: shown,
            is_text: table.shape != Shape::Parquet,
            reads: vec![table.clone()],
            sql: None,
            table: Some(table),
            frame,
        })
    }

    /// The rows of a SELECT over tables; it can do nothing but read them.
    ///
    /// # Errors
    ///
    /// Where it is anything else, or a table of it cannot be read.
    pub fn read_select(&self, name: &str, sql: &str) -> Result<Relation, Fault> {
        let shown = format!("the `select` of `{name}`");
        let state = self.context.state();
        let wrong = |wrong: datafusion::error::DataFusionError| Fault::of(&shown, &wrong);
        let dialect = state.config().options().sql_parser.dialect;
        let statement = state.sql_to_statement(sql, &dialect).map_err(wrong)?;
        if !matches!(&statement, Statement::Statement(inner) if matches!(inner.as_ref(), ast::Statement::Query(_))) {
            return Err(Fault::data(format!("{shown} is more than a SELECT")));
        }
        let mut reads = Vec::new();
        for table in state.resolve_table_references(&statement).map_err(wrong)? {
            let name = match &table {
                TableReference::Bare { table } => table.to_string(),
                TableReference::Partial { schema, table } => format!("{schema}.{table}"),
                TableReference::Full { .. } => {
                    return Err(Fault::data(format!("{shown}: `{table}` is not `schema.table`")));
                }
            };
            reads.push(self.table(&name)?);
        }
        let frame = self.runtime.block_on(async {
            let plan: LogicalPlan = state.statement_to_plan(statement).await?;
            SQLOptions::new()
                .with_allow_ddl(false)
                .with_allow_dml(false)
                .with_allow_statements(false)
                .verify_plan(&plan)?;
            self.context.execute_logical_plan(plan).await
        });
        let is_text = reads.iter().any(|table| table.shape != Shape::Parquet);
        let (frame, sql) = (frame.map_err(wrong)?, Some(sql.to_owned()));
        Ok(Relation { name: shown.clone(), is_text, table: None, reads, sql, frame })
    }
}
