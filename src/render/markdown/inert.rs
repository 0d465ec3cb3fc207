//! Words of users as Markdown in which they are nothing but words, whatever they hold.
//!
//! A report may come from a fork's pull request, so neither an id nor a path nor a sentence in it is trusted. What could begin
//! Markdown or HTML is written as an entity. What GitHub links in the text that comes out of that (mentions, issues, commits,
//! addresses, emoji) is broken by a space of no width, which no entity could do: links are made after entities are read.

use std::borrow::Cow;

/// How much is shown of a name, of a path and of a sentence, in characters.
const MAX_NAME: usize = 80;
const MAX_PATH: usize = 160;
const MAX_WORDS: usize = 600;

/// A space of no width; only Allotment writes it, since those of users are spelled out.
const BREAK: &str = "&#8203;";

/// A sentence, on one line, in Markdown or in HTML.
pub fn words(text: &str) -> String {
    escaped(&spelled(text, MAX_WORDS))
}

/// A sentence in which names stand in backticks, as in messages: they become code.
pub fn sentence(text: &str) -> String {
    let text = spelled(text, MAX_WORDS);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        // One backtick has no partner: it is one like any letter.
        return escaped(&text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (at, part) in parts.iter().enumerate() {
        if at.is_multiple_of(2) {
            out.push_str(&escaped(part));
        } else {
            // Two codes side by side would be read as one.
            out.push_str(if out.ends_with(['`', '>']) { " " } else { "" });
            out.push_str(&code_of(part));
        }
    }
    out
}

/// A name as code, in Markdown.
pub fn code(name: &str) -> String {
    code_of(&spelled(name, MAX_NAME))
}

/// A command as code, in Markdown: with every space that it has.
pub fn command(text: &str) -> String {
    code_of(&cut(&visible(text.get(..text.floor_char_boundary(MAX_WORDS * 8)).unwrap_or(text)), MAX_WORDS))
}

/// A place as code, in Markdown: the line is always seen, however long the path.
pub fn place(path: &str, line: usize) -> String {
    code_of(&format!("{}:{line}", spelled(path, MAX_PATH)))
}

/// A path as code, in Markdown.
pub fn path(path: &str) -> String {
    code_of(&spelled(path, MAX_PATH))
}

/// A name as code in HTML, where Markdown is not read, as in a `<summary>`.
pub fn html_code(name: &str) -> String {
    format!("<code>{}</code>", escaped(&spelled(name, MAX_NAME)))
}

/// Text as it may stand in backticks does, anything else in a tag, where entities are read.
fn code_of(text: &str) -> String {
    let tame = !text.is_empty() && !text.contains(['`', '|', '<']) && text.trim() == text;
    if tame { format!("`{text}`") } else { format!("<code>{}</code>", escaped(text)) }
}

/// A line of a fence: only its length, and what could be taken for the mark by which a comment is known, are seen to.
pub fn fenced(line: &str, max: usize) -> String {
    let line = visible(line);
    cut(&line, max).replace("<!--", "\\u{3c}!--")
}

/// A fence around lines, longer than any run of backticks in them.
pub fn fence(info: &str, lines: &str) -> String {
    let longest = lines.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat((longest + 1).max(3));
    format!("{ticks}{info}\n{}\n{ticks}", lines.trim_end_matches('\n'))
}

/// The name of a bar in a Mermaid chart: letters, digits and what no chart takes for its own.
pub fn label(name: &str) -> String {
    let name: String = visible(name)
        .chars()
        .map(|letter| if letter.is_alphanumeric() || " -_./".contains(letter) { letter } else { '_' })
        .collect();
    let name = cut(name.trim(), 40).into_owned();
    let lower = name.to_lowercase();
    // A line that begins with a word of the language, or with a day, would be read as such.
    let own = name.is_empty()
        || lower.starts_with(|first: char| !first.is_alphabetic())
        || WORDS_OF_CHARTS.iter().any(|word| lower.starts_with(word));
    if own { format!("· {name}") } else { name }
}

const WORDS_OF_CHARTS: &[&str] = &[
    "acc",
    "axisformat",
    "call",
    "click",
    "date",
    "end",
    "excludes",
    "gantt",
    "graph",
    "href",
    "includes",
    "inclusive",
    "section",
    "tickinterval",
    "title",
    "todaymarker",
    "topaxis",
    "vert",
    "weekday",
    "weekend",
];

/// A path as a part of an address; none where it would lead elsewhere than into the repository.
pub fn address(base: &str, path: &str) -> Option<String> {
    let odd = |segment: &str| matches!(segment, "" | "." | "..") || segment.chars().any(char::is_control);
    if path.len() > 1_000 || path.split('/').any(odd) {
        return None;
    }
    let mut out = web(base)?.to_owned();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(out)
}

/// An address as it may stand in a link; none where it could end one.
pub fn web(address: &str) -> Option<&str> {
    let tame = |letter: char| letter.is_ascii_alphanumeric() || "-._~:/?#@!$&'*+,;=%".contains(letter);
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    (is_web && address.len() <= 1_000 && address.chars().all(tame)).then_some(address)
}

/// Whether a word may stand in a command that is copied into a shell.
pub fn is_plain_argument(word: &str) -> bool {
    let tame = |letter: char| letter.is_ascii_alphanumeric() || "-._/:".contains(letter);
    !word.is_empty() && word.len() <= MAX_PATH && !word.starts_with('-') && word.chars().all(tame)
}

/// One line of visible letters, at most so many, and spaces made single.
fn spelled(text: &str, max: usize) -> String {
    // What is far too long is cut before it is looked at.
    let text = text.get(..text.floor_char_boundary(max * 8)).unwrap_or(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    cut(&visible(&words.join(" ")), max).into_owned()
}

/// At most so many characters, and a sign where there were more.
fn cut(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default().trim_end())),
    }
}

