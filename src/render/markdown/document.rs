//! A text in sections, the most important first, that can be cut to a size without breaking anything open.

use crate::render::figures::{counted, listed};

/// A Markdown document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// The first line: the verdict and its reason.
    pub title: String,
    /// Whole blocks, the most important first.
    pub sections: Vec<Section>,
    /// The last line: provenance.
    pub foot: String,
}

/// A block that is complete by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What is missed where it is left out, as one and as several.
    pub holds: (&'static str, &'static str),
    pub text: String,
}

impl Document {
    /// The document in at most `limit` characters, as for a comment: sections that do not fit are left out, and the text says
    /// which.
    #[must_use]
    pub fn fit(&self, limit: usize) -> String {
        self.fitted(limit, |text| text.chars().count())
    }

    /// The document in at most `limit` bytes, as for the summary of a step.
    #[must_use]
    pub fn fit_bytes(&self, limit: usize) -> String {
        self.fitted(limit, str::len)
    }

    fn fitted(&self, limit: usize, length: impl Fn(&str) -> usize) -> String {
        let mut text = format!("{}\n", self.title);
        if length(&text) > limit {
            // Far below any limit that GitHub has: the words before the first that is set in any way.
            let tame = self.title.split(['`', '<', '[', '&', '*', '_', '(', ':']).next().unwrap_or_default();
            let fits = |end: &usize| length(tame.get(..*end).unwrap_or_default()) <= limit;
            let ends = tame.char_indices().map(|(at, _)| at).chain([tame.len()]);
            return tame.get(..ends.take_while(fits).last().unwrap_or(0)).unwrap_or_default().to_owned();
        }
        let foot = if self.foot.is_empty() { String::new() } else { format!("\n{}\n", self.foot) };
        if length(&text) + length(&foot) > limit {
            return text;
        }
        let needed = |section: &Section| length(&section.text) + 2;
        let all: usize = self.sections.iter().map(needed).sum();
        let mut room = limit - length(&text) - length(&foot);
        // Room for the words about what is left out, however much that is, unless nothing is.
        let whole = all <= room;
        let longest = length(&left_out(&self.sections));
        let mut shown = 0;
        if whole || longest <= room {
            room -= if whole { 0 } else { longest };
            for section in &self.sections {
                if needed(section) > room {
                    break;
                }
                room -= needed(section);
                text.push('\n');
                text.push_str(&section.text);
                text.push('\n');
                shown += 1;
            }
            text.push_str(&left_out(self.sections.get(shown..).unwrap_or_default()));
        }
        // The words about fewer sections are shorter, unless one is a longer word than several.
        if length(&text) + length(&foot) > limit {
            text = format!("{}\n", self.title);
        }
        text.push_str(&foot);
        text
    }
}

/// What is left out, in words; nothing where nothing is.
fn left_out(sections: &[Section]) -> String {
    let mut kinds: Vec<((&str, &str), usize)> = Vec::new();
    for section in sections {
        match kinds.iter_mut().find(|(holds, _)| *holds == section.holds) {
            Some((_, number)) => *number += 1,
            None => kinds.push((section.holds, 1)),
        }
    }
    let kinds: Vec<String> = kinds.into_iter().map(|((one, many), number)| counted(number, one, many)).collect();
    if kinds.is_empty() {
        String::new()
    } else {
        format!("\n_Left out, because it would be too long: {}_\n", listed(&kinds))
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, Section};

    fn document(lengths: &[usize]) -> Document {
        let section = |&length: &usize| Section { holds: ("table", "tables"), text: "é".repeat(length) };
        Document {
            title: "### 🟢 `x` can launch".to_owned(),
            sections: lengths.iter().map(section).collect(),
            foot: "<sub>foot</sub>".to_owned(),
        }
    }

    #[test]
    fn a_document_never_outgrows_its_limit() {
        let of = document(&[5, 100, 1, 2_000, 30, 1]);
        let whole = of.fit(usize::MAX).chars().count();
        for limit in 0..2_500 {
            let text = of.fit(limit);
            assert!(text.chars().count() <= limit, "{limit}: {text}");
            assert!(of.fit_bytes(limit).len() <= limit, "{limit}");
            assert_eq!(text.matches('`').count() % 2, 0, "{limit}: {text}");
            if limit >= 110 {
                assert!(text.contains("can launch") && text.contains("foot"), "{limit}: {text}");
                assert_eq!(text.contains("Left out"), limit < whole, "{limit}: {text}");
            }
        }
        assert!(of.fit(400).contains("Left out, because it would be too long: 3 tables"), "{}", of.fit(400));
    }

    #[test]
    fn everything_is_shown_where_it_fits() {
        assert_eq!(document(&[2, 1]).fit(60), "### 🟢 `x` can launch\n\néé\n\né\n\n<sub>foot</sub>\n");
        assert_eq!(Document::default().fit(10), "\n");
    }
}
