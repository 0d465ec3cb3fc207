//! A text in sections, the most important first, that can be cut to a size without breaking anything open.

/// A Markdown document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// The first line: the verdict and its reason.
    pub title: String,
    /// Whole blocks, each complete by itself, the most important first.
    pub sections: Vec<String>,
    /// The last line: provenance.
    pub foot: String,
}

impl Document {
    /// The document in at most `limit` characters: sections that do not fit are left out, and the text says how many.
    #[must_use]
    pub fn fit(&self, limit: usize) -> String {
        let length = |text: &str| text.chars().count();
        let said = |left_out: usize| match left_out {
            0 => String::new(),
            1 => "_1 more section is left out here: it would be too long_\n\n".to_owned(),
            n => format!("_{n} more sections are left out here: they would be too long_\n\n"),
        };
        let frame = length(&self.title) + length(&self.foot) + length(&said(self.sections.len())) + 4;
        let mut text = format!("{}\n\n", self.title);
        let mut room = limit.saturating_sub(frame);
        let mut shown = 0;
        for section in &self.sections {
            let needed = length(section) + 2;
            if needed > room {
                break;
            }
            room -= needed;
            text.push_str(section);
            text.push_str("\n\n");
            shown += 1;
        }
        text.push_str(&said(self.sections.len() - shown));
        text.push_str(&self.foot);
        text.push('\n');
        text
    }
}
