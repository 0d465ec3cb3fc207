//! Pages of Markdown, such as a rule's, laid out for a terminal.

use super::text::{Style, Tone, toned};
use super::words::wrapped;

/// A page for a terminal of `width` columns; without colour it stays the Markdown it is.
#[must_use]
pub fn page(markdown: &str, style: Style, width: usize) -> String {
    if style == Style::Plain {
        return markdown.to_owned();
    }
    let mut layout = Layout { out: String::new(), paragraph: String::new(), hang: 0, width: width.clamp(40, 100) };
    let mut fence: Option<usize> = None;
    for line in markdown.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(open) if ticks >= open && line.trim_start_matches('`').trim().is_empty() => fence = None,
            Some(_) => layout.code(line),
            None if ticks >= 3 => {
                layout.flush();
                fence = Some(ticks);
                layout.caption(line.trim_start_matches('`'));
            }
            None => layout.line(line),
        }
    }
    layout.flush();
    layout.out
}

struct Layout {
    out: String,
    /// Lines that are still to be joined and broken anew.
    paragraph: String,
    /// How far the lines of a list item after its first are indented.
    hang: usize,
    width: usize,
}

impl Layout {
    fn line(&mut self, line: &str) {
        let heading = line.trim_start_matches('#');
        if heading.len() < line.len() && heading.starts_with(' ') {
            self.flush();
            self.push(&toned(heading.trim(), Tone::Strong, Style::Rich));
        } else if line.trim().is_empty() {
            self.flush();
            self.push("");
        } else if line.starts_with('|') {
            self.flush();
            self.push(line);
        } else {
            if let Some(item) = line.strip_prefix("- ") {
                self.flush();
                self.hang = 2;
                self.paragraph = format!("• {item}");
                return;
            }
            if !self.paragraph.is_empty() {
                self.paragraph.push(' ');
            }
            self.paragraph.push_str(line.trim());
        }
    }

    /// What stands over a block: the path of a file, or nothing for what the tool says.
    fn caption(&mut self, info: &str) {
        let path = info.strip_prefix("toml ").unwrap_or("");
        if !path.is_empty() {
            self.push(&format!("  {}", toned(path, Tone::Faint, Style::Rich)));
        }
    }

    fn code(&mut self, line: &str) {
        let line = if line.is_empty() { String::new() } else { format!("    {line}") };
        self.push(&line);
    }

    /// Ends the paragraph or list item.
    fn flush(&mut self) {
        let text = std::mem::take(&mut self.paragraph);
        let hang = std::mem::take(&mut self.hang);
        if !text.is_empty() {
            let lines = wrapped(&text, self.width.saturating_sub(hang));
            let lines = inline(&lines).replace('\n', &format!("\n{}", " ".repeat(hang)));
            self.push(&lines);
        }
    }

    fn push(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }
}

/// What stands between backticks in the colour of code, line by line.
pub(super) fn inline(text: &str) -> String {
    let mut code = false;
    let mut out = String::with_capacity(text.len());
    for (at, part) in text.split('`').enumerate() {
        if at > 0 {
            code = !code;
        }
        if code {
            let lines: Vec<String> = part.split('\n').map(|line| toned(line, Tone::Code, Style::Rich)).collect();
            out.push_str(&lines.join("\n"));
        } else {
            out.push_str(part);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::page;
    use crate::render::text::Style;

    const PAGE: &str = "# a-rule\n\nSome words with `code in` them\ngo on.\n\n- one\n- two\n\n## Fails\n\n```toml a.toml\nx = 1\n\ny = \"``\"\n```\n";

    #[test]
    fn pages_stay_markdown_without_colour() {
        assert_eq!(page(PAGE, Style::Plain, 40), PAGE);
    }

    #[test]
    fn pages_are_laid_out_with_colour() {
        assert_eq!(
            page(PAGE, Style::Rich, 40),
            "\u{1b}[1ma-rule\u{1b}[0m\n\nSome words with \u{1b}[36mcode in\u{1b}[0m them go on.\n\n• one\n• two\n\n\
             \u{1b}[1mFails\u{1b}[0m\n\n  \u{1b}[2ma.toml\u{1b}[0m\n    x = 1\n\n    y = \"``\"\n"
        );
    }
}
