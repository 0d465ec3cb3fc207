//! Metric expressions: five aggregates over facts, joined by arithmetic, with the place of every part.

use std::ops::Range;

use super::fault::ExpressionError;
use super::sql::check_predicate;
use super::words;

/// How deep parentheses may be nested.
const MAX_DEPTH: usize = 32;

words! {
    /// What is made of a unit's rows.
    pub enum Function("an aggregate") {
        Sum = "sum",
        Count = "count",
        CountDistinct = "count-distinct",
        Min = "min",
        Max = "max",
    }
}

/// One aggregate over the rows of a fact that belong to a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    pub function: Function,
    /// The fact's id, and where it stands in the expression.
    pub fact: (String, Range<usize>),
    /// The column, and where it stands; `count` has none.
    pub column: Option<(String, Range<usize>)>,
    /// An SQL predicate over the fact's columns, and where it stands.
    pub predicate: Option<(String, Range<usize>)>,
}

/// A number made of aggregates.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    Number(f64),
    Aggregate(Aggregate),
    Negate(Box<Term>),
    /// `+`, `-`, `*` or `/` between two terms.
    Binary(char, Box<Term>, Box<Term>),
}

impl Term {
    /// Every aggregate in it, from left to right.
    #[must_use]
    pub fn aggregates(&self) -> Vec<&Aggregate> {
        match self {
            Self::Number(_) => Vec::new(),
            Self::Aggregate(aggregate) => vec![aggregate],
            Self::Negate(inner) => inner.aggregates(),
            Self::Binary(_, left, right) => {
                let mut all = left.aggregates();
                all.extend(right.aggregates());
                all
            }
        }
    }
}

type Parsed<T> = Result<T, ExpressionError>;

/// Parses the expression of a mean: at least one aggregate.
///
/// # Errors
/// Says what is wrong and where, as for the other two.
pub fn parse_mean(text: &str) -> Parsed<Term> {
    let mut parser = Parser { text, at: 0 };
    let term = parser.sum(0)?;
    parser.end()?;
    if term.aggregates().is_empty() {
        return Err(error(0..text.len(), "this has no aggregate over a fact", Some("for example `count(streams)`")));
    }
    Ok(term)
}

/// Parses the expression of a ratio: aggregates divided by aggregates, as numerator and denominator.
///
/// # Errors
/// See [`parse_mean`].
pub fn parse_ratio(text: &str) -> Parsed<(Term, Term)> {
    match parse_mean(text)? {
        Term::Binary('/', numerator, denominator)
            if !numerator.aggregates().is_empty() && !denominator.aggregates().is_empty() =>
        {
            Ok((*numerator, *denominator))
        }
        _ => Err(error(
            0..text.len(),
            "a ratio is one sum of aggregates divided by another",
            Some("for example `count(streams where skipped) / count(streams)`"),
        )),
    }
}

/// Parses the expression of a conversion: a comparison with a number, as term, operator and number.
///
/// # Errors
/// See [`parse_mean`].
pub fn parse_conversion(text: &str) -> Parsed<(Term, &'static str, f64)> {
    let mut parser = Parser { text, at: 0 };
    let term = parser.sum(0)?;
    let start = parser.skip();
    let operator = [">=", "<=", "<>", ">", "<", "="].into_iter().find(|operator| parser.eat(operator));
    let Some(operator) = operator else {
        return Err(error(
            start..text.len().max(start),
            "a conversion compares with a number",
            Some("for example `count(streams) > 0`"),
        ));
    };
    let start = parser.skip();
    let Some(number) = parser.number() else {
        return Err(error(start..text.len().max(start), "a number must stand here", None));
    };
    parser.end()?;
    if term.aggregates().is_empty() {
        return Err(error(
            0..text.len(),
            "this has no aggregate over a fact",
            Some("for example `count(streams) > 0`"),
        ));
    }
    Ok((term, operator, number))
}

