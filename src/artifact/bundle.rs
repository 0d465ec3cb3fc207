//! Bundles: the files of several surfaces as one, which follows from them and is made anew whenever one of them changes.

use super::JoinError;
use super::format;
use super::manifest::{Bundle, File, Manifest};
use crate::bucket::Scheme;
use std::collections::BTreeMap;
use std::fmt;

/// Why there is no bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unbundled {
    /// Its id is that of a surface.
    Named,
    /// Its surfaces are read by different SDKs.
    Mixed,
    /// None of its surfaces is served.
    Empty,
    /// The file of a surface is not to be had.
    Missing(String),
    /// The files cannot be one.
    Apart(JoinError),
}

impl fmt::Display for Unbundled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named => f.write_str("it has the id of a surface"),
            Self::Mixed => f.write_str("its surfaces are read by different SDKs"),
            Self::Empty => f.write_str("none of its surfaces is served"),
            Self::Missing(path) => write!(f, "{path} is not there"),
            Self::Apart(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for Unbundled {}

/// A bundle of what a manifest serves of some surfaces, in their order; those that were never served are left out. `read`
/// gives the bytes of a file.
///
/// # Errors
/// What keeps them apart.
pub fn bundle(
    id: &str,
    surfaces: &[String],
    manifest: &Manifest,
    read: impl Fn(&File) -> Option<Vec<u8>>,
) -> Result<(Bundle, Vec<u8>), Unbundled> {
    if manifest.surfaces.contains_key(id) {
        return Err(Unbundled::Named);
    }
    let mut scheme = None;
    let mut parts = Vec::new();
    for surface in surfaces.iter().filter_map(|surface| manifest.surfaces.get(surface)) {
        let Some(file) = surface.formats.get(&surface.sdk) else { continue };
        let own = surface.sdk.parse::<Scheme>().map_err(|_| Unbundled::Mixed)?;
        if *scheme.get_or_insert(own) != own {
            return Err(Unbundled::Mixed);
        }
        parts.push(read(file).ok_or_else(|| Unbundled::Missing(file.path.clone()))?);
    }
    let scheme = scheme.ok_or(Unbundled::Empty)?;
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let bytes = format::join(scheme, id, &parts).map_err(Unbundled::Apart)?;
    let file = File::of(id, scheme.id(), format::extension(scheme.id()).unwrap_or_default(), &bytes);
    Ok((Bundle { sdk: scheme.id().to_owned(), surfaces: surfaces.to_vec(), file }, bytes))
}

/// Puts bundles into a manifest, in the place of those that it has: by id, the surfaces of each. A bundle that cannot be made is
/// left out. Returns their files by path.
pub fn put_bundles(
    manifest: &mut Manifest,
    wanted: &BTreeMap<String, Vec<String>>,
    read: impl Fn(&File) -> Option<Vec<u8>>,
) -> BTreeMap<String, Vec<u8>> {
    manifest.bundles.clear();
    let mut files = BTreeMap::new();
    let made: Vec<_> = wanted
        .iter()
        .filter_map(|(id, surfaces)| Some((id.clone(), bundle(id, surfaces, manifest, &read).ok()?)))
        .collect();
    for (id, (bundle, bytes)) in made {
        files.insert(bundle.file.path.clone(), bytes);
        manifest.bundles.insert(id, bundle);
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::manifest::Surface;
    use crate::artifact::{Artifact, growthbook, sample};

    /// The sample surface under another name, with flags and experiments of its own.
    fn renamed(id: &str) -> Artifact {
        let mut artifact = sample::home();
        artifact.surface = id.to_owned();
        for flag in &mut artifact.flags {
            flag.id = format!("{id}-{}", flag.id);
            for claim in &mut flag.claims {
                claim.id = format!("{id}-{}", claim.id);
                claim.key = format!("{id}-{}", claim.key);
            }
        }
        artifact
    }

    fn manifest(artifacts: &[Artifact]) -> (Manifest, BTreeMap<String, Vec<u8>>) {
        let (mut manifest, mut files) = (Manifest::default(), BTreeMap::new());
        for artifact in artifacts {
            let bytes = format::encode(artifact, sample::AT).unwrap();
            let file = File::of(&artifact.surface, "growthbook", "json", &bytes);
            files.insert(file.path.clone(), bytes);
            let formats = [("growthbook".to_owned(), file)].into();
            let surface = Surface { sdk: "growthbook".into(), at: sample::AT, held: None, formats };
            manifest.surfaces.insert(artifact.surface.clone(), surface);
        }
        (manifest, files)
    }

    #[test]
    fn has_the_flags_of_all_its_surfaces_and_of_no_other() {
        let (home, search, player) = (renamed("home"), renamed("search"), renamed("player"));
        let (mut manifest, files) = manifest(&[home, search, player]);
        let wanted = BTreeMap::from([("app".to_owned(), vec!["search".to_owned(), "home".to_owned()])]);
        let made = put_bundles(&mut manifest, &wanted, |file| files.get(&file.path).cloned());
        let bundle = &manifest.bundles["app"];
        let json: serde_json::Value = serde_json::from_slice(&made[&bundle.file.path]).unwrap();
        let features = json["features"].as_object().unwrap();
        assert_eq!(features.len(), 6);
        for (id, feature) in features {
            let (surface, _) = id.split_once('-').unwrap();
            let own: serde_json::Value =
                serde_json::from_slice(&files[&manifest.surfaces[surface].formats["growthbook"].path]).unwrap();
            assert_eq!(own["features"][id], *feature);
        }
        assert_eq!(json["allotment"]["surfaces"], serde_json::json!(["search", "home"]));
    }

    #[test]
    fn what_is_not_served_is_left_out_and_what_cannot_be_one_is_said() {
        let (manifest, files) = manifest(&[renamed("home"), renamed("search")]);
        let read = |file: &File| files.get(&file.path).cloned();
        let of = |id: &str, surfaces: &[&str], manifest: &Manifest| {
            let surfaces: Vec<String> = surfaces.iter().map(|surface| (*surface).to_owned()).collect();
            bundle(id, &surfaces, manifest, read).map(|(bundle, _)| bundle)
        };
        let alone = of("app", &["home"], &manifest).unwrap();
        assert_eq!(of("app", &["home", "gone"], &manifest).unwrap().file, alone.file);
        assert_eq!(of("home", &["home"], &manifest), Err(Unbundled::Named));
        assert_eq!(of("app", &["gone"], &manifest), Err(Unbundled::Empty));
        assert!(matches!(of("app", &["home", "home"], &manifest), Err(Unbundled::Apart(JoinError::Twice(_)))));
        let mut other = manifest.clone();
        let search = other.surfaces.get_mut("search").unwrap();
        search.sdk = "eppo".into();
        let file = search.formats.remove("growthbook").unwrap();
        search.formats.insert("eppo".into(), file);
        assert_eq!(of("app", &["home", "search"], &other), Err(Unbundled::Mixed));
        let missing = bundle("app", &["home".to_owned()], &manifest, |_| None);
        assert!(matches!(missing, Err(Unbundled::Missing(_))));
    }

    #[test]
    fn configurations_of_one_unit_are_one_too() {
        let of = |id: &str, unit: &str| {
            let artifact = Artifact { scheme: Scheme::Eppo, unit: unit.to_owned(), ..renamed(id) };
            format::encode(&artifact, sample::AT).unwrap()
        };
        let (home, search) = (of("home", "user-id"), of("search", "user-id"));
        let whole = format::join(Scheme::Eppo, "app", &[&home, &search]).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&whole).unwrap();
        assert_eq!(json["flags"].as_object().unwrap().len(), 6);
        assert_eq!(json["environment"]["name"], "app");
        let other = of("player", "device-id");
        assert_eq!(format::join(Scheme::Eppo, "app", &[&home, &other]), Err(JoinError::Units));
    }

    #[test]
    fn a_part_that_is_no_payload_is_refused() {
        assert!(matches!(growthbook::join(&[b"{}"]), Err(JoinError::Unreadable(_))));
    }
}
