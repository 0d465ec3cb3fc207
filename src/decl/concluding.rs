//! A decision, written into the text of its declaration; everything else in that text stays as it is.

use std::fmt::Write;

use super::{Day, Outcome, Stage};
use crate::source::Span;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concluded<'a> {
    pub outcome: Outcome,
    /// The variant that was shipped.
    pub variant: Option<&'a str>,
    pub on: Day,
    pub reason: &'a str,
    pub learned: Option<&'a str>,
    pub evidence: Option<&'a str>,
}

/// The text of a declaration with a decision at its end, and with its stage, if it has one, moved on.
///
/// `stage` is the place of its value; a rollout has none. Line ends are those that the text has.
#[must_use]
pub fn conclude(text: &str, stage: Option<Span>, concluded: &Concluded<'_>) -> String {
    let range = stage.map(Span::range).filter(|range| text.get(range.clone()).is_some());
    let mut written = match range {
        Some(range) => {
            let (before, after) = (text.get(..range.start).unwrap_or(""), text.get(range.end..).unwrap_or(""));
            format!("{before}{}{after}", quoted(Stage::Tweak.word()))
        }
        None => text.to_owned(),
    };
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    written.truncate(written.trim_end().len());
    let mut line = |key: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = write!(written, "{key}{value}{end}");
    };
    line("", "");
    line("", "");
    line("[decision]", "");
    line("outcome = ", &quoted(concluded.outcome.word()));
    if let Some(variant) = concluded.variant {
        line("variant = ", &quoted(variant));
    }
    line("on = ", &concluded.on.to_string());
    line("reason = ", &quoted(concluded.reason));
    if let Some(learned) = concluded.learned {
        line("learned = ", &quoted(learned));
    }
    if let Some(evidence) = concluded.evidence {
        line("evidence = ", &quoted(evidence));
    }
    written
}

/// A basic TOML string.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::{Concluded, conclude};
    use crate::decl::{Day, Outcome};
    use crate::source::{FileId, Span};

    const DECIDED: Concluded<'_> = Concluded {
        outcome: Outcome::Shipped,
        variant: Some("b"),
        on: Day(20_850),
        reason: "It \"rose\"\nby 3 %",
        learned: None,
        evidence: Some("sha256:00"),
    };

    #[test]
    fn comments_blank_lines_and_line_ends_stay() {
        let text = "version = 1\nstage = \"ship\"   # since Monday\n\n\n[variants] # two\ncontrol = 1\n\n\n";
        let at = text.find("\"ship\"").expect("a stage");
        let stage = Some(Span::new(FileId(0), at..at + 6));
        let written = conclude(text, stage, &DECIDED);
        assert_eq!(
            written,
            "version = 1\nstage = \"tweak\"   # since Monday\n\n\n[variants] # two\ncontrol = 1\n\n[decision]\n\
             outcome = \"shipped\"\nvariant = \"b\"\non = 2027-02-01\nreason = \"It \\\"rose\\\"\\u000Aby 3 %\"\n\
             evidence = \"sha256:00\"\n"
        );
        let windows = conclude(&text.replace('\n', "\r\n"), None, &DECIDED);
        assert_eq!(windows.matches('\n').count(), windows.matches("\r\n").count(), "{windows:?}");
        assert!(windows.contains("control = 1\r\n\r\n[decision]\r\n"), "{windows:?}");
    }
}
