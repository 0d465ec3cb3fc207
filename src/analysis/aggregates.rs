//! Sufficient statistics that somebody else computed: a table of means and variances, as CSV, read strictly.

use std::collections::{BTreeMap, BTreeSet};

use crate::decl::Day;
use crate::lock::digest;
use crate::results::{Arm, ArmTally, MetricTally, Sums, Tally};

/// The columns that must be there, then the one that may.
pub const COLUMNS: [&str; 7] = ["experiment", "variant", "metric", "n", "mean", "variance", "at"];

/// The most units that a row may have: over as many arms as an experiment can have, their sum is still counted.
const MOST: u64 = 1_000_000_000_000_000;

/// A mean per unit with its variance.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Aggregate {
    pub n: u64,
    pub mean: f64,
    /// The variance over units, with n − 1.
    pub variance: f64,
}

/// The statistics of one look, each with the number of its row: by metric and variant.
type Cells = BTreeMap<(String, String), (Aggregate, usize)>;

/// What a row is of, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    pub experiment: &'a str,
    /// In microseconds since 1970; none is as of now.
    pub at: Option<i64>,
    pub metric: &'a str,
    pub variant: &'a str,
    /// The number of its line, or of its row where there are no lines.
    pub number: usize,
}

/// Statistics by experiment (what exposures carry) and instant; one without an instant is as of now.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Aggregates {
    looks: BTreeMap<String, BTreeMap<Option<i64>, Cells>>,
    /// What rows are counted in.
    counted: &'static str,
}

