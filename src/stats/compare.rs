//! A treatment against control: the difference, the lift, and how certain they are.

use super::estimate::weighted;
use super::undefined::finite;
use super::{Contrast, Estimate, Undefined};

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More is better.
    Increase,
    /// Less is better.
    Decrease,
}

impl Direction {
    /// 1 or −1.
    #[must_use]
    pub fn sign(self) -> f64 {
        match self {
            Self::Increase => 1.0,
            Self::Decrease => -1.0,
        }
    }
}

/// A treatment against control.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison<'a> {
    /// The arm that is compared with.
    pub control: &'a Estimate,
    /// The arm that is compared.
    pub treatment: &'a Estimate,
}

impl<'a> Comparison<'a> {
    /// A treatment against control.
    #[must_use]
    pub fn new(control: &'a Estimate, treatment: &'a Estimate) -> Self {
        Self { control, treatment }
    }

    /// `mean_t − mean_c`, in the metric's units; defined also where no test is.
    ///
    /// # Errors
    ///
    /// [`Undefined::Overflow`].
    pub fn difference(&self) -> Result<f64, Undefined> {
        weighted(&self.terms(1.0))
    }

    /// The relative lift `(mean_t − mean_c)/|mean_c|`, a share; defined also where no test is.
    ///
    /// # Errors
    ///
    /// [`Undefined::ControlMeanZero`], [`Undefined::Overflow`].
    pub fn lift(&self) -> Result<f64, Undefined> {
        let mean = self.control.mean()?;
        if mean == 0.0 {
            return Err(Undefined::ControlMeanZero);
        }
        finite(self.difference()? / mean.abs())
    }

    /// The contrast `mean_t − k·mean_c`, with `V(k) = V_t + k²·V_c` and what the arms share; k = 1 is the difference (Welch 1947).
    ///
    /// # Errors
    ///
    /// Why an arm's variance is undefined, [`Undefined::ZeroVariance`] where neither arm varies, [`Undefined::Overflow`].
    pub fn against(&self, k: f64) -> Result<Contrast, Undefined> {
        Contrast::of(&self.terms(k))
    }

    /// The delta-method standard error of the lift: `√V(R)/|mean_c|` at `R = mean_t/mean_c`.
    ///
    /// # Errors
    ///
    /// As [`Comparison::lift`] and [`Comparison::against`].
    pub fn lift_se(&self) -> Result<f64, Undefined> {
        let mean = self.control.mean()?;
        if mean == 0.0 {
            return Err(Undefined::ControlMeanZero);
        }
        let at = finite(self.treatment.mean()? / mean)?;
        finite(self.against(at)?.se() / mean.abs())
    }

    /// The contrast that a relative margin tests, signed so that above 0 is inside the margin:
    /// `sgn·(mean_t − k·mean_c)` with `k = 1 − sgn·m·sign(mean_c)`.
    ///
    /// Its statistic is the z of non-inferiority. It is defined where the relative interval is not: a negative control mean
    /// does not flip it, and at a control mean of 0 the margin, relative to it, is 0.
    ///
    /// # Errors
    ///
    /// [`Undefined::OutOfRange`] for a margin that is not a finite number from 0 up, and as [`Comparison::against`].
    pub fn against_margin(&self, direction: Direction, margin: f64) -> Result<Contrast, Undefined> {
        if !(margin >= 0.0 && margin.is_finite()) {
            return Err(Undefined::OutOfRange);
        }
        let mean = self.control.mean()?;
        let sign = if mean == 0.0 { 0.0 } else { mean.signum() };
        let contrast = self.against(1.0 - direction.sign() * margin * sign)?;
        // The same number as sgn·(mean_t − k·mean_c), without the rounding of k.
        let value = finite(direction.sign() * self.difference()? + margin * mean.abs())?;
        Ok(Contrast { value, ..contrast })
    }

    fn terms(&self, k: f64) -> [(f64, &'a Estimate); 2] {
        [(1.0, self.treatment), (-k, self.control)]
    }
}
