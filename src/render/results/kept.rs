//! What a record does not say of itself: whether it was kept where the next look finds it.

use super::pen::Pen;

/// Where a look is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept<'a> {
    /// Nowhere, so that no later look knows of it.
    Nowhere,
    /// Somewhere, nobody said where.
    Somewhere,
    /// In a place, as `--results` names it.
    In(&'a str),
}

impl Kept<'_> {
    /// The option of a command that goes on from here, after a space.
    pub(super) fn option(self) -> String {
        match self {
            Self::Nowhere => String::new(),
            Self::Somewhere => " --results …".to_owned(),
            Self::In(place) => format!(" --results {}", quoted(place)),
        }
    }

    /// What there is to know of a look that is not recorded.
    pub(super) fn warning(self, pen: Pen) -> Option<String> {
        (self == Self::Nowhere).then(|| {
            format!("This look is not recorded, and looks count only where they are, with {}.", (pen.name)("--results"))
        })
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_./:@%+=,".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::{Kept, quoted};

    #[test]
    fn places_are_quoted_where_a_shell_would_read_more_into_them() {
        for (word, expected) in [
            ("results", "results"),
            ("s3://acme/results", "s3://acme/results"),
            ("../Läufe/1", "../Läufe/1"),
            ("our results", "'our results'"),
            ("it's; rm $HOME", "'it'\\''s; rm $HOME'"),
            ("~", "'~'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), expected);
        }
        assert_eq!(Kept::In("a b").option(), " --results 'a b'");
        assert_eq!(Kept::Nowhere.option(), "");
    }
}
