//! What the TOML parser finds wrong, in words that say what to do, and without what only follows from it.

use std::ops::Range;

use toml::de::{DeTable, Error};

use crate::address::masked;
use crate::diag::{Diagnostic, Fix, shown};
use crate::source::{FileId, Span};

/// How many errors of one file are looked at; a file with more is no TOML at all.
const MAX_ERRORS: usize = 2_000;
/// How often errors are blanked out.
const ROUNDS: usize = 4;

/// The findings behind a parser's errors, at most one a line.
pub(super) fn findings(file: FileId, text: &str, errors: &[Error]) -> Vec<Diagnostic> {
    if errors.is_empty() {
        return Vec::new();
    }
    if let Some(marker) = conflict(text) {
        let finding = Diagnostic::new("syntax", Span::new(file, marker), "a merge left a conflict in this file");
        return vec![finding.help("keep one of the two sides, and remove the lines that mark them")];
    }
    let parser = Words { file, text };
    let open = errors
        .iter()
        .any(|error| error.message().starts_with("unclosed array,") || error.message().starts_with("unclosed inline"))
        .then(|| unclosed(text))
        .flatten();
    let mut errors: Vec<(Range<usize>, &str)> = errors
        .iter()
        .take(MAX_ERRORS)
        .map(|error| (error.span().unwrap_or(0..0), error.message()))
        .filter(|(range, _)| open.is_none_or(|open| range.start <= open))
        .collect();
    errors.sort_by_key(|(range, _)| range.start);
    let mut findings: Vec<Diagnostic> = Vec::new();
    let mut last = None;
    for (range, message) in errors {
        let line = line_start(text, range.start);
        if last != Some(line) {
            findings.push(parser.finding(range, message));
            last = Some(line);
        }
    }
    findings.extend(open.map(|at| {
        let bracket = text.get(at..=at).unwrap_or("[");
        let (what, close) = if bracket == "[" { ("list", "]") } else { ("table", "}") };
        let message = format!("this {what} is not closed");
        Diagnostic::new("syntax", Span::new(file, at..at + 1), message).help(format!("write `{close}` where it ends"))
    }));
    findings
}

/// The text with its errors blanked out, byte by byte, so that all places stay and everything else can be read as usual.
///
/// A table whose header is wrong is blanked whole: its keys would be taken for those of the table before.
pub(super) fn without_errors(text: &str, errors: &[Error]) -> String {
    let mut text = text.to_owned();
    if errors.len() > MAX_ERRORS {
        return text;
    }
    if conflict(&text).is_some() {
        let marker = |line: &str| ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|marker| line.starts_with(marker));
        text =
            text.split_inclusive('\n').map(|line| if marker(line) { blank(line) } else { line.to_owned() }).collect();
    }
    // Blanking the first line of something long makes errors of the others.
    for _ in 0..ROUNDS {
        let (_, errors) = DeTable::parse_recoverable(&text);
        let lines: Vec<usize> = findings(FileId(0), &text, &errors)
            .iter()
            .map(|finding| line_start(&text, finding.span.range().start))
            .collect();
        if lines.is_empty() {
            break;
        }
        let mut blanked = String::with_capacity(text.len());
        let mut whole = false;
        for line in text.split_inclusive('\n') {
            let header = line.trim_start().starts_with('[');
            let wrong = lines.binary_search(&blanked.len()).is_ok();
            whole = if header { wrong } else { whole };
            blanked.push_str(&if wrong || whole { blank(line) } else { line.to_owned() });
        }
        text = blanked;
    }
    text
}

fn blank(line: &str) -> String {
    line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// The first line that a merge conflict left.
fn conflict(text: &str) -> Option<Range<usize>> {
    ["<<<<<<< ", ">>>>>>> "]
        .into_iter()
        .filter_map(|marker| {
            let at = if text.starts_with(marker) { 0 } else { text.find(&format!("\n{marker}"))? + 1 };
            Some(at..line_end(text, at))
        })
        .min_by_key(|range| range.start)
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|after| after.find(['\r', '\n'])).map_or(text.len(), |newline| at + newline)
}

/// Where the outermost bracket stands that is never closed. Brackets in strings and comments do not count.
fn unclosed(text: &str) -> Option<usize> {
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| rest.starts_with(quote));
        at += match (quote, rest.as_bytes().first()) {
            (Some(quote), _) => string_length(rest, quote),
            (None, Some(b'#')) => rest.find('\n').unwrap_or(rest.len()),
            (None, Some(byte)) => {
                match byte {
                    b'[' | b'{' => open.push(at),
                    b']' | b'}' => drop(open.pop()),
                    _ => {}
                }
                rest.chars().next().map_or(1, char::len_utf8)
            }
            (None, None) => 1,
        };
    }
    open.first().copied()
}

