//! SQL inside a catalogue: one predicate or one SELECT, without side effects; nothing is ever executed here.

mod harmless;
mod outputs;

use std::ops::Range;

use sqlparser::ast::{Expr, SetExpr, Statement};
use sqlparser::dialect::{
    BigQueryDialect, Dialect, DuckDbDialect, GenericDialect, PostgreSqlDialect, SnowflakeDialect,
};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, Tokenizer};

use super::Engine;
use super::fault::ExpressionError;

pub use outputs::output_columns;

/// The longest SQL text that is read, in bytes.
const MAX_LENGTH: usize = 65_536;

/// The most words and signs of an SQL text: a chain of operators is as deep as it is long.
const MAX_TOKENS: usize = 4_000;

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
    at(0..text.len(), message, help)
}

fn at(range: Range<usize>, message: impl Into<String>, help: &str) -> ExpressionError {
    let help = (!help.is_empty()).then(|| help.to_owned());
    ExpressionError { range, message: message.into(), help }
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
        let at = offset(text, line.parse().ok()?, column.parse().ok()?)?;
        let word = text.get(at..)?.split(char::is_whitespace).next().map_or(0, str::len);
        (word > 0).then_some(at..at + word)
    });
    (before, place.unwrap_or(whole))
}

/// The byte at a line and a column, both from 1 and in characters.
fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let rest = text.get(start..)?;
    Some(start + rest.char_indices().nth(column.checked_sub(1)?).map_or(rest.len(), |(at, _)| at))
}

/// The words and signs of a text, strings as they are written.
fn tokens(text: &str, dialect: &dyn Dialect) -> Result<Vec<Token>, ExpressionError> {
    if text.len() > MAX_LENGTH {
        return Err(error(text, "this SQL is too long", ""));
    }
    let tokens = Tokenizer::new(dialect, text).with_unescape(false).tokenize();
    let tokens = tokens.map_err(|wrong| parser_error(text, &wrong.into()))?;
    if tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))).count() > MAX_TOKENS {
        return Err(error(text, "this SQL is too long", ""));
    }
    Ok(tokens)
}

/// Checks that a text is one SQL predicate over columns, without subqueries, and says which columns it names.
///
/// # Errors
/// Says what is wrong, and where in the text.
pub fn check_predicate(text: &str) -> Result<Vec<String>, ExpressionError> {
    check_predicate_for(text, Engine::Embedded)
}

/// As [`check_predicate`], read as an engine reads it.
///
/// # Errors
/// Says what is wrong, and where in the text.
pub fn check_predicate_for(text: &str, engine: Engine) -> Result<Vec<String>, ExpressionError> {
    if text.trim().is_empty() {
        return Err(error(text, "a predicate must follow `where`", ""));
    }
    let dialect = parser_of(engine);
    tokens(text, dialect.as_ref())?;
    let mut parser = Parser::new(dialect.as_ref()).try_with_sql(text).map_err(|wrong| parser_error(text, &wrong))?;
    let expression: Expr = parser.parse_expr().map_err(|wrong| parser_error(text, &wrong))?;
    if parser.peek_token().token != Token::EOF {
        return Err(error(text, format!("`{}` is not understood after the predicate", parser.peek_token()), ""));
    }
    harmless::predicate(text, &expression)
}

/// Checks that a text is exactly one SELECT that changes nothing and reads nothing but tables.
///
/// # Errors
/// Says what is wrong, and where in the text.
pub fn check_select(text: &str) -> Result<(), ExpressionError> {
    check_select_for(text, Engine::Embedded)
}

/// As [`check_select`], read as an engine reads it.
///
/// # Errors
/// Says what is wrong, and where in the text.
pub fn check_select_for(text: &str, engine: Engine) -> Result<(), ExpressionError> {
    let dialect = parser_of(engine);
    tokens(text, dialect.as_ref())?;
    let statements = Parser::parse_sql(dialect.as_ref(), text).map_err(|wrong| parser_error(text, &wrong))?;
    let help = "write a single SELECT";
    let [statement] = statements.as_slice() else {
        return Err(error(text, format!("there are {} statements here", statements.len()), help));
    };
    let Statement::Query(query) = statement else { return Err(error(text, "this is more than a SELECT", help)) };
    if matches!(query.body.as_ref(), SetExpr::Values(_)) {
        return Err(error(text, "this is no SELECT", help));
    }
    harmless::select(text, statement)
}

/// A checked text without comments and line breaks, so that it can stand inside another statement.
///
/// # Errors
/// Says what is wrong where a string spans lines.
pub fn inline(text: &str, engine: Engine) -> Result<String, ExpressionError> {
    let mut line = String::new();
    for token in tokens(text, parser_of(engine).as_ref())? {
        match token {
            // Comments are white space, too.
            Token::Whitespace(_) => line.push(' '),
            // A terminator ends the statement that it stands in.
            Token::SemiColon => {}
            token => line.push_str(&token.to_string()),
        }
    }
    if line.contains(char::is_control) {
        return Err(error(text, "a string in this SQL spans lines", "write it in one line"));
    }
    Ok(line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Engine, check_predicate, check_select, inline};

    #[test]
    fn predicates_name_their_columns() {
        assert_eq!(check_predicate("skipped and ms_played > 30"), Ok(vec!["skipped".into(), "ms_played".into()]));
        let long = vec!["a"; 5_000].join(" or ");
        let bad =
            ["", "a = ", "a; drop table x", "a in (select 1)", "exists (select 1)", "a b", &"(".repeat(5_000), &long];
        for bad in bad {
            assert!(check_predicate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_fact_is_one_select_without_side_effects() {
        assert_eq!(check_select("select a, b from t where c > 1"), Ok(()));
        assert_eq!(check_select("with x as (select 1) select * from x union all select 2;"), Ok(()));
        assert_eq!(check_select("select a.x, row_number() over (order by y) from a join b on a.x = b.x"), Ok(()));
        let bad = [
            "drop table t",
            "select 1; select 2",
            "select * into t2 from t",
            "insert into t values (1)",
            "with x as (insert into t values (1) returning a) select * from x",
            "select * from t for update",
            "values (1)",
            "select pg_sleep(10)",
            "select \"PG_SLEEP\"(10) from t",
            "select * from read_csv('/etc/passwd')",
            "select * from '/etc/passwd'",
            "select * from \"/etc/passwd\"",
            "select a from t where nextval('s') > 1",
            "select (select pg_read_file('x')) from t",
            "select * from t, lateral dblink('x', 'y')",
            "select * from table(http_get('x'))",
            "",
        ];
        for bad in bad {
            assert!(check_select(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn functions_that_reach_outside_are_refused_at_their_place() {
        let wrong = check_predicate("a > 1 and PG_Sleep(10) is null").expect_err("it sleeps");
        assert_eq!((wrong.range, wrong.message.contains("pg_sleep")), (10..18, true));
        assert!(check_predicate("lower(kind) = 'a' and coalesce(x, 1) > abs(y)").is_ok());
    }

    #[test]
    fn what_stands_inside_another_statement_has_no_comment() {
        let line = inline("a > 1 -- one\n and /* two */ b = '--'", Engine::Postgres);
        assert_eq!(line.as_deref(), Ok("a > 1   and   b = '--'"));
        assert!(inline("a = 'x\ny'", Engine::Postgres).is_err());
        assert_eq!(inline("a = 'it\\'s'", Engine::Bigquery).as_deref(), Ok("a = 'it\\'s'"));
        assert_eq!(inline("a = 'it''s'", Engine::Duckdb).as_deref(), Ok("a = 'it''s'"));
    }
}
