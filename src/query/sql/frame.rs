//! What every statement begins with: the studies, their variants, the metrics they track, and the exposures, read once.

use super::dialect::Dialect;
use super::text::{Parts, Select, column, same};
use crate::decl::Day;
use crate::query::{Calculation, Measure, Relation, Request, Study};

/// A day in microseconds.
const DAY: i64 = 86_400_000_000;

/// A request, told in a dialect.
pub(super) struct Frame<'a> {
    /// What is measured, of which studies.
    pub request: &'a Request,
    /// Where these are pairs of studies: the request whose they are.
    pub paired: Option<&'a Request>,
    pub dialect: Dialect,
    /// What our names begin with where names of the catalogue stand beside them; none of those begins with it.
    pub prefix: String,
}

impl<'a> Frame<'a> {
    pub fn new(request: &'a Request, dialect: Dialect) -> Self {
        let mut said = format!("{:?}", request.exposures);
        for source in &request.sources {
            said.push_str(&format!("{source:?}"));
        }
        let said = said.to_ascii_lowercase();
        let mut prefix = "allot_".to_owned();
        while said.contains(&prefix) {
            prefix.push_str("x_");
        }
        Self { request, paired: None, dialect, prefix }
    }

    /// The studies that exposures name.
    fn exposed_studies(&self) -> &'a [Study] {
        &self.paired.unwrap_or(self.request).studies
    }

    /// The dimensions by which units are told apart, by their places.
    pub fn dimensions(&self) -> std::ops::Range<usize> {
        0..self.request.exposures.dimensions.len()
    }

    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Tables of constants: studies and their variants.
    pub fn constants(&self, parts: &mut Parts) {
        let text = |text: &str| (self.dialect.exact)(self.dialect.string(text));
        let studies = self.exposed_studies().iter().enumerate().map(|(at, study)| {
            let until = study.until.min(self.request.now);
            vec![at.to_string(), text(&study.key), study.from.to_string(), until.to_string()]
        });
        let names = ["study", "exposure_key", "from_at", "until_at"];
        parts.add(
            self.name("studies"),
            Select {
                words: "experiments and rollouts in their current phase, with their runs in microseconds since 1970"
                    .to_owned(),
                columns: same("", names),
                constants: studies.collect(),
                ..Select::default()
            },
        );
        let arms = self.exposed_studies().iter().enumerate().flat_map(|(at, study)| {
            let variants = study.variants.iter().enumerate();
            variants.map(move |(arm, variant)| vec![at.to_string(), arm.to_string(), text(variant)]).collect::<Vec<_>>()
        });
        parts.add(
            self.name("arms"),
            Select {
                words: "their variants, control first".to_owned(),
                columns: same("", ["study", "arm", "variant"]),
                constants: arms.collect(),
                ..Select::default()
            },
        );
    }

    /// The metrics that each study tracks, of those that a statement is about; none if there are none.
    pub fn tracked(&self, parts: &mut Parts, measures: &[usize]) {
        let rows = self.request.studies.iter().enumerate().flat_map(|(at, study)| {
            let own = study.measures.iter().filter(|place| measures.contains(place));
            own.filter_map(move |&place| {
                let measure = self.request.measures.get(place)?;
                let by = study.until.min(self.request.now.saturating_sub(measure.lag));
                let level = match measure.calculation {
                    Calculation::EventQuantile { level, .. } => Some(level),
                    _ => measure.cap,
                };
                let level = level.map_or_else(
                    || format!("CAST(NULL AS {})", self.dialect.double),
                    |level| self.dialect.number(level),
                );
                let (from, reach) = measure.window;
                Some(vec![
                    at.to_string(),
                    place.to_string(),
                    study.from.to_string(),
                    from.to_string(),
                    reach.to_string(),
                    by.to_string(),
                    level,
                ])
            })
        });
        parts.add(
            self.name("tracked"),
            Select {
                words: "the metrics of each: a window that ends by `complete_by` is complete; `level` is that of a cap or quantile".to_owned(),
                columns: same("", ["study", "measure", "from_at", "after", "reach", "complete_by", "level"]),
                constants: rows.collect(),
                ..Select::default()
            },
        );
    }

    /// Exposures as they are, joined with the studies.
    pub fn exposures(&self) -> String {
        let exposures = &self.request.exposures;
        let relation = match &exposures.select {
            Some(select) => Relation::Select(select.clone()),
            None => Relation::Table(exposures.table.clone()),
        };
        self.dialect.relation(&relation, &self.name("e"))
    }

    /// A column of the exposures.
    pub fn exposed(&self, column: &str) -> String {
        format!("{}.{}", self.name("e"), self.dialect.column(column))
    }

    /// The exposed units: first exposure, its variant, whether there was another one, and the values of dimensions.
    pub fn units(&self, parts: &mut Parts) {
        let (exposures, dialect) = (&self.request.exposures, self.dialect);
        let timestamp = self.exposed(&exposures.timestamp);
        let studies = self.exposed_studies();
        let from = studies.iter().map(|study| study.from).min().unwrap_or(0);
        let until = studies.iter().map(|study| study.until).max().unwrap_or(0).min(self.request.now);
        let mut filters = self.days(&timestamp, from, until);
        filters.push(format!("{} IS NOT NULL", self.exposed(&exposures.unit)));
        let mut columns = vec![
            column("s.study", "study"),
            column("s.from_at", "from_at"),
            column("s.until_at", "until_at"),
            column("a.arm", "arm"),
            column(dialect.id(&self.exposed(&exposures.unit)), "unit"),
            column((dialect.micros)(&timestamp), "seen"),
        ];
        for (place, dimension) in exposures.dimensions.iter().enumerate() {
            let value = dialect.id(&self.exposed(dimension));
            columns.push(column(format!("COALESCE({value}, '')"), format!("trait_{place}")));
        }
        parts.add(
            self.name("exposed"),
            Select {
                words: "exposures on the days of the runs".to_owned(),
                columns,
                from: vec![
                    self.exposures(),
                    format!(
                        "JOIN {} AS s ON s.exposure_key = {}",
                        self.name("studies"),
                        dialect.id(&self.exposed(&exposures.experiment))
                    ),
                    format!(
                        "JOIN {} AS a ON a.study = s.study AND a.variant = {}",
                        self.name("arms"),
                        dialect.id(&self.exposed(&exposures.variant))
                    ),
                ],
                filters,
                ..Select::default()
            },
        );
        let mut filters = vec!["x.seen >= x.from_at".to_owned(), "x.seen < x.until_at".to_owned()];
        let mut from = self.name("exposed");
        let mut columns = vec![
            column("x.study", "study"),
            column("x.unit", "unit"),
            column("MIN(x.seen)", "first_seen"),
            column(self.first_arm("x"), "arm"),
            column("CASE WHEN MIN(x.arm) < MAX(x.arm) THEN 1 ELSE 0 END", "mixed"),
        ];
        if !self.dimensions().is_empty() {
            let order: String = self.dimensions().map(|place| format!(", x.trait_{place}")).collect();
            let mut out = same("x.", ["study", "unit", "from_at", "seen", "arm"]);
            out.extend(self.dimensions().map(|place| column(format!("x.trait_{place}"), format!("trait_{place}"))));
            let nth = format!("ROW_NUMBER() OVER (PARTITION BY x.study, x.unit ORDER BY x.seen, x.arm{order})");
            out.push(column(nth, "nth"));
            parts.add(
                self.name("ordered"),
                Select {
                    words: "exposures in the order of a unit: the first says what it was then".to_owned(),
                    columns: out,
                    from: vec![format!("{from} AS x")],
                    filters: std::mem::take(&mut filters),
                    ..Select::default()
                },
            );
            from = self.name("ordered");
            columns.extend(self.dimensions().map(|place| {
                column(format!("MAX(CASE WHEN x.nth = 1 THEN x.trait_{place} END)"), format!("trait_{place}"))
            }));
        }
        let plain = self.paired.is_none() && self.dimensions().is_empty();
        parts.add(
            self.name(if plain { "units" } else { "alone" }),
            Select {
                words: "a unit counts from its first exposure in the run; who saw two variants is mixed".to_owned(),
                columns,
                from: vec![format!("{from} AS x")],
                filters,
                group: vec!["x.study".to_owned(), "x.unit".to_owned()],
                ..Select::default()
            },
        );
        match self.paired {
            Some(paired) => self.joint(parts, paired),
            None if plain => {}
            None => self.places(parts),
        }
    }

    /// The variant of the earliest exposure; of several at one instant the first in the order of variants.
    pub fn first_arm(&self, x: &str) -> String {
        let most = self.exposed_studies().iter().map(|study| study.variants.len()).max().unwrap_or(1);
        let since = format!("({x}.seen - {x}.from_at) * {most}");
        format!("MIN({since} + {x}.arm) - MIN({since})")
    }

    /// Filters for the days between two instants, and a day around them, whatever the type and the zone of the column: a text
    /// without a type is taken for that of the column. The instants themselves are compared later, exactly.
    pub fn days(&self, timestamp: &str, from: i64, until: i64) -> Vec<String> {
        let day = |at: i64, more: i32| {
            let day = Day(i32::try_from(at.div_euclid(DAY)).unwrap_or(0).saturating_add(more));
            self.dialect.string(&day.to_string())
        };
        vec![format!("{timestamp} >= {}", day(from, -1)), format!("{timestamp} < {}", day(until, 2))]
    }
}

/// What a measure is in the words of a comment.
pub(super) fn describe(measure: &Measure) -> String {
    let day = |length: i64| length / DAY;
    let kind = match &measure.calculation {
        Calculation::Mean(_) => "mean",
        Calculation::Conversion(..) => "conversion",
        Calculation::Ratio(..) => "ratio",
        Calculation::UnitQuantile(..) => "quantile over units",
        Calculation::EventQuantile { .. } => "quantile over events",
    };
    let mut words = format!("`{}`, a {kind}, days {} to {}", measure.id, day(measure.window.0), day(measure.window.1));
    if let Some(cap) = measure.cap {
        words.push_str(&format!(", cut at p{}", cap * 100.0));
    }
    if let Some(covariate) = measure.covariate {
        words.push_str(&format!(", covariate of {} days before", day(covariate)));
    }
    if measure.drops_missing {
        words.push_str(", units without rows dropped");
    }
    words
}
