//! Words that may hold users' text, made safe to show: on one line, without control or direction characters.

use std::borrow::Cow;

/// A text on one line. Line breaks become spaces, tabs too; other control characters and those that change the direction
/// of text, which could disguise what follows them or steer a terminal, become `\u{…}`.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' if letters.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\t' => safe.push(' '),
            letter if is_unsafe(letter) => safe.extend(letter.escape_unicode()),
            letter => safe.push(letter),
        }
    }
    Cow::Owned(safe)
}

/// Control characters, line and paragraph separators, and marks of text direction.
fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Breaks a text at spaces into lines of at most `width` characters; a longer word keeps a line of its own.
pub fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            out.push('\n');
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{plain, wrapped};

    #[test]
    fn what_could_steer_a_terminal_is_spelled_out() {
        assert_eq!(plain("naïve `x`"), "naïve `x`");
        assert_eq!(plain("a\r\nb\tc\u{1b}[31m"), "a b c\\u{1b}[31m");
        assert_eq!(plain("\u{202e}evil"), "\\u{202e}evil");
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrapped("one two three", 7), "one two\nthree");
        assert_eq!(wrapped("a-very-long-word b", 4), "a-very-long-word\nb");
        assert_eq!(wrapped("", 4), "");
    }
}
