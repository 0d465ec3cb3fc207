//! Findings as text, with source excerpts; without colour and beyond ASCII only on request.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Level, Origin, Renderer, Snippet};

use super::words::{plain, wrapped};
use crate::diag::{Diagnostic, Severity};
use crate::source::{FileId, Sources, Span};

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
    use annotate_snippets::renderer::{AnsiColor, Effects};
    let look = match tone {
        Tone::Good => AnsiColor::Green.on_default().effects(Effects::BOLD),
        Tone::Bad => AnsiColor::BrightRed.on_default().effects(Effects::BOLD),
        Tone::Strong => annotate_snippets::renderer::Style::new().effects(Effects::BOLD),
        Tone::Code => AnsiColor::Cyan.on_default(),
        Tone::Faint => annotate_snippets::renderer::Style::new().effects(Effects::DIMMED),
    };
    match style {
        Style::Rich => format!("{look}{word}{look:#}"),
        Style::Plain => word.to_owned(),
    }
}

/// What an excerpt needs beside the source: a line number, a bar, and where it was cut.
const MARGIN: usize = 20;
/// The longest line that an excerpt of several lines may have.
const MAX_LINE: usize = 1_000;

/// All findings, one after another, a blank line between them.
#[must_use]
pub fn findings(sources: &Sources, findings: &[Diagnostic], style: Style, width: usize) -> String {
    findings_below("", sources, findings, style, width)
}

/// All findings, with `prefix` before every path: the way from where the reader stands to the catalogue's root.
#[must_use]
pub fn findings_below(prefix: &str, sources: &Sources, findings: &[Diagnostic], style: Style, width: usize) -> String {
    let renderer = match style {
        Style::Rich => Renderer::styled().decor_style(DecorStyle::Unicode),
        Style::Plain => Renderer::plain(),
    };
    let renderer = renderer.term_width(width);
    let mut text = String::new();
    for finding in findings {
        text.push_str(&renderer.render(&[report(prefix, sources, finding, width)]));
        text.push_str("\n\n");
    }
    text
}

fn report<'a>(
    prefix: &'a str,
    sources: &'a Sources,
    finding: &'a Diagnostic,
    width: usize,
) -> annotate_snippets::Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let path = |file: FileId| plain(&format!("{prefix}{}", sources.path(file))).into_owned();
    let title = level.primary_title(plain(&finding.message)).id(finding.rule);
    let mut notes: Vec<String> = Vec::new();
    // The excerpts, the finding's own file first; labels elsewhere follow in their order.
    let mut excerpts: Vec<(FileId, Vec<Mark<'a>>)> = Vec::new();
    let mut group = if covers_nothing(finding.span) {
        // What concerns a file as a whole has no line that would explain it.
        title.element(Origin::path(path(finding.span.file)).line(1).char_column(1))
    } else {
        excerpts.push((finding.span.file, vec![Mark { span: finding.span, label: None, primary: true }]));
        annotate_snippets::Group::with_title(title)
    };
    for label in &finding.related {
        if covers_nothing(label.span) || label.span == finding.span {
            notes.push(format!("{}: {}", label.message, path(label.span.file)));
            continue;
        }
        let mark = Mark { span: label.span, label: Some(&label.message), primary: false };
        match excerpts.iter_mut().find(|(file, _)| *file == label.span.file) {
            Some((_, marks)) => marks.push(mark),
            None => excerpts.push((label.span.file, vec![mark])),
        }
    }
    for (file, marks) in &excerpts {
        let text = sources.get(*file).map_or("", |source| &source.text);
        // Marks far apart on one line would show all that is between them.
        let together = if has_long_line(text, marks, width) { 1 } else { marks.len() };
        for marks in marks.chunks(together.max(1)) {
            group = group.element(excerpt(text, marks, width).path(path(*file)));
        }
    }
    let say = |text: &str| wrapped(&plain(text), width.saturating_sub(12).max(40));
    group = group.elements(notes.iter().map(|note| Level::NOTE.message(say(note))));
    group.elements(finding.help.iter().map(|help| Level::HELP.message(say(help))))
}

/// A span to underline.
struct Mark<'a> {
    span: Span,
    label: Option<&'a str>,
    primary: bool,
}

/// Whether a span is the empty one at the start of its file, which stands for the file as a whole.
fn covers_nothing(span: Span) -> bool {
    span.range() == (0..0)
}

