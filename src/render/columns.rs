//! Tables of text: columns as wide as what stands in them, cut where a page ends.

use crate::render::text::{Style, Tone, toned};

/// A cell with the tone it is shown in.
pub struct Cell {
    pub text: String,
    pub tone: Option<Tone>,
}

impl Cell {
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone: Some(tone) }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), tone: None }
    }
}

/// The narrowest that the column that gives way becomes.
const NARROWEST: usize = 10;
/// Spaces between columns.
const GAP: usize = 2;

/// A table; columns whose title begins with `>` stand to the right. One column gives way where the page is too narrow.
pub struct Columns<'a> {
    pub titles: &'a [&'a str],
    pub gives_way: usize,
    pub rows: Vec<Vec<Cell>>,
}

impl Columns<'_> {
    /// The lines, each indented by so much and not wider than the page as far as columns can give way.
    #[must_use]
    pub fn lines(&self, indent: usize, width: usize, style: Style) -> Vec<String> {
        let title = |at: usize| self.titles.get(at).map_or("", |title| title.trim_start_matches('>'));
        let mut widths: Vec<usize> = (0..self.titles.len())
            .map(|at| {
                let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.text.chars().count());
                cells.chain([title(at).chars().count()]).max().unwrap_or(0)
            })
            .collect();
        let all = indent + widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        if let Some(first) = widths.get_mut(self.gives_way) {
            *first = first.saturating_sub(all.saturating_sub(width)).max(NARROWEST.min(*first));
        }
        let head: Vec<Cell> = (0..self.titles.len()).map(|at| Cell::toned(title(at), Tone::Faint)).collect();
        std::iter::once(&head).chain(&self.rows).map(|row| self.line(row, &widths, indent, style)).collect()
    }

    fn line(&self, row: &[Cell], widths: &[usize], indent: usize, style: Style) -> String {
        let mut line = " ".repeat(indent);
        for (at, cell) in row.iter().enumerate() {
            let width = widths.get(at).copied().unwrap_or(0);
            let text = shortened(&cell.text, width);
            let room = " ".repeat(width.saturating_sub(text.chars().count()));
            let shown = cell.tone.map_or_else(|| text.clone(), |tone| toned(&text, tone, style));
            let right = self.titles.get(at).is_some_and(|title| title.starts_with('>'));
            let gap = if at > 0 { " ".repeat(GAP) } else { String::new() };
            line.push_str(&if right { format!("{gap}{room}{shown}") } else { format!("{gap}{shown}{room}") });
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// A text of at most so many characters; its end is lost where it is longer, and that is seen.
pub fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(2)).collect();
    format!("{kept}..")
}

#[cfg(test)]
mod tests {
    use super::{Columns, shortened};
    use crate::render::text::Style;

    #[test]
    fn columns_line_up_and_one_gives_way() {
        let rows = vec![vec!["a-very-long-name-of-a-metric".into(), "1".into()], vec!["b".into(), "1,000".into()]];
        let table = Columns { titles: &["name", ">units"], gives_way: 0, rows };
        assert_eq!(
            table.lines(2, 80, Style::Plain),
            [
                "  name                          units",
                "  a-very-long-name-of-a-metric      1",
                "  b                             1,000"
            ]
        );
        assert_eq!(
            table.lines(2, 24, Style::Plain),
            ["  name             units", "  a-very-long-n..      1", "  b                1,000"]
        );
        assert!(table.lines(2, 5, Style::Plain).iter().all(|line| line.chars().count() <= 19));
        assert_eq!(shortened("日本語日本語", 4), "日本..");
    }
}
