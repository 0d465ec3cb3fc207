//! A file's text as a flat list of keys, each with its value as written: what changed between two versions is told from it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The most keys that are told apart in one file.
const MAX_ENTRIES: usize = 4_000;
/// How deep tables are looked into; what lies deeper is one value.
const MAX_DEPTH: usize = 8;

/// Every key of a text with the tables it is in, as in `success.minutes.mde` or `ramp[0].days`, and the place of its value.
#[must_use]
pub fn entries(text: &str) -> Vec<(String, Range<usize>)> {
    let (document, _) = DeTable::parse_recoverable(text);
    let mut found = Vec::new();
    table("", document.get_ref(), 0, &mut found);
    found.sort_by_key(|(_, range)| range.start);
    found
}

/// Whether two values mean the same, however they are written: quotes, spaces and comments say nothing.
#[must_use]
pub fn same_value(one: &str, other: &str) -> bool {
    let read = |text: &str| toml::from_str::<toml::Table>(&format!("value = {text}")).ok();
    one == other || read(one).is_some_and(|one| read(other) == Some(one))
}

fn table(prefix: &str, entries: &DeTable<'_>, depth: usize, found: &mut Vec<(String, Range<usize>)>) {
    for (key, node) in entries {
        let key = key.get_ref();
        let path = if prefix.is_empty() { key.to_string() } else { format!("{prefix}.{key}") };
        value(path, node, depth, found);
    }
}

fn value(path: String, node: &Spanned<DeValue<'_>>, depth: usize, found: &mut Vec<(String, Range<usize>)>) {
    if found.len() >= MAX_ENTRIES {
        return;
    }
    match node.get_ref() {
        DeValue::Table(entries) if depth < MAX_DEPTH => table(&path, entries, depth + 1, found),
        DeValue::Array(items) if depth < MAX_DEPTH && items.iter().any(|item| item.get_ref().is_table()) => {
            for (at, item) in items.iter().enumerate() {
                value(format!("{path}[{at}]"), item, depth + 1, found);
            }
        }
        _ => found.push((path, node.span())),
    }
}

#[cfg(test)]
mod tests {
    use super::entries;

    #[test]
    fn keys_come_with_their_tables_in_order() {
        let text = "a = 1\nramp = [{ days = 1 }, { days = 2 }]\nlist = [1, 2]\n[success]\nx = { mde = \"2%\" }\n[[waive]]\nrule = \"y\"\n";
        let found: Vec<_> = entries(text)
            .into_iter()
            .map(|(key, range)| format!("{key}={}", text.get(range).unwrap_or_default()))
            .collect();
        let expected =
            ["a=1", "ramp[0].days=1", "ramp[1].days=2", "list=[1, 2]", "success.x.mde=\"2%\"", "waive[0].rule=\"y\""];
        assert_eq!(found, expected);
    }
}
