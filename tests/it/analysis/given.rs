//! Statistics from a file that name what the catalogue does not have, or are of other times than the run.

use std::path::Path;
use std::process::Command;

use allotment::results::{CheckName, Results};

use super::store::{csv, place, write};

const AT: &str = "2027-01-25T06:00:00Z";

/// The exit code, what is printed and what is said.
fn analyze(root: &Path, more: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_allot"))
        .args(["analyze", "--aggregates", "sums.csv"])
        .args(more)
        .current_dir(root)
        .env_clear()
        .output()
        .expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code().expect("it ends"), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn says(said: &str, line: &str) {
    assert!(said.lines().any(|own| own == line), "{line}\n{said}");
}

#[test]
fn rows_of_unknown_names_are_said() {
    let folder = place();
    let root = folder.path();
    let rows = csv(AT, 20_000, 0.0);
    let with = |rows: &str| {
        write(root, rows);
        analyze(root, &["--at", AT])
    };
    assert_eq!(with(&rows), (0, with(&rows).1, String::new()), "nothing is said of what is known");
    let (code, _, said) = with(
        &rows
            .replace("fresh-first,control", "fresh-frist,control")
            .replace("fresh-first,fresh-first", "fresh-frist,fresh-first"),
    );
    assert_eq!(code, 0, "others may have their rows there");
    says(
        &said,
        "`sums.csv`: line 2: there is no experiment `fresh-frist`: 10 rows of it are left out; did you mean `fresh-first`?",
    );
    let others = "checkout,control,m,1,1,1,\ncart,control,m,1,1,1,\n";
    let (code, _, said) = with(&(rows.clone() + others));
    assert_eq!(code, 0);
    says(&said, "`sums.csv`: line 12: there are no experiments `cart`, `checkout`: 2 rows of them are left out");
    let (code, shown, said) = with(&rows.replace("minutes-listened", "minutes-listend"));
    assert_eq!(code, 1);
    says(
        &said,
        "`sums.csv`: line 2: `fresh-first` has no metric `minutes-listend`: 2 rows of it are left out; did you mean \
         `minutes-listened`?",
    );
    assert!(shown.contains("the statistics have no row of it"), "{shown}");
    let stranger = format!("fresh-first,fresh-fist,skip-rate,3,1,1,{AT}\n");
    let (code, _, said) = with(&(rows + &stranger));
    assert_eq!(code, 0);
    says(
        &said,
        "`sums.csv`: line 12: `fresh-first` has no variant `fresh-fist`: 1 row of it is left out; did you mean `fresh-first`?",
    );
}

#[test]
fn looks_before_the_run_are_refused_and_later_ones_said() {
    let folder = place();
    let root = folder.path();
    let rows = csv(AT, 20_000, 0.0);
    write(root, &(rows.clone() + &csv("2019-01-01T00:00:00Z", 20_000, 0.0)));
    let (code, shown, said) = analyze(root, &["--at", AT, "--results", "results"]);
    assert_eq!((code, shown.as_str()), (2, ""), "{said}");
    assert!(
        said.contains("`sums.csv`: line 12: `at` is 2019-01-01T00:00:00Z, and `fresh-first` starts on 2027-01-"),
        "{said}"
    );
    assert!(!root.join("results").exists(), "nothing is recorded");
    let later = csv("2027-02-08T06:00:00Z", 60_000, 0.0);
    write(root, &(rows + &later));
    let said_of_later = "`sums.csv`: 10 rows of `fresh-first` are after 2027-01-25T06:00:00Z, the first at \
                         2027-02-08T06:00:00Z, and left out: `--at` looks at another instant";
    let (code, shown, said) = analyze(root, &["--at", AT]);
    assert_eq!((code, shown.is_empty()), (0, false));
    says(&said, said_of_later);
    write(root, &later);
    let (code, _, said) = analyze(root, &["fresh-first", "--at", AT]);
    assert_eq!(code, 0);
    says(&said, said_of_later);
    says(&said, "`fresh-first`: there is nothing of it in the statistics up to 2027-01-25");
}

#[test]
fn more_units_than_there_can_be_are_refused() {
    let folder = place();
    let root = folder.path();
    write(root, &csv(AT, u64::MAX, 0.0));
    let (code, _, said) = analyze(root, &["--at", AT]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("`sums.csv`: line 2: `n` is 18446744073709551615, and more than there can be"), "{said}");
    write(root, &csv(AT, 1_000_000_000_000_000, 0.0));
    let (code, shown, said) = analyze(root, &["--at", AT, "--format", "json"]);
    assert_eq!(code, 0, "{said}");
    let results = Results::read(shown.as_bytes()).expect("results");
    assert!(results.health.iter().any(|check| check.name == CheckName::SampleRatio));
}
