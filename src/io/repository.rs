//! Git: objects read directly, without a checkout and without a `git` binary.

use std::path::Path;

use git2::{ObjectType, Repository, TreeWalkMode, TreeWalkResult};

use super::IoError;

/// The commit that a folder's repository is at, if it is in one.
#[must_use]
pub fn head_commit(folder: &Path) -> Option<String> {
    let repository = Repository::discover(folder).ok()?;
    let commit = repository.head().ok()?.peel_to_commit().ok()?;
    Some(commit.id().to_string())
}

/// Every lock of the catalogue at `root`, as it is at a revision: paths below the root, and texts.
///
/// # Errors
/// When there is no repository, or no such revision.
pub fn locks_at(root: &Path, revision: &str) -> Result<Vec<(String, String)>, IoError> {
    let doing = || format!("cannot read `{revision}`");
    let repository =
        Repository::discover(root).map_err(|_| IoError::new(doing(), "this folder is in no Git repository"))?;
    let commit = repository
        .revparse_single(revision)
        .and_then(|object| object.peel_to_commit())
        .map_err(|cause| IoError::new(doing(), cause.message()).help(remedy(&repository, revision)))?;
    let tree = commit.tree().map_err(|cause| IoError::new(doing(), cause.message()))?;
    let prefix = below_worktree(&repository, root);
    let mut locks = Vec::new();
    let walked = tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
        let (Ok(name), Ok(folder)) = (entry.name(), Ok::<&str, ()>(folder)) else { return TreeWalkResult::Ok };
        let path = format!("{folder}{name}");
        let Some(path) = path.strip_prefix(&prefix) else { return TreeWalkResult::Ok };
        if entry.kind() == Some(ObjectType::Blob) && path.ends_with(".lock") {
            let text = entry
                .to_object(&repository)
                .ok()
                .and_then(|object| object.into_blob().ok())
                .and_then(|blob| String::from_utf8(blob.content().to_vec()).ok());
            locks.extend(text.map(|text| (path.to_owned(), text)));
        }
        TreeWalkResult::Ok
    });
    walked.map_err(|cause| IoError::new(doing(), cause.message()))?;
    Ok(locks)
}

/// The catalogue's folder below the top of the work tree, ending in `/`, or nothing if it is the top.
fn below_worktree(repository: &Repository, root: &Path) -> String {
    let top = repository.workdir().and_then(|top| top.canonicalize().ok());
    let root = root.canonicalize().ok();
    let below = top.zip(root).and_then(|(top, root)| root.strip_prefix(top).map(Path::to_owned).ok());
    below.filter(|below| !below.as_os_str().is_empty()).map_or(String::new(), |below| {
        let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        format!("{}/", parts.join("/"))
    })
}

fn remedy(repository: &Repository, revision: &str) -> String {
    if repository.is_shallow() {
        "this clone is shallow: run `git fetch --unshallow`".to_owned()
    } else {
        format!("fetch it first, for example `git fetch origin {}`", revision.trim_start_matches("origin/"))
    }
}
