//! What SQL may say: it reads columns and tables, calls functions of them, and does nothing else.

use std::ops::{ControlFlow, Range};

use sqlparser::ast::{Expr, Function, Ident, ObjectName, Query, SetExpr, Statement, TableFactor, Visit, Visitor};

use super::{ExpressionError, at, error, offset};

/// Functions that wait, have effects, or reach files, the network, other databases and the settings of a server, by the beginnings
/// of their names.
const REACHING: &[&str] = &[
    "dblink",
    "delta_",
    "excel_",
    "external_",
    "file_",
    "http",
    "iceberg_",
    "lo_",
    "mysql_",
    "net.http",
    "parquet_",
    "pg_",
    "postgres_",
    "read_",
    "sniff_",
    "sqlite_",
    "st_read",
    "system$",
    "url_",
    "write_",
];

/// The same, by their whole names.
const REACHING_WHOLE: &[&str] = &[
    "benchmark",
    "copy",
    "curl",
    "current_setting",
    "cursor_to_xml",
    "database_to_xml",
    "dbms_lock",
    "getenv",
    "getvariable",
    "glob",
    "infer_schema",
    "load_extension",
    "load_file",
    "nextval",
    "query",
    "query_table",
    "query_to_xml",
    "result_scan",
    "schema_to_xml",
    "set_config",
    "setval",
    "sleep",
    "table_to_xml",
    "to_file",
    "which_secret",
];

/// Functions that make rows of their arguments and read nothing else.
const ROWS: &[&str] = &["flatten", "generate_series", "range", "unnest"];

/// Checks a predicate and says which columns it names, the first part of those that are qualified.
pub(super) fn predicate(text: &str, expression: &Expr) -> Result<Vec<String>, ExpressionError> {
    let mut judge = Judge { text, within: Within::Predicate, columns: Vec::new() };
    match expression.visit(&mut judge) {
        ControlFlow::Break(wrong) => Err(wrong),
        ControlFlow::Continue(()) => Ok(judge.columns),
    }
}

/// Checks a statement that is a query.
pub(super) fn select(text: &str, statement: &Statement) -> Result<(), ExpressionError> {
    let mut judge = Judge { text, within: Within::Select, columns: Vec::new() };
    match statement.visit(&mut judge) {
        ControlFlow::Break(wrong) => Err(wrong),
        ControlFlow::Continue(()) => Ok(()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Predicate,
    Select,
}

struct Judge<'a> {
    text: &'a str,
    within: Within,
    columns: Vec<String>,
}

impl Judge<'_> {
    /// The place of a word, if its parser kept it.
    fn place(&self, word: &Ident) -> Range<usize> {
        let start = word.span.start;
        let found = |at: u64| usize::try_from(at).ok();
        let place =
            found(start.line).zip(found(start.column)).and_then(|(line, column)| offset(self.text, line, column));
        let quotes = if word.quote_style.is_some() { 2 } else { 0 };
        match place.map(|at| at..at + word.value.len() + quotes) {
            Some(range) if self.text.get(range.clone()).is_some() => range,
            _ => 0..self.text.len(),
        }
    }

    fn function(&self, name: &ObjectName) -> ControlFlow<ExpressionError> {
        let Some(last) = name.0.last().and_then(|part| part.as_ident()) else {
            return ControlFlow::Break(error(self.text, "this function has no name of its own", ""));
        };
        let word = last.value.to_ascii_lowercase();
        let whole = name.to_string().to_ascii_lowercase();
        let begins = REACHING.iter().any(|start| word.starts_with(start) || whole.starts_with(start));
        if begins || REACHING_WHOLE.contains(&word.as_str()) {
            let shown: String = word.chars().take(40).collect();
            let message = format!("`{shown}` reaches outside the data, or waits, and is never run for a metric");
            return ControlFlow::Break(at(self.place(last), message, "use functions of columns alone"));
        }
        ControlFlow::Continue(())
    }

    fn table(&self, name: &ObjectName) -> ControlFlow<ExpressionError> {
        for part in &name.0 {
            let Some(part) = part.as_ident() else {
                return ControlFlow::Break(error(self.text, "a table is named, not computed", ""));
            };
            // Some engines read a file where a table of that name is not there.
            let path = part.quote_style == Some('\'') || part.value.contains(['/', '\\', '*', '?', ':', '@', '~']);
            if path || part.value.is_empty() {
                let help = "name a table; `warehouse.tables` in `allotment.toml` says which files it is made of";
                return ControlFlow::Break(at(self.place(part), "this names a file, not a table", help));
            }
        }
        ControlFlow::Continue(())
    }

    fn refuse(&self, message: &str, help: &str) -> ControlFlow<ExpressionError> {
        ControlFlow::Break(error(self.text, message, help))
    }
}

impl Visitor for Judge<'_> {
    type Break = ExpressionError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        if self.within == Within::Predicate {
            return self.refuse("a predicate has no subqueries", "make the fact a `select` that holds the join");
        }
        let more = !query.locks.is_empty()
            || query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty();
        if more || writes(&query.body) {
            return self.refuse("this is more than a SELECT", "write a single SELECT");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<Self::Break> {
        match statement {
            Statement::Query(_) => ControlFlow::Continue(()),
            _ => self.refuse("this is more than a SELECT", "write a single SELECT"),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Self::Break> {
        match factor {
            TableFactor::Table { name, args: None, .. } => self.table(name),
            TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } => {
                let word = name.to_string().to_ascii_lowercase();
                match ROWS.contains(&word.as_str()) {
                    true => ControlFlow::Continue(()),
                    false => self.refuse("rows come from tables here, not from a function", "name a table"),
                }
            }
            TableFactor::Derived { .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::Pivot { .. }
            | TableFactor::Unpivot { .. } => ControlFlow::Continue(()),
            _ => self.refuse("rows come from tables here, not from a function", "name a table"),
        }
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Self::Break> {
        match expression {
            Expr::Identifier(name) => self.columns.push(name.value.clone()),
            Expr::CompoundIdentifier(parts) => self.columns.extend(parts.first().map(|part| part.value.clone())),
            Expr::Function(Function { name, .. }) => return self.function(name),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Whether a query stores what it selects.
fn writes(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => select.into.is_some(),
        SetExpr::SetOperation { left, right, .. } => writes(left) || writes(right),
        // What is in parentheses is visited by itself.
        SetExpr::Values(_) | SetExpr::Query(_) => false,
        _ => true,
    }
}
