//! SQL inside a catalogue: one predicate or one SELECT, without side effects; nothing is ever executed here.

use std::ops::{ControlFlow, Range};

use sqlparser::ast::{Expr, SetExpr, Statement, visit_expressions, visit_statements};
use sqlparser::dialect::{
    BigQueryDialect, Dialect, DuckDbDialect, GenericDialect, PostgreSqlDialect, SnowflakeDialect,
};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::Engine;
use super::fault::ExpressionError;

/// The longest SQL text that is read, in bytes.
const MAX_LENGTH: usize = 65_536;

/// What parses the SQL of an engine.
#[must_use]
pub fn parser_of(engine: Engine) -> Box<dyn Dialect> {
    match engine {
        Engine::Embedded => Box::new(GenericDialect {}),
        Engine::Duckdb => Box::new(DuckDbDialect {}),
        Engine::Postgres => Box::new(PostgreSqlDialect {}),
        Engine::Bigquery => Box::new(BigQueryDialect),
        Engine::Snowflake => Box::new(SnowflakeDialect),
    }
}

fn error(text: &str, message: impl Into<String>, help: &str) -> ExpressionError {
    let help = (!help.is_empty()).then(|| help.to_owned());
    ExpressionError { range: 0..text.len(), message: message.into(), help }
}

fn parser_error(text: &str, wrong: &ParserError) -> ExpressionError {
    let words = match wrong {
        ParserError::TokenizerError(words) | ParserError::ParserError(words) => words.as_str(),
        ParserError::RecursionLimitExceeded => "it is nested too deeply",
    };
    let (words, range) = located(text, words);
    ExpressionError { range, message: format!("this SQL cannot be parsed: {words}"), help: None }
}

/// Splits "… at Line: 1, Column: 9" into the words and the place; without one the place is the whole text.
fn located<'a>(text: &str, words: &'a str) -> (&'a str, Range<usize>) {
    let whole = 0..text.len();
    let Some((before, after)) = words.split_once(" at Line: ") else { return (words, whole) };
    let place = after.split_once(", Column: ").and_then(|(line, column)| {
        let line = line.parse::<usize>().ok()?.checked_sub(1)?;
        let column = column.parse::<usize>().ok()?.checked_sub(1)?;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let rest = text.get(start..)?;
        let at = start + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at);
        let word = text.get(at..)?.split(char::is_whitespace).next().map_or(0, str::len);
        (word > 0).then_some(at..at + word)
    });
    (before, place.unwrap_or(whole))
}

/// Checks that a text is one SQL predicate over columns, without subqueries, and says which columns it names.
///
/// # Errors
/// Says what is wrong, and where in the text.
pub fn check_predicate(text: &str) -> Result<Vec<String>, ExpressionError> {
    if text.trim().is_empty() {
        return Err(error(text, "a predicate must follow `where`", ""));
    }
    if text.len() > MAX_LENGTH {
        return Err(error(text, "this predicate is too long", ""));
    }
    let mut parser = Parser::new(&GenericDialect {}).try_with_sql(text).map_err(|wrong| parser_error(text, &wrong))?;
    let expression = parser.parse_expr().map_err(|wrong| parser_error(text, &wrong))?;
    if parser.peek_token().token != Token::EOF {
        return Err(error(text, format!("`{}` is not understood after the predicate", parser.peek_token()), ""));
    }
    let mut columns = Vec::new();
    let subquery = visit_expressions(&expression, |part: &Expr| match part {
        Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => ControlFlow::Break(()),
        Expr::Identifier(name) => {
            columns.push(name.value.clone());
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    });
    if subquery.is_break() {
        return Err(error(text, "a predicate has no subqueries", "make the fact a `select` that holds the join"));
    }
    Ok(columns)
}

/// Checks that a text is exactly one SELECT that changes nothing.
///
/// # Errors
/// Says what is wrong, and where in the text.
pub fn check_select(text: &str) -> Result<(), ExpressionError> {
    if text.len() > MAX_LENGTH {
        return Err(error(text, "this SELECT is too long", ""));
    }
    let statements = Parser::parse_sql(&GenericDialect {}, text).map_err(|wrong| parser_error(text, &wrong))?;
    let help = "write a single SELECT";
    let [statement] = statements.as_slice() else {
        return Err(error(text, format!("there are {} statements here", statements.len()), help));
    };
    let changes = visit_statements(statement, |part: &Statement| match part {
        Statement::Query(query) if !writes(&query.body) => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    });
    if changes.is_break() {
        return Err(error(text, "this is more than a SELECT", help));
    }
    Ok(())
}

/// Whether a query stores what it selects.
fn writes(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => select.into.is_some(),
        SetExpr::Query(query) => writes(&query.body),
        SetExpr::SetOperation { left, right, .. } => writes(left) || writes(right),
        SetExpr::Values(_) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{check_predicate, check_select};

    #[test]
    fn predicates_name_their_columns() {
        assert_eq!(check_predicate("skipped and ms_played > 30"), Ok(vec!["skipped".into(), "ms_played".into()]));
        for bad in ["", "a = ", "a; drop table x", "a in (select 1)", "exists (select 1)", "a b", &"(".repeat(5_000)] {
            assert!(check_predicate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_fact_is_one_select_without_side_effects() {
        assert_eq!(check_select("select a, b from t where c > 1"), Ok(()));
        assert_eq!(check_select("with x as (select 1) select * from x union all select 2"), Ok(()));
        for bad in ["drop table t", "select 1; select 2", "select * into t2 from t", "insert into t values (1)", ""] {
            assert!(check_select(bad).is_err(), "{bad}");
        }
    }
}
