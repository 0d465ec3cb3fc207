//! Where the files of a table are: a pattern becomes a store, a folder in it, and what must match below that folder.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use datafusion::execution::object_store::ObjectStoreUrl;
use object_store::{ObjectStore, parse_url_opts, path::Path as StorePath};

use super::fault::Fault;
use super::glob::is_pattern;

/// Where files are.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// None for the files of this machine.
    pub store: Option<Arc<dyn ObjectStore>>,
    pub url: ObjectStoreUrl,
    /// The folder, or the file if there is no pattern.
    pub folder: StorePath,
    /// The parts of the pattern below the folder.
    pub pattern: Vec<String>,
    /// A folder that no file may be outside of, once links are followed.
    pub within: Option<PathBuf>,
    /// What is said of it.
    pub shown: String,
}

/// The kinds of storage by their URLs' schemes, and the beginnings of environment variables that belong to them.
const STORES: [(&str, &str); 10] = [
    ("s3", "AWS_"),
    ("s3a", "AWS_"),
    ("gs", "GOOGLE_"),
    ("az", "AZURE_"),
    ("adl", "AZURE_"),
    ("azure", "AZURE_"),
    ("abfs", "AZURE_"),
    ("abfss", "AZURE_"),
    ("http", ""),
    ("https", ""),
];

/// Finds where the files of a table are.
///
/// A relative pattern stays below the root, also through links: the catalogue of a pull request cannot point elsewhere
/// unseen. An absolute path or a URL is read as it is written, since it says itself where it leads.
pub(super) fn find(root: &Path, pattern: &str, name: &str, table: &str) -> Result<Place, Fault> {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    if table.is_empty() || !table.chars().all(plain) {
        return Err(Fault::data(format!("`{name}` cannot be the name of a table in files"))
            .help("it has letters, digits, `_` and `-` after its schema"));
    }
    let written = pattern.replace("{table}", table);
    let shown = format!("table `{name}` in `{written}`");
    if let Some((scheme, rest)) = written.split_once("://").filter(|(scheme, _)| *scheme != "file") {
        return remote(scheme, rest, shown);
    }
    let path = written.strip_prefix("file://").unwrap_or(&written);
    let absolute = Path::new(path).is_absolute();
    if Path::new(path).components().any(|part| part == Component::ParentDir) {
        return Err(Fault::data(format!("{shown}: a pattern has no `..`"))
            .help("write a path below the catalogue's root, an absolute path, or a URL"));
    }
    let (folder, pattern) = parted(path);
    let folder = if absolute { PathBuf::from(folder) } else { root.join(folder) };
    let folder = std::path::absolute(&folder).map_err(|wrong| Fault::environment(&shown, wrong))?;
    Ok(Place {
        store: None,
        url: ObjectStoreUrl::local_filesystem(),
        folder: StorePath::from_absolute_path(folder).map_err(|wrong| Fault::environment(&shown, wrong))?,
        pattern,
        within: if absolute {
            None
        } else {
            Some(root.canonicalize().map_err(|wrong| Fault::environment(&shown, wrong))?)
        },
        shown,
    })
}

fn remote(scheme: &str, rest: &str, shown: String) -> Result<Place, Fault> {
    let Some((_, prefix)) = STORES.iter().find(|(own, _)| *own == scheme) else {
        return Err(Fault::data(format!("{shown}: `{scheme}` is no storage that can be read"))
            .help("there are `s3`, `gs`, `az`, `abfss`, `http` and `https`, besides paths of this machine"));
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    // A password in a URL would be in Git.
    if authority.contains(':') && authority.contains('@') {
        return Err(Fault::data(format!("table in `{scheme}://`: a URL must not hold a password"))
            .help("credentials come from the environment"));
    }
    let url = ObjectStoreUrl::parse(format!("{scheme}://{authority}"))
        .map_err(|_| Fault::data(format!("{shown}: this is not a URL")))?;
    let (folder, pattern) = parted(path);
    if scheme.starts_with("http") && !pattern.is_empty() {
        return Err(
            Fault::data(format!("{shown}: a web server cannot list its files")).help("name a single file, without `*`")
        );
    }
    let own = |name: &str| !prefix.is_empty() && name.starts_with(prefix);
    let options =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut options: Vec<(String, String)> = options.filter(|(name, _)| own(name)).collect();
    if scheme == "http" {
        options.push(("allow_http".to_owned(), "true".to_owned()));
    }
    let (store, _) = parse_url_opts(url.as_ref(), options).map_err(|wrong| Fault::storage(&shown, &wrong))?;
    let folder = StorePath::parse(&folder).map_err(|_| Fault::data(format!("{shown}: this is not a path")))?;
    Ok(Place { store: Some(Arc::from(store)), url, folder, pattern, within: None, shown })
}

/// A pattern's folder without anything of a pattern, and the parts below it. A pattern that ends with `/` means all files.
fn parted(path: &str) -> (String, Vec<String>) {
    let parts: Vec<&str> = path.split('/').collect();
    let first = parts.iter().position(|part| is_pattern(part)).unwrap_or(parts.len());
    let (folder, pattern) = parts.split_at(first);
    let mut pattern: Vec<String> = pattern.iter().filter(|part| **part != ".").map(|part| (*part).to_owned()).collect();
    match pattern.last_mut() {
        Some(last) if last.is_empty() => "**".clone_into(last),
        None if folder.last().is_some_and(|last| last.is_empty()) => pattern.push("**".to_owned()),
        _ => {}
    }
    (folder.join("/"), pattern)
}
