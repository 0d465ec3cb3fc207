//! One critical value, one interval, and the verdict that is read off it.

use super::undefined::finite;
use super::{Comparison, Contrast, Direction, Interval, Undefined, normal, student};

/// How the critical value q of an interval comes about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Critical {
    /// A fixed horizon: the Student quantile at 1 − α/2, at the degrees of freedom of the hypothesis.
    Horizon {
        /// The two-sided error.
        alpha: f64,
    },
    /// A group-sequential boundary in z: t statistics are turned into z through their p-value, so q is the t with its tail.
    Boundary {
        /// The boundary, above 0.
        z: f64,
    },
    /// The number itself, in standard errors: half the width of a confidence sequence over the standard error.
    Width {
        /// Standard errors, above 0.
        q: f64,
    },
}

impl Critical {
    /// The critical value at some degrees of freedom, in standard errors.
    ///
    /// # Errors
    ///
    /// [`Undefined::OutOfRange`] for an error outside (0, 1) or a boundary that is not above 0; [`Undefined::Overflow`]
    /// where the tail of the boundary is below the smallest double.
    pub fn at(self, freedom: f64) -> Result<f64, Undefined> {
        match self {
            Self::Horizon { alpha } if alpha > 0.0 && alpha < 1.0 => student::upper_quantile(0.5 * alpha, freedom),
            Self::Boundary { z } if z > 0.0 => match normal::sf(z) {
                tail if tail > 0.0 => student::upper_quantile(tail, freedom),
                _ => Err(Undefined::Overflow),
            },
            Self::Width { q } if q > 0.0 && q.is_finite() => Ok(q),
            _ => Err(Undefined::OutOfRange),
        }
    }
}

/// What an interval says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All of the interval is on the good side of 0.
    Better,
    /// With a margin: all of the interval is inside it.
    NonInferior,
    /// All of the interval is on the bad side of 0; with a margin, beyond it.
    Worse,
    /// None of these, yet.
    Undecided,
}

/// One interval and what is read off it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// The critical value, in standard errors.
    pub q: f64,
    /// Degrees of freedom at the tested hypothesis.
    pub freedom: f64,
    /// The difference, in the metric's units.
    pub difference: f64,
    /// Its interval.
    pub absolute: Interval,
    /// The interval of the relative lift, or why there is none.
    pub relative: Result<Interval, Undefined>,
    /// With a margin: the contrast that tests it, above 0 inside.
    pub margin: Option<Contrast>,
    /// The interval excludes 0 on the good side.
    pub better: bool,
    /// The interval excludes 0 on the bad side.
    pub worse: bool,
    /// What it comes to.
    pub verdict: Verdict,
}

impl Comparison<'_> {
    /// The interval at a critical value, and its verdict. A margin is relative to `|mean_c|`, from 0 up.
    ///
    /// The hypothesis whose degrees of freedom count is the margin's where there is one, else that of no difference. Inside
    /// the margin is better than the hypothesis `mean_t = k·mean_c` at the same q, which is where the relative
    /// interval, if there is one, lies inside it.
    ///
    /// # Errors
    ///
    /// As [`Critical::at`], [`Comparison::against`] and [`Comparison::against_margin`]; it then means "wait".
    pub fn judge(&self, critical: Critical, direction: Direction, margin: Option<f64>) -> Result<Judgement, Undefined> {
        let plain = self.against(1.0)?;
        let margin = margin.map(|margin| self.against_margin(direction, margin)).transpose()?;
        let freedom = margin.map_or(plain.freedom, |contrast| contrast.freedom);
        let q = critical.at(freedom)?;
        let absolute = plain.interval(q)?;
        let (above, below) = (absolute.low > 0.0, absolute.high < 0.0);
        let (better, worse) = if direction == Direction::Increase { (above, below) } else { (below, above) };
        let side = margin.map(|contrast| finite(contrast.value / contrast.se())).transpose()?;
        let verdict = match side {
            _ if better => Verdict::Better,
            Some(z) if z > q => Verdict::NonInferior,
            Some(z) if z < -q => Verdict::Worse,
            None if worse => Verdict::Worse,
            _ => Verdict::Undecided,
        };
        let relative = self.relative(q);
        Ok(Judgement { q, freedom, difference: plain.value, absolute, relative, margin, better, worse, verdict })
    }
}
