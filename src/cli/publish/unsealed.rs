//! Sealed objects that show what was served before, since the secrets to write them anew are not here.

use std::collections::BTreeMap;

use super::secrets::variable;
use super::served::failed;
use crate::artifact::manifest::Manifest;
use crate::cli::Failure;
use crate::io::store::Store;
use crate::publish::{SEALED, Sealers, sealed_pointers, sealed_surface};
use crate::render::plain;

/// A sealed object that is out of date, or may be, and that nobody here can write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsealed {
    pub surface: String,
    /// None where it cannot be told what is there.
    pub path: Option<String>,
    /// Whether the surface is sealed with other secrets, so that this is one of an earlier client.
    pub is_former: bool,
}

/// The sealed objects of surfaces that `changed`, or whose state was written after them, and which no secret that is here names.
///
/// # Errors
/// When the place cannot be read.
pub fn unsealed(
    store: &dyn Store,
    manifest: &Manifest,
    sealers: &Sealers,
    changed: &dyn Fn(&str) -> bool,
) -> Result<Vec<Unsealed>, Failure> {
    let used = sealed_pointers(manifest, sealers);
    let mut all = Vec::new();
    for (surface, _, file) in manifest.files().filter(|(_, format, _)| *format == SEALED) {
        let is_former = sealers.contains_key(surface);
        let unsealed = |path| Unsealed { surface: surface.to_owned(), path, is_former };
        let listed = match store.list_below(surface) {
            Ok(listed) => listed,
            Err(wrong) if !store.is_doubtful() => return Err(failed(wrong)),
            Err(_) => {
                all.extend((changed(surface) && !is_former).then(|| unsealed(None)));
                continue;
            }
        };
        let written: BTreeMap<&str, i64> = listed.iter().map(|entry| (entry.path.as_str(), entry.written)).collect();
        let state = written.get(file.path.as_str()).copied();
        let sealed = written.iter().filter(|(path, _)| sealed_surface(path) == Some(surface));
        let others = sealed.filter(|(path, _)| used.iter().all(|pointer| pointer.path != **path));
        let stale = others.filter(|(_, at)| changed(surface) || state.is_some_and(|state| **at < state));
        all.extend(stale.map(|(path, _)| unsealed(Some((*path).to_owned()))));
    }
    Ok(all)
}

impl Unsealed {
    /// What it is, for whoever publishes.
    #[must_use]
    pub fn said(&self) -> String {
        match &self.path {
            Some(path) => format!("`{}` shows what was served before", plain(path)),
            None => format!(
                "it cannot be told whether `{}` has a sealed object, which would show what was served before",
                plain(&self.surface)
            ),
        }
    }

    /// What can be done.
    #[must_use]
    pub fn help(&self) -> String {
        let Self { surface, is_former, .. } = self;
        if *is_former {
            let secret = variable("OLD_SECRET", surface);
            return format!(
                "give `{secret}` and run again, or remove it by hand if no application has that secret any more"
            );
        }
        let [secret, key] = ["SECRET", "KEY"].map(|what| variable(what, surface));
        format!("give `{secret}` and `{key}` and run again, or remove it by hand if no application reads it any more")
    }
}
