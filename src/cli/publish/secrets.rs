//! The secrets with which states are sealed for Confidence's providers: from the environment, one pair for each surface, and that of
//! before while applications change over.

use crate::artifact::manifest::Manifest;
use crate::cli::{Failure, Global};
use crate::io;
use crate::publish::{Key, SEALED, Sealer, Sealers};

/// Whoever can seal the states of a manifest. A surface without secrets is not sealed, which is said.
///
/// # Errors
/// When one of a pair is missing, or a key is none. Neither is shown.
pub fn sealers(global: &Global, manifest: &Manifest) -> Result<Sealers, Failure> {
    let mut sealers = Sealers::new();
    let surfaces = manifest.files().filter(|(_, format, _)| *format == SEALED).map(|(surface, _, _)| surface);
    for surface in surfaces {
        let all = of(surface)?;
        if all.is_empty() {
            let [secret, key] = ["SECRET", "KEY"].map(|what| variable(what, surface));
            global
                .say(&format!("{surface}: not sealed for Confidence's providers, for want of `{secret}` and `{key}`"));
        } else {
            sealers.insert(surface.to_owned(), all);
        }
    }
    Ok(sealers)
}

/// Who seals the state of a surface: the client of now, then that of before; nobody where no secret is set.
fn of(surface: &str) -> Result<Vec<Sealer>, Failure> {
    let [secret, key, old_secret, old_key] =
        ["SECRET", "KEY", "OLD_SECRET", "OLD_KEY"].map(|what| variable(what, surface));
    let alone = |is: &str, not: &str| Err(Failure::usage(format!("`{is}` is set and `{not}` is not")));
    let is_set = |name: &str| io::secret(name).is_some();
    let now = match (io::secret(&secret), parsed(&key)?) {
        (Some(is), Some(key)) => Sealer::new(is, key),
        (None, None) if is_set(&old_secret) => return alone(&old_secret, &secret),
        (None, None) => return Ok(Vec::new()),
        (None, Some(_)) => return alone(&key, &secret),
        (Some(_), None) => return alone(&secret, &key),
    };
    // Without a key of its own the secret of before goes with the key of now.
    let old_key = parsed(&old_key)?.unwrap_or_else(|| now.key().clone());
    let before = io::secret(&old_secret).map(|is| Sealer::new(is, old_key));
    // One name has one key, that of now.
    let before = before.filter(|before| before.path(surface) != now.path(surface));
    Ok(std::iter::once(now).chain(before).collect())
}

/// The keys with which objects of a surface were sealed, as far as they are here.
pub fn keys(surface: &str) -> Vec<Key> {
    ["KEY", "OLD_KEY"].iter().filter_map(|what| parsed(&variable(what, surface)).ok()?).collect()
}

fn parsed(name: &str) -> Result<Option<Key>, Failure> {
    let key = io::secret(name).map(|digits| digits.trim().parse());
    key.transpose().map_err(|_| Failure::usage(format!("`{name}` is not 64 hexadecimal digits")))
}

/// The environment variable of a surface: `ALLOTMENT_CONFIDENCE_SECRET_CAR` is that of `car`.
pub fn variable(what: &str, surface: &str) -> String {
    format!("ALLOTMENT_CONFIDENCE_{what}_{}", surface.to_uppercase().replace('-', "_"))
}
