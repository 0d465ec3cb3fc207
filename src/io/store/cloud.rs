//! Object storage: S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage.

use std::sync::Arc;

use futures::{Stream, TryStreamExt as _};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, UpdateVersion,
};
use tokio::runtime::Runtime;

use super::patience::VARIABLE;
use super::{Entry, Found, Headers, MAX_OBJECT, Refused, Store, Version, When, doing_in};
use crate::io::IoError;

/// What helps where access is denied.
const CREDENTIALS: &str = "set the storage's usual environment variables, such as `AWS_ACCESS_KEY_ID`, \
                           `GOOGLE_SERVICE_ACCOUNT` or `AZURE_STORAGE_ACCOUNT_NAME`";

/// A bucket, or a part of one.
pub struct Cloud {
    runtime: Runtime,
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    shown: String,
    doubtful: bool,
}

impl Cloud {
    /// Objects below a prefix of a store. Where it is `doubtful`, conditions are proved first: not all that speaks like S3
    /// keeps them.
    ///
    /// # Errors
    /// When the machine refuses threads.
    pub fn new(store: Arc<dyn ObjectStore>, prefix: Path, shown: String, doubtful: bool) -> Result<Self, IoError> {
        Ok(Self { runtime: runtime()?, store, prefix, shown, doubtful })
    }

    fn path(&self, path: &str) -> Result<Path, Refused> {
        let below = Path::parse(path).map_err(|wrong| self.wrong("use", path, &wrong.into()))?;
        Ok(self.prefix.parts().chain(below.parts()).collect())
    }

    /// What is there below a prefix, by its path below the store's own.
    fn listed(&self, below: &Path, folder: &str) -> Result<Vec<Entry>, Refused> {
        let prefix = Some(below).filter(|prefix| !prefix.as_ref().is_empty());
        let listed = self.runtime.block_on(self.store.list(prefix).try_collect::<Vec<_>>());
        let listed = listed.map_err(|wrong| self.wrong("list", folder, &wrong))?;
        let mut found: Vec<Entry> = listed
            .into_iter()
            .filter_map(|meta| {
                let below: Path = meta.location.prefix_match(&self.prefix)?.collect();
                Some(Entry { path: below.to_string(), written: meta.last_modified.timestamp() })
            })
            .collect();
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    fn wrong(&self, doing: &str, path: &str, wrong: &Error) -> Refused {
        let doing = doing_in(doing, path, &self.shown);
        match wrong {
            Error::AlreadyExists { .. } | Error::Precondition { .. } => Refused::Changed,
            Error::NotFound { .. } => IoError::new(doing, "it is not there").into(),
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                IoError::new(doing, "access is denied").help(CREDENTIALS).into()
            }
            Error::Generic { source, .. } => because(doing, source.as_ref()).into(),
            other => IoError::new(doing, first_line(&other.to_string())).into(),
        }
    }
}

