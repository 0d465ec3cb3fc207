//! The body of a pull request that decides an experiment: how it ended, why, and what it was for.

use super::inert;

/// What is said of a decision.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    pub id: &'a str,
    pub outcome: &'a str,
    /// The variant that ships.
    pub variant: Option<&'a str>,
    /// The day, as in 2027-02-01.
    pub on: &'a str,
    pub reason: &'a str,
    pub learned: Option<&'a str>,
    pub evidence: Option<&'a str>,
    pub hypothesis: Option<&'a str>,
    /// What is left to do once it is merged.
    pub next: Option<&'a str>,
}

/// A decision as Markdown; what the results say, in Markdown too, comes below it.
#[must_use]
pub fn concluded(ending: &Ending<'_>, results: Option<&str>) -> String {
    let shipped = ending.variant.map_or(String::new(), |variant| format!(": {}", inert::code(variant)));
    let mut text = format!("### {} is {}{shipped}\n\n", inert::code(ending.id), inert::words(ending.outcome));
    text.push_str(&format!("{}\n\n", inert::words(ending.reason)));
    text.push_str("| | |\n|:--|:--|\n");
    let mut row = |name: &str, words: Option<String>| {
        if let Some(words) = words {
            text.push_str(&format!("| **{name}** | {words} |\n"));
        }
    };
    row("Learned", ending.learned.map(inert::words));
    row("Hypothesis", ending.hypothesis.map(inert::words));
    row("Last day", Some(format!("before {}; its buckets are free from then on", inert::words(ending.on))));
    row("Evidence", ending.evidence.map(inert::words));
    row("Next", ending.next.map(inert::sentence));
    if let Some(results) = results {
        text.push_str(&format!("\n---\n\n{results}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Ending, concluded};

    #[test]
    fn words_of_users_are_nothing_but_words() {
        let ending = Ending {
            id: "fresh-first",
            outcome: "stopped",
            variant: None,
            on: "2027-02-01",
            reason: "Skips rose | @team <img src=x>",
            learned: Some("[a](https://example.org)"),
            evidence: None,
            hypothesis: Some("one\n\n# two"),
            next: None,
        };
        let text = concluded(&ending, None);
        for bad in ["@team", "<img", "](https", "\n# two", " | @"] {
            assert!(!text.contains(bad), "{bad}:\n{text}");
        }
        assert_eq!(text.lines().filter(|line| line.starts_with("| **")).count(), 3, "{text}");
    }
}
