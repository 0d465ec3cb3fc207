//! Names, literals and comments that nothing can escape from.

use sqlparser::keywords::ALL_KEYWORDS;

use super::dialect::{Case, Dialect};
use crate::query::Relation;

impl Dialect {
    /// A column: plain where that means the same, else in quotes.
    pub(super) fn column(self, name: &str) -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let word = name.bytes().all(plain) && !name.bytes().next().is_none_or(|byte| byte.is_ascii_digit());
        let lower = !name.bytes().any(|byte| byte.is_ascii_uppercase());
        let upper = !name.bytes().any(|byte| byte.is_ascii_lowercase());
        let folded = match self.case {
            Case::Lower => lower,
            // What has no quotes was most likely made without them too.
            Case::Upper => lower || upper,
            Case::AsIs => true,
        };
        let keyword = ALL_KEYWORDS.binary_search(&name.to_ascii_uppercase().as_str()).is_ok();
        match (word && folded, keyword) {
            (true, false) => name.to_owned(),
            (true, true) if self.case == Case::Upper => self.quoted(&name.to_ascii_uppercase()),
            _ => self.quoted(name),
        }
    }

    /// A table, whose parts are divided by dots.
    fn table(self, name: &str) -> String {
        name.split('.').map(|part| self.column(part)).collect::<Vec<_>>().join(".")
    }

    /// What rows are selected from, under a name.
    pub(super) fn relation(self, relation: &Relation, name: &str) -> String {
        let name = self.column(name);
        match relation {
            Relation::Table(table) => format!("{} AS {name}", self.table(table)),
            Relation::Select(select) => format!("(\n{}\n) AS {name}", super::text::indented(select)),
        }
    }

    fn quoted(self, name: &str) -> String {
        let quote = self.quote;
        let inner: String = match quote {
            // No name has these there; who reads the text disagrees about what a backslash does in one.
            '`' => name.chars().map(|letter| if matches!(letter, '`' | '\\') { '_' } else { letter }).collect(),
            _ => name.replace(quote, &format!("{quote}{quote}")),
        };
        format!("{quote}{}{quote}", inner.replace(char::is_control, "_"))
    }

    /// A text.
    pub(super) fn string(self, text: &str) -> String {
        if self.backslash {
            return format!("'{}'", text.chars().map(escaped).collect::<String>());
        }
        format!("'{}'", text.replace('\'', "''"))
    }
}

fn escaped(letter: char) -> String {
    match letter {
        '\\' | '\'' => format!("\\{letter}"),
        letter if letter.is_control() => format!("\\u{:04x}", u32::from(letter)),
        letter => letter.to_string(),
    }
}

/// Words for a comment, which ends at the end of a line and therefore has none in it.
pub(super) fn remark(words: &str) -> String {
    let breaks = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    words.chars().map(|letter| if breaks(letter) { ' ' } else { letter }).collect()
}