impl Aggregates {
    /// Reads CSV with the columns `experiment, variant, metric, n, mean, variance` and, if it has looks, `at`, in any order.
    ///
    /// # Errors
    /// Says in words what is wrong, with the line.
    pub fn read_csv(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = text.lines().enumerate();
        let (_, head) = lines.next().ok_or("it is empty")?;
        let head = fields(head)?;
        let mut read = Self::with_columns(&head, "line")?;
        for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            let added = fields(line).and_then(|fields| read.row(&head, &fields, number + 1));
            added.map_err(|wrong| format!("{}: {wrong}", read.place(number + 1)))?;
        }
        Ok(read)
    }

    /// Reads rows of the columns that are named.
    ///
    /// # Errors
    /// Says in words what is wrong, with the number of the row.
    pub fn read_rows(head: &[String], rows: impl IntoIterator<Item = Vec<String>>) -> Result<Self, String> {
        let mut read = Self::with_columns(head, "row")?;
        for (number, fields) in rows.into_iter().enumerate() {
            let added = read.row(head, &fields, number + 1);
            added.map_err(|wrong| format!("{}: {wrong}", read.place(number + 1)))?;
        }
        Ok(read)
    }

    /// An empty table, if its columns are those that are known.
    fn with_columns(head: &[String], counted: &'static str) -> Result<Self, String> {
        if let Some(unknown) = head.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
            return Err(format!("it has a column `{unknown}`, and knows only {}", COLUMNS.join(", ")));
        }
        let missing = COLUMNS.iter().take(6).find(|name| !head.iter().any(|own| own == *name));
        if let Some(missing) = missing {
            return Err(format!("it has no column `{missing}`"));
        }
        if head.iter().collect::<BTreeSet<_>>().len() < head.len() {
            return Err("it has a column twice".to_owned());
        }
        Ok(Self { counted, ..Self::default() })
    }

    fn row(&mut self, head: &[String], fields: &[String], row: usize) -> Result<(), String> {
        if fields.len() != head.len() {
            return Err(format!("it has {} fields, and the first line {}", fields.len(), head.len()));
        }
        let field = |name: &str| {
            let place = head.iter().position(|own| own == name);
            place.and_then(|place| fields.get(place)).map_or("", String::as_str)
        };
        let named = |name: &str| match field(name) {
            "" => Err(format!("`{name}` is empty")),
            text => Ok(text.to_owned()),
        };
        let n: u64 = field("n").parse().map_err(|_| format!("`n` is `{}`, and no whole number", field("n")))?;
        if n > MOST {
            return Err(format!("`n` is {n}, and more than there can be units: at most {MOST}"));
        }
        let number = |name: &str, least: u64| match field(name).parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            // Of too few units there is nothing to say.
            _ if n < least => Ok(0.0),
            _ => Err(format!("`{name}` is `{}`, and no finite number", field(name))),
        };
        let cell = Aggregate { n, mean: number("mean", 1)?, variance: number("variance", 2)? };
        if cell.variance < 0.0 {
            return Err(format!("`variance` is {}, below 0", cell.variance));
        }
        if !squares(cell).is_finite() {
            return Err(format!("`variance` is {}, and too large to be summed over {n} units", field("variance")));
        }
        let at = match field("at") {
            "" => None,
            text => Some(
                instant(text).ok_or_else(|| format!("`at` is `{text}`, and no instant: write 2027-02-01T00:00:00Z"))?,
            ),
        };
        let (experiment, cell_of) = (named("experiment")?, (named("metric")?, named("variant")?));
        let cells = self.looks.entry(experiment).or_default().entry(at).or_default();
        match cells.insert(cell_of, (cell, row)) {
            Some(_) => Err("the same experiment, variant, metric and instant are there twice".to_owned()),
            None => Ok(()),
        }
    }

    /// Every row.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.looks.iter().flat_map(|(experiment, looks)| {
            looks.iter().flat_map(move |(&at, cells)| {
                cells.iter().map(move |((metric, variant), (_, number))| Row {
                    experiment,
                    at,
                    metric,
                    variant,
                    number: *number,
                })
            })
        })
    }

    /// Where a row stands, in words.
    #[must_use]
    pub fn place(&self, number: usize) -> String {
        format!("{} {number}", self.counted)
    }

    /// The experiments, by what their exposures carry.
    pub fn experiments(&self) -> impl Iterator<Item = &str> {
        self.looks.keys().map(String::as_str)
    }

    /// The instants of an experiment's looks, the earliest first, as far as they are not after `now`; those without are as of
    /// now.
    #[must_use]
    pub fn looks(&self, experiment: &str, now: i64) -> Vec<i64> {
        let looks = self.looks.get(experiment).into_iter().flat_map(BTreeMap::keys);
        let mut looks: Vec<i64> = looks.map(|at| at.unwrap_or(now)).filter(|&at| at <= now).collect();
        looks.sort_unstable();
        looks.dedup();
        looks
    }

    /// The statistics of a look: those of its instant, or those without one as of now.
    fn cells(&self, experiment: &str, at: i64, now: i64) -> Option<&Cells> {
        let looks = self.looks.get(experiment)?;
        looks.get(&Some(at)).or_else(|| looks.get(&None).filter(|_| at == now))
    }

    /// The digest of a look's own rows: it stays the same while rows of other looks and experiments come in.
    #[must_use]
    pub fn digest(&self, experiment: &str, at: i64, now: i64) -> String {
        let rows = self.cells(experiment, at, now).into_iter().flatten().map(|((metric, variant), cell)| {
            let (Aggregate { n, mean, variance }, _) = cell;
            [experiment, variant, metric, &n.to_string(), &mean.to_string(), &variance.to_string()].join("\u{1f}")
        });
        let rows: Vec<String> = rows.collect();
        digest("allotment aggregates", &rows.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// What was counted for a look, for these variants; exposed units are the most that any metric has.
    #[must_use]
    pub fn tally(&self, experiment: &str, at: i64, now: i64, variants: &[String]) -> Tally {
        let none = Cells::new();
        let cells = self.cells(experiment, at, now).unwrap_or(&none);
        let metrics: BTreeSet<&String> = cells.keys().map(|(metric, _)| metric).collect();
        let cell = |metric: &str, variant: &str| {
            cells.get(&(metric.to_owned(), variant.to_owned())).map_or_else(Aggregate::default, |(cell, _)| *cell)
        };
        let arms = variants.iter().map(|variant| {
            let exposed = metrics.iter().map(|metric| cell(metric, variant).n).max().unwrap_or(0);
            Arm { variant: variant.clone(), exposed, mixed: 0 }
        });
        let strangers = cells.iter().filter(|((_, variant), _)| !variants.contains(variant));
        Tally {
            key: experiment.to_owned(),
            arms: arms.collect(),
            rows_without_key: 0,
            rows_outside: 0,
            rows_unknown_variant: strangers.map(|(_, (cell, _))| cell.n).max().unwrap_or(0),
            metrics: metrics
                .iter()
                .map(|metric| MetricTally {
                    metric: (*metric).clone(),
                    caps: None,
                    arms: variants.iter().map(|variant| arm(cell(metric, variant))).collect(),
                    failed: None,
                })
                .collect(),
            ..Tally::default()
        }
    }
}

/// The sum of squares about the mean.
fn squares(cell: Aggregate) -> f64 {
    cell.variance * cell.n.saturating_sub(1) as f64
}

/// A mean with its variance as sums about that mean.
fn arm(cell: Aggregate) -> ArmTally {
    let sums = Sums { n: cell.n, shifts: vec![cell.mean], sums: vec![0.0], products: vec![squares(cell)] };
    ArmTally { kept: sums.clone(), sums, ..ArmTally::default() }
}

/// The fields of a line; a field may stand in quotes, with quotes doubled inside.
fn fields(line: &str) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut rest = line.trim_end_matches('\r');
    loop {
        let (field, after) = match rest.trim_start().strip_prefix('"') {
            Some(quoted) => {
                let mut field = String::new();
                let mut left = quoted;
                loop {
                    let (part, after) = left.split_once('"').ok_or("a quote is not closed")?;
                    field.push_str(part);
                    match after.strip_prefix('"') {
                        Some(more) => {
                            field.push('"');
                            left = more;
                        }
                        None => break (field, after.trim_start()),
                    }
                }
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (field, after) = rest.split_at(end);
                (field.trim().to_owned(), after)
            }
        };
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(fields),
            None => return Err("something follows a closing quote".to_owned()),
        }
    }
}