/// Whether a line that is too long to be shown lies under the marks.
fn has_long_line(text: &str, marks: &[Mark<'_>], width: usize) -> bool {
    let (lines, _) = lines(text, marks.iter().map(|mark| shown(text, mark.span, width)));
    lines.lines().any(|line| line.len() > MAX_LINE)
}

/// The whole lines that the ranges lie on, and where they start.
fn lines(text: &str, ranges: impl Iterator<Item = Range<usize>> + Clone) -> (&str, usize) {
    let first = ranges.clone().map(|range| range.start).min().unwrap_or(0);
    let last = ranges.map(|range| range.end).max().unwrap_or(0);
    let start = text.get(..first).unwrap_or(text).rfind('\n').map_or(0, |newline| newline + 1);
    let end = text.get(last..).unwrap_or("").find('\n').map_or(text.len(), |newline| last + newline);
    let lines = text.get(start..end).unwrap_or("");
    (lines.strip_suffix('\r').unwrap_or(lines), start)
}

/// The lines that the marks lie on. Only they are handed over, so that a finding costs what it shows, not what its file holds.
fn excerpt<'a>(text: &'a str, marks: &[Mark<'a>], width: usize) -> Snippet<'a, Annotation<'a>> {
    let ranges: Vec<Range<usize>> = marks.iter().map(|mark| shown(text, mark.span, width)).collect();
    let (source, start) = lines(text, ranges.iter().cloned());
    let line = text.get(..start).unwrap_or("").bytes().filter(|&byte| byte == b'\n').count() + 1;
    let annotations = marks.iter().zip(ranges).map(|(mark, range)| {
        let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        kind.span(range.start - start..range.end - start).label(mark.label.map(plain))
    });
    Snippet::source(source).line_start(line).annotations(annotations)
}

/// The part of a span that is underlined: inside the text, on whole characters, and never so long that it floods a terminal.
fn shown(text: &str, span: Span, width: usize) -> Range<usize> {
    let start = text.floor_char_boundary(span.start as usize);
    let end = text.floor_char_boundary((span.end as usize).max(start));
    let inside = text.get(start..end).unwrap_or("");
    let first_line = inside.find(['\n', '\r']).unwrap_or(inside.len());
    let long = inside.lines().any(|line| line.len() > MAX_LINE);
    if first_line < inside.len() && !long {
        return start..end;
    }
    let most = width.saturating_sub(MARGIN).max(MARGIN);
    let fits = inside.char_indices().nth(most).map_or(inside.len(), |(at, _)| at);
    start..start + first_line.min(fits)
}

#[cfg(test)]
mod tests {
    use super::{Style, findings};
    use crate::diag::Diagnostic;
    use crate::source::{FileId, Sources, Span};

    /// What a finding at `span` of a file looks like.
    fn shown(text: &str, span: std::ops::Range<usize>) -> String {
        let sources = Sources::new([("a.toml".to_owned(), text.to_owned())]);
        let finding = Diagnostic::new("syntax", Span::new(FileId(0), span), "wrong");
        findings(&sources, &[finding], Style::Plain, 80)
    }

    #[test]
    fn tabs_wide_letters_and_ends_of_files_are_pointed_at() {
        assert_eq!(
            shown("x\t=\t\"日本語\"\n", 4..15),
            "error[syntax]: wrong\n --> a.toml:1:5\n  |\n1 | x    =    \"日本語\"\n  |           ^^^^^^^^\n\n"
        );
        assert_eq!(shown("x = 1", 5..9), "error[syntax]: wrong\n --> a.toml:1:6\n  |\n1 | x = 1\n  |      ^\n\n");
        assert_eq!(shown("", 0..0), "error[syntax]: wrong\n--> a.toml:1:1\n\n");
    }

    #[test]
    fn several_lines_are_joined_by_a_bar() {
        assert_eq!(
            shown("x = 1\r\ny = [\r\n1,\r\n2]\r\n", 11..20),
            "error[syntax]: wrong\n --> a.toml:2:5\n  |\n2 |   y = [\n  |  _____^\n3 | | 1,\n4 | | 2]\n  | |__^\n\n"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_its_place() {
        let long = format!("a = \"{}\"\n", "ä".repeat(500_000));
        for span in [4..long.len() - 1, 0..1, 500_001..500_009, 0..long.len()] {
            let text = shown(&long, span);
            assert!(text.contains("..."), "{text}");
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        }
        let sources = Sources::new([("a.toml".to_owned(), long)]);
        let far = Diagnostic::new("syntax", Span::new(FileId(0), 0..1), "wrong")
            .related(Span::new(FileId(0), 900_000..900_002), "here too");
        let text = findings(&sources, &[far], Style::Rich, 80);
        assert!(text.len() < 2_000 && text.contains("here too"), "{text}");
    }

    #[test]
    fn nothing_a_user_wrote_steers_the_terminal() {
        let sources = Sources::new([("a.toml".to_owned(), "x = \"\u{1b}[31m\"\n".to_owned())]);
        let finding = Diagnostic::new("syntax", Span::new(FileId(0), 4..10), "a\n\u{1b}[31mb")
            .related(Span::new(FileId(0), 0..1), "\u{1b}[31m")
            .related(Span::new(FileId(0), 0..0), "\u{1b}[31m")
            .help("\u{9b}31m");
        let text = findings(&sources, &[finding], Style::Plain, 80);
        assert!(!text.contains(['\u{1b}', '\u{9b}']), "{text}");
    }
}
