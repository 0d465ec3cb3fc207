//! A statement, part by part, and its text: a line for each column, with a comment that says what it is for.

use super::lexical::remark;

/// A statement: named parts, each a SELECT, and the last one.
#[derive(Debug, Default)]
pub(super) struct Parts {
    parts: Vec<(String, Select)>,
}

/// A SELECT; every item is SQL.
#[derive(Debug, Default)]
pub(super) struct Select {
    /// What it is for, in words.
    pub words: String,
    pub columns: Vec<Column>,
    /// The first relation, then joins with their conditions.
    pub from: Vec<String>,
    /// All must hold.
    pub filters: Vec<String>,
    pub group: Vec<String>,
    pub order: Vec<String>,
    /// Rows of constants, instead of all of this; each has a value for each column.
    pub constants: Vec<Vec<String>>,
}

/// A column, with its name and what it is for.
#[derive(Debug)]
pub(super) struct Column {
    sql: String,
    name: String,
    words: String,
}

pub(super) fn column(sql: impl Into<String>, name: impl Into<String>) -> Column {
    Column { sql: sql.into(), name: name.into(), words: String::new() }
}

impl Column {
    pub fn for_(self, words: impl Into<String>) -> Self {
        Self { words: words.into(), ..self }
    }
}

/// Columns that are handed on as they are.
pub(super) fn same<'a>(from: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<Column> {
    names.into_iter().map(|name| column(format!("{from}{name}"), name)).collect()
}

impl Parts {
    pub fn add(&mut self, name: String, select: Select) {
        self.parts.push((name, select));
    }

    /// The text: `head` as comments, then the statement.
    pub fn print(&self, head: &[String], last: &Select) -> String {
        let mut text: String = head.iter().map(|line| format!("-- {}\n", remark(line))).collect();
        for (at, (name, select)) in self.parts.iter().enumerate() {
            text.push_str(if at == 0 { "WITH" } else { ",\n" });
            text.push_str(&format!("{}-- {}\n", if at == 0 { "\n" } else { "" }, remark(&select.words)));
            text.push_str(&format!("{name} AS (\n{}\n)", indented(&select.text())));
        }
        text.push_str(&format!("\n-- {}\n{}\n", remark(&last.words), last.text()));
        text
    }
}

impl Select {
    fn text(&self) -> String {
        if !self.constants.is_empty() {
            let rows = self.constants.iter().enumerate().map(|(at, row)| {
                let cells = row.iter().zip(&self.columns).map(|(value, column)| match at {
                    0 => format!("{value} AS {}", column.name),
                    _ => value.clone(),
                });
                format!("SELECT {}", cells.collect::<Vec<_>>().join(", "))
            });
            return rows.collect::<Vec<_>>().join("\nUNION ALL ");
        }
        let last = self.columns.len().saturating_sub(1);
        let mut text = "SELECT\n".to_owned();
        for (at, Column { sql, name, words }) in self.columns.iter().enumerate() {
            let named =
                sql == name || sql.rsplit_once('.').is_some_and(|(_, own)| own == name && !sql.contains(['(', ' ']));
            let item = if named { sql.clone() } else { format!("{sql} AS {name}") };
            let comma = if at == last { "" } else { "," };
            let words = if words.is_empty() { String::new() } else { format!(" -- {}", remark(words)) };
            text.push_str(&format!("{}{comma}{words}\n", indented(&item)));
        }
        text.push_str(&format!("FROM {}", self.from.join("\n")));
        let clause = |text: &mut String, word: &str, items: &[String], between: &str| {
            if !items.is_empty() {
                text.push_str(&format!("\n{word} {}", items.join(between)));
            }
        };
        clause(&mut text, "WHERE", &self.filters, "\n  AND ");
        clause(&mut text, "GROUP BY", &self.group, ", ");
        clause(&mut text, "ORDER BY", &self.order, ", ");
        text
    }
}

/// A text with every line moved in.
pub(super) fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
