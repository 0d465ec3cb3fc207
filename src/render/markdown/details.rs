//! Lists that are folded away, in parts that are each complete and small enough to be shown or left out.

use super::Section;

/// The most characters of a part: a small share of a comment.
const MAX_PART: usize = 6_000;

/// A list with what stands before and after it in every part.
pub struct Block<'a> {
    /// In HTML: Markdown is not read there.
    pub summary: &'a str,
    pub holds: (&'static str, &'static str),
    /// The head of a table, or nothing.
    pub before: &'a str,
    /// Lines; each is shown whole.
    pub items: &'a [String],
    pub after: &'a str,
}

/// The list as sections with a summary that opens them; several where it is long, none where it is empty.
pub fn collapsed(block: &Block<'_>) -> Vec<Section> {
    let parts = packed(block.items, MAX_PART);
    let number = parts.len();
    let section = |(at, items): (usize, &[String])| {
        let part = if number > 1 { format!(", part {} of {number}", at + 1) } else { String::new() };
        let text = format!(
            "<details>\n<summary>{}{part}</summary>\n\n{}{}{}\n\n</details>",
            block.summary,
            block.before,
            items.join("\n"),
            block.after
        );
        Section { holds: block.holds, text }
    };
    parts.into_iter().enumerate().map(section).collect()
}

/// Items in runs of at most so many characters, each of at least one item.
pub fn packed(items: &[String], max: usize) -> Vec<&[String]> {
    let mut parts = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (at, item) in items.iter().enumerate() {
        let needed = item.chars().count() + 1;
        if at > start && used + needed > max {
            parts.extend(items.get(start..at));
            (start, used) = (at, 0);
        }
        used += needed;
    }
    parts.extend(items.get(start..).filter(|rest| !rest.is_empty()));
    parts
}

#[cfg(test)]
mod tests {
    use super::packed;

    #[test]
    fn parts_hold_every_item_once_in_order() {
        let items: Vec<String> = (0..50).map(|at| "x".repeat(at * 7 % 90)).collect();
        let parts = packed(&items, 100);
        assert_eq!(parts.concat(), items);
        assert!(parts.len() > 10 && parts.iter().all(|part| part.len() == 1 || part.concat().len() <= 100));
        assert!(packed(&[], 100).is_empty());
    }
}
