//! Putting a merge in its place: objects first, then files, then the branch.
//!
//! Objects that nothing names are harmless, so the tree and the commit are written before anything that a user sees. Then
//! files are checked out, which Git refuses as a whole if one of them would overwrite something. The branch moves last and
//! in one step, and only if it still is where it was. So the branch is either the old one or the new one with all of its
//! files in place. The other way round, an interruption would leave a branch whose files look as if somebody had undone the
//! merge, and the next commit would undo it. An interruption while files are written leaves changes that `git status` shows,
//! on a work tree that was clean: `git reset --hard` is the old state but for new files, which Git does not know of yet. Those
//! that are whole are no hindrance to another try. What fails, rather than being interrupted, is put back.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use git2::build::CheckoutBuilder;
use git2::{AttrCheckFlags, AttrValue, CheckoutNotificationType, Commit, Delta, Diff, ErrorCode, Oid, Signature};

use super::{Merge, Merged, SHOWN, Side, Stop, failed, named};
use crate::io::IoError;

impl Merge {
    /// Makes sure that Git knows who commits.
    ///
    /// # Errors
    /// When no name or no address is configured.
    pub fn author(&self) -> Result<(), Stop> {
        self.signatures().map(drop)
    }

    fn signatures(&self) -> Result<(Signature<'_>, Signature<'_>), Stop> {
        let help = "run `git config user.name \"Your Name\"` and `git config user.email you@example.org`";
        let both =
            self.repository.author_from_env().and_then(|author| Ok((author, self.repository.committer_from_env()?)));
        Ok(both.map_err(|cause| failed("cannot tell who commits", &cause).help(help))?)
    }

    /// Commits what was merged, checks it out and moves the branch to it; the new commit's id.
    ///
    /// # Errors
    /// When it cannot be put in place; everything is as it was then.
    pub fn commit_merged(&self, merged: &mut Merged, message: &str) -> Result<String, Stop> {
        let doing = "cannot write the merge";
        let wrong = |cause: git2::Error| failed(doing, &cause);
        let (author, committer) = self.signatures()?;
        let tree = merged.index.write_tree_to(&self.repository).map_err(wrong)?;
        let tree = self.repository.find_tree(tree).map_err(wrong)?;
        let (ours, theirs) = (self.commit(Side::Ours)?, self.commit(Side::Theirs)?);
        let id = self.repository.commit(None, &author, &committer, message, &tree, &[&ours, &theirs]).map_err(wrong)?;
        self.place(id, message.lines().next().unwrap_or_default())?;
        Ok(id.to_string())
    }

    /// Moves the branch, and the work tree with it, to the other revision, which has all of it; that revision's id.
    ///
    /// # Errors
    /// When it cannot be put in place; everything is as it was then.
    pub fn fast_forward(&self) -> Result<String, Stop> {
        self.place(self.theirs, "fast-forward")?;
        Ok(self.theirs.to_string())
    }

    fn place(&self, id: Oid, words: &str) -> Result<(), Stop> {
        let doing = "cannot check the merge out";
        let wrong = |cause: git2::Error| failed(doing, &cause);
        let (ours, target) = (self.commit(Side::Ours)?, self.repository.find_commit(id).map_err(wrong)?);
        let (old, new) = (ours.tree().map_err(wrong)?, target.tree().map_err(wrong)?);
        let changes = self.repository.diff_tree_to_tree(Some(&old), Some(&new), None).map_err(wrong)?;
        self.unfiltered(&changes)?;
        self.clear(&target, &changes)?;
        self.check_out(&target).map_err(|stop| self.put_back(&ours, &changes, stop))?;
        // As after `git merge`, so that `git reset --hard ORIG_HEAD` undoes it.
        let moved = self.repository.reference("ORIG_HEAD", self.ours, true, "merge").and_then(|_| {
            let words = format!("allot merge: {words}");
            self.repository.reference_matching(&self.branch, id, true, self.ours, &words)
        });
        moved.map(drop).map_err(|cause| self.put_back(&ours, &changes, failed("cannot move the branch", &cause).into()))
    }

