//! The terminal, if there is one: whether output is seen, how wide it is, and whether colour is welcome.

use std::io::IsTerminal;

/// Whether standard output is a terminal that shows colour, and its user has not asked for none (<https://no-color.org>).
#[must_use]
pub fn shows_colour() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stdout().is_terminal() && !set("NO_COLOR") && !dumb
}

/// Whether standard error is a terminal, so that somebody sees how far long work is.
#[must_use]
pub fn shows_progress() -> bool {
    std::io::stderr().is_terminal()
}

/// How many columns the terminal has that standard output goes to; none if it goes elsewhere.
#[must_use]
pub fn width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(usize::from(width.0))
}
