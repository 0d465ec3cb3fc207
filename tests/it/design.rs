//! Designs against reference values of other programs: `tests/it/reference`.

use std::collections::BTreeMap;

use allotment::stats::Direction;
use allotment::stats::design::{Aim, Baseline, Design};
use allotment::stats::sequential::{Classical, Sides, classical};

/// The rows of a table with a header and no quotes, by column.
fn rows(text: &str) -> Vec<BTreeMap<&str, &str>> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    lines.map(|line| header.iter().copied().zip(line.split(',')).collect()).collect()
}

fn number(row: &BTreeMap<&str, &str>, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} of {row:?}"))
}

#[test]
fn sizes_powers_and_effects_of_the_grid() {
    let rows = rows(include_str!("reference/power_grid.csv"));
    assert_eq!(rows.len(), 51);
    for row in rows {
        let get = |column: &str| number(&row, column);
        let near = |found: f64, column: &str| {
            let expected = get(column);
            assert!((found / expected - 1.0).abs() < 1e-9, "{} {column}: {found}, not {expected}", row["id"]);
        };
        let kind = row["kind"];
        let correlation = if kind == "mean_cuped" { get("cuped_rho") } else { 0.0 };
        let design = Design {
            baseline: if kind.ends_with("binary") {
                Baseline::Binary { share: get("baseline_mean") }
            } else {
                // The grid gives the variance that the covariate leaves.
                let variance = get("baseline_variance") / (1.0 - correlation * correlation);
                Baseline::Mean { mean: get("baseline_mean"), variance }
            },
            alpha: get("alpha"),
            sides: if row["sided"] == "2" { Sides::Two } else { Sides::One },
            ratio: get("kappa"),
            correlation,
            inflation: 1.0,
        };
        let guards = kind.starts_with("noninferiority");
        // The grid's tests of non-inferiority have an absolute margin.
        let aim = if guards {
            Aim::NonInferiorBy { margin: get("nim") * get("baseline_mean") }
        } else {
            Aim::Effect(get("relative_effect"))
        };
        let power = get("power");
        let size = design.size(aim, power).expect("a size");
        near(size.treatment, "n_treatment_real");
        near(size.control, "n_control_real");
        for (found, column) in [
            (size.treatment_ceil(), "n_treatment_ceil"),
            (size.control_ceil(), "n_control_ceil"),
            (size.total_ceil(), "n_total_spotify_rule"),
        ] {
            assert!((found - get(column)).abs() < 0.5, "{} {column}: {found}", row["id"]);
        }
        near(design.power(aim, size.treatment).expect("a power"), "power_check_at_real_n");
        let units = size.treatment_ceil();
        // The grid holds the treatment's variance where the planned effect puts it.
        near(design.resolution(aim, units, power).expect("an effect"), "mde_abs_at_n_treatment_ceil");
        let inverse =
            if guards { design.margin(units, power) } else { design.detectable(Direction::Increase, units, power) };
        let inverse = inverse.expect("an effect");
        let again =
            if guards { Aim::NonInferiorBy { margin: inverse } } else { Aim::Effect(inverse / get("baseline_mean")) };
        let again = design.size(again, power).expect("a size").treatment;
        assert!((again / units - 1.0).abs() < 1e-9, "{}: {again}, not {units}", row["id"]);
    }
}

#[test]
fn classical_constants() {
    let rows = rows(include_str!("reference/gst_classical_constants.csv"));
    assert_eq!(rows.len(), 54);
    for row in rows {
        let design = match row["design"] {
            "Pocock" => Classical::Pocock,
            "O'Brien-Fleming" => Classical::OBrienFleming,
            other => panic!("{other}"),
        };
        let looks = row["K"].parse().expect("a count");
        let found = classical(design, number(&row, "alpha_two_sided"), Sides::Two, looks).expect("a constant");
        for column in ["constant", "constant_rpact"] {
            assert!((found - number(&row, column)).abs() < 1e-7, "{row:?}: {found}");
        }
        assert!((found - number(&row, "published_JT2000")).abs() < 1e-3, "{row:?}: {found}");
    }
}