/// A failure with its innermost cause; where that is time, it is said how to give more.
pub(super) fn because(doing: String, cause: &(dyn std::error::Error + 'static)) -> IoError {
    let text = innermost(cause);
    let error = IoError::new(doing, first_line(&text));
    if text.contains("timed out") {
        return error.help(format!("run again; `{VARIABLE}` is how many seconds a call may take"));
    }
    error
}

/// Threads for what waits on the network.
pub(super) fn runtime() -> Result<Runtime, IoError> {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    built.map_err(|cause| IoError::new("cannot start threads", cause))
}

impl Store for Cloud {
    fn shown(&self) -> &str {
        &self.shown
    }

    fn get(&self, path: &str) -> Result<Option<Found>, Refused> {
        let location = self.path(path)?;
        self.runtime.block_on(async {
            let wrong = |wrong: &Error| self.wrong("read", path, wrong);
            let found = match self.store.get(&location).await {
                Err(Error::NotFound { .. }) => return Ok(None),
                found => found.map_err(|cause| wrong(&cause))?,
            };
            if found.meta.size > MAX_OBJECT {
                return Err(IoError::new(doing_in("read", path, &self.shown), "it is too large").into());
            }
            let version = Version { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
            // What a server says of its length is no promise.
            let bytes = bounded(found.into_stream(), MAX_OBJECT).await.map_err(|cause| wrong(&cause))?;
            let large = || IoError::new(doing_in("read", path, &self.shown), "it is too large");
            Ok(Some(Found { bytes: bytes.ok_or_else(large)?, version }))
        })
    }

    fn put(&self, path: &str, bytes: &[u8], headers: Headers, when: &When) -> Result<(), Refused> {
        let location = self.path(path)?;
        let mode = match when {
            When::Always => PutMode::Overwrite,
            When::Absent => PutMode::Create,
            When::Is(Version { e_tag, version }) => {
                PutMode::Update(UpdateVersion { e_tag: e_tag.clone(), version: version.clone() })
            }
        };
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, headers.content_type.into());
        attributes.insert(Attribute::CacheControl, headers.cache_control.into());
        if let Some(encoding) = headers.content_encoding {
            attributes.insert(Attribute::ContentEncoding, encoding.into());
        }
        let options = PutOptions { mode, attributes, ..PutOptions::default() };
        let payload = PutPayload::from(bytes.to_vec());
        let put = self.runtime.block_on(self.store.put_opts(&location, payload, options));
        put.map(drop).map_err(|wrong| self.wrong("write", path, &wrong))
    }

    fn list(&self) -> Result<Vec<Entry>, Refused> {
        self.listed(&self.prefix, "")
    }

    fn list_below(&self, folder: &str) -> Result<Vec<Entry>, Refused> {
        self.listed(&self.path(folder)?, folder)
    }

    fn delete(&self, path: &str) -> Result<(), Refused> {
        let location = self.path(path)?;
        match self.runtime.block_on(self.store.delete(&location)) {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(wrong) => Err(self.wrong("remove", path, &wrong)),
        }
    }

    fn has_siblings(&self) -> bool {
        // No bucket sends a sibling by itself; the CDN in front of it compresses.
        false
    }

    fn is_doubtful(&self) -> bool {
        self.doubtful
    }
}

/// All that is sent, or nothing if that is more than `limit` bytes, of which not much more is then read.
pub(super) async fn bounded<E>(
    mut sent: impl Stream<Item = Result<impl AsRef<[u8]>, E>> + Unpin,
    limit: u64,
) -> Result<Option<Vec<u8>>, E> {
    let mut bytes = Vec::new();
    while let Some(more) = sent.try_next().await? {
        bytes.extend_from_slice(more.as_ref());
        if bytes.len() as u64 > limit {
            return Ok(None);
        }
    }
    Ok(Some(bytes))
}

/// What libraries say after the first line is for those who write them.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("").trim_end()
}

/// The words of the cause behind all others.
pub(super) fn innermost(wrong: &(dyn std::error::Error + 'static)) -> String {
    let mut wrong = wrong;
    while let Some(inner) = wrong.source() {
        wrong = inner;
    }
    wrong.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_without_end_is_not_kept() {
        let read = std::cell::Cell::new(0_u64);
        let endless = futures::stream::repeat_with(|| {
            read.set(read.get() + 1);
            Ok::<_, ()>([0_u8; 1_024])
        });
        let bytes = futures::executor::block_on(bounded(endless, 10_000));
        assert_eq!((bytes, read.get()), (Ok(None), 10));
        let short = futures::stream::iter([Ok::<_, ()>(b"ab"), Ok(b"cd")]);
        assert_eq!(futures::executor::block_on(bounded(short, 4)), Ok(Some(b"abcd".to_vec())));
        let broken = futures::stream::iter([Ok(b"ab"), Err(7)]);
        assert_eq!(futures::executor::block_on(bounded(broken, 4)), Err(7));
    }
}
