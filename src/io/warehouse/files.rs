//! The files of a table, in the order of their paths, and whether they are still the same.

use std::sync::Arc;

use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::fault::Fault;
use super::glob::matches;
use super::place::Place;

/// How many files a table may have.
const MOST: usize = 1_000_000;

/// Files with the values that their folders name.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub place: Place,
    pub metas: Vec<ObjectMeta>,
    /// The keys of folders such as `day=2027-01-01`, in their order.
    pub keys: Vec<String>,
    /// Their values, by file.
    pub values: Vec<Vec<String>>,
}

impl Place {
    /// The store.
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        self.store.clone().unwrap_or_else(|| Arc::new(LocalFileSystem::new()))
    }

    /// How a file is called in words.
    pub fn path(&self, meta: &ObjectMeta) -> String {
        match &self.store {
            Some(_) => format!("{}{}", self.url.as_str(), meta.location),
            None => {
                let path = format!("/{}", meta.location);
                let root = self.within.as_ref().and_then(|root| root.to_str());
                let below = root.and_then(|root| path.strip_prefix(root)?.strip_prefix('/'));
                below.unwrap_or(&path).to_owned()
            }
        }
    }
}

impl Files {
    /// Lists the files of a place.
    pub async fn list(place: &Place) -> Result<Self, Fault> {
        let store = place.store();
        let storage = |wrong: object_store::Error| Fault::storage(&place.shown, &wrong);
        let mut metas = Vec::new();
        if place.pattern.is_empty() {
            match store.head(&place.folder).await {
                Ok(meta) => metas.push(meta),
                Err(object_store::Error::NotFound { .. }) => {}
                Err(wrong) => return Err(storage(wrong)),
            }
        } else {
            let pattern: Vec<&str> = place.pattern.iter().map(String::as_str).collect();
            let mut all = store.list(Some(&place.folder));
            loop {
                match all.try_next().await {
                    Ok(Some(meta)) => {
                        if below(place, &meta).is_some_and(|path| shown(&path) && matches(&pattern, &path)) {
                            metas.push(meta);
                        }
                    }
                    Ok(None) | Err(object_store::Error::NotFound { .. }) => break,
                    Err(wrong) => return Err(storage(wrong)),
                }
                if metas.len() > MOST {
                    return Err(Fault::data(format!("{} has more than a million files", place.shown)));
                }
            }
        }
        if metas.is_empty() {
            return Err(Fault::data(format!("{}: there is no such file", place.shown))
                .help("`{table}` in the pattern stands for the table's name, `**` for any folders"));
        }
        metas.sort_unstable_by(|a, b| a.location.cmp(&b.location));
        for meta in &metas {
            if meta.size == 0 {
                return Err(Fault::data(format!("`{}` is empty", place.path(meta)))
                    .help("remove it, or write it with its columns at least"));
            }
            if let Some(root) = &place.within {
                let path = std::path::PathBuf::from(format!("/{}", meta.location));
                let real = path.canonicalize().map_err(|wrong| Fault::environment(&place.shown, wrong))?;
                if !real.starts_with(root) {
                    return Err(Fault::data(format!("`{}` leads out of the catalogue", place.path(meta)))
                        .help("write an absolute path or a URL in `[warehouse.tables]` if that is what you mean"));
                }
            }
        }
        let folders: Vec<Vec<(String, String)>> = metas.iter().map(|meta| partitions(place, meta)).collect();
        let keys = |all: &[(String, String)]| all.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
        let first = folders.first().map(|all| keys(all)).unwrap_or_default();
        if let Some((meta, _)) = metas.iter().zip(&folders).find(|(_, all)| keys(all) != first) {
            return Err(Fault::data(format!("`{}` is not in folders like those of the other files", place.path(meta)))
                .help(format!("folders name their values in the same order everywhere: {}", first.join(", "))));
        }
        let values = folders.into_iter().map(|all| all.into_iter().map(|(_, value)| value).collect()).collect();
        Ok(Self { place: place.clone(), metas, keys: first, values })
    }

    /// How the files are called in words: the only one, or the pattern of all.
    pub fn shown_paths(&self) -> String {
        match self.metas.as_slice() {
            [only] => self.place.path(only),
            all => format!(
                "{} files from {}",
                all.len(),
                all.first().map(|first| self.place.path(first)).unwrap_or_default()
            ),
        }
    }

    /// Whether these are the files of another list.
    pub fn same(&self, now: &Self) -> Result<(), Fault> {
        let what = |meta: &ObjectMeta| (meta.location.clone(), meta.size, meta.last_modified, meta.e_tag.clone());
        // Both are in the order of their paths.
        let mut pairs = self.metas.iter().zip(&now.metas);
        let changed = pairs.find(|(before, after)| what(before) != what(after)).map(|(before, _)| before);
        let (all, before) = (self.metas.len().min(now.metas.len()), self.metas.len().max(now.metas.len()));
        let longer = if self.metas.len() > now.metas.len() { &self.metas } else { &now.metas };
        let changed = changed.or_else(|| longer.get(all..before)?.first());
        match changed {
            None => Ok(()),
            Some(meta) => Err(Fault::Environment {
                message: format!("`{}` changed while it was read", self.place.path(meta)),
                help: Some("run again once it is whole".to_owned()),
            }),
        }
    }
}

/// The parts of a file's path below the place's folder.
fn below<'a>(place: &Place, meta: &'a ObjectMeta) -> Option<Vec<&'a str>> {
    let folder = place.folder.as_ref();
    let rest = meta.location.as_ref().strip_prefix(folder)?;
    let rest = if folder.is_empty() { rest } else { rest.strip_prefix('/')? };
    Some(rest.split('/').collect())
}

/// Whether none of the parts is hidden, as what jobs leave beside their data is.
fn shown(path: &[&str]) -> bool {
    !path.iter().any(|part| part.starts_with('.') || (part.starts_with('_') && !part.contains('=')))
}

/// The keys and values that a file's folders name.
fn partitions(place: &Place, meta: &ObjectMeta) -> Vec<(String, String)> {
    let path = below(place, meta).unwrap_or_default();
    let folders = path.split_last().map_or([].as_slice(), |(_, folders)| folders);
    folders
        .iter()
        .filter_map(|part| part.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}
