//! The evidence against mpmath at 50 digits, and what it does over time.

use super::{SampleRatio, Undefined, log_evidence, stirling};

/// From mpmath 1.4 at 50 digits, by the formula with lnΓ as it is written.
#[test]
fn agrees_with_fifty_digits() {
    let cases: [(&[u64], &[u64], f64); 10] = [
        (&[0, 0], &[1, 1], 0.0),
        (&[1, 0], &[1, 1], 0.0),
        (&[10, 14], &[1, 1], -0.076_267_048_741_061_26),
        (&[5050, 4950], &[1, 1], -0.656_108_139_234_646_8),
        (&[500_000, 503_000, 998_000], &[1, 1, 2], 5.736_558_100_909_507),
        (&[333_333_333_333, 333_334_333_333, 333_332_333_334], &[1, 1, 1], -14.622_216_175_904_383),
        (&[500_000_000_000, 500_010_000_000], &[1, 1], 40.707_721_251_444_41),
        (&[100_000_000_000, 900_000_010_000], &[1, 9], -9.292_321_134_412_653),
        (&[10, 999_990], &[1, 99_999], -2.662_981_583_185_008),
        (&[0, 3, 1], &[1, 9990, 9], -0.054_030_941_008_425_74),
    ];
    for (counts, weights, expected) in cases {
        let found = log_evidence(counts, weights).expect("evidence");
        assert!((found - expected).abs() < 1e-9, "{counts:?}: {found}, not {expected}");
    }
}

#[test]
fn the_remainder_of_stirling() {
    // lnΓ(1) = lnΓ(2) = 0 and lnΓ(½) = ½ ln π, whose remainders follow.
    let half = (2.0 * std::f64::consts::PI).ln() / 2.0;
    for (x, log) in [(1.0, 0.0), (2.0, 0.0), (0.5, std::f64::consts::PI.ln() / 2.0), (11.0, 3_628_800_f64.ln())] {
        let x: f64 = x;
        let expected = log - ((x - 0.5) * x.ln() - x + half);
        assert!((stirling(x) - expected).abs() < 1e-14, "{x}: {} {expected}", stirling(x));
    }
}

#[test]
fn the_p_value_never_rises_and_alarms() {
    let mut test = SampleRatio::default();
    assert!((test.p() - 1.0).abs() < 1e-15);
    let first = test.look(&[5_000, 5_400], &[1, 1]).expect("a look");
    assert!(first < 0.05 && !test.alarms(), "{first}");
    assert!((test.look(&[50_000, 50_400], &[1, 1]).expect("a look") - first).abs() < 1e-15);
    test.look(&[500_000, 510_000], &[1, 1]).expect("a look");
    assert!(test.alarms() && test.p() > 0.0);
    assert!(test.look(&[0, u64::MAX / 2], &[1, 1]).expect("a look") > 0.0);
}

#[test]
fn what_is_undefined_has_a_reason() {
    assert_eq!(log_evidence(&[1], &[1]), Err(Undefined::Mismatch));
    assert_eq!(log_evidence(&[1, 2], &[1]), Err(Undefined::Mismatch));
    assert_eq!(log_evidence(&[1, 2], &[1, 0]), Err(Undefined::NoWeight));
    assert_eq!(log_evidence(&[u64::MAX, 2], &[1, 1]), Err(Undefined::Overflow));
    assert!(log_evidence(&[u64::MAX - 1, 1], &[1, u64::MAX - 1]).expect("evidence").is_finite());
}
