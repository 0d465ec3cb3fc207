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

/// Where the lines of a text start; found once, as a text may have many findings.
#[derive(Debug, Clone)]
pub struct Lines(Vec<u32>);

impl Lines {
    /// Finds the lines of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let after = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(after).map(|at| u32::try_from(at).unwrap_or(u32::MAX)).collect())
    }

    /// The position of a range in that text; what lies beyond the text counts as its end.
    #[must_use]
    pub fn position(&self, text: &str, range: Range<usize>) -> Position {
        let (line, column) = self.line_and_column(text, range.start);
        let (end_line, end_column) = self.line_and_column(text, range.end);
        Position { line, column, end_line, end_column }
    }

    fn line_and_column(&self, text: &str, at: usize) -> (usize, usize) {
        let at = text.floor_char_boundary(at);
        let line = self.0.partition_point(|&start| start as usize <= at).max(1);
        let start = self.0.get(line - 1).map_or(0, |&start| start as usize);
        (line, text.get(start..at).unwrap_or("").chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, Position};

    #[test]
    fn columns_count_characters_and_lines_end_at_newlines() {
        let text = "a = 1\nnäme = \"ü\"\n";
        let at = text.find('"').expect("there is a quote");
        let position = Lines::of(text).position(text, at..at + 4);
        assert_eq!((position.line, position.column), (2, 8));
        assert_eq!((position.end_line, position.end_column), (2, 11));
    }

    #[test]
    fn every_place_is_where_counting_says() {
        let text = "ä\n\r\nb\n\n\u{1f600}x";
        let lines = Lines::of(text);
        for at in 0..=text.len() + 2 {
            let before = text.get(..text.floor_char_boundary(at)).expect("a boundary");
            let expected = (
                before.matches('\n').count() + 1,
                before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1,
            );
            let Position { line, column, .. } = lines.position(text, at..at);
            assert_eq!((line, column), expected, "{at}");
        }
    }

    #[test]
    fn a_place_beyond_the_text_is_its_end() {
        assert_eq!(Lines::of("ab").position("ab", 7..9).column, 3);
    }
}
