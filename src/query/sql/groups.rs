//! Units told apart further: by values of dimensions, and by the variants of two studies at once.

use super::frame::Frame;
use super::text::{Parts, Select, column, same};
use crate::query::{MOST_VALUES, Request};

impl Frame<'_> {
    /// The place of each unit's value of a dimension, where that is one of those of the most units.
    pub(super) fn places(&self, parts: &mut Parts) {
        let handed = ["study", "unit", "first_seen", "arm", "mixed"];
        let mut out = same("u.", handed);
        for place in self.dimensions() {
            out.push(column(format!("u.trait_{place}"), format!("trait_{place}")));
            let size = format!("SUM(1 - u.mixed) OVER (PARTITION BY u.study, u.trait_{place})");
            out.push(column(size, format!("size_{place}")));
        }
        let from = vec![format!("{} AS u", self.name("alone"))];
        let words = "how many units of one variant have the same value of a dimension".to_owned();
        parts.add(self.name("sized"), Select { words, columns: out, from, ..Select::default() });

        let mut out = same("u.", handed);
        for place in self.dimensions() {
            out.push(column(format!("u.trait_{place}"), format!("trait_{place}")));
            let rank =
                format!("DENSE_RANK() OVER (PARTITION BY u.study ORDER BY u.size_{place} DESC, u.trait_{place})");
            out.push(column(rank, format!("place_{place}")));
        }
        let from = vec![format!("{} AS u", self.name("sized"))];
        let words = "values in the order of their units".to_owned();
        parts.add(self.name("placed"), Select { words, columns: out, from, ..Select::default() });

        let mut out = same("u.", handed);
        for place in self.dimensions() {
            for name in ["place", "trait"] {
                let kept = format!("CASE WHEN u.place_{place} <= {MOST_VALUES} THEN u.{name}_{place} END");
                out.push(column(kept, format!("{name}_{place}")));
            }
        }
        let from = vec![format!("{} AS u", self.name("placed"))];
        let words = "null stands for all other values together".to_owned();
        parts.add(self.name("units"), Select { words, columns: out, from, ..Select::default() });
    }

    /// The columns that say which value of each dimension a unit has.
    pub(super) fn traits(&self) -> Vec<String> {
        self.dimensions().flat_map(|place| [format!("place_{place}"), format!("trait_{place}")]).collect()
    }

    /// Units that saw one variant of each of two studies alone, from the later exposure on.
    pub(super) fn joint(&self, parts: &mut Parts, paired: &Request) {
        let rows = paired.pairs.iter().enumerate().map(|(at, pair)| {
            let width = paired.studies.get(pair.other).map_or(1, |study| study.variants.len());
            [at, pair.one, pair.other, width].map(|number| number.to_string()).to_vec()
        });
        parts.add(
            self.name("pairs"),
            Select {
                words: "experiments that share units".to_owned(),
                columns: same("", ["pair", "one", "other", "width"]),
                constants: rows.collect(),
                ..Select::default()
            },
        );
        let alone = self.name("alone");
        parts.add(
            self.name("units"),
            Select {
                words: "units of both, from the later of their two first exposures on; a cell for each two variants"
                    .to_owned(),
                columns: vec![
                    column("p.pair", "study"),
                    column("a.unit", "unit"),
                    column(
                        "CASE WHEN a.first_seen < b.first_seen THEN b.first_seen ELSE a.first_seen END",
                        "first_seen",
                    ),
                    column("a.arm * p.width + b.arm", "arm"),
                    column("0", "mixed"),
                ],
                from: vec![
                    format!("{} AS p", self.name("pairs")),
                    format!("JOIN {alone} AS a ON a.study = p.one"),
                    format!("JOIN {alone} AS b ON b.study = p.other AND b.unit = a.unit"),
                ],
                filters: vec!["a.mixed = 0".to_owned(), "b.mixed = 0".to_owned()],
                ..Select::default()
            },
        );
    }
}
