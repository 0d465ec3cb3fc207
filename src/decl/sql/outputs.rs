//! The columns that a SELECT gives its rows.

use sqlparser::ast::{Expr, Query, Select, SelectItem, SetExpr, Statement};
use sqlparser::parser::Parser;

use super::parser_of;
use crate::decl::Engine;

/// The names of a SELECT's columns, where each has one; none where a `*` or a column without a name is among them, or the text
/// cannot be parsed.
#[must_use]
pub fn output_columns(text: &str, engine: Engine) -> Option<Vec<String>> {
    let statements = Parser::parse_sql(parser_of(engine).as_ref(), text).ok()?;
    let [Statement::Query(query)] = statements.as_slice() else { return None };
    first(query)?.projection.iter().map(name).collect()
}

/// The SELECT that names the columns: of a union, its first.
fn first(query: &Query) -> Option<&Select> {
    let mut body = query.body.as_ref();
    loop {
        match body {
            SetExpr::Select(select) => return Some(select),
            SetExpr::Query(query) => body = query.body.as_ref(),
            SetExpr::SetOperation { left, .. } => body = left.as_ref(),
            _ => return None,
        }
    }
}

fn name(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value.clone()),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last().map(|part| part.value.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Engine, output_columns};

    #[test]
    fn columns_are_known_where_each_is_named() {
        let columns = |text: &str| output_columns(text, Engine::Postgres);
        assert_eq!(columns("select a, t.b, c + 1 as d from t"), Some(vec!["a".into(), "b".into(), "d".into()]));
        assert_eq!(columns("select a from t union all select b from t"), Some(vec!["a".into()]));
        assert_eq!(columns("select * from t"), None);
        assert_eq!(columns("select count(x) from t"), None);
    }
}
