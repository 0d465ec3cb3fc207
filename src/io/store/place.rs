//! From an address to a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{ObjectStore, ObjectStoreScheme};
use url::Url;

use super::cloud::{Cloud, innermost};
use super::patience::Patience;
use super::web::Web;
use super::{Folder, Store};
use crate::address::{bare, check};
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
    check(address).map_err(|fault| wrong(fault.why).help(fault.help))?;
    let (scheme, rest) = address.split_once("://").unwrap_or_default();
    if scheme == "file" {
        return Ok(Box::new(Folder::at(&base.join(PathBuf::from(rest)))));
    }
    let url = Url::parse(address).map_err(|_| wrong("it is no address"))?;
    let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let patience = Patience::read()?;
    if matches!(scheme, "https" | "http") {
        if scheme == "http" && !is_here(&url) {
            return Err(wrong("credentials and artifacts would cross the network readable").help("write `https://`"));
        }
        return Ok(Box::new(Web::at(url, var("ALLOTMENT_HTTP_AUTHORIZATION").as_deref(), patience)?));
    }
    let Some((_, prefix)) = CLOUDS.iter().find(|(own, _)| *own == scheme) else {
        return Err(wrong("there is no such storage").help("there are `file`, `s3`, `gs`, `az`, `abfss` and `https`"));
    };
    let options =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let options: Vec<(String, String)> = options.filter(|(name, _)| name.starts_with(prefix)).collect();
    // Another server than the cloud's own may speak its language and yet not keep conditions.
    let doubtful = options.iter().any(|(name, value)| is_elsewhere(name) && !value.is_empty());
    let (store, folder) = cloud(&url, &options, patience).map_err(|cause| wrong(&innermost(&cause)))?;
    Ok(Box::new(Cloud::new(store, folder, format!("`{}`", bare(address)), doubtful)?))
}

/// Whether an environment variable leads to another server than the cloud's own.
fn is_elsewhere(variable: &str) -> bool {
    ["ENDPOINT", "BASE_URL", "USE_EMULATOR"].iter().any(|part| variable.contains(part))
        && !variable.contains("MSI_ENDPOINT")
        && !variable.contains("IDENTITY_ENDPOINT")
}

/// A bucket as the environment describes it, and the folder in it.
fn cloud(
    url: &Url,
    options: &[(String, String)],
    patience: Patience,
) -> Result<(Arc<dyn ObjectStore>, object_store::path::Path), object_store::Error> {
    // It comes first, so that the environment may say otherwise for one kind of storage, as in `AWS_TIMEOUT`.
    let timeout = ("timeout".to_owned(), format!("{} seconds", patience.once().as_secs()));
    macro_rules! built {
        ($builder:ty) => {{
            let builder = <$builder>::new().with_url(url.as_str()).with_retry(patience.again());
            let all = std::iter::once(&timeout).chain(options);
            let set = all.fold(builder, |builder, (name, value)| match name.to_ascii_lowercase().parse() {
                Ok(key) => builder.with_config(key, value),
                Err(_) => builder,
            });
            Arc::new(set.build()?)
        }};
    }
    let (scheme, folder) = ObjectStoreScheme::parse(url)?;
    let store: Arc<dyn ObjectStore> = match scheme {
        ObjectStoreScheme::GoogleCloudStorage => built!(GoogleCloudStorageBuilder),
        ObjectStoreScheme::MicrosoftAzure => built!(MicrosoftAzureBuilder),
        _ => built!(AmazonS3Builder),
    };
    Ok((store, object_store::path::Path::parse(folder)?))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_of_ones_own_is_doubted() {
        for variable in ["AWS_ENDPOINT", "AWS_ENDPOINT_URL_S3", "GOOGLE_BASE_URL", "AZURE_STORAGE_USE_EMULATOR"] {
            assert!(is_elsewhere(variable), "{variable}");
        }
        for variable in ["AWS_REGION", "AZURE_MSI_ENDPOINT", "IDENTITY_ENDPOINT", "GOOGLE_SERVICE_ACCOUNT"] {
            assert!(!is_elsewhere(variable), "{variable}");
        }
    }

    #[test]
    fn addresses_are_refused_with_a_reason_and_without_their_password() {
        for (address, why) in [
            ("dist", "it is no address"),
            ("ftp://example.com/x", "there is no such storage"),
            ("https://me:hunter2@example.com/x", "an address must not hold a password"),
            ("https://hunter2@example.com/x", "an address must not hold a password"),
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
