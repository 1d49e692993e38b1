//! The directory of one run: verified blobs, and the working directories of actions.
//!
//! Every file that a run takes from the cache or makes is in it under its digest, as a hard link or a copy, and was digested when it came in. So
//! nothing that a compiler or linker reads depends on the cache or the output directory any more: both may change or vanish meanwhile.
//!
//! Compilers write the directory in which they run into debug information, and launchers such as ccache key their results on it. So the directory of
//! an action has the same path in every run, unless two runs work in one output directory at once. This module does not know what the files are.

use std::collections::HashSet;
use std::io;
use std::sync::{Mutex, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{BlobProblem, Cache, Output, digest_of_file};
use fbuild_model::{Digest, Fingerprint};
use fbuild_process::lock::lock;
use tempfile::TempDir;

use crate::exec::numbered::Numbered;

/// Name of the directory below the output directory in which runs make theirs.
const PARENT: &str = ".fbuild-run";

/// The run's own directory cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot use the directory `{path}` of this run: {problem}")]
pub struct RunDirError {
    /// The directory or file.
    path: Utf8PathBuf,
    /// What the system said.
    problem: String,
}

/// The directory of one run; made when it is first needed, removed on drop.
#[derive(Debug)]
pub(crate) struct RunDir {
    parent: Utf8PathBuf,
    made: OnceLock<Result<Numbered, RunDirError>>,
    /// The blobs that are there, verified.
    blobs: Mutex<HashSet<Digest>>,
}

impl RunDir {
    /// A run that writes to `output_dir`.
    pub(crate) fn new(output_dir: &Utf8Path) -> Self {
        Self {
            parent: output_dir.join(PARENT),
            made: OnceLock::new(),
            blobs: Mutex::default(),
        }
    }

    /// Returns the path of the verified blob with this digest, which [`Self::take`] or [`Self::keep`] brought in.
    pub(crate) fn blob(&self, digest: Digest) -> Utf8PathBuf {
        match self.made.get() {
            Some(Ok(dir)) => blob(dir.path(), digest),
            _ => blob(&self.parent, digest),
        }
    }

    /// Returns whether the blob with this digest is here.
    pub(crate) fn has(&self, digest: Digest) -> bool {
        lock(&self.blobs).contains(&digest)
    }

    /// Makes the directory, so that [`Self::blob`] names files in it.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn prepare(&self) -> Result<(), RunDirError> {
        self.path().map(drop)
    }

    /// Writes a blob, whose digest the caller checked.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&self, digest: Digest, bytes: &[u8]) -> Result<(), RunDirError> {
        let work = self.new_dir()?;
        let near = utf8(&work)?.join("blob");
        let write = || -> io::Result<()> {
            std::fs::write(&near, bytes)?;
            let mut permissions = std::fs::metadata(&near)?.permissions();
            permissions.set_readonly(true);
            std::fs::set_permissions(&near, permissions)
        };
        write().map_err(|error| at(&near, &error))?;
        self.accept(&near, digest)
    }

    /// Makes the directory for the action with this fingerprint to work in.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn work(&self, action: Fingerprint) -> Result<TempDir, RunDirError> {
        let dir = self.path()?;
        let made = tempfile::Builder::new()
            .prefix(&work_name(action))
            .rand_bytes(0)
            .tempdir_in(dir);
        match made {
            // An action whose result cannot be kept may run for two sketches at once.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.new_dir(),
            made => made.map_err(|error| at(dir, &error)),
        }
    }

    /// Returns the directory that [`Self::work`] makes for an action unless one of that name is there; `None` if there is no place for it.
    pub(crate) fn usual_work(&self, action: Fingerprint) -> Option<Utf8PathBuf> {
        Some(self.path().ok()?.join(work_name(action)))
    }

    /// Makes a new directory.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn new_dir(&self) -> Result<TempDir, RunDirError> {
        let dir = self.path()?;
        tempfile::Builder::new()
            .prefix("w")
            .tempdir_in(dir)
            .map_err(|error| at(dir, &error))
    }

    /// Brings an output of the cache in, and digests it if that was not done before.
    ///
    /// # Errors
    /// What is wrong with it: the action that made it has to run again.
    pub(crate) fn take(&self, cache: &Cache, output: &Output) -> Result<(), TakeError> {
        if lock(&self.blobs).contains(&output.digest) {
            return Ok(());
        }
        let work = self.new_dir()?;
        let near = utf8(&work)?.join("blob");
        cache.hold(output, &near)?;
        self.accept(&near, output.digest)?;
        Ok(())
    }

    /// Moves an output of an action in. Returns its digest and length.
    ///
    /// # Errors
    /// If it cannot be read or moved.
    pub(crate) fn keep(&self, path: &Utf8Path) -> Result<(Digest, u64), RunDirError> {
        let read_only = || -> io::Result<()> {
            let mut permissions = std::fs::metadata(path)?.permissions();
            permissions.set_readonly(true);
            std::fs::set_permissions(path, permissions)
        };
        read_only().map_err(|error| at(path, &error))?;
        let (digest, size) = digest_of_file(path).map_err(|error| at(path, &error))?;
        self.accept(path, digest)?;
        Ok((digest, size))
    }

    fn accept(&self, path: &Utf8Path, digest: Digest) -> Result<(), RunDirError> {
        let to = blob(self.path()?, digest);
        std::fs::rename(path, &to).map_err(|error| at(path, &error))?;
        lock(&self.blobs).insert(digest);
        Ok(())
    }

    fn path(&self) -> Result<&Utf8Path, RunDirError> {
        let made = self.made.get_or_init(|| {
            let make = || -> io::Result<Numbered> {
                let dir = Numbered::lowest_in(&self.parent)?;
                std::fs::create_dir(dir.path().join("blobs"))?;
                Ok(dir)
            };
            make().map_err(|error| at(&self.parent, &error))
        });
        made.as_ref().map(Numbered::path).map_err(Clone::clone)
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        if let Some(Ok(dir)) = self.made.take() {
            drop(dir);
            // Fails, as it should, while another run uses it.
            let _ = std::fs::remove_dir(&self.parent);
        }
    }
}

