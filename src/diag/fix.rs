//! Edits that mend a finding, and their application to a text.

use crate::source::Span;

/// One replacement of a span by a text; an empty span inserts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

/// The edits that mend one finding, all in one file; safe to apply without being asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    pub title: String,
    pub edits: Vec<Edit>,
}

impl Fix {
    /// A fix of a single replacement.
    #[must_use]
    pub fn replace(span: Span, text: impl Into<String>, title: impl Into<String>) -> Self {
        Self { title: title.into(), edits: vec![Edit { span, text: text.into() }] }
    }
}

/// Applies fixes to the text of their file and says how many were applied.
///
/// A fix that overlaps an earlier one, or that reaches beyond the text, is left out whole: a half-applied fix is worse than none.
#[must_use]
pub fn apply(text: &str, fixes: &[&Fix]) -> (String, usize) {
    let mut edits: Vec<&Edit> = Vec::new();
    let mut applied = 0;
    for fix in fixes {
        let fits = fix.edits.iter().all(|edit| {
            text.get(edit.span.range()).is_some() && edits.iter().all(|other| !overlap(edit.span, other.span))
        });
        if fits {
            edits.extend(&fix.edits);
            applied += 1;
        }
    }
    edits.sort_by_key(|edit| edit.span);
    let mut mended = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        let range = edit.span.range();
        mended.push_str(text.get(done..range.start).unwrap_or(""));
        mended.push_str(&edit.text);
        done = range.end;
    }
    mended.push_str(text.get(done..).unwrap_or(""));
    (mended, applied)
}

/// Two inserts at one place overlap as well: their order would be arbitrary.
fn overlap(a: Span, b: Span) -> bool {
    (a.start < b.end && b.start < a.end) || a.start == b.start
}

#[cfg(test)]
mod tests {
    use super::{Fix, apply};
    use crate::source::{FileId, Span};

    fn replace(range: std::ops::Range<usize>, text: &str) -> Fix {
        Fix::replace(Span::new(FileId(0), range), text, "")
    }

    #[test]
    fn edits_are_applied_in_order_and_conflicting_ones_are_left_out() {
        let (first, second, clash) = (replace(4..5, "X"), replace(0..1, "YY"), replace(4..6, "Z"));
        assert_eq!(apply("abcdef", &[&first, &second, &clash]), ("YYbcdXf".to_owned(), 2));
    }

    #[test]
    fn an_edit_beyond_the_text_is_left_out() {
        assert_eq!(apply("ab", &[&replace(1..9, "X")]), ("ab".to_owned(), 0));
    }
}
