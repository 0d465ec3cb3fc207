//! Files of CSV that are not as declared: the line that says so, whatever stands in quotes.

use std::fs;

use allotment::cli::gather::Options;
use allotment::decl::Function;
use allotment::query::{Calculation, Relation, Request};
use allotment::results::Tally;

use super::requests::{count, input, measure, number, request, source, study};

const EXPOSED: &str =
    "unit_id,experiment,variant,timestamp\n1,a,control,2026-03-01T00:00:00Z\n2,a,bold,2026-03-01T00:00:00Z\n";
const FACTS: &str = "unit_id,timestamp,value\n1,2026-03-01T01:00:00Z,1.5\n2,2026-03-02T00:00:00Z,2\n";

fn asked(predicate: Option<&str>, select: Option<&str>) -> Request {
    let mut facts = source("lake.facts", &[input(Function::Sum, Some("value"), predicate)]);
    if let Some(select) = select {
        facts.relation = Relation::Select(select.to_owned());
    }
    let metric = measure("value", Calculation::Mean(number(0, 0)));
    request(vec![study("a", &["control", "bold"], &[0])], vec![facts], vec![metric])
}

fn counted(exposures: &str, facts: &str, request: &Request) -> Result<Vec<Tally>, String> {
    let lake = tempfile::tempdir().unwrap();
    fs::write(lake.path().join("exposures.csv"), exposures).unwrap();
    fs::write(lake.path().join("facts.csv"), facts).unwrap();
    count(lake.path(), "{table}.csv", request, Options::default()).map_err(|failure| failure.to_string())
}

/// Why the metric could not be computed.
#[track_caller]
fn failed(facts: &str, request: &Request) -> String {
    counted(EXPOSED, facts, request).unwrap()[0].metrics[0].failed.clone().expect("it fails")
}

#[track_caller]
fn begins(said: &str, words: &str) {
    assert!(said.starts_with(words), "{words}\n{said}");
}

#[test]
fn exposures_are_told_with_their_line() {
    let told = |exposures: &str| counted(exposures, FACTS, &asked(None, None)).unwrap_err();
    let wrong = told(&format!("{EXPOSED}3,a,bold,2026-02-30T00:00:00Z\n"));
    begins(
        &wrong,
        "error: table `lake.exposures` in `exposures.csv`, line 4: `timestamp` is `2026-02-30T00:00:00Z`, and no instant\n  \
         help: write it as",
    );
    // A text in quotes may have lines of its own, and lines without anything are none.
    let before = EXPOSED.replace("1,a,control", "\n\"\n1\",a,control");
    let wrong = told(&format!("{before}3,a,bold\n"));
    begins(&wrong, "error: table `lake.exposures` in `exposures.csv`, line 6: it has 3 fields, and the first line 4\n");
    let wrong = told(&format!("\u{feff}{EXPOSED}3,a,bold,2026-03-01T00:00:00Z,more\n"));
    begins(&wrong, "error: table `lake.exposures` in `exposures.csv`, line 4: it has 5 fields, and the first line 4\n");
    let wrong = told(&format!("{EXPOSED}3,a,\"bold,2026-03-01T00:00:00Z\n"));
    begins(&wrong, "error: table `lake.exposures` in `exposures.csv`, line 4: a quote is not closed\n  help: close it");
}

#[test]
fn exposures_are_told_where_their_sql_is_written() {
    let told = |at: &str| counted(&EXPOSED.replace("2026-03-01T00:00:00Z", at), FACTS, &asked(None, None)).unwrap_err();
    for (at, function) in [("1772323200", "to_timestamp_seconds"), ("true", "to_timestamp_micros")] {
        let wrong = told(at);
        assert!(wrong.contains(&format!("`{function}(timestamp)`")), "{wrong}");
        assert!(wrong.ends_with("in the `select` of the fact, or of `[exposures]`"), "{wrong}");
    }
}

#[test]
fn facts_are_told_with_their_line() {
    for (value, shown) in [("abc", "abc"), ("\"12,50\"", "12,50"), ("NULL", "NULL"), ("\"a\nb\"", "a b")] {
        let said = failed(&format!("{FACTS}1,2026-03-02T00:00:00Z,{value}\n"), &asked(None, None));
        let words =
            format!("table `lake.facts` in `facts.csv`, line 4: `value` is `{shown}`, and no number; write it as");
        begins(&said, &words);
    }
    // Behind the rows whose types were looked at.
    let many: String = (0..100_100).map(|row| format!("1,2026-03-01T01:00:00Z,{}\n", row % 7)).collect();
    let said = failed(&format!("unit_id,timestamp,value\n{many}1,2026-03-02T00:00:00Z,x\n"), &asked(None, None));
    begins(
        &said,
        "table `lake.facts` in `facts.csv`, line 100102: `value` is `x`, and no whole number, as in the rows before",
    );
    // What a predicate or SQL keeps from being read is not to blame.
    let named = "unit_id,timestamp,value,kind\n1,2026-03-01T01:00:00Z,none,b\n1,2026-03-01T01:00:00Z,abc,a\n";
    let said = failed(named, &asked(Some("kind = 'a'"), None));
    begins(&said, "table `lake.facts` in `facts.csv`, line 3: `value` is `abc`, and no number");
    let said = failed(named, &asked(None, Some("SELECT * FROM lake.facts WHERE kind = 'a'")));
    begins(&said, "the `select` of `facts` in `facts.csv`, line 3: `value` is `abc`, and no number");
    assert!(counted(EXPOSED, named, &asked(Some("kind = 'c'"), None)).unwrap()[0].metrics[0].failed.is_none());
}

#[test]
fn lines_in_quotes_are_read_however_many() {
    let plain: String = (0..5_000).map(|row| format!("{},2026-03-01T01:00:00Z,{},n\n", row % 2 + 1, row % 7)).collect();
    let plain = format!("unit_id,timestamp,value,note\n{plain}");
    let sums = |facts: &str| {
        let tallies = counted(EXPOSED, facts, &asked(None, None)).unwrap();
        assert_eq!(tallies[0].metrics[0].failed, None);
        tallies
    };
    let without = sums(&plain);
    for note in ["\"some\nlines\n\nof \"\"text\"\", it is\"", "\"\r\n\r\n\"", "\"C:\\\"", "5\" wide"] {
        assert_eq!(sums(&plain.replace(",n\n", &format!(",{note}\n"))), without, "{note}");
    }
}
