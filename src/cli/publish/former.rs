//! Sealed objects of secrets that are no longer in use: they stay for a while, since applications may still ask for them, and then go.

use super::prune::Keep;
use super::secrets::{keys, variable};
use super::served::failed;
use super::source::AT_ONCE;
use crate::artifact::manifest::Manifest;
use crate::cli::Failure;
use crate::decl::Day;
use crate::io::store::{Store, each};
use crate::publish::{Listed, Sealers, sealed_pointers, sealed_surface};

/// A sealed object that nothing writes any more.
pub struct Former {
    pub path: String,
    surface: String,
    written: i64,
    /// Whether it is proven to be one that was published from here: it opens with a key that is here.
    pub is_ours: bool,
}

/// The objects that are named as sealed ones are, and are not those of the secrets in use.
///
/// # Errors
/// When one cannot be read.
pub fn former(
    store: &dyn Store,
    listed: &[Listed],
    manifest: &Manifest,
    sealers: &Sealers,
) -> Result<Vec<Former>, Failure> {
    let used = sealed_pointers(manifest, sealers);
    let others: Vec<(&Listed, &str)> = listed
        .iter()
        .filter(|listed| used.iter().all(|pointer| pointer.path != listed.path))
        .filter_map(|listed| Some((listed, sealed_surface(&listed.path)?)))
        .collect();
    let read = each(&others, AT_ONCE, |(listed, _)| store.get(&listed.path)).map_err(failed)?;
    let found = others.into_iter().zip(read).filter_map(|((listed, surface), found)| {
        let bytes = found?.bytes;
        Some(Former {
            path: listed.path.clone(),
            surface: surface.to_owned(),
            written: listed.written,
            is_ours: keys(surface).iter().any(|key| key.has_sealed(&listed.path, &bytes)),
        })
    });
    Ok(found.collect())
}

impl Former {
    /// Whether it may go.
    pub const fn is_free(&self, since: i64) -> bool {
        self.is_ours && self.written < since
    }

    /// What becomes of it, for whoever publishes, and what can be done.
    pub fn said(&self, keep: Keep) -> [String; 2] {
        let Self { path, surface, written, is_ours } = self;
        let day = Day::containing(*written);
        if !is_ours {
            let key = variable("OLD_KEY", surface);
            return [
                format!("{surface}: `{path}` opens with no key that is here: it stays as it was on {day}"),
                format!("give `{key}`, the key it was sealed with, or remove it by hand"),
            ];
        }
        let goes = match keep.0 {
            Some(days) => format!("is removed after {}", day.plus(days)),
            None => "is kept".to_owned(),
        };
        let secret = variable("OLD_SECRET", surface);
        [
            format!("{surface}: `{path}` is of an earlier secret: it stays as it was on {day}, and {goes}"),
            format!("give `{secret}` to keep it up to date while applications still have that secret"),
        ]
    }
}
