//! Broken and hostile data: a clear error, or a counted exclusion.

use std::fs;
use std::path::Path;

use allotment::cli::Failure;
use allotment::cli::gather::{Options, gather};
use allotment::decl::Function;
use allotment::query::{Calculation, Relation, Request};
use allotment::results::Tally;
use arrow::array::{Float64Array, Int64Array, StringArray, TimestampMicrosecondArray, TimestampNanosecondArray};

use super::requests::{DAY, START, column, count, input, measure, number, parquet, request, source, study};

const EXPOSURES: &str =
    "unit_id,experiment,variant,timestamp\n1,a,control,2026-03-01T00:00:00\n2,a,bold,2026-03-01T00:00:00\n";
const FACTS: &str =
    "unit_id,timestamp,value\n1,2026-03-01T01:00:00,1.5\n2,2026-03-02T00:00:00,2\n2,2026-03-03T00:00:00,4\n";

fn asked() -> Request {
    let facts = source("lake.facts", &[input(Function::Sum, Some("value"), None)]);
    let metric = measure("value", Calculation::Mean(number(0, 0)));
    request(vec![study("a", &["control", "bold"], &[0])], vec![facts], vec![metric])
}

struct Lake(tempfile::TempDir);

impl Lake {
    fn new(files: &[(&str, &str)]) -> Self {
        let lake = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(path, text)| lake.write(path, text));
        lake
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn count(&self, request: &Request) -> Result<Vec<Tally>, Failure> {
        count(self.path(), "{table}.csv", request, Options::default())
    }

    /// Why the only metric could not be computed.
    fn failed(&self, pattern: &str, request: &Request) -> String {
        let tallies = count(self.path(), pattern, request, Options::default()).unwrap();
        tallies[0].metrics[0].failed.clone().unwrap_or_else(|| panic!("{tallies:?}"))
    }
}

/// An error's words, and its exit code.
fn words(result: Result<Vec<Tally>, Failure>) -> (String, String) {
    let failure = result.expect_err("it fails");
    (failure.to_string(), format!("{:?}", failure.code()))
}

const DATA: &str = "ExitCode(unix_exit_status(1))";
const ENVIRONMENT: &str = "ExitCode(unix_exit_status(3))";

/// Units and the sum of the metric, by variant.
fn sums(tallies: &[Tally]) -> Vec<(u64, f64)> {
    assert_eq!(tallies[0].metrics[0].failed, None);
    let arms = tallies[0].metrics[0].arms.iter().map(|arm| &arm.sums);
    arms.map(|sums| (sums.n, if sums.n == 0 { 0.0 } else { sums.sums[0] + sums.n as f64 * sums.shifts[0] })).collect()
}

#[test]
fn files_of_text_are_read() {
    let lake = Lake::new(&[("exposures.csv", EXPOSURES), ("facts.csv", FACTS)]);
    assert_eq!(sums(&lake.count(&asked()).unwrap()), [(1, 1.5), (1, 6.0)]);
    let lines = "{\"unit_id\":\"1\",\"timestamp\":\"2026-03-01T01:00:00Z\",\"value\":1.5}\n{\"unit_id\":\"2\",\"timestamp\":\"2026-03-02T02:00:00+02:00\",\"value\":6}\n";
    let rows = "{\"unit_id\":1,\"experiment\":\"a\",\"variant\":\"control\",\"timestamp\":\"2026-03-01 00:00:00\"}\n{\"unit_id\":2,\"experiment\":\"a\",\"variant\":\"bold\",\"timestamp\":\"2026-03-01 00:00:00\"}\n";
    let lake = Lake::new(&[("exposures.jsonl", rows), ("facts.jsonl", lines)]);
    let counted = count(lake.path(), "{table}.jsonl", &asked(), Options::default());
    assert_eq!(sums(&counted.unwrap()), [(1, 1.5), (1, 6.0)]);
}