/// Letters that cannot be seen, or that turn the direction of others, are spelled out.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\t' => out.push(' '),
            letter if is_hidden(letter) => out.extend(letter.escape_unicode()),
            letter => out.push(letter),
        }
    }
    out
}

fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Text on one line in which nothing is Markdown, HTML or a link.
fn escaped(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 16);
    // How many hexadecimal digits stand here side by side: seven could be a commit.
    let mut digits = 0;
    for (at, &letter) in letters.iter().enumerate() {
        let before = letters.get(..at).unwrap_or_default();
        let next = letters.get(at + 1);
        if digits == 6 && letter.is_ascii_hexdigit() {
            out.push_str(BREAK);
            digits = 0;
        }
        digits = if letter.is_ascii_hexdigit() { digits + 1 } else { 0 };
        match letter {
            // A sum between two dollars is no formula: GitHub's way to say so.
            '$' => out.push_str("<span>&#36;</span>"),
            '@' | '#' => out.push_str(&format!("&#{};{BREAK}", u32::from(letter))),
            // `http://`, `mailto:` and `:tada:`.
            ':' if next.is_some_and(|next| !next.is_whitespace()) => out.push_str(&format!(":{BREAK}")),
            '.' if ends_in_www(before) => out.push_str(&format!("{BREAK}.")),
            // A list, where this begins a line.
            '-' | '.' | ')' if before.iter().all(char::is_ascii_digit) => entity(&mut out, letter),
            // `GH-1`, `JIRA-1` and `GHSA-…`.
            '-' if is_tracker(before, next) => out.push_str(&format!("-{BREAK}")),
            letter if letter.is_ascii_punctuation() && !",.;:?%'\"/=()-".contains(letter) => entity(&mut out, letter),
            letter => out.push(letter),
        }
    }
    out
}

fn entity(out: &mut String, letter: char) {
    out.push_str(&format!("&#{};", u32::from(letter)));
}

fn ends_in_www(before: &[char]) -> bool {
    let end = before.get(before.len().saturating_sub(3)..).unwrap_or_default();
    end.len() == 3 && end.iter().all(|letter| letter.eq_ignore_ascii_case(&'w'))
}

fn is_tracker(before: &[char], next: Option<&char>) -> bool {
    let name: Vec<char> = before.iter().rev().take_while(|letter| letter.is_ascii_alphabetic()).copied().collect();
    let numbered = next.is_some_and(char::is_ascii_digit);
    !name.is_empty() && (numbered || name.len() > 1 && name.iter().all(char::is_ascii_uppercase))
}

#[cfg(test)]
mod tests {
    use super::{address, code, fence, fenced, html_code, label, place, sentence, web, words};

