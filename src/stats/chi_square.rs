//! Pearson's chi-square: of counts against expected shares, and of independence in a table.

use statrs::distribution::{ChiSquared, ContinuousCDF};

/// The smallest expected count of a cell; below it the approximation is not trusted (Cochran 1954).
const SMALLEST: f64 = 5.0;

/// How far from 1 the sum of the shares may be.
const ROUNDING: f64 = 1e-9;

/// A chi-square test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquare {
    /// Pearson's statistic.
    pub statistic: f64,
    /// Degrees of freedom.
    pub freedom: f64,
    /// The probability of a statistic at least as large if the hypothesis holds.
    pub p: f64,
}

impl ChiSquare {
    fn of(statistic: f64, freedom: usize) -> Option<Self> {
        let freedom = u32::try_from(freedom).ok().filter(|&freedom| freedom > 0).map(f64::from)?;
        let p = ChiSquared::new(freedom).ok()?.sf(statistic);
        Some(Self { statistic, freedom, p })
    }
}

/// Counts against the shares that are expected of them, which sum to 1 (Pearson 1900).
///
/// Undefined where the lists differ in length, have fewer than two cells, the shares do not sum to 1, or an expected count is
/// below 5.
#[must_use]
pub fn goodness_of_fit(counts: &[u64], shares: &[f64]) -> Option<ChiSquare> {
    let all = shares.iter().sum::<f64>();
    if counts.len() != shares.len() || counts.len() < 2 || (all - 1.0).abs() > ROUNDING || all.is_nan() {
        return None;
    }
    let total: f64 = counts.iter().map(|&count| count as f64).sum();
    let mut statistic = 0.0;
    for (&count, &share) in counts.iter().zip(shares) {
        let expected = total * share;
        if expected.is_nan() || expected < SMALLEST {
            return None;
        }
        statistic += (count as f64 - expected).powi(2) / expected;
    }
    ChiSquare::of(statistic, counts.len() - 1)
}

/// Independence of rows and columns in a table of counts (Pearson 1900).
///
/// Empty rows and columns are left out. Undefined where fewer than two of either remain, or an expected count is below 5.
#[must_use]
pub fn independence(table: &[Vec<u64>]) -> Option<ChiSquare> {
    let width = table.iter().map(Vec::len).max()?;
    let cell = |row: &Vec<u64>, column: usize| row.get(column).copied().unwrap_or(0) as f64;
    let rows: Vec<f64> = table.iter().map(|row| row.iter().map(|&count| count as f64).sum()).collect();
    let columns: Vec<f64> = (0..width).map(|column| table.iter().map(|row| cell(row, column)).sum()).collect();
    let total: f64 = rows.iter().sum();
    let used = |sums: &[f64]| sums.iter().filter(|&&sum| sum > 0.0).count();
    let (height, width) = (used(&rows), used(&columns));
    if height < 2 || width < 2 {
        return None;
    }
    let mut statistic = 0.0;
    for (row, row_sum) in table.iter().zip(&rows).filter(|(_, sum)| **sum > 0.0) {
        for (column, column_sum) in columns.iter().enumerate().filter(|(_, sum)| **sum > 0.0) {
            let expected = row_sum * column_sum / total;
            if expected < SMALLEST {
                return None;
            }
            statistic += (cell(row, column) - expected).powi(2) / expected;
        }
    }
    ChiSquare::of(statistic, (height - 1) * (width - 1))
}

#[cfg(test)]
mod tests {
    use super::{ChiSquare, goodness_of_fit, independence};

    /// Reference values from scipy 1.14: `chisquare([48, 35, 17], [50, 30, 20])` and `chi2_contingency(…, correction=False)`.
    #[test]
    fn agrees_with_scipy() {
        let fit = goodness_of_fit(&[48, 35, 17], &[0.5, 0.3, 0.2]).expect("defined");
        assert!((fit.statistic - 1.363_333_333_333_333_3).abs() < 1e-12);
        assert!((fit.p - 0.505_773_333_955_613_2).abs() < 1e-9, "{}", fit.p);
        let table = independence(&[vec![10, 20, 30], vec![6, 9, 17]]).expect("defined");
        assert!((table.statistic - 0.271_574_651_504_035_04).abs() < 1e-12, "{}", table.statistic);
        assert!((table.p - 0.873_028_283_380_073).abs() < 1e-9, "{}", table.p);
    }

    #[test]
    fn what_is_undefined_has_no_number() {
        assert_eq!(goodness_of_fit(&[10], &[1.0]), None);
        assert_eq!(goodness_of_fit(&[1, 2], &[0.5, 0.5]), None);
        assert_eq!(independence(&[vec![10, 20]]), None);
        assert_eq!(independence(&[]), None);
    }

    /// (ν, x, P(χ² > x)): `mpmath` 1.3 at 50 digits, `gammainc(ν/2, x/2, regularized=True)`.
    const TAILS: [(usize, f64, f64); 15] = [
        (1, 0.142_857_142_857_142_85, 0.705_456_986_111_273_4),
        (1, 8.0, 0.004_677_734_981_047_266),
        (1, 2.666_666_666_666_666_5, 0.102_470_434_859_749_44),
        (1, 700.0, 2.990_226_975_124_620_3e-154),
        (1, 1300.0, 1.130_372_844_149_274_3e-284),
        (2, 3.3, 0.192_049_908_620_754_13),
        (3, 40.0, 1.065_509_033_425_586_1e-08),
        (7, 0.5, 0.999_446_481_390_424_9),
        (10, 500.0, 4.414_736_099_913_731e-101),
        (63, 63.0, 0.476_302_383_338_130_13),
        (99, 300.0, 4.226_653_464_419_626e-22),
        (255, 180.0, 0.999_886_525_243_617),
        (1_000, 1_100.0, 0.014_614_408_126_295_194),
        (9_999, 10_500.0, 0.000_241_530_114_222_553_34),
        (1_000_000, 1_003_000.0, 0.017_016_772_933_266_314),
    ];

    #[test]
    fn tails_are_those_of_mpmath() {
        for (freedom, x, tail) in TAILS {
            let p = ChiSquare::of(x, freedom).expect("defined").p;
            assert!((p / tail - 1.0).abs() < 1e-9, "{x} at {freedom}: {p} {tail}, {:e}", p / tail - 1.0);
        }
    }
}