#[test]
fn a_metric_without_its_column_fails_alone() {
    let lake = Lake::new(&[("exposures.csv", EXPOSURES), ("facts.csv", &FACTS.replace("value", "valeu"))]);
    assert_eq!(lake.failed("{table}.csv", &asked()), "table `lake.facts` has no column `value`; did you mean `valeu`?");
    let lake = Lake::new(&[("exposures.csv", EXPOSURES)]);
    let failed = lake.failed("{table}.csv", &asked());
    assert!(failed.starts_with("table `lake.facts` in `facts.csv`:"), "{failed}");
    let text = Lake::new(&[("exposures.csv", EXPOSURES), ("facts.csv", &FACTS.replace("1.5", "many"))]);
    let failed = text.failed("{table}.csv", &asked());
    assert!(
        failed.starts_with("table `lake.facts` in `facts.csv`, line 2: `value` is `many`, and no number;"),
        "{failed}"
    );
    let mut select = asked();
    select.sources[0].relation = Relation::Select("DELETE FROM lake.facts".to_owned());
    assert_eq!(text.failed("{table}.csv", &select), "the `select` of `facts` is more than a SELECT");
    select.sources[0].relation = Relation::Select("SELECT unit_id, timestamp, value FROM '/etc/passwd'".to_owned());
    let failed = text.failed("{table}.csv", &select);
    assert!(failed.contains("has no schema"), "{failed}");
    select.sources[0].relation = Relation::Select("SELECT unit_id, timestamp, vaule FROM lake.facts".to_owned());
    let failed = text.failed("{table}.csv", &select);
    assert!(failed.ends_with("has no column `vaule`; did you mean `value`?"), "{failed}");
}

#[test]
fn exposures_that_are_not_as_declared_end_the_run() {
    let lake = Lake::new(&[("exposures.csv", &EXPOSURES.replace("variant", "variation")), ("facts.csv", FACTS)]);
    let (error, code) = words(lake.count(&asked()));
    assert_eq!(
        error,
        "error: table `lake.exposures` has no column `variant`\n  help: known here: `unit_id`, `experiment`, `variation`, `timestamp`"
    );
    assert_eq!(code, DATA);
    lake.write("exposures.csv", "");
    let (error, code) = words(lake.count(&asked()));
    assert!(error.starts_with("error: `exposures.csv` is empty\n") && code == DATA, "{error}");
    let mut elsewhere = asked();
    elsewhere.exposures.table = "lak.exposures".to_owned();
    assert_eq!(
        words(lake.count(&elsewhere)).0,
        "error: `[warehouse.tables]` has no schema `lak`\n  help: did you mean `lake`?"
    );
    for (pattern, said) in [
        ("../{table}.csv", "a pattern has no `..`"),
        ("{table}.csv.gz", "there is no such file"),
        ("ftp://somewhere/{table}", "`ftp` is no storage that can be read"),
        ("https://u:p@host/{table}.csv", "a URL must not hold a password"),
        ("https://host/{table}/*.csv", "a web server cannot list its files"),
    ] {
        let (error, code) = words(count(lake.path(), pattern, &asked(), Options::default()));
        // What is not there may come.
        assert!(error.contains(said) && !error.contains("u:p"), "{error}");
        assert_eq!(code, if said.starts_with("there") { code.as_str() } else { DATA }, "{error}");
    }
    // A header alone is a table without rows.
    lake.write("exposures.csv", EXPOSURES.lines().next().unwrap().to_owned() + "\n");
    assert_eq!(sums(&lake.count(&asked()).unwrap()), [(0, 0.0), (0, 0.0)]);
}

#[cfg(unix)]
#[test]
fn a_link_does_not_lead_out_of_the_catalogue() {
    let (lake, outside) = (Lake::new(&[("facts.csv", FACTS)]), Lake::new(&[("exposures.csv", EXPOSURES)]));
    std::os::unix::fs::symlink(outside.path().join("exposures.csv"), lake.path().join("exposures.csv")).unwrap();
    let (error, code) = words(lake.count(&asked()));
    assert!(
        error.starts_with("error: `exposures.csv` leads out of the catalogue") || error.contains("leads out"),
        "{error}"
    );
    assert_eq!(code, DATA);
}

#[test]
fn odd_rows_are_counted_and_left_out() {
    let exposures = "unit_id,experiment,variant,timestamp\n,a,control,2026-03-01 00:00:00\n1,a,,2026-03-01 00:00:00\n1,a,control,\n\
                     1,a,control,2026-03-01 00:00:00\n1,a,control,2026-03-01 00:00:00\n1,a,control,2026-03-02 00:00:00\n\
                     2,a,bold,2026-02-28 23:59:59.999999\n3,a,blue,2026-03-01 00:00:00\n4,other,bold,2026-03-01 00:00:00\n";
    let lake = Lake::new(&[("exposures.csv", exposures), ("facts.csv", FACTS)]);
    let tallies = lake.count(&asked()).unwrap();
    let tally = &tallies[0];
    assert_eq!((tally.rows_without_key, tally.rows_outside, tally.rows_unknown_variant), (3, 1, 1));
    assert_eq!(sums(&tallies), [(1, 1.5), (0, 0.0)]);
}