/// How long the string is that a text begins with, its quotes included.
fn string_length(text: &str, quote: &str) -> usize {
    let (escapes, lines) = (quote.starts_with('"'), quote.len() == 3);
    let mut at = quote.len();
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(quote) {
            return at + quote.len();
        }
        let mut letters = rest.chars();
        match letters.next() {
            Some('\n') if !lines => return at,
            Some('\\') if escapes => at += 1 + letters.next().map_or(0, char::len_utf8),
            Some(letter) => at += letter.len_utf8(),
            None => return at,
        }
    }
    text.len()
}

/// Words for single errors.
struct Words<'a> {
    file: FileId,
    text: &'a str,
}

impl Words<'_> {
    fn at(&self, range: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new("syntax", Span::new(self.file, range), message)
    }

    fn finding(&self, range: Range<usize>, message: &str) -> Diagnostic {
        let message = message.lines().next().unwrap_or("this is not TOML");
        let (what, expected) = message.split_once(", expected ").unwrap_or((message, ""));
        let line = line_start(self.text, range.start)..line_end(self.text, range.start);
        let under = self.text.get(range.clone()).unwrap_or("");
        let before = self.text.get(line.start..range.start).unwrap_or("");
        match what {
            "invalid basic string" | "invalid literal string" if under.is_empty() => {
                let quote = expected.trim_matches('`');
                let open = before
                    .rmatch_indices(quote)
                    .map(|(at, _)| at)
                    .find(|&at| !before.get(..at).is_some_and(|before| before.ends_with('\\')));
                let open = line.start + open.unwrap_or(0);
                self.at(open..range.start, "this string is not closed").help(format!("write `{quote}` where it ends"))
            }
            "invalid multi-line basic string" | "invalid multi-line literal string" if under.is_empty() => {
                let quote = expected.trim_matches('`').repeat(3);
                let open = self.text.get(..range.start).and_then(|before| before.rfind(&quote)).unwrap_or(range.start);
                self.at(open..open + 3, "this string is not closed").help(format!("write `{quote}` where it ends"))
            }
            "string values must be quoted" | "invalid boolean" | "invalid float" => self.word(range),
            "unexpected key or value" => self
                .at(range.start..line.end, "nothing may follow the value on its line")
                .help("begin a new line, or write `#` before a comment"),
            "duplicate key" => self.duplicate(range),
            "key with no value" => {
                let key = line.start + (before.len() - before.trim_start().len());
                self.at(key..line.start + before.trim_end().len(), "this key has no value")
                    .help("a line is `key = value`, a `[table]` or a `# comment`")
            }
            "invalid unquoted key" => {
                let help =
                    if under == ":" { "TOML writes `key = value`" } else { "keys are letters, digits, `-` and `_`" };
                self.at(range, format!("`{}` cannot stand in a key", shown(under))).help(help)
            }
            "unquoted keys cannot be empty" => self.at(range, "a key must stand here"),
            "extra `=`" => self.at(range, "there is one `=` too many"),
            "unclosed table" | "unclosed array table" => {
                self.at(line.start..range.start, "the name of this table is not closed").help("write `]` behind it")
            }
            "missing escaped value" => {
                let end = under.chars().next().or_else(|| self.text.get(range.start..)?.chars().next());
                let end = range.start + end.map_or(0, char::len_utf8);
                let escape = self.text.get(range.start..end).unwrap_or("");
                self.at(range.start.saturating_sub(1)..end, format!("`\\{}` is no escape", shown(escape)))
                    .help("write `\\\\` for a backslash, or put the text in single quotes, which have no escapes")
            }
            "cannot recurse further; max recursion depth met" | "recursion limit" => {
                self.at(range, "this is nested too deeply")
            }
            "invalid key-value pair" => {
                self.at(range, "this is not TOML").help("a line is `key = value`, a `[table]` or a `# comment`")
            }
            "invalid date" => {
                let article = if expected.starts_with("a ") { "" } else { "a " };
                let help = format!("dates are written as 2027-01-11, with {article}{expected}");
                self.at(range, format!("`{}` is not a date", shown(under))).help(help)
            }
            "invalid time" => self.at(range, "this is not a time of day").help(needed(expected)),
            "unexpected leading zero" => {
                self.at(range, "a number has no leading zero").help("put it in quotes if it is text")
            }
            _ => {
                let finding = self.at(range, what.trim_end_matches('.').to_owned());
                if expected.is_empty() { finding } else { finding.help(needed(expected)) }
            }
        }
    }

    /// A value that is no TOML: most often text without its quotes.
    fn word(&self, range: Range<usize>) -> Diagnostic {
        // The parser may have taken the beginning for a number.
        let before = self.text.get(line_start(self.text, range.start)..range.start).unwrap_or("");
        let begun =
            before.rfind([' ', '\t', '=', ',', '[', '{', '"', '\'']).map_or(before.len(), |at| before.len() - at - 1);
        let range = range.start - begun..range.end;
        let under = self.text.get(range.clone()).unwrap_or("");
        let span = Span::new(self.file, range.clone());
        let replace = |text: String| Some(Fix::replace(span, &text, format!("write `{text}`")));
        let lower = under.to_ascii_lowercase();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.%:@/+ ".contains(&byte);
        match lower.as_str() {
            "" => self.at(range, "a value must stand here"),
            "true" | "false" => self
                .at(range, format!("`{under}` is written in lower case"))
                .help(format!("write `{lower}`"))
                .fix(replace(lower)),
            "yes" | "no" | "on" | "off" => self
                .at(range, format!("`{under}` is not a value"))
                .help("write `true` or `false`, or put text in quotes"),
            "null" | "nil" | "none" => {
                self.at(range, format!("`{under}` is not a value")).help("leave the key out, or put text in quotes")
            }
            _ if under.starts_with(['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']) => {
                let inner = under.trim_matches(['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']);
                let safe = !inner.contains(['"', '\\']) && !inner.chars().any(char::is_control);
                self.at(range, "these are curly quotes")
                    .help("write straight ones: \"")
                    .fix(replace(format!("\"{inner}\"")).filter(|_| safe))
            }
            _ if is_like_a_date(under) => {
                self.at(range, format!("`{under}` is not a date")).help("dates are written as 2027-01-11")
            }
            _ if under.contains(' ') && under.starts_with(|first: char| first.is_ascii_digit()) => self
                .at(range, "there is more than one value here")
                .help("begin a new line, put a comma between the items of a list, or put text in quotes"),
            _ if under.len() <= 80 && under.bytes().all(plain) => {
                let (text, seen) = (format!("\"{under}\""), masked(under));
                let help = if seen == under { format!("write `{text}`") } else { "put it in quotes".to_owned() };
                self.at(range, format!("`{seen}` is text, and has no quotes")).help(help).fix(replace(text))
            }
            _ => self.at(range, "this is not a value").help("put text in quotes"),
        }
    }

    /// A key that is written twice, with the place of the first one where it can be told.
    fn duplicate(&self, range: Range<usize>) -> Diagnostic {
        let key = self.text.get(range.clone()).unwrap_or("");
        let finding = self.at(range.clone(), format!("`{}` is written twice", shown(key))).help("keep one of them");
        match self.first(range, key) {
            Some(place) => finding.related(Span::new(self.file, place), "here first"),
            None => finding,
        }
    }

    /// Where a key stands before `range` in the same table, or the same header stands.
    fn first(&self, range: Range<usize>, key: &str) -> Option<Range<usize>> {
        let own = line_start(self.text, range.start);
        let header = self.text.get(own..line_end(self.text, own)).map(str::trim).filter(|line| line.starts_with('['));
        let mut found = None;
        let mut at = 0;
        for line in self.text.get(..range.start)?.split_inclusive('\n') {
            let (start, words) = (at + line.len() - line.trim_start().len(), line.trim());
            at += line.len();
            match header {
                Some(name) if words == name && start < own => return Some(start..start + words.len()),
                None if words.starts_with('[') => found = None,
                None if found.is_none() => {
                    found = assignment(words, key).map(|place| start + place..start + place + key.len());
                }
                _ => {}
            }
        }
        found
    }
}