fn error(range: Range<usize>, message: &str, help: Option<&str>) -> ExpressionError {
    ExpressionError { range, message: message.to_owned(), help: help.map(str::to_owned) }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Moves over white space and says where that ends.
    fn skip(&mut self) -> usize {
        self.at += self.rest().len() - self.rest().trim_start().len();
        self.at
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn end(&mut self) -> Parsed<()> {
        let start = self.skip();
        if self.rest().is_empty() {
            return Ok(());
        }
        Err(error(start..self.text.len(), "this is not understood here", Some("join aggregates with + - * and /")))
    }

    fn sum(&mut self, depth: usize) -> Parsed<Term> {
        self.chain(&['+', '-'], depth, Self::product)
    }

    fn product(&mut self, depth: usize) -> Parsed<Term> {
        self.chain(&['*', '/'], depth, Self::factor)
    }

    /// Operators of one rank, from left to right; how many is bounded so that the tree stays shallow.
    fn chain(&mut self, operators: &[char], depth: usize, next: fn(&mut Self, usize) -> Parsed<Term>) -> Parsed<Term> {
        let mut term = next(self, depth)?;
        let mut links = 0;
        while let Some(operator) = self.rest().trim_start().chars().next().filter(|sign| operators.contains(sign)) {
            let start = self.skip();
            self.at += operator.len_utf8();
            links += 1;
            if links > MAX_DEPTH {
                return Err(error(start..self.text.len(), "this expression is too long", None));
            }
            term = Term::Binary(operator, Box::new(term), Box::new(next(self, depth)?));
        }
        Ok(term)
    }

    fn factor(&mut self, depth: usize) -> Parsed<Term> {
        let start = self.skip();
        if depth > MAX_DEPTH {
            return Err(error(start..self.text.len(), "this expression is nested too deeply", None));
        }
        if self.eat("(") {
            let inner = self.sum(depth + 1)?;
            if !self.eat(")") {
                return Err(error(start..start + 1, "this parenthesis is not closed", None));
            }
            return Ok(inner);
        }
        if self.eat("-") {
            return Ok(Term::Negate(Box::new(self.factor(depth + 1)?)));
        }
        if let Some(number) = self.number() {
            return Ok(Term::Number(number));
        }
        self.aggregate().map(Term::Aggregate)
    }

    fn number(&mut self) -> Option<f64> {
        self.skip();
        let length = self.rest().bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let number = self.rest().get(..length)?.parse::<f64>().ok()?;
        self.at += length;
        Some(number)
    }

    /// A word of letters, digits, `_` and `-`.
    fn word(&mut self) -> (&'a str, Range<usize>) {
        let start = self.skip();
        let rest = self.rest();
        let part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
        let length = rest.find(|letter| !part(letter)).unwrap_or(rest.len());
        self.at += length;
        (rest.get(..length).unwrap_or(""), start..start + length)
    }

    fn aggregate(&mut self) -> Parsed<Aggregate> {
        let (name, range) = self.word();
        let Some(function) = Function::of(name) else {
            let end = self.text.get(range.start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
            let range = if range.is_empty() { range.start..range.start + end } else { range };
            let help = crate::diag::did_you_mean(name, Function::WORDS);
            let message = match name {
                "" => "an aggregate must stand here".to_owned(),
                name => format!("`{name}` is not an aggregate"),
            };
            return Err(ExpressionError { range, message, help });
        };
        if !self.eat("(") {
            return Err(error(
                range,
                "an aggregate is followed by a fact in parentheses",
                Some("as in `count(streams)`"),
            ));
        }
        let open = self.at;
        let close = closing(self.text, open)
            .ok_or_else(|| error(range.start..self.text.len(), "this parenthesis is not closed", None))?;
        let fact = self.word();
        if fact.0.is_empty() {
            return Err(error(open..close, "a fact must stand here", Some("as in `count(streams)`")));
        }
        let column = if self.eat(".") { Some(self.word()) } else { None };
        match (function, &column) {
            (Function::Count, Some((_, at))) => {
                return Err(error(at.clone(), "`count` counts rows and takes no column", Some("use `count-distinct`")));
            }
            (Function::Count, None) => {}
            (_, Some((name, _))) if !name.is_empty() => {}
            _ => {
                let help = format!("as in `{name}({}.column)`", fact.0);
                return Err(error(fact.1, "this aggregate needs a column", Some(&help)));
            }
        }
        let predicate = self.predicate(close)?;
        self.at = close + 1;
        let owned = |(text, range): (&str, Range<usize>)| (text.to_owned(), range);
        Ok(Aggregate { function, fact: owned(fact), column: column.map(owned), predicate })
    }

    /// The predicate after `where`, up to the closing parenthesis.
    fn predicate(&mut self, close: usize) -> Parsed<Option<(String, Range<usize>)>> {
        let start = self.skip();
        if start >= close {
            return Ok(None);
        }
        let (word, range) = self.word();
        if !word.eq_ignore_ascii_case("where") {
            let range = range.start..close;
            return Err(error(
                range,
                "only `where` and a predicate may follow",
                Some("as in `count(streams where skipped)`"),
            ));
        }
        let start = self.skip();
        let text = self.text.get(start..close).unwrap_or("").trim_end();
        check_predicate(text)
            .map_err(|wrong| ExpressionError { range: start + wrong.range.start..start + wrong.range.end, ..wrong })?;
        Ok(Some((text.to_owned(), start..start + text.len())))
    }
}

/// Where the parenthesis opened just before `open` closes; those in SQL strings do not count.
fn closing(text: &str, open: usize) -> Option<usize> {
    let (mut depth, mut quote) = (1_usize, None);
    for (at, letter) in text.get(open..)?.char_indices() {
        match (quote, letter) {
            (Some(mark), letter) if mark == letter => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(') => depth += 1,
            (None, ')') => {
                depth -= 1;
                if depth == 0 {
                    return Some(open + at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Function, Term, parse_conversion, parse_mean, parse_ratio};

    #[test]
    fn the_three_kinds_of_expression() {
        let term = parse_mean("sum(streams.ms_played) / 60000.0").expect("a mean");
        let aggregates = term.aggregates();
        assert_eq!(aggregates[0].function, Function::Sum);
        assert_eq!(aggregates[0].column.as_ref().map(|column| column.0.as_str()), Some("ms_played"));
        let (numerator, _) =
            parse_ratio("count(streams where skipped and (a = ')' or b)) / count(streams)").expect("a ratio");
        let Term::Aggregate(aggregate) = numerator else { panic!("one aggregate") };
        assert_eq!(aggregate.predicate.expect("a predicate").0, "skipped and (a = ')' or b)");
        let (_, operator, number) = parse_conversion("count(streams) >= 2").expect("a conversion");
        assert_eq!((operator, number), (">=", 2.0));
    }

    #[test]
    fn what_is_wrong_is_found_where_it_is() {
        let place =
            |text: &str| parse_mean(text).map_err(|wrong| text.get(wrong.range).expect("a place in it").to_owned());
        assert_eq!(place("sun(streams.ms)"), Err("sun".into()));
        assert_eq!(place("sum(streams)"), Err("streams".into()));
        assert_eq!(place("count(streams.ms)"), Err("ms".into()));
        assert_eq!(place("count(streams whre x)"), Err("whre x".into()));
        assert_eq!(place("1 + 2"), Err("1 + 2".into()));
        assert_eq!(place("count(streams) @"), Err("@".into()));
        assert!(parse_ratio("count(streams)").is_err());
        assert!(parse_conversion("count(streams)").is_err());
        assert!(place(&"(".repeat(10_000)).is_err());
        assert!(place(&"-".repeat(10_000)).is_err());
        assert!(place(&"1+".repeat(10_000)).is_err());
    }
}