/// A blob could not be brought in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeError {
    /// It is damaged or gone.
    #[error(transparent)]
    Blob(#[from] BlobProblem),
    /// There is no place for it.
    #[error(transparent)]
    Dir(#[from] RunDirError),
}

/// Returns the path of a working directory.
///
/// # Errors
/// If it is not UTF-8.
pub(crate) fn utf8(dir: &TempDir) -> Result<&Utf8Path, RunDirError> {
    Utf8Path::from_path(dir.path()).ok_or_else(|| RunDirError {
        path: dir.path().to_string_lossy().into_owned().into(),
        problem: "its name is not UTF-8".to_owned(),
    })
}

fn work_name(action: Fingerprint) -> String {
    action.digest().to_string()[..16].to_owned()
}

fn blob(dir: &Utf8Path, digest: Digest) -> Utf8PathBuf {
    dir.join("blobs").join(digest.to_string())
}

fn at(path: &Utf8Path, error: &io::Error) -> RunDirError {
    RunDirError {
        path: path.to_owned(),
        problem: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use fbuild_cache::{Lookup, Note};
    use fbuild_model::Parts;

    use super::*;

    #[test]
    fn blobs_outlive_the_cache_and_damage_is_found() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        let cache = Cache::open(&dir.join("cache")).unwrap();
        let run = RunDir::new(&dir.join("out"));
        assert!(!dir.join("out").exists(), "nothing is made unasked");
        let work = run.work(Parts::default().fingerprint()).unwrap();
        let path = utf8(&work).unwrap().join("o");
        fs_err::write(&path, "object").unwrap();
        let (digest, size) = run.keep(&path).unwrap();
        assert_eq!((digest, size), (Digest::of(b"object"), 6));
        let Lookup::Miss(slot) = cache.lookup(Parts::default().fingerprint()) else {
            panic!("nothing was published");
        };
        let kept = run.blob(digest);
        let entry = cache
            .publish(slot, &[("o", &kept)], Note::default())
            .unwrap();

        let other = RunDir::new(&dir.join("out"));
        other.take(&cache, &entry.outputs[0]).unwrap();
        let held = other.blob(digest);
        fs_err::remove_dir_all(cache.root()).unwrap();
        other.take(&cache, &entry.outputs[0]).unwrap();
        assert_eq!(fs_err::read(&held).unwrap(), b"object");
        drop((work, run));
        assert!(held.exists(), "it belongs to the other run");
        drop(other);
        assert!(!dir.join("out/.fbuild-run").exists());
    }

    #[test]
    fn a_damaged_blob_is_not_taken() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        let cache = Cache::open(&dir.join("cache")).unwrap();
        let Lookup::Miss(slot) = cache.lookup(Parts::default().fingerprint()) else {
            panic!("nothing was published");
        };
        let path = dir.join("o");
        fs_err::write(&path, "object").unwrap();
        let entry = cache
            .publish(slot, &[("o", &path)], Note::default())
            .unwrap();
        let blob = cache.blob(entry.outputs[0].digest);
        fs_err::remove_file(&blob).unwrap();
        fs_err::write(&blob, "0bject").unwrap();
        let run = RunDir::new(&dir.join("out"));
        let error = run.take(&cache, &entry.outputs[0]).unwrap_err();
        assert!(
            matches!(error, TakeError::Blob(BlobProblem::Content { .. })),
            "{error}"
        );
        assert!(!blob.exists(), "it is a miss from now on");
    }
}