/// An instant in microseconds since 1970; a day is its first.
fn instant(text: &str) -> Option<i64> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_microsecond());
    }
    let date = text.parse::<jiff::civil::Date>().ok().filter(|_| text.len() == 10)?;
    Day::of(date).seconds().checked_mul(super::SECOND)
}

#[cfg(test)]
mod tests {
    use super::{Aggregates, fields};

    #[test]
    fn fields_and_quotes() {
        assert_eq!(fields("a, b ,\"c,\"\"d\"\"\",").expect("fields"), ["a", "b", "c,\"d\"", ""]);
        assert!(fields("\"a").is_err());
        assert!(fields("\"a\"b,c").is_err());
    }

    #[test]
    fn a_table_becomes_tallies() {
        let text = "experiment,metric,variant,n,mean,variance,at\n\
                    e,m,control,100,1.5,2,2027-02-01\n\
                    e,m,treatment,110,1.6,2.5,2027-02-01T00:00:00Z\n\
                    e,k,treatment,120,0.5,0.25,2027-02-01\r\n\
                    e,m,control,200,1.5,2,2027-02-08\n";
        let read = Aggregates::read_csv(text).expect("a table");
        let day = 86_400_000_000;
        let first = 20_850 * day;
        assert_eq!(read.looks("e", first + 6 * day), [first]);
        assert_eq!(read.looks("e", i64::MAX), [first, first + 7 * day]);
        let tally = read.tally("e", first, first, &["control".to_owned(), "treatment".to_owned()]);
        assert_eq!(tally.arms.iter().map(|arm| arm.exposed).collect::<Vec<_>>(), [100, 120]);
        let metric = tally.metrics.iter().find(|metric| metric.metric == "m").expect("it is there");
        assert_eq!(metric.arms[1].sums.products, [2.5 * 109.0]);
        assert_eq!(read.tally("e", first, first, &["control".to_owned()]).rows_unknown_variant, 120);
    }

    #[test]
    fn a_look_is_known_by_its_own_rows() {
        let digest = |rows: &str| {
            let text = format!("experiment,variant,metric,n,mean,variance,at\n{rows}");
            let day = 86_400_000_000;
            Aggregates::read_csv(&text).expect("a table").digest("e", 20_850 * day, 20_857 * day)
        };
        let look = "e,control,m,100,1.5,2,2027-02-01\ne,treatment,m,110,1.6,2.5,2027-02-01\n";
        let own = digest(look);
        for more in ["e,control,m,200,1.5,2,2027-02-08\n", "f,control,m,100,1.5,2,2027-02-01\n", "e,control,m,9,1,2,\n"]
        {
            assert_eq!(digest(&format!("{more}{look}")), own, "{more}");
        }
        assert_eq!(digest(&look.replace("1.5", "1.50")), own, "the same number");
        assert_ne!(digest(&look.replace("1.5", "1.51")), own);
        assert_ne!(digest(&look.replace("treatment,m", "treatment,k")), own);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let head = "experiment,variant,metric,n,mean,variance\n";
        for (rest, part) in [
            ("e,c,m,1.5,1,1\n", "line 2: `n` is `1.5`"),
            ("e,c,m,-1,1,1\n", "line 2: `n`"),
            ("e,c,m,1000000000000001,1,1\n", "line 2: `n` is 1000000000000001, and more than"),
            ("e,c,m,18446744073709551615,1,1\n", "at most 1000000000000000"),
            ("e,c,m,10,NaN,1\n", "line 2: `mean` is `NaN`"),
            ("e,c,m,10,1,inf\n", "line 2: `variance`"),
            ("e,c,m,10,1,-1\n", "below 0"),
            ("e,c,m,10,1\n", "5 fields"),
            (",c,m,10,1,1\n", "`experiment` is empty"),
            ("e,c,m,10,1,1\ne,c,m,10,1,1\n", "line 3: the same"),
        ] {
            let wrong = Aggregates::read_csv(&format!("{head}{rest}")).expect_err(rest);
            assert!(wrong.contains(part), "{rest}: {wrong}");
        }
        assert!(Aggregates::read_csv("").is_err());
        assert!(
            Aggregates::read_csv("experiment,variant,metric,n,mean\n").expect_err("a column").contains("`variance`")
        );
        assert!(
            Aggregates::read_csv("experiment,variant,metric,n,mean,variance,unit\n")
                .expect_err("one more")
                .contains("`unit`")
        );
        assert!(Aggregates::read_csv(head).expect("a table").experiments().next().is_none());
        let few = Aggregates::read_csv(&format!("{head}e,c,m,0,,\ne,t,m,1,2,\n")).expect("empty arms");
        assert_eq!(few.experiments().count(), 1);
    }
}