/// Where a line sets a key: at its start, or in an inline table.
fn assignment(line: &str, key: &str) -> Option<usize> {
    line.match_indices(key).map(|(at, _)| at).filter(|_| !key.is_empty()).find(|&at| {
        let before = line.get(..at).unwrap_or("").trim_end();
        let after = line.get(at + key.len()..).unwrap_or("").trim_start();
        (before.is_empty() || before.ends_with(['{', ','])) && after.starts_with(['=', '.'])
    })
}

/// Whether a text has the parts of a date, in whatever order.
fn is_like_a_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['.', '/', '-']).collect();
    parts.len() == 3 && text.len() <= 10 && parts.iter().all(|part| part.parse::<u16>().is_ok())
}

/// What a parser expects, as a help line.
fn needed(expected: &str) -> String {
    match expected {
        "nothing" => "remove it".to_owned(),
        "expected" | "" => "see toml.io for the format".to_owned(),
        expected => format!("{expected} must stand here"),
    }
}

#[cfg(test)]
mod tests {
    use super::{DeTable, Span, findings, without_errors};
    use crate::source::FileId;

    /// The words and the text they point at, of every finding.
    fn said(text: &str) -> Vec<(String, String)> {
        let (_, errors) = DeTable::parse_recoverable(text);
        let found = findings(FileId(0), text, &errors);
        let under = |span: Span| text.get(span.range()).unwrap_or("?").to_owned();
        found.into_iter().map(|finding| (finding.message, under(finding.span))).collect()
    }

