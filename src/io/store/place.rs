//! From an address to a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::parse_url_opts;
use url::Url;

use super::cloud::{Cloud, innermost};
use super::web::Web;
use super::{Folder, Store};
use crate::io::IoError;

/// The kinds of object storage by their schemes, and the beginnings of the environment variables that belong to them.
const CLOUDS: [(&str, &str); 8] = [
    ("s3", "AWS_"),
    ("s3a", "AWS_"),
    ("gs", "GOOGLE_"),
    ("az", "AZURE_"),
    ("adl", "AZURE_"),
    ("azure", "AZURE_"),
    ("abfs", "AZURE_"),
    ("abfss", "AZURE_"),
];

/// Opens the store at an address; a relative `file://` begins at `base`. Credentials come from the environment.
///
/// # Errors
/// When the address is none that can be published to, or holds a password.
pub fn open(address: &str, base: &Path) -> Result<Box<dyn Store>, IoError> {
    let wrong = |why: &str| IoError::new(format!("cannot use `{}`", bare(address)), why);
    let Some((scheme, rest)) = address.split_once("://") else {
        return Err(wrong("it is no address")
            .help("write `file://DIR`, `s3://BUCKET/PREFIX`, `gs://…`, `az://…` or `https://…`"));
    };
    if scheme == "file" {
        if rest.is_empty() {
            return Err(wrong("it names no folder"));
        }
        return Ok(Box::new(Folder::at(&base.join(PathBuf::from(rest)))));
    }
    let url = Url::parse(address).map_err(|_| wrong("it is no address"))?;
    // A password in an address would be in Git, and in logs.
    if url.password().is_some() || (scheme.starts_with("http") && !url.username().is_empty()) {
        return Err(wrong("an address must not hold a password").help("credentials come from the environment"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it has a `?` or a `#`"));
    }
    let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if matches!(scheme, "https" | "http") {
        if scheme == "http" && !is_here(&url) {
            return Err(wrong("credentials and artifacts would cross the network readable").help("write `https://`"));
        }
        return Ok(Box::new(Web::at(url, var("ALLOTMENT_HTTP_AUTHORIZATION").as_deref())?));
    }
    let Some((_, prefix)) = CLOUDS.iter().find(|(own, _)| *own == scheme) else {
        return Err(wrong("there is no such storage").help("there are `file`, `s3`, `gs`, `az`, `abfss` and `https`"));
    };
    let options =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let options: Vec<(String, String)> = options.filter(|(name, _)| name.starts_with(prefix)).collect();
    // Another server than the cloud's own may speak its language and yet not keep conditions.
    let doubtful = options.iter().any(|(name, value)| name.contains("ENDPOINT") && !value.is_empty());
    let opened = parse_url_opts(&url, options);
    let (store, folder) = opened.map_err(|cause| wrong(&innermost(&cause)))?;
    Ok(Box::new(Cloud::new(Arc::from(store), folder, format!("`{}`", bare(address)), doubtful)?))
}

/// Whether an address is one of this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// An address without what may be a password.
fn bare(address: &str) -> String {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit_once('@').filter(|(user, _)| user.contains(':')).map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_refused_with_a_reason_and_without_their_password() {
        for (address, why) in [
            ("dist", "it is no address"),
            ("ftp://example.com/x", "there is no such storage"),
            ("https://me:hunter2@example.com/x", "an address must not hold a password"),
            ("https://me@example.com/x", "an address must not hold a password"),
            ("s3://me:hunter2@bucket/x", "an address must not hold a password"),
            ("https://example.com/x?token=hunter2", "it has a `?` or a `#`"),
            ("http://example.com/x", "credentials and artifacts would cross the network readable"),
            ("file://", "it names no folder"),
        ] {
            let Err(wrong) = open(address, Path::new(".")) else { panic!("{address}") };
            assert_eq!(wrong.cause, why, "{address}");
            assert!(!wrong.to_string().contains("hunter2"), "{wrong}");
        }
        assert!(open("http://127.0.0.1:1/x", Path::new(".")).is_ok());
        assert!(open("file://x", Path::new("/tmp")).unwrap().shown().contains("/tmp/x"));
    }
}