#[test]
fn ids_beyond_doubles_stay_apart_and_zones_are_heard() {
    let big = 9_007_199_254_740_992_i64;
    let lake = Lake::new(&[]);
    let names = |all: &[&str]| column(StringArray::from_iter_values(all));
    parquet(
        &lake.path().join("exposures.parquet"),
        vec![
            ("unit_id", column(Int64Array::from(vec![big, big + 1]))),
            ("experiment", names(&["a", "a"])),
            ("variant", names(&["control", "bold"])),
            (
                "timestamp",
                column(TimestampMicrosecondArray::from(vec![START, START]).with_timezone("Europe/Stockholm")),
            ),
        ],
        1,
    );
    parquet(
        &lake.path().join("facts.parquet"),
        vec![
            ("unit_id", column(Int64Array::from(vec![big, big + 1, big + 1, big + 2]))),
            // The last nanosecond of the window, and the first after it.
            (
                "timestamp",
                column(TimestampNanosecondArray::from(
                    [START, START + 7 * DAY, START, START]
                        .iter()
                        .zip([0, -1, 0, 0])
                        .map(|(at, by)| at * 1000 + by)
                        .collect::<Vec<_>>(),
                )),
            ),
            ("value", column(Float64Array::from(vec![1.0, 2.0, 4.0, 8.0]))),
        ],
        2,
    );
    let counted = count(lake.path(), "{table}.parquet", &asked(), Options::default()).unwrap();
    assert_eq!(sums(&counted), [(1, 1.0), (1, 6.0)]);
    let exposures = format!(
        "unit_id,experiment,variant,timestamp\n{big},a,control,2026-03-01T02:00:00+02:00\n{},a,bold,2026-03-01T00:00:00Z\n",
        big + 1
    );
    let facts = format!(
        "unit_id,timestamp,value\n{big},2026-02-28T19:00:00-05:00,1\n{big},2026-02-28T23:59:59.999999Z,64\n{},2026-03-08T00:59:59.999999+01:00,6\n{},2026-03-01T00:00:00,32\n",
        big + 1,
        big + 2
    );
    let lake = Lake::new(&[("exposures.csv", &exposures), ("facts.csv", &facts)]);
    assert_eq!(sums(&lake.count(&asked()).unwrap()), [(1, 1.0), (1, 6.0)]);
}

/// Ids that are zero-padded are other ids, also where a file has nothing but digits.
#[test]
fn a_padded_number_is_another_id() {
    let lake = Lake::new(&[
        ("exposures.csv", &EXPOSURES.replace("\n1,", "\n007,").replace("\n2,", "\n7,")),
        ("facts.csv", &FACTS.replace("\n2,", "\n7,")),
    ]);
    assert_eq!(sums(&lake.count(&asked()).unwrap()), [(1, 0.0), (1, 6.0)]);
}

#[test]
fn a_cut_off_file_and_one_that_grows() {
    let lake = Lake::new(&[("exposures.csv", EXPOSURES), ("facts.csv", FACTS)]);
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/reference/edge/exposures.parquet");
    let bytes = fs::read(whole).unwrap();
    lake.write("exposures.parquet", &bytes[..bytes.len() - 100]);
    let (error, code) = words(count(lake.path(), "{table}.parquet", &asked(), Options::default()));
    assert!(error.starts_with("error: `exposures.parquet` is not a whole Parquet file"), "{error}");
    assert_eq!(code, DATA);
    let grown = gather(
        lake.path(),
        &[("lake".to_owned(), "{table}.csv".to_owned())],
        &asked(),
        Options::default(),
        &mut |progress| {
            if progress.reading == "facts" {
                lake.write("exposures.csv", format!("{EXPOSURES}3,a,bold,2026-03-01T00:00:00\n"));
            }
        },
    );
    let (error, code) = words(grown);
    assert!(error.starts_with("error: `exposures.csv` changed while it was read\n"), "{error}");
    assert_eq!(code, ENVIRONMENT);
}

