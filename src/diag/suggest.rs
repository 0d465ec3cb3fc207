//! "Did you mean": the known word that a misspelt one is closest to.

use std::borrow::Cow;

use crate::address::masked;

/// How many bytes of a text are shown in a message.
const SHOWN: usize = 64;

/// The candidate closest to `word`, if it is close enough to be a likely slip.
///
/// Distance counts insertions, deletions, substitutions and swaps of neighbours; at most a third of the letters may differ.
#[must_use]
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A hostile word of a megabyte has no likely slip, and comparing it would be slow.
    if word.len() > 80 {
        return None;
    }
    let allowed = (word.chars().count().max(3) / 3).min(4);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= 2 * allowed && *candidate != word)
        .map(|candidate| (strsim::damerau_levenshtein(&fold(word), &fold(candidate)), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The candidate that a word is surely a slip of, so that it may be written without asking.
///
/// It is the only one that close, the word is long enough to tell, and no digit differs: `v7` and `v8` are two things.
#[must_use]
pub fn slip<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let best = closest(word, candidates.iter().copied())?;
    let distance = |candidate: &str| strsim::damerau_levenshtein(&fold(word), &fold(candidate));
    let near = distance(best);
    let rival = |candidate: &&str| **candidate != *best && candidate.len() <= 80 && distance(candidate) <= near;
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let sure = word.chars().count() >= 3 && digits(word) == digits(best) && !candidates.iter().any(rival);
    sure.then_some(best)
}

/// The help line for a misspelt word: the closest known one, or all of them where they are few.
#[must_use]
pub fn did_you_mean(word: &str, candidates: &[&str]) -> Option<String> {
    if let Some(candidate) = closest(word, candidates.iter().copied()) {
        return Some(format!("did you mean `{candidate}`?"));
    }
    match candidates {
        [] => None,
        few if few.len() <= 30 => {
            let list: Vec<String> = few.iter().map(|word| format!("`{word}`")).collect();
            Some(format!("known here: {}", list.join(", ")))
        }
        _ => None,
    }
}

/// A text from a file, as it may stand in a message: short, in one line, without what steers a terminal, and without the secrets of
/// addresses.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    shortened(text, SHOWN)
}

/// The same, with at most so many bytes.
#[must_use]
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match masked(text) {
        Cow::Borrowed(text) => cut(text, most),
        Cow::Owned(text) => cut(&text, most).into_owned().into(),
    }
}

fn cut(text: &str, most: usize) -> Cow<'_, str> {
    let short = text.floor_char_boundary(most);
    if short == text.len() && !text.chars().any(char::is_control) {
        return text.into();
    }
    let plain = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
    let mut out: String = text.get(..short).unwrap_or("").chars().map(plain).collect();
    if short < text.len() {
        out.push('…');
    }
    out.into()
}

/// Case and the kind of dash are never what a user meant to differ in.
fn fold(word: &str) -> String {
    word.chars().map(|letter| if letter == '_' { '-' } else { letter.to_ascii_lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use super::{closest, did_you_mean, slip};

    #[test]
    fn only_sure_slips_are_mended() {
        assert_eq!(slip("trafic", ["traffic", "start"]), Some("traffic"));
        assert_eq!(slip("v8-fersh", ["v7", "v8-fresh"]), Some("v8-fresh"));
        assert_eq!(slip("v9-fresh", ["v7", "v8-fresh"]), None);
        assert_eq!(slip("v9", ["v7", "v8"]), None);
        assert_eq!(slip("card", ["cards", "care"]), None);
    }

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["traffic", "hypothesis", "also-touches"];
        assert_eq!(closest("trafic", known), Some("traffic"));
        assert_eq!(closest("hypotehsis", known), Some("hypothesis"));
        assert_eq!(closest("also_touches", known), Some("also-touches"));
        assert_eq!(closest("colour", known), None);
    }

    #[test]
    fn few_candidates_are_listed_when_none_is_close() {
        assert_eq!(did_you_mean("x", &["a-long-one"]).as_deref(), Some("known here: `a-long-one`"));
    }
}
