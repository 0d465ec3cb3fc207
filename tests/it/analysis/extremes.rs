//! Statistics as no data has them: a record and every report of it, small and in bounded time.

use std::time::{Duration, Instant};

use allotment::analysis::Aggregates;
use allotment::render::results::{Kept, html, markdown, text};
use allotment::render::text::Style;
use allotment::results::{Results, Tally};
use proptest::prelude::*;

use super::field::Field;
use crate::markdown::links;

/// More than reports of one metric need, and less than numbers in hundreds of digits take.
const MOST: usize = 60_000;
const PATIENCE: Duration = Duration::from_secs(20);

/// Numbers of every size, of both signs.
fn number() -> impl Strategy<Value = f64> {
    let sized = (-323_i32..308, 1.0_f64..10.0, any::<bool>());
    let sized = sized.prop_map(|(power, digits, less)| {
        let size = digits * 10_f64.powi(power);
        if less { -size } else { size }
    });
    prop_oneof![4 => sized, 1 => prop_oneof![Just(0.0), Just(1.0), Just(f64::MAX), Just(5e-324), Just(-f64::MAX)]]
}

/// The statistics of both arms as a file gives them; none where that is refused.
fn counted(n: u64, [control, treatment]: [(f64, f64); 2]) -> Option<Tally> {
    let row =
        |variant: &str, (mean, variance): (f64, f64)| format!("probe,{variant},gain,{n},{mean},{}", variance.abs());
    let rows = [row("control", control), row("treatment", treatment)].join("\n");
    let read = Aggregates::read_csv(&format!("experiment,variant,metric,n,mean,variance\n{rows}\n")).ok()?;
    Some(read.tally("probe", 0, 0, &["control".to_owned(), "treatment".to_owned()]))
}

fn reports(results: &Results) {
    let written = results.write();
    assert_eq!(Results::read(written.as_bytes()).as_ref(), Ok(results));
    for (what, report) in [
        ("json", written),
        ("text", text(results, Kept::Nowhere, Style::Plain, 100)),
        ("markdown", markdown(results, Kept::Nowhere, &links()).fit(MOST)),
        ("html", html(std::slice::from_ref(results), Kept::Nowhere)),
    ] {
        assert!(report.len() < MOST, "{what}: {} bytes", report.len());
        for none in ["NaN", "inf ", "inf%", "null\u{a0}%"] {
            assert!(!report.contains(none), "{what} says {none}: {report}");
        }
    }
}

fn looked(field: &Field, looks: [[(f64, f64); 2]; 3]) {
    let started = Instant::now();
    let [first, second, last] = looks;
    let taken = [(7.0, 500, first), (14.0, 1_000, second), (28.0, 2_000, last)];
    let taken: Vec<_> = taken.into_iter().filter_map(|(at, n, arms)| Some((at, counted(n, arms)?))).collect();
    field.looks(&taken).iter().for_each(reports);
    assert!(started.elapsed() < PATIENCE, "{looks:?}: {:?}", started.elapsed());
}

fn field(method: &str) -> Field {
    let rest = format!("[success]\ngain = {{ mde = \"2%\" }}\n\n[analysis]\nmethod = \"{method}\"\n");
    Field::new(28, &["treatment"], &rest)
}

/// Of so large a variance the information of a look is nearly nothing, and the square of it is nothing at all.
#[test]
fn vast_values_take_no_more_than_small_ones() {
    assert!(counted(3, [(0.0, 1.0), (0.0, f64::MAX)]).is_none(), "a record could not hold the sum");
    for method in ["group-sequential", "always-valid", "fixed"] {
        let field = field(method);
        for scale in [1e-150, 1e-90, 1e-50, 1.0, 1e50, 1e90, 1e100, 1e150] {
            let arms = [(scale, 0.25 * scale * scale), (1.02 * scale, 0.25 * scale * scale)];
            looked(&field, [arms; 3]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_means_and_variances_have_reports(numbers in proptest::collection::vec(number(), 12)) {
        let pair = |at: usize| (numbers[at], numbers[at + 1]);
        let look = |at: usize| [pair(at), pair(at + 2)];
        looked(&field("group-sequential"), [look(0), look(4), look(8)]);
    }
}