#[test]
fn folders_name_values_and_selects_join() {
    let lake = Lake::new(&[
        ("exposures.csv", EXPOSURES),
        ("facts/kind=big/day=2026-03-01/part.csv", FACTS),
        ("facts/kind=small/day=2026-03-01/part.csv", FACTS),
        ("facts/_temporary/part.csv", "nothing"),
        ("people.csv", "unit_id,plan\n1,free\n2,paid\n"),
    ]);
    let mut request = asked();
    request.sources[0].inputs[0].predicate = Some("kind = 'big'".to_owned());
    let tables = [("lake".to_owned(), "{table}.csv".to_owned()), ("parts".to_owned(), "{table}/**/*.csv".to_owned())];
    request.sources[0].relation = Relation::Table("parts.facts".to_owned());
    let counted = gather(lake.path(), &tables, &request, Options::default(), &mut |_| {});
    assert_eq!(sums(&counted.unwrap()), [(1, 1.5), (1, 6.0)]);
    request.sources[0].relation = Relation::Select(
        "SELECT f.unit_id, f.timestamp, 2 * f.value AS value, f.kind FROM parts.facts f JOIN lake.people p ON p.unit_id = f.unit_id WHERE p.plan = 'paid'".to_owned(),
    );
    let counted = gather(lake.path(), &tables, &request, Options::default(), &mut |_| {});
    assert_eq!(sums(&counted.unwrap()), [(1, 0.0), (1, 12.0)]);
}

/// `text` packed with gzip.
fn gzip(text: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn packed_files_of_text_are_read_as_they_would_be_unpacked() {
    let mut facts = String::from("unit_id,timestamp,value\n");
    for row in 0..200_000 {
        facts.push_str(&format!("{},2026-03-0{}T00:00:00,{}.25\n", row % 2 + 1, row % 6 + 1, row % 97));
    }
    let lake = Lake::new(&[("exposures.csv", EXPOSURES), ("facts.csv", &facts)]);
    let plain = lake.count(&asked()).unwrap();
    lake.write("exposures.csv.gz", gzip(EXPOSURES.as_bytes()));
    lake.write("facts.csv.gz", gzip(facts.as_bytes()));
    let packed = count(lake.path(), "{table}.csv.gz", &asked(), Options::default()).unwrap();
    assert_eq!(packed, plain);
    let rows: Vec<&str> = facts.lines().skip(1).collect();
    let line = |row: &&str| {
        let parts: Vec<&str> = row.split(',').collect();
        format!("{{\"unit_id\":\"{}\",\"timestamp\":\"{}\",\"value\":{}}}\n", parts[0], parts[1], parts[2])
    };
    let lines: String = rows.iter().map(line).collect();
    lake.write("lines/facts.jsonl.gz", gzip(lines.as_bytes()));
    let exposed = "{\"unit_id\":\"1\",\"experiment\":\"a\",\"variant\":\"control\",\"timestamp\":\"2026-03-01 00:00:00\"}\n\
                   {\"unit_id\":\"2\",\"experiment\":\"a\",\"variant\":\"bold\",\"timestamp\":\"2026-03-01 00:00:00\"}\n";
    lake.write("lines/exposures.jsonl.gz", gzip(exposed.as_bytes()));
    let packed = count(lake.path(), "lines/{table}.jsonl.gz", &asked(), Options::default()).unwrap();
    assert_eq!(sums(&packed), sums(&plain));
}

#[test]
fn packed_files_that_are_broken_or_endless_are_told() {
    let lake = Lake::new(&[]);
    lake.write("exposures.csv.gz", gzip(EXPOSURES.as_bytes()));
    let whole = gzip(&FACTS.as_bytes().repeat(1_000));
    for (bytes, why) in [
        (whole[..whole.len() / 2].to_vec(), "`facts.csv.gz` is not a whole gzip file"),
        (FACTS.as_bytes().to_vec(), "`facts.csv.gz` is not a whole gzip file"),
        (gzip(&vec![b'7'; 80 << 20]), "`facts.csv.gz` has a line of more than 64 MB"),
    ] {
        lake.write("facts.csv.gz", bytes);
        let said = lake.failed("{table}.csv.gz", &asked());
        assert!(said.contains(why), "{said}");
    }
    lake.write("facts.csv.zst", FACTS);
    lake.write("facts.parquet.gz", FACTS);
    lake.write("exposures.csv.zst", EXPOSURES);
    lake.write("exposures.parquet.gz", EXPOSURES);
    let told = |pattern: &str| words(count(lake.path(), pattern, &asked(), Options::default()));
    assert!(told("{table}.csv.zst").0.contains("which is read of gzip alone"));
    assert!(told("{table}.parquet.gz").0.contains("Parquet is read in parts"));
}
