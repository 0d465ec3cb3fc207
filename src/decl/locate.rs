//! The place of a part of a value, found again in its file's text: values are kept without the places of their parts.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::source::{FileId, Span};

/// Where a path of keys and indices leads to in a file: the place of the value, or of a table's key.
///
/// Where the path leads on to what is not there, it is the place of the last part that is.
#[must_use]
pub fn locate<'p>(file: FileId, text: &str, path: impl IntoIterator<Item = &'p str>) -> Option<Span> {
    let (document, _) = DeTable::parse_recoverable(text);
    let mut place = None;
    let mut table = Some(document.get_ref());
    let mut items: Option<&[Spanned<DeValue<'_>>]> = None;
    for part in path {
        let (key, node) = match (table, items) {
            (Some(entries), _) => match entries.get_key_value(part) {
                Some((key, node)) => (Some(key.span()), node),
                None => break,
            },
            (None, Some(list)) => match part.parse::<usize>().ok().and_then(|at| list.get(at)) {
                Some(node) => (None, node),
                None => break,
            },
            (None, None) => break,
        };
        table = node.get_ref().as_table();
        items = node.get_ref().as_array().map(|list| &list[..]);
        place = Some(key.filter(|_| table.is_some()).unwrap_or(node.span()));
    }
    place.map(|range| Span::new(file, range))
}

#[cfg(test)]
mod tests {
    use super::locate;
    use crate::source::FileId;

    #[test]
    fn parts_are_found_and_what_is_missing_is_where_it_should_be() {
        let text = "[[rules]]\nvalue = { size = [1, { a = 2 }] }\n[variants.x]\nb = 3\n";
        let under = |path: &[&str]| {
            let span = locate(FileId(0), text, path.iter().copied())?;
            text.get(span.range())
        };
        assert_eq!(under(&["rules", "0", "value", "size", "1", "a"]), Some("2"));
        assert_eq!(under(&["rules", "0", "value", "size", "0"]), Some("1"));
        assert_eq!(under(&["rules", "0", "value", "colour"]), Some("value"));
        assert_eq!(under(&["variants", "x"]), Some("x"));
        assert_eq!(under(&["nothing"]), None);
    }
}
