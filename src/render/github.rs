//! Findings as GitHub workflow commands, which become annotations on a pull request.

use std::fmt::Write;

use super::figures::{counted, listed};
use super::words::plain;
use crate::diag::{Diagnostic, Severity};
use crate::source::Sources;

/// How many annotations of one kind GitHub shows of a step; it drops the rest without a word.
const MAX: usize = 10;

/// What a change has to do with a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    /// It wrote the line.
    Line,
    /// It wrote another line of the file.
    File,
    Nothing,
}

/// One command a line; `prefix` is the way from the repository's top to the catalogue's root, such as `catalogue/`.
///
/// Errors come first, and of each kind those on lines that the change wrote, then those in files that it touches, as `touched` says
/// of a path below the root and a line. What GitHub would not show is not written: a last line says how much that is, and that
/// the summary of the step has it.
#[must_use]
pub fn findings(
    prefix: &str,
    sources: &Sources,
    findings: &[Diagnostic],
    touched: &dyn Fn(&str, usize) -> Touched,
) -> String {
    let mut text = String::new();
    let mut left_out = Vec::new();
    for (severity, one, many) in [(Severity::Error, "error", "errors"), (Severity::Warning, "warning", "warnings")] {
        let mut kind: Vec<&Diagnostic> = findings.iter().filter(|finding| finding.severity == severity).collect();
        kind.sort_by_cached_key(|finding| {
            touched(sources.path(finding.span.file), sources.position(finding.span).line)
        });
        for finding in kind.iter().take(MAX) {
            command(&mut text, prefix, sources, finding);
        }
        if kind.len() > MAX {
            left_out.push(counted(kind.len() - MAX, &format!("more {one}"), &format!("more {many}")));
        }
    }
    if !left_out.is_empty() {
        let left_out = listed(&left_out);
        let _ = writeln!(
            text,
            "::notice title=allot::{left_out}: GitHub shows {MAX} of a kind, the summary of this step all"
        );
    }
    text
}

fn command(text: &mut String, prefix: &str, sources: &Sources, finding: &Diagnostic) {
    let at = sources.position(finding.span);
    let path = format!("{prefix}{}", sources.path(finding.span.file));
    let word = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    // Writing to a string cannot fail.
    let _ = write!(text, "::{word} file={},line={},endLine={}", property(&path), at.line, at.end_line);
    if at.line == at.end_line {
        // GitHub refuses columns where a finding spans lines.
        let _ = write!(text, ",col={},endColumn={}", at.column, at.end_column);
    }
    // The log shows the message alone, so that it names its place too.
    let mut message = format!("{path}:{}:{}: {}", at.line, at.column, plain(&finding.message));
    for label in &finding.related {
        let at = sources.position(label.span);
        let _ = write!(
            message,
            "\nsee {prefix}{}:{}:{}: {}",
            sources.path(label.span.file),
            at.line,
            at.column,
            plain(&label.message)
        );
    }
    if let Some(help) = &finding.help {
        let _ = write!(message, "\nhelp: {}", plain(help));
    }
    let _ = writeln!(text, ",title={}::{}", property(finding.rule), data(&message));
}

/// A message: percent signs and line ends are escaped, so that it stays on its line and is shown as it is.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property: what would end it is escaped as well.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{Touched, findings};
    use crate::diag::{Diagnostic, Severity};
    use crate::source::{FileId, Sources, Span};

    #[test]
    fn no_text_of_a_user_starts_a_command() {
        let sources = Sources::new([("flags/a,b:c.toml".to_owned(), "x = 1\n".to_owned())]);
        let finding =
            Diagnostic::new("unknown-key", Span::new(FileId(0), 0..1), "50% of\n::set-env name=A::b\r\n::error::x")
                .help("line one\n::add-mask::y")
                .related(Span::new(FileId(0), 4..5), "\n::stop-commands::z");
        let text = findings("", &sources, &[finding], &|_, _| Touched::Line);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with(
            "::error file=flags/a%2Cb%3Ac.toml,line=1,endLine=1,col=1,endColumn=2,title=unknown-key::flags/a,b:c.toml:1:1: 50%25 of"
        ));
        assert!(text.contains("%0Ahelp: line one ::add-mask::y"), "{text}");
    }

    #[test]
    fn columns_are_left_out_where_a_finding_spans_lines() {
        let sources = Sources::new([("a.toml".to_owned(), "x = 1\ny = 2\n".to_owned())]);
        let wrong = Diagnostic::new("syntax", Span::new(FileId(0), 0..8), "wrong");
        let text = findings("catalogue/", &sources, &[wrong], &|_, _| Touched::Nothing);
        assert_eq!(text, "::error file=catalogue/a.toml,line=1,endLine=2,title=syntax::catalogue/a.toml:1:1: wrong\n");
    }

    #[test]
    fn what_the_change_touches_is_shown_first_and_no_more_than_github_shows() {
        let sources = Sources::new([("a.toml".to_owned(), String::new()), ("b.toml".to_owned(), String::new())]);
        let mut all = Vec::new();
        for number in 0..14 {
            for file in [FileId(0), FileId(1)] {
                let mut finding = Diagnostic::new("syntax", Span::top(file), format!("number {number}"));
                finding.severity = if number < 6 { Severity::Warning } else { Severity::Error };
                all.push(finding);
            }
        }
        let text =
            findings("", &sources, &all, &|path, _| if path == "b.toml" { Touched::File } else { Touched::Nothing });
        let lines: Vec<&str> = text.lines().collect();
        let of = |from: usize, number: usize, start: &str| {
            lines.iter().skip(from).take(number).all(|line| line.starts_with(start))
        };
        assert!(of(0, 8, "::error file=b.toml") && of(8, 2, "::error file=a.toml"), "{text}");
        assert!(of(10, 6, "::warning file=b.toml") && of(16, 4, "::warning file=a.toml"), "{text}");
        assert_eq!(lines.len(), 21);
        let last = "6 more errors and 2 more warnings: GitHub shows 10 of a kind, the summary of this step all";
        assert_eq!(lines.last(), Some(&format!("::notice title=allot::{last}").as_str()));
        assert!(!findings("", &sources, &all[..4], &|_, _| Touched::Line).contains("::notice"));
    }
}
