//! How a medium writes what may be users' text: results are said in the same words everywhere, each in its own letters.

use crate::render::words::plain;

/// A medium. What goes in may hold anything; what comes out stands in the medium as the words that it is.
#[derive(Clone, Copy)]
pub struct Pen {
    /// An id or a name, as code.
    pub name: fn(&str) -> String,
    /// A command, as code; it is of use only whole.
    pub command: fn(&str) -> String,
    /// Words.
    pub words: fn(&str) -> String,
    /// Words in which names stand between backticks.
    pub sentence: fn(&str) -> String,
    /// What is written already, with emphasis.
    pub strong: fn(&str) -> String,
    /// What is written already and says this number, for what reads pages by machine.
    pub number: fn(&str, f64) -> String,
}

/// For terminals, files and pipes.
pub const PLAIN: Pen = Pen {
    name: |name| format!("`{}`", plain(name)),
    command: |command| format!("`{}`", plain(command)),
    words: |words| plain(words).into_owned(),
    sentence: |words| plain(words).into_owned(),
    strong: str::to_owned,
    number: bare,
};

/// A number in a medium that has no other way to say it than its digits.
pub fn bare(text: &str, _: f64) -> String {
    text.to_owned()
}

/// Words with a capital letter, where they begin with a letter.
pub fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// Words as a sentence.
pub fn sentence(words: &str) -> String {
    format!("{}.", capital(words.trim_end_matches('.')))
}
