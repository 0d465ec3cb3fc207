//! Lines and columns of a range of bytes.

use std::ops::Range;

/// Lines and columns, counted from 1; columns count characters, as editors and GitHub do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

impl Position {
    /// The position of a range in a text; what lies beyond the text counts as its end.
    #[must_use]
    pub fn of(text: &str, range: Range<usize>) -> Self {
        let (line, column) = line_and_column(text, range.start);
        let (end_line, end_column) = line_and_column(text, range.end);
        Self { line, column, end_line, end_column }
    }
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..text.floor_char_boundary(at)).unwrap_or(text);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (line, before.get(start..).unwrap_or("").chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::Position;

    #[test]
    fn columns_count_characters_and_lines_end_at_newlines() {
        let text = "a = 1\nnäme = \"ü\"\n";
        let at = text.find('"').expect("there is a quote");
        let position = Position::of(text, at..at + 4);
        assert_eq!((position.line, position.column), (2, 8));
        assert_eq!((position.end_line, position.end_column), (2, 11));
    }

    #[test]
    fn a_place_beyond_the_text_is_its_end() {
        assert_eq!(Position::of("ab", 7..9).column, 3);
    }
}
