//! Findings as text, with source excerpts; without colour and beyond ASCII only on request.

use std::fmt;
use std::ops::Range;

use anstyle::{AnsiColor, Effects};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents,
};

use super::words::plain;
use crate::address::masked;
use crate::diag::{Diagnostic, Severity};
use crate::source::{Sources, Span};

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// For a terminal: colour and box drawing.
    Rich,
    /// For files, pipes and tests: ASCII.
    Plain,
}

/// How a word is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Good,
    Bad,
    /// A heading.
    Strong,
    /// Code, or a name.
    Code,
    /// An aside.
    Faint,
}

/// A word in the colour of its tone, where there is colour.
#[must_use]
pub fn toned(word: &str, tone: Tone, style: Style) -> String {
    let look = match tone {
        Tone::Good => AnsiColor::Green.on_default().effects(Effects::BOLD),
        Tone::Bad => AnsiColor::BrightRed.on_default().effects(Effects::BOLD),
        Tone::Strong => anstyle::Style::new().effects(Effects::BOLD),
        Tone::Code => AnsiColor::Cyan.on_default(),
        Tone::Faint => anstyle::Style::new().effects(Effects::DIMMED),
    };
    match style {
        Style::Rich => format!("{look}{word}{look:#}"),
        Style::Plain => word.to_owned(),
    }
}

/// The longest line that an excerpt shows; a longer one is cut around its place.
const MAX_LINE: usize = 400;

/// All findings, one after another, a blank line between them.
#[must_use]
pub fn findings(sources: &Sources, findings: &[Diagnostic], style: Style, width: usize) -> String {
    findings_below("", sources, findings, style, width)
}