    /// Takes away what lies where new files go and is the same, byte by byte: it is there again a moment later. A merge that was
    /// killed leaves such files.
    fn clear(&self, target: &Commit<'_>, changes: &Diff<'_>) -> Result<(), Stop> {
        let tree = target.tree().map_err(|cause| failed("cannot read a commit", &cause))?;
        let same = |path: &Path| {
            let found = self.top.join(path);
            let length = std::fs::symlink_metadata(&found).ok().filter(std::fs::Metadata::is_file)?.len();
            let blob = tree.get_path(path).ok()?.to_object(&self.repository).ok()?.peel_to_blob().ok()?;
            let same = blob.size() as u64 == length && std::fs::read(&found).is_ok_and(|bytes| bytes == blob.content());
            same.then_some(found)
        };
        let added = || changes.deltas().filter(|delta| delta.status() == Delta::Added);
        let paths = || added().filter_map(|delta| delta.new_file().path().map(Path::to_owned));
        let there = |path: &PathBuf| std::fs::symlink_metadata(self.top.join(path)).is_ok();
        let found: Vec<(PathBuf, Option<PathBuf>)> =
            paths().filter(there).map(|path| (path.clone(), same(&path))).collect();
        // Where one is another, nothing is touched.
        let others = found.iter().filter(|(_, same)| same.is_none()).map(|(path, _)| path.display().to_string());
        let others: Vec<String> = others.collect();
        if others.is_empty() {
            found.iter().filter_map(|(_, same)| same.as_ref()).for_each(|path| drop(std::fs::remove_file(path)));
            return Ok(());
        }
        let why = format!("files that Git does not know of are in the way: {}", named(&others));
        Err(Stop::refused(why, away(&others)))
    }

    /// Checks a commit out, all of it or, where a file is in the way, nothing.
    fn check_out(&self, target: &Commit<'_>) -> Result<(), Stop> {
        let in_the_way: RefCell<Vec<String>> = RefCell::default();
        let mut options = CheckoutBuilder::new();
        options.safe().overwrite_ignored(false).notify_on(CheckoutNotificationType::CONFLICT).notify(
            |_, path, _, _, _| {
                in_the_way.borrow_mut().extend(path.map(|path| path.display().to_string()));
                true
            },
        );
        let done = self.repository.checkout_tree(target.as_object(), Some(&mut options));
        drop(options);
        done.map_err(|cause| {
            let paths = in_the_way.take();
            if cause.code() == ErrorCode::Conflict && !paths.is_empty() {
                let why = format!("files that Git does not know of are in the way: {}", named(&paths));
                return Stop::refused(why, away(&paths));
            }
            failed("cannot check the merge out", &cause).into()
        })
    }

    /// Puts the work tree and the index back as they were: they were clean, so nothing of a user's is lost.
    fn put_back(&self, ours: &Commit<'_>, changes: &Diff<'_>, stop: Stop) -> Stop {
        if matches!(stop, Stop::Refused { .. }) {
            return stop;
        }
        let added = changes.deltas().filter(|delta| delta.status() == Delta::Added);
        for path in added.filter_map(|delta| delta.new_file().path().map(|path| self.top.join(path))) {
            self.remove(&path);
        }
        // What a checkout wrote before it failed is in the index already.
        let back = self.repository.index().and_then(|mut index| {
            index.read_tree(&ours.tree()?)?;
            index.write()?;
            self.repository.checkout_tree(ours.as_object(), Some(CheckoutBuilder::new().force()))
        });
        match (stop, back) {
            (Stop::Failed(error), Err(_)) => {
                let help = "the work tree was clean: `git reset --hard` puts it back";
                Stop::Failed(IoError { help: Some(help.to_owned()), ..error })
            }
            (stop, _) => stop,
        }
    }

    /// Removes a file, and the folders that are empty without it.
    fn remove(&self, path: &Path) {
        if std::fs::remove_file(path).is_ok() {
            let folders = path.ancestors().skip(1).take_while(|folder| *folder != self.top);
            let mut folders: Vec<PathBuf> = folders.map(Path::to_owned).collect();
            folders.retain(|folder| folder.starts_with(&self.top));
            // The first one that is not empty ends it.
            let _ = folders.iter().try_for_each(std::fs::remove_dir);
        }
    }

    /// Filters such as that of Git LFS are other programs, which only `git` runs.
    fn unfiltered(&self, changes: &Diff<'_>) -> Result<(), Stop> {
        let paths = changes.deltas().filter_map(|delta| delta.new_file().path());
        for path in paths {
            let filter = self.repository.get_attr_bytes(path, "filter", AttrCheckFlags::default()).unwrap_or(None);
            if let AttrValue::String(_) | AttrValue::Bytes(_) = AttrValue::from_bytes(filter) {
                let why = format!("`{}` passes through a filter, which only `git` runs", path.display());
                let help = "run `git merge`, then `allot allocate --base MERGE_HEAD`, and commit";
                return Err(Stop::refused(why, help));
            }
        }
        Ok(())
    }
}

/// What to do about files that are in the way.
fn away(paths: &[String]) -> String {
    let plain = |path: &String| path.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter));
    let first = "move them away first";
    if paths.len() > SHOWN || !paths.iter().all(plain) {
        return format!("{first}; if a merge that was killed left them, remove them");
    }
    format!("{first}; if a merge that was killed left them, `git clean -f -- {}` removes them", paths.join(" "))
}
