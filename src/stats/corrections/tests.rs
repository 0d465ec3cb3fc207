//! Adjusted p-values against statsmodels 0.15 (`multipletests`).

use super::{benjamini_hochberg, bonferroni, holm, hommel};

fn near(found: Option<Vec<f64>>, expected: &[f64]) {
    let found = found.expect("p-values");
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }
}

#[test]
fn agree_with_statsmodels() {
    let p = [0.01, 0.04, 0.03, 0.005, 0.55, 0.02, 0.02, 1.0, 0.0];
    near(bonferroni(&p), &[0.09, 0.36, 0.27, 0.045, 1.0, 0.18, 0.18, 1.0, 0.0]);
    near(holm(&p), &[0.07, 0.12, 0.12, 0.04, 1.0, 0.12, 0.12, 1.0, 0.0]);
    near(hommel(&p), &[0.06, 0.12, 0.09, 0.04, 1.0, 0.08, 0.08, 1.0, 0.0]);
    near(benjamini_hochberg(&p), &[0.03, 0.36 / 7.0, 0.045, 0.0225, 0.61875, 0.036, 0.036, 1.0, 0.0]);
    near(hommel(&[0.3, 0.02]), &[0.3, 0.04]);
}

#[test]
fn of_none_one_and_what_is_no_p_value() {
    for adjust in [bonferroni, holm, hommel, benjamini_hochberg] {
        assert_eq!(adjust(&[]), Some(vec![]));
        assert_eq!(adjust(&[0.2]), Some(vec![0.2]));
        assert_eq!(adjust(&[0.2, f64::NAN]), None);
        assert_eq!(adjust(&[1.1]), None);
        assert_eq!(adjust(&[-0.1]), None);
    }
}

proptest::proptest! {
    #[test]
    fn none_rejects_less_than_the_one_it_improves(p in proptest::collection::vec(0.0..=1.0_f64, 1..40)) {
        let all = [hommel(&p), holm(&p), bonferroni(&p)].map(|found| found.expect("p-values"));
        let hochberg = benjamini_hochberg(&p).expect("p-values");
        for at in 0..p.len() {
            assert!(p[at] <= hochberg[at] + 1e-15 && hochberg[at] <= all[1][at] + 1e-12);
            assert!(p[at] <= all[0][at] && all[0][at] <= all[1][at] + 1e-12 && all[1][at] <= all[2][at] + 1e-15);
        }
    }
}
