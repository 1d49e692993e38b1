//! The store itself: opening it, and putting a file in its place.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use camino::{Utf8Path, Utf8PathBuf};

use crate::layout::{Bucket, Layout};
use crate::scratch::{self, Scratch};

/// Why the store could not do something. Nothing of this makes a build fail: the caller warns and goes on without.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The store's directory cannot be made or used.
    #[error("open the cache at `{path}`")]
    Open {
        /// The directory.
        path: Utf8PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A scratch directory cannot be made.
    #[error("make a scratch directory in `{path}`")]
    Scratch {
        /// The directory it should lie in.
        path: Utf8PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// An output to publish cannot be read or moved into the store.
    #[error("put `{path}` into the cache")]
    Publish {
        /// The output.
        path: Utf8PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A part of the store cannot be listed or removed.
    #[error("clean up `{path}` in the cache")]
    Clean {
        /// The file or directory.
        path: Utf8PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A store on disk, shared by `&` between threads and by its directory between processes and machines.
#[derive(Debug)]
pub struct Cache {
    pub(crate) layout: Layout,
    /// Bytes that this process added; only feeds the estimate that decides whether to look for things to evict.
    pub(crate) added: AtomicU64,
    warnings: Mutex<Vec<String>>,
    /// A write failed for a reason that later ones will meet as well.
    unwritable: AtomicBool,
    /// Holds the directory of a private store; removed on drop.
    private: Option<Scratch>,
}

/// The signature that programs look for in a `CACHEDIR.TAG` (bford.info/cachedir).
const CACHEDIR_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
# This directory is fbuild's cache; it may be deleted at any time.\n";

impl Cache {
    /// Opens the store in the directory `root`, creating it if there is none. An existing store is only looked at.
    ///
    /// # Errors
    ///
    /// If the directory does not exist and cannot be made, or is no directory.
    pub fn open(root: &Utf8Path) -> Result<Self, CacheError> {
        Self::open_io(root, None).map_err(|source| CacheError::Open {
            path: root.to_owned(),
            source,
        })
    }

    /// Opens a fresh store in a new directory inside `dir` that is removed on drop, for runs that shall use and leave nothing.
    ///
    /// Also removes what killed processes left of such stores in `dir`.
    ///
    /// # Errors
    ///
    /// If the directory cannot be made.
    pub fn private_in(dir: &Utf8Path) -> Result<Self, CacheError> {
        let parent = dir.join(".fbuild-private");
        let open = || {
            let scratch = Scratch::create_in(&absolute(&parent)?)?;
            scratch::sweep(&parent, None);
            let root = scratch.path().to_owned();
            Self::open_io(&root, Some(scratch))
        };
        open().map_err(|source| CacheError::Open {
            path: parent.clone(),
            source,
        })
    }

    /// Opens the store at `root`; on a disk that is full, read-only or not permitted, a private one in `dir` instead, with a warning.
    ///
    /// # Errors
    ///
    /// If `root` cannot be used for another reason, or the private store cannot be made.
    pub fn open_or_private(root: &Utf8Path, dir: &Utf8Path) -> Result<Self, CacheError> {
        use std::io::ErrorKind;
        let error = match Self::open_io(root, None) {
            Ok(cache) => return Ok(cache),
            Err(error) => error,
        };
        let costs_only_the_cache = matches!(
            error.kind(),
            ErrorKind::StorageFull
                | ErrorKind::QuotaExceeded
                | ErrorKind::ReadOnlyFilesystem
                | ErrorKind::PermissionDenied
        );
        if !costs_only_the_cache {
            let path = root.to_owned();
            return Err(CacheError::Open {
                path,
                source: error,
            });
        }
        let cache = Self::private_in(dir)?;
        cache.warn(format!(
            "the cache at `{root}` cannot be used, and this run goes on without it: {error}"
        ));
        Ok(cache)
    }

    fn open_io(root: &Utf8Path, private: Option<Scratch>) -> std::io::Result<Self> {
        let layout = Layout::new(absolute(root)?);
        // Somebody else may delete the store at the same time; an error is one that stays.
        let mut left = 100;
        while let Err(error) = make(&layout) {
            left -= 1;
            if error.kind() != std::io::ErrorKind::NotFound || left == 0 {
                return Err(error);
            }
        }
        Ok(Self {
            layout,
            added: AtomicU64::new(0),
            warnings: Mutex::default(),
            unwritable: AtomicBool::new(false),
            private,
        })
    }

    /// Returns the absolute path of the directory that was opened.
    pub fn root(&self) -> &Utf8Path {
        self.layout.root()
    }

    /// Tells whether the store goes away with this value ([`Cache::private_in`]).
    pub fn is_private(&self) -> bool {
        self.private.is_some()
    }

    /// Makes a directory of its own on the store's file system for outputs in the making.
    ///
    /// # Errors
    ///
    /// If it cannot be made, as on a full or read-only disk.
    pub fn scratch(&self) -> Result<Scratch, CacheError> {
        let parent = self.layout.bucket(Bucket::Scratch);
        Scratch::create_in(&parent).map_err(|source| CacheError::Scratch {
            path: parent,
            source,
        })
    }

    /// Returns what went wrong without being returned by the call it happened in, and forgets it.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(
            &mut *self
                .warnings
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
        )
    }

    pub(crate) fn warn(&self, text: String) {
        tracing::warn!("{text}");
        let mut warnings = self
            .warnings
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        // A full disk says the same for every file; a few times is enough.
        if warnings.len() < 20 {
            warnings.push(text);
        }
    }

    /// Returns whether nothing more is written because the disk is full or read-only.
    pub(crate) fn is_unwritable(&self) -> bool {
        self.unwritable.load(Ordering::Relaxed)
    }

    /// Stops writing, with one warning, if a write failed for a reason that later ones will meet as well. Returns whether it does.
    pub(crate) fn gives_up(&self, error: &std::io::Error) -> bool {
        use std::io::ErrorKind::{
            FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
        };
        let lasts = matches!(
            error.kind(),
            StorageFull | QuotaExceeded | ReadOnlyFilesystem | PermissionDenied | FileTooLarge
        );
        if lasts && !self.unwritable.swap(true, Ordering::Relaxed) {
            self.warn(format!(
                "cannot write to the cache `{}`: {error}; the run continues and keeps no further results",
                self.root()
            ));
        }
        lasts
    }

    /// Writes `bytes` to a temporary file and renames it to `path`.
    pub(crate) fn put(&self, path: &Utf8Path, bytes: &[u8]) -> std::io::Result<()> {
        if self.is_unwritable() {
            return Ok(());
        }
        let scratch = self.layout.bucket(Bucket::Scratch);
        let temporary = scratch.join(scratch::own_name());
        in_directory(&scratch, || fs_err::write(&temporary, bytes))
            .and_then(|()| self.move_into_place(&temporary, path, bytes.len() as u64))
            .inspect_err(|_| drop(fs_err::remove_file(&temporary)))
    }

    /// Renames `from`, which is on the store's file system, to `to`, making the directory if needed.
    pub(crate) fn move_into_place(
        &self,
        from: &Utf8Path,
        to: &Utf8Path,
        size: u64,
    ) -> std::io::Result<()> {
        let directory = to.parent().unwrap_or(to);
        in_directory(directory, || fs_err::rename(from, to))?;
        self.added.fetch_add(size, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        if let Some(scratch) = self.private.take() {
            let root = scratch.path().to_owned();
            drop(scratch);
            if let Some(parent) = root.parent() {
                // Only succeeds if no other private store lies there.
                drop(fs_err::remove_dir(parent));
            }
        }
    }
}

/// Makes the directory of a store unless there is one.
fn make(layout: &Layout) -> std::io::Result<()> {
    if layout.versioned().is_dir() {
        return Ok(());
    }
    fs_err::create_dir_all(layout.versioned())?;
    let tag = layout.root().join("CACHEDIR.TAG");
    if tag.exists() {
        return Ok(());
    }
    fs_err::write(tag, CACHEDIR_TAG)
}

/// Does something in `directory`, once more after making the directory if it was missing: anybody may delete the store at any time.
pub(crate) fn in_directory<T>(
    directory: &Utf8Path,
    act: impl Fn() -> std::io::Result<T>,
) -> std::io::Result<T> {
    match act() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fs_err::create_dir_all(directory)?;
            act()
        }
        other => other,
    }
}

fn absolute(path: &Utf8Path) -> std::io::Result<Utf8PathBuf> {
    Utf8PathBuf::from_path_buf(std::path::absolute(path)?).map_err(|path| {
        std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            format!("not UTF-8: {}", path.display()),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn temp() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().to_owned();
        (dir, path)
    }

    #[test]
    fn opening_makes_the_tagged_directory_once() {
        let (_dir, path) = temp();
        let root = path.join("a/b");
        let cache = Cache::open(&root).unwrap();
        assert_eq!(cache.root(), root);
        assert!(!cache.is_private());
        let tag = fs_err::read_to_string(root.join("CACHEDIR.TAG")).unwrap();
        assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"));
        fs_err::write(root.join("CACHEDIR.TAG"), "mine").unwrap();
        Cache::open(&root).unwrap();
        assert_eq!(
            fs_err::read_to_string(root.join("CACHEDIR.TAG")).unwrap(),
            "mine"
        );
    }

    #[test]
    fn a_file_in_the_way_is_an_error_with_the_path() {
        let (_dir, path) = temp();
        fs_err::write(path.join("file"), "").unwrap();
        let error = Cache::open(&path.join("file")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("open the cache at `{path}/file`")
        );
    }

    #[test]
    fn a_private_store_goes_away() {
        let (_dir, path) = temp();
        let cache = Cache::private_in(&path).unwrap();
        let root = cache.root().to_owned();
        assert!(cache.is_private() && root.starts_with(&path) && root.is_dir());
        cache.put(&root.join("v1/x/y"), b"z").unwrap();
        drop(cache);
        assert!(!root.exists() && !root.parent().unwrap().exists());
    }

    #[test]
    fn putting_survives_a_deleted_store() {
        let (_dir, path) = temp();
        let cache = Cache::open(&path.join("c")).unwrap();
        fs_err::remove_dir_all(cache.root()).unwrap();
        let target = cache.layout.versioned().join("facts/ab/abc");
        cache.put(&target, b"1").unwrap();
        cache.put(&target, b"2").unwrap();
        assert_eq!(fs_err::read(&target).unwrap(), b"2");
        assert_eq!(
            fs_err::read_dir(cache.layout.bucket(Bucket::Scratch))
                .unwrap()
                .count(),
            0
        );
    }

    #[test]
    fn warnings_are_handed_over_once() {
        let (_dir, path) = temp();
        let cache = Cache::open(&path).unwrap();
        (0..100).for_each(|n| cache.warn(n.to_string()));
        assert_eq!(cache.take_warnings().len(), 20);
        assert!(cache.take_warnings().is_empty());
    }
}
