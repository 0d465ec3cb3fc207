//! Words of users in HTML, where they are nothing but words; and the policy that holds even if one were not.

use sha2::{Digest, Sha256};

use crate::render::results::pen::Pen;
use crate::render::words::plain;

/// How much is shown of a text, in characters.
const MOST: usize = 600;

/// Words in HTML.
pub const PEN: Pen = Pen {
    name: |name| format!("<code>{}</code>", escaped(name)),
    command: |command| format!("<code>{}</code>", escaped(command)),
    words: escaped,
    sentence,
    strong: |text| format!("<strong>{text}</strong>"),
    number,
};

/// Text in which nothing is a tag, an entity or the end of an attribute; on one line, and no longer than a page bears.
pub fn escaped(text: &str) -> String {
    let text = text.get(..text.floor_char_boundary(MOST * 8)).unwrap_or(text);
    let text = plain(text);
    let mut out = String::with_capacity(text.len() + 16);
    for (at, letter) in text.chars().enumerate() {
        match letter {
            _ if at == MOST => {
                out.push('…');
                break;
            }
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

/// A sentence in which names stand between backticks.
fn sentence(text: &str) -> String {
    let text = escaped(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        // One backtick has no partner: it is one like any letter.
        return text;
    }
    let code = |(at, part): (usize, &&str)| {
        if at.is_multiple_of(2) { (*part).to_owned() } else { format!("<code>{part}</code>") }
    };
    parts.iter().enumerate().map(code).collect()
}

/// A figure with the number that it rounds.
fn number(text: &str, value: f64) -> String {
    format!("<data value=\"{value}\">{}</data>", text.replace('<', "&lt;"))
}

/// Text without tags, as for what is read aloud.
pub fn untagged(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut tag = false;
    for letter in html.chars() {
        match letter {
            '<' => tag = true,
            '>' if tag => tag = false,
            letter if !tag => out.push(letter),
            _ => {}
        }
    }
    out
}

/// The policy of a page that loads nothing, runs nothing, and is styled by this alone.
pub fn policy(style: &str) -> String {
    let digest = base64(&Sha256::digest(style.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
}

/// Base64 of RFC 4648, padded.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for at in 0..4 {
            let letter = LETTERS.get((bits >> (18 - 6 * at) & 63) as usize).copied().unwrap_or(b'=');
            out.push(if at > group.len() { '=' } else { char::from(letter) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{base64, escaped, sentence, untagged};

    #[test]
    fn words_are_nothing_but_words() {
        assert_eq!(escaped("<b>\"x\" & 'y'</b>\n\u{1b}"), "&lt;b&gt;&quot;x&quot; &amp; &#39;y&#39;&lt;/b&gt; \\u{1b}");
        assert_eq!(sentence("no `<a>` at x"), "no <code>&lt;a&gt;</code> at x");
        assert_eq!(sentence("one ` alone"), "one ` alone");
        assert_eq!(escaped(&"x".repeat(1_000_000)).chars().count(), 601);
        assert_eq!(untagged("<code>&lt;a&gt;</code> 1"), "&lt;a&gt; 1");
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        let of = |text: &str| base64(text.as_bytes());
        assert_eq!([of(""), of("f"), of("fo"), of("foo"), of("foobar")], ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYmFy"]);
    }
}
