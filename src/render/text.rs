//! Findings as text, with source excerpts; without colour and beyond ASCII only on request.

use std::fmt;
use std::sync::Arc;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceSpan};

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

/// All findings, one after another, a blank line between them.
#[must_use]
pub fn findings(sources: &Sources, findings: &[Diagnostic], style: Style, width: usize) -> String {
    let theme = match style {
        Style::Rich => GraphicalTheme::unicode(),
        Style::Plain => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(width).with_context_lines(1);
    let mut text = String::new();
    for finding in findings {
        // Writing to a string cannot fail; an excerpt that cannot be drawn leaves the finding's first line.
        if handler.render_report(&mut text, &Excerpt::new(sources, finding)).is_err() {
            text.push_str(&finding.message);
        }
        text.push('\n');
    }
    text
}

/// A finding as miette wants it.
#[derive(Debug)]
struct Excerpt<'a> {
    finding: &'a Diagnostic,
    source: NamedSource<Arc<str>>,
    labels: Vec<LabeledSpan>,
    help: Option<String>,
}

impl<'a> Excerpt<'a> {
    fn new(sources: &'a Sources, finding: &'a Diagnostic) -> Self {
        let file = finding.span.file;
        let text: Arc<str> = sources.get(file).map_or_else(|| "".into(), |source| Arc::clone(&source.text));
        let place = |span: Span| {
            let start = (span.start as usize).min(text.len());
            SourceSpan::from((start, (span.end as usize).min(text.len()).saturating_sub(start)))
        };
        let mut labels = vec![LabeledSpan::new_primary_with_span(None, place(finding.span))];
        let mut notes: Vec<String> = finding.help.iter().cloned().collect();
        for label in &finding.related {
            if label.span.file == file && label.span != finding.span {
                labels.push(LabeledSpan::new_with_span(Some(label.message.clone()), place(label.span)));
            } else {
                let at = sources.position(label.span);
                notes.push(format!(
                    "see {}:{}:{}: {}",
                    sources.path(label.span.file),
                    at.line,
                    at.column,
                    label.message
                ));
            }
        }
        let help = (!notes.is_empty()).then(|| notes.join("\n"));
        Self { finding, source: NamedSource::new(sources.path(file), text), labels, help }
    }
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.finding.message)
    }
}

impl std::error::Error for Excerpt<'_> {}

impl miette::Diagnostic for Excerpt<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        Some(Box::new(format!("{}[{}]", self.finding.severity.word(), self.finding.rule)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