/// All findings, with `prefix` before every path: the way from where the reader stands to the catalogue's root.
#[must_use]
pub fn findings_below(prefix: &str, sources: &Sources, findings: &[Diagnostic], style: Style, width: usize) -> String {
    let theme = match style {
        Style::Rich => GraphicalTheme::unicode(),
        Style::Plain => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(width).with_context_lines(1);
    let mut text = String::new();
    for finding in findings {
        // Writing to a string cannot fail; an excerpt that cannot be drawn leaves the finding's sentence.
        if handler.render_report(&mut text, &Shown::finding(prefix, sources, finding, style)).is_err() {
            text.push_str(&plain(&finding.message));
        }
        text.push_str("\n\n");
    }
    // Where nothing is shown in colour, nothing needs to end in spaces either.
    let trimmed: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut text = trimmed.join("\n");
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    let text = text.trim_matches('\n');
    if text.is_empty() { String::new() } else { format!("{text}\n\n") }
}

/// A finding, or a place that explains one, as miette wants it.
#[derive(Debug)]
struct Shown {
    words: String,
    severity: miette::Severity,
    excerpt: Option<Excerpt>,
    labels: Vec<LabeledSpan>,
    help: Option<String>,
    related: Vec<Shown>,
}

impl Shown {
    fn finding(prefix: &str, sources: &Sources, finding: &Diagnostic, style: Style) -> Self {
        let (severity, tone) = match finding.severity {
            Severity::Error => (miette::Severity::Error, Tone::Bad),
            Severity::Warning => (miette::Severity::Warning, Tone::Strong),
        };
        let head = toned(&format!("{}[{}]", finding.severity.word(), finding.rule), tone, style);
        let whole_file = covers_nothing(finding.span);
        let near = |span: Span| !whole_file && span.file == finding.span.file && !covers_nothing(span);
        // Places in the same file are marked in one excerpt, as long as its lines are short enough to show whole.
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            finding.related.iter().filter(|label| label.span != finding.span).partition(|label| near(label.span));
        let excerpt = Excerpt::of(prefix, sources, finding.span);
        let mut labels = vec![LabeledSpan::new_primary_with_span(None, excerpt.place(finding.span))];
        let mut related = Vec::new();
        for label in here {
            if excerpt.is_whole() {
                labels.push(LabeledSpan::new_with_span(
                    Some(plain(&label.message).into_owned()),
                    excerpt.place(label.span),
                ));
            } else {
                related.push(Self::place(prefix, sources, label.span, &label.message));
            }
        }
        let mut help: Vec<String> = finding.help.iter().map(|help| plain(help).into_owned()).collect();
        for label in elsewhere {
            if covers_nothing(label.span) {
                // A file as a whole has no line that would explain it: its name is enough.
                let path = plain(&format!("{prefix}{}", sources.path(label.span.file))).into_owned();
                help.push(format!("{}: {path}", plain(&label.message)));
            } else {
                related.push(Self::place(prefix, sources, label.span, &label.message));
            }
        }
        let words = plain(&finding.message);
        let words = match whole_file {
            true => format!("{head}: {words}\n{}", excerpt.name),
            false => format!("{head}: {words}"),
        };
        Self {
            words,
            severity,
            excerpt: (!whole_file).then_some(excerpt),
            labels: if whole_file { Vec::new() } else { labels },
            help: (!help.is_empty()).then(|| help.join("\n")),
            related,
        }
    }

    /// A place in another file, or far away in the same one.
    fn place(prefix: &str, sources: &Sources, span: Span, message: &str) -> Self {
        let excerpt = Excerpt::of(prefix, sources, span);
        Self {
            words: plain(message).into_owned(),
            severity: miette::Severity::Advice,
            labels: vec![LabeledSpan::new_primary_with_span(None, excerpt.place(span))],
            excerpt: Some(excerpt),
            help: None,
            related: Vec::new(),
        }
    }
}

/// Whether a span is the empty one at the start of its file, which stands for the file as a whole.
fn covers_nothing(span: Span) -> bool {
    span.range() == (0..0)
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Shown {}

impl miette::Diagnostic for Shown {
    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        Some(Box::new(self.related.iter().map(|related| related as &dyn miette::Diagnostic)))
    }
}

/// The lines around a place, made safe to show; a line too long for that is cut around the place.
#[derive(Debug)]
struct Excerpt {
    name: String,
    text: String,
    /// Where the text starts in the file: bytes, lines and columns.
    start: usize,
    line: usize,
    column: usize,
    /// Whether lines are shown from their beginning to their end.
    whole: bool,
}

impl Excerpt {
    fn of(prefix: &str, sources: &Sources, span: Span) -> Self {
        let text = sources.get(span.file).map_or("", |source| &source.text);
        let revision = sources.get(span.file).and_then(|source| source.revision.as_deref());
        let revision = revision.map_or(String::new(), |revision| format!(" at {revision}"));
        let name = plain(&format!("{prefix}{}{revision}", sources.path(span.file))).into_owned();
        let range = within(text, span);
        let (shown, whole) = match lines_around(text, &range) {
            Some(lines) => (lines, true),
            None => (cut(text, &range), false),
        };
        let before = text.get(..shown.start).unwrap_or("");
        let column = if whole { 0 } else { before.rsplit('\n').next().map_or(0, |line| line.chars().count()) };
        Self {
            name,
            text: safe(masked(text).get(shown.clone()).unwrap_or("")),
            start: shown.start,
            line: before.bytes().filter(|&byte| byte == b'\n').count(),
            column,
            whole,
        }
    }

    fn is_whole(&self) -> bool {
        self.whole
    }

    /// A span of the file, in this text; what lies outside is its end.
    fn place(&self, span: Span) -> SourceSpan {
        let inside = |at: u32| (at as usize).saturating_sub(self.start).min(self.text.len());
        let (start, end) = (inside(span.start), inside(span.end));
        SourceSpan::from((start, end.saturating_sub(start)))
    }
}

/// A span's range, on the boundaries of letters.
fn within(text: &str, span: Span) -> Range<usize> {
    let start = text.floor_char_boundary(span.start as usize);
    start..text.floor_char_boundary((span.end as usize).max(start)).max(start)
}

/// The whole text, if the lines at the place and beside it are short enough to show; related places need the rest of it.
fn lines_around(text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    // The line before that of the place begins after the last line end but one.
    let start = text.get(..range.start)?.rmatch_indices('\n').nth(1).map_or(0, |(newline, _)| newline + 1);
    let after = text.get(range.end..)?;
    let mut ends = after.match_indices('\n').map(|(at, _)| range.end + at);
    let end = ends.next().and_then(|_| ends.next()).unwrap_or(text.len());
    let lines = text.get(start..end)?;
    let short = lines.lines().all(|line| line.len() <= MAX_LINE) && lines.lines().count() <= 40;
    (short && text.len() <= 1 << 20).then_some(0..text.len())
}

/// A part of one line around the beginning of a place.
fn cut(text: &str, range: &Range<usize>) -> Range<usize> {
    let line = text.get(..range.start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let end = text.get(range.start..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| range.start + at);
    let from = text.ceil_char_boundary(range.start.saturating_sub(30).max(line));
    from..text.floor_char_boundary((range.start + 60).min(end)).max(from)
}

/// A text in which nothing can steer a terminal; it has as many bytes as before, so that places stay where they are.
fn safe(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\n' | '\t' => letter.to_string(),
            '\r' => " ".to_owned(),
            letter if plain(letter.encode_utf8(&mut [0; 4])).len() != letter.len_utf8() => {
                "?".repeat(letter.len_utf8())
            }
            letter => letter.to_string(),
        })
        .collect()
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.text.as_str().read_span(span, before, after)?;
        let column = if found.line() == 0 { found.column() + self.column } else { found.column() };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            self.text.as_bytes().get(found.span().offset()..found.span().offset() + found.span().len()).unwrap_or(b""),
            *found.span(),
            found.line() + self.line,
            column,
            found.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::{Style, findings};
    use crate::diag::Diagnostic;
    use crate::source::{FileId, Sources, Span};

    fn shown(text: &str, span: std::ops::Range<usize>) -> String {
        let sources = Sources::new([("a.toml".to_owned(), text.to_owned())]);
        let finding = Diagnostic::new("syntax", Span::new(FileId(0), span), "wrong");
        findings(&sources, &[finding], Style::Plain, 80)
    }

    #[test]
    fn places_are_pointed_at() {
        let text = shown("version = 1\nx = \"é\"\ny = 2\n", 16..20);
        assert!(text.contains("error[syntax]: wrong") && text.contains("[a.toml:2:5]"), "{text}");
        assert!(text.contains(" 2 | x = \"é\"\n   :     ^^^\n"), "{text}");
        assert!(shown("x = 1", 5..9).contains("[a.toml:1:6]"), "{}", shown("x = 1", 5..9));
        assert!(shown("", 0..0).contains("wrong"), "{}", shown("", 0..0));
    }

    #[test]
    fn a_long_line_is_cut_around_its_place() {
        let long = format!("first = 1\na = \"{}\"\n", "ä".repeat(500_000));
        for span in [14..long.len() - 1, 10..11, 500_001..500_009, 10..long.len()] {
            let text = shown(&long, span);
            assert!(text.len() < 1_000 && text.contains("[a.toml:2:"), "{text}");
        }
        let sources = Sources::new([("a.toml".to_owned(), long)]);
        let far = Diagnostic::new("syntax", Span::new(FileId(0), 10..11), "wrong")
            .related(Span::new(FileId(0), 900_000..900_002), "here too");
        let text = findings(&sources, &[far], Style::Rich, 80);
        assert!(text.len() < 2_000 && text.contains("here too"), "{text}");
    }

    #[test]
    fn the_secret_of_an_address_is_not_repeated() {
        let long = format!("x = \"{}\" # https://me:hunter2@h/\n", "ä".repeat(500));
        for text in ["a = \"https://me:hunter2@h/x\"\nb = 1\n", "b = 1\na = \"https://hunter2@h\"\n", &long] {
            for span in [0..5, 4..text.len() - 1, text.len() - 30..text.len() - 1] {
                let shown = shown(text, span.clone());
                assert!(shown.contains("[a.toml:") && !shown.contains("hunter2"), "{shown}");
            }
        }
    }

    #[test]
    fn nothing_a_user_wrote_steers_the_terminal() {
        let sources = Sources::new([("a.toml".to_owned(), "x = \"\u{1b}[31m\u{202e}\"\n".to_owned())]);
        let finding = Diagnostic::new("syntax", Span::new(FileId(0), 4..10), "a\n\u{1b}[31mb")
            .related(Span::new(FileId(0), 0..1), "\u{1b}[31m")
            .related(Span::new(FileId(0), 0..0), "\u{1b}[31m")
            .help("\u{9b}31m");
        let text = findings(&sources, &[finding], Style::Plain, 80);
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{text}");
    }
}
