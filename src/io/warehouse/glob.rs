//! Path patterns: `*` and `?` within a folder's or a file's name, `**` over any number of folders.

/// Whether a name or a part of a path has anything of a pattern.
pub(super) fn is_pattern(part: &str) -> bool {
    part.contains(['*', '?'])
}

/// Whether a path's parts match a pattern's parts.
pub(super) fn matches(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        ([], path) => path.is_empty(),
        (["**", rest @ ..], path) => {
            matches(rest, path) || path.split_first().is_some_and(|(_, path)| matches(pattern, path))
        }
        ([first, rest @ ..], [name, path @ ..]) => part_matches(first, name) && matches(rest, path),
        (_, []) => false,
    }
}

fn part_matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // Where the last star was, and how much of the name it has taken.
    let (mut at, mut place, mut star) = (0, 0, None);
    while let Some(letter) = name.get(place) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, place));
                at += 1;
            }
            Some('?') => (at, place) = (at + 1, place + 1),
            Some(own) if own == letter => (at, place) = (at + 1, place + 1),
            _ => match star {
                Some((after, taken)) => {
                    star = Some((after, taken + 1));
                    (at, place) = (after + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).unwrap_or(&[]).iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_in_a_shell() {
        let matches = |pattern: &str, path: &str| {
            let parts = |text: &'static str| text.split('/').collect::<Vec<_>>();
            matches(&parts(Box::leak(pattern.into())), &parts(Box::leak(path.into())))
        };
        assert!(matches("**/*.parquet", "a.parquet"));
        assert!(matches("**/*.parquet", "dt=1/h=2/a.parquet"));
        assert!(matches("a*b*.c?v", "axxbyyb.csv"));
        assert!(matches("*", "x"));
        assert!(!matches("*.parquet", "dt=1/a.parquet"));
        assert!(!matches("**/*.parquet", "a.csv"));
        assert!(!matches("a?", "a"));
        assert!(!matches(&"*a".repeat(30), &"a".repeat(29)));
    }
}
