//! The secrets with which states are sealed for Confidence's providers: from the environment, one pair for each surface.

use crate::artifact::manifest::Manifest;
use crate::cli::{Failure, Global};
use crate::io;
use crate::publish::{SEALED, Sealer, Sealers};

/// Whoever can seal the states of a manifest. A surface without secrets is not sealed, which is said.
///
/// # Errors
/// When one of a pair is missing, or a key is none. Neither is shown.
pub fn sealers(global: &Global, manifest: &Manifest) -> Result<Sealers, Failure> {
    let mut sealers = Sealers::new();
    let surfaces = manifest.files().filter(|(_, format, _)| *format == SEALED).map(|(surface, _, _)| surface);
    for surface in surfaces {
        let [secret, key] = ["SECRET", "KEY"].map(|what| variable(what, surface));
        match (io::secret(&secret), io::secret(&key)) {
            (Some(is), Some(digits)) => {
                let sealer = Sealer::new(&is, digits.trim())
                    .map_err(|_| Failure::usage(format!("`{key}` is not 64 hexadecimal digits")))?;
                sealers.insert(surface.to_owned(), sealer);
            }
            (None, None) => global
                .say(&format!("{surface}: not sealed for Confidence's providers, for want of `{secret}` and `{key}`")),
            (None, Some(_)) => return Err(Failure::usage(format!("`{key}` is set and `{secret}` is not"))),
            (Some(_), None) => return Err(Failure::usage(format!("`{secret}` is set and `{key}` is not"))),
        }
    }
    Ok(sealers)
}

/// The environment variable of a surface: `ALLOTMENT_CONFIDENCE_SECRET_CAR` is that of `car`.
fn variable(what: &str, surface: &str) -> String {
    format!("ALLOTMENT_CONFIDENCE_{what}_{}", surface.to_uppercase().replace('-', "_"))
}