    fn one(text: &str) -> (String, String) {
        let mut found = said(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found.remove(0)
    }

    #[test]
    fn common_slips_are_said_in_plain_words() {
        for (text, message, under) in [
            ("a = \"x\nb = 1\n", "this string is not closed", "\"x"),
            ("a = \"say \\\"hi\n", "this string is not closed", "\"say \\\"hi"),
            ("a = \"\"\"x\ny\n", "this string is not closed", "\"\"\""),
            ("a = 20%\n", "`20%` is text, and has no quotes", "20%"),
            ("a = https://me:pw@h\n", "`https://*****@h` is text, and has no quotes", "https://me:pw@h"),
            ("a = fresh\n", "`fresh` is text, and has no quotes", "fresh"),
            ("a = True\n", "`True` is written in lower case", "True"),
            ("a = null\n", "`null` is not a value", "null"),
            ("a = \u{201c}x\u{201d}\n", "these are curly quotes", "\u{201c}x\u{201d}"),
            ("a = \"1\" b = 2\n", "nothing may follow the value on its line", "b = 2"),
            ("a = 1 b = 2\n", "there is more than one value here", "1 b"),
            ("a = hello world\n", "`hello world` is text, and has no quotes", "hello world"),
            ("a = null\n", "`null` is not a value", "null"),
            ("a\nb = 1\n", "this key has no value", "a"),
            ("a: 1\n", "`:` cannot stand in a key", ":"),
            ("a = \n", "a value must stand here", ""),
            ("a = [1, 2\nb = 3\n[t]\nc = 1\n", "this list is not closed", "["),
            ("a = { x = \"}\", y = [1]\nb = 3\n", "this table is not closed", "{"),
            ("[t\na = 1\n", "the name of this table is not closed", "[t"),
            ("a = \"\\q\"\n", "`\\q` is no escape", "\\q"),
            ("a = 2027-02-30\n", "`2027-02-30` is not a date", "2027-02-30"),
            ("a = 11.01.2027\n", "`11.01.2027` is not a date", "11.01.2027"),
            (
                "<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> x\n",
                "a merge left a conflict in this file",
                "<<<<<<< HEAD",
            ),
        ] {
            assert_eq!(one(text), (message.to_owned(), under.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_key_written_twice_names_the_first() {
        for (text, first) in [
            ("x = 1\na = 1\na = 2\n", Some(6..7)),
            ("[t]\na = 1\n[u]\na = 1\n[t]\n", Some(0..3)),
            ("a = { x = 1, x = 2 }\n", Some(6..7)),
            ("[t]\na = 1\n[u]\nb = 1\nb = 2\n", Some(14..15)),
        ] {
            let (_, errors) = DeTable::parse_recoverable(text);
            let found = findings(FileId(0), text, &errors);
            let related = found.first().and_then(|finding| finding.related.first());
            assert_eq!(related.map(|label| label.span.range()), first, "{text}");
        }
    }

    #[test]
    fn everything_else_can_be_read_where_it_stands() {
        for (text, left) in [
            ("a = 1\nb = [1, 2\nc = 3\n", "a = 1||c = 3|"),
            ("[t\na = 1\n[u]\nb = 2\n", "||[u]|b = 2|"),
            ("a = \"\"\"x\ny\n", "||"),
            ("<<<<<<< x\na = 1\n=======\na = 2\n>>>>>>> y\n", "|a = 1||||"),
        ] {
            let (_, errors) = DeTable::parse_recoverable(text);
            let sound = without_errors(text, &errors);
            assert_eq!(sound.len(), text.len());
            assert_eq!(sound.split('\n').map(str::trim).collect::<Vec<_>>().join("|"), left, "{text}");
        }
    }

    #[test]
    fn errors_on_two_lines_are_two_findings() {
        assert_eq!(said("a = yes\nb = \nc = 1\n").len(), 2);
    }
}
