//! Which lines a change touches, so that what it did is shown before what it only comes near.

use std::collections::{HashMap, HashSet};

use crate::render::github::Touched;
use crate::source::Sources;

/// The files of a head that are otherwise than at its base, each with its lines that the base does not have.
pub struct Changed<'a>(HashMap<&'a str, HashSet<usize>>);

impl<'a> Changed<'a> {
    /// Compares by path; a file that moved is new at its place.
    #[must_use]
    pub fn of(head: &'a Sources, base: Option<&Sources>) -> Self {
        let Some(base) = base else { return Self(HashMap::new()) };
        let files = head.iter().filter_map(|(file, source)| {
            let before = base.find(&source.path);
            if before == Some(file) {
                return None;
            }
            let before = before.and_then(|before| base.get(before)).map_or("", |before| &before.text);
            Some((source.path.as_ref(), new_lines(before, &source.text)))
        });
        Self(files.collect())
    }

    /// What the change has to do with a line, counted from 1, of a file below the root.
    #[must_use]
    pub fn touches(&self, path: &str, line: usize) -> Touched {
        match self.0.get(path) {
            Some(lines) if lines.contains(&line) => Touched::Line,
            Some(_) => Touched::File,
            None => Touched::Nothing,
        }
    }
}

/// The lines of a text, counted from 1, that another one does not have, or not as often.
fn new_lines(before: &str, after: &str) -> HashSet<usize> {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for line in before.lines() {
        *left.entry(line).or_default() += 1;
    }
    let is_new = |&(_, line): &(usize, &str)| match left.get_mut(line) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    after.lines().enumerate().filter(is_new).map(|(at, _)| at + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::{Changed, new_lines};
    use crate::render::github::Touched;
    use crate::source::{Sources, Version};

    #[test]
    fn lines_that_are_new_are_told_from_those_that_moved() {
        let mut lines: Vec<usize> = new_lines("a\nb\nc\n", "c\nx\na\nb\nb\n").into_iter().collect();
        lines.sort_unstable();
        assert_eq!(lines, [2, 5]);
    }

    #[test]
    fn files_and_lines() {
        let head = Sources::new([("a", "1\n2\n"), ("b", "1\n")].map(|(path, text)| (path.to_owned(), text.to_owned())));
        let old = Version { path: "a".to_owned(), text: Ok("1\n".to_owned()) };
        let (head, base) = head.with_base("main", vec![old], &std::collections::HashSet::new());
        let changed = Changed::of(&head, Some(&base));
        let touched = [("a", 2), ("a", 1), ("b", 1)].map(|(path, line)| changed.touches(path, line));
        assert_eq!(touched, [Touched::Line, Touched::File, Touched::Nothing]);
    }
}
