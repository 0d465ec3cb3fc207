//! Whether two overlapping experiments change each other's effect.

use super::{Contrast, Estimate, Undefined};

/// The difference of differences over the joint cells of two overlapping experiments: how much the effect of the one changes
/// under the treatment of the other, in the metric's units.
///
/// `under_control` and `under_treatment` are control and treatment of the one experiment among units of the other's control
/// and treatment. The cells are independent; degrees of freedom are Satterthwaite's (1946). P-values over several pairs and
/// metrics want a correction.
///
/// # Errors
///
/// As [`Contrast::of`].
pub fn interaction(under_control: [&Estimate; 2], under_treatment: [&Estimate; 2]) -> Result<Contrast, Undefined> {
    let ([cc, tc], [ct, tt]) = (under_control, under_treatment);
    Contrast::of(&[(1.0, tt), (-1.0, ct), (-1.0, tc), (1.0, cc)])
}
