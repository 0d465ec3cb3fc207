//! The interval of a relative lift, by Fieller's theorem.

use super::undefined::finite;
use super::{Comparison, Interval, Undefined};

impl Comparison<'_> {
    /// The interval of the relative lift at a critical value q: all R with
    /// `(mean_t − R·mean_c)² ≤ q²·V(R)`, minus 1, as a share of `|mean_c|` (Fieller 1954).
    ///
    /// With `L = R − 1`, `d = mean_t − mean_c` and a shared part `u` per arm the set is `A·L² − 2·P·L + C ≤ 0` with
    /// `A = mean_c² − q²·(V_c + |u_c|²)`, `P = d·mean_c + q²·(V_c − (u_t − u_c)·u_c)` and `C = d² − q²·V(1)`. The root that
    /// could cancel is taken from C in factors, `(|d| − q·se)·(|d| + q·se)`, so that the interval excludes 0 exactly when
    /// `d ± q·se` does.
    ///
    /// # Errors
    ///
    /// [`Undefined::ControlMeanZero`]; [`Undefined::ControlMeanNearZero`] where A ≤ 0; [`Undefined::OutOfRange`] for a
    /// critical value that is not above 0; and as [`Comparison::against`].
    #[allow(clippy::many_single_char_names, reason = "the names of the formula")]
    pub fn relative(&self, q: f64) -> Result<Interval, Undefined> {
        if !(q > 0.0 && q.is_finite()) {
            return Err(Undefined::OutOfRange);
        }
        let contrast = self.against(1.0)?;
        let mean = self.control.mean()?;
        if mean == 0.0 {
            return Err(Undefined::ControlMeanZero);
        }
        // All is in units of the control mean from here on, whose sign turns at the end.
        let own = |variance: f64| variance / mean / mean;
        let (v_c, v_t) = (own(self.control.variance?), own(self.treatment.variance?));
        let shared = |arm: &[f64]| -> Vec<f64> {
            let width = self.control.shared.len().max(self.treatment.shared.len());
            (0..width).map(|at| arm.get(at).copied().unwrap_or(0.0) / mean).collect()
        };
        let (u_c, u_t) = (shared(&self.control.shared), shared(&self.treatment.shared));
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let apart: Vec<f64> = u_t.iter().zip(&u_c).map(|(t, c)| t - c).collect();
        let (d, se) = (contrast.value / mean, contrast.se() / mean.abs());
        let g = v_c + dot(&u_c, &u_c);
        let a = finite(1.0 - q * q * g)?;
        if a <= 0.0 {
            return Err(Undefined::ControlMeanNearZero);
        }
        let p = finite(d + q * q * (v_c - dot(&apart, &u_c)))?;
        // The discriminant over q², as a sum of what cannot be negative less a Gram determinant.
        let ratio = 1.0 + d;
        let skew: f64 = apart.iter().zip(&u_c).map(|(w, c)| (w - d * c).powi(2)).sum();
        let parallel = (dot(&u_t, &u_t) * dot(&u_c, &u_c) - dot(&u_t, &u_c).powi(2)).max(0.0);
        let gram = v_t * v_c + v_t * dot(&u_c, &u_c) + v_c * dot(&u_t, &u_t) + parallel;
        let inner = finite(v_t + ratio * ratio * v_c + skew - q * q * gram)?.max(0.0);
        let far = p + (q * inner.sqrt()).copysign(p);
        // Whether 0 is inside is asked in the metric's units, in the very terms of the absolute interval.
        let beyond = (contrast.value.abs() - q * contrast.se()) / mean.abs();
        let near = if far == 0.0 { 0.0 } else { beyond * (d.abs() + q * se) / far };
        let (one, other) = (finite(far / a)? * mean.signum(), finite(near)? * mean.signum());
        Ok(Interval { low: one.min(other), high: one.max(other) })
    }
}