    #[test]
    fn words_are_nothing_but_words() {
        assert_eq!(words("New releases, 20% more (of 5)."), "New releases, 20% more (of 5).");
        assert_eq!(words("two\n\n lines\there"), "two lines here");
        assert_eq!(words("@acme/all"), "&#64;&#8203;acme/all");
        assert_eq!(words("see #1, GH-2"), "see &#35;&#8203;1, GH-&#8203;2");
        assert_eq!(words("a0b1c2d3e4"), "a0b1c2&#8203;d3e4");
        assert_eq!(words("http://a.b www.a.b"), "http:&#8203;//a.b www&#8203;.a.b");
        assert_eq!(words("<b>*x*</b> [a](b) ![c](d) ~~e~~ a_b_"), {
            "&#60;b&#62;&#42;x&#42;&#60;/b&#62; &#91;a&#93;(b) &#33;&#91;c&#93;(d) &#126;&#126;e&#126;&#126; a&#95;b&#95;"
        });
        assert_eq!(words("a|b\\|c `d`"), "a&#124;b&#92;&#124;c &#96;d&#96;");
        assert_eq!(words("1. - x"), "1&#46; - x");
        assert_eq!(words("$x$ :tada:"), "<span>&#36;</span>x<span>&#36;</span> :&#8203;tada:");
        assert_eq!(
            words("a\u{202e}b\u{200b}\u{1b}"),
            "a&#92;u&#123;202e&#125;b&#92;u&#123;200b&#125;&#92;u&#123;1b&#125;"
        );
        assert_eq!(words(&"x".repeat(10_000_000)).chars().count(), 601);
    }

    #[test]
    fn names_in_sentences_are_code() {
        assert_eq!(sentence("there is no `a-b` at *x*"), "there is no `a-b` at &#42;x&#42;");
        assert_eq!(sentence("one ` alone"), "one &#96; alone");
        assert_eq!(sentence("`a``b`"), "`a` `b`");
        assert_eq!(sentence("`` and `<x>`"), "<code></code> and <code>&#60;x&#62;</code>");
    }

    #[test]
    fn code_cannot_be_left() {
        assert_eq!(code("fresh-first"), "`fresh-first`");
        assert_eq!(code("@all #1 **b**"), "`@all #1 **b**`");
        assert_eq!(code("a`b"), "<code>a&#96;b</code>");
        assert_eq!(code("a|b\n"), "<code>a&#124;b</code>");
        assert_eq!(code("<!-- x"), "<code>&#60;&#33;-- x</code>");
        assert_eq!(html_code("a</summary>@b"), "<code>a&#60;/summary&#62;&#64;&#8203;b</code>");
        assert!(place(&"x/".repeat(500), 7).ends_with("…:7`"));
    }

    #[test]
    fn fences_are_longer_than_what_they_hold() {
        assert_eq!(fence("diff", "+ a\n"), "```diff\n+ a\n```");
        assert_eq!(fence("diff", "````\n```````\n"), "````````diff\n````\n```````\n````````");
        assert_eq!(fenced("a\u{202e}\r<!-- allotment", 80), "a\\u{202e}\\u{d}\\u{3c}!-- allotment");
    }

    #[test]
    fn labels_are_no_words_of_a_chart() {
        assert_eq!(label("free-shipping_2.0"), "free-shipping_2.0");
        assert_eq!(label("a:b;c#d%%e\nf,g"), "a_b_c_d__e_u_a_f_g");
        assert_eq!(label("2027-01-01"), "· 2027-01-01");
        assert_eq!(label("Section x"), "· Section x");
        assert_eq!(label("click"), "· click");
    }

    #[test]
    fn addresses_stay_in_the_repository() {
        let base = "https://github.com/acme/shop/blob/4f1c2ab/";
        assert_eq!(
            address(base, "a/b c).toml").as_deref(),
            Some("https://github.com/acme/shop/blob/4f1c2ab/a/b%20c%29.toml")
        );
        for odd in ["../../x", "/x", "a//b", "a/./b", "a/\n"] {
            assert_eq!(address(base, odd), None, "{odd}");
        }
        assert_eq!(web("javascript:alert(1)"), None);
        assert_eq!(web("https://a.b/ c"), None);
        assert_eq!(web("https://a.b/)"), None);
    }
}
