//! Directories that processes share by number: each takes the lowest that is free.
//!
//! A lock on a file beside the directory says that it is in use; the kernel releases it when the process ends, however that happens. So what a killed
//! process left is found and removed by the next one that takes the number.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};

/// More processes than this do not work in one place.
const MOST: usize = 1000;

/// A directory that is this process's until it is dropped; then it is removed.
#[derive(Debug)]
pub(super) struct Numbered {
    path: Utf8PathBuf,
    lock_path: Utf8PathBuf,
    /// Holds the lock.
    _lock: File,
}

impl Numbered {
    /// Takes the lowest number that is free in `parent`, which is made if needed, and makes its directory, empty.
    ///
    /// # Errors
    /// If it cannot be made, `parent` is a symbolic link, or too many processes work there.
    pub(super) fn lowest_in(parent: &Utf8Path) -> io::Result<Self> {
        for _ in 0..MOST {
            match Self::lowest_now(parent) {
                // A process that ended removed the empty `parent` after it was made here.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                taken => return taken,
            }
        }
        Self::lowest_now(parent)
    }

    fn lowest_now(parent: &Utf8Path) -> io::Result<Self> {
        for number in 0..MOST {
            if let Some(taken) = Self::take(parent, number)? {
                return Ok(taken);
            }
        }
        Err(io::Error::other(format!(
            "{MOST} processes use it at the same time"
        )))
    }

    fn take(parent: &Utf8Path, number: usize) -> io::Result<Option<Self>> {
        let path = parent.join(number.to_string());
        let lock_path = parent.join(format!("{number}.lock"));
        let lock = loop {
            let lock = open_lock(parent, &lock_path)?;
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
            // The process that had it may have removed the file between the two calls; then the lock is on a file that no other process can find.
            if is_at(&lock, &lock_path) {
                break lock;
            }
        };
        match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        std::fs::create_dir(&path)?;
        Ok(Some(Self {
            path,
            lock_path,
            _lock: lock,
        }))
    }

    /// Returns the directory.
    pub(super) fn path(&self) -> &Utf8Path {
        &self.path
    }
}

impl Drop for Numbered {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next process that takes the number.
        let _ = std::fs::remove_dir_all(&self.path);
        let _ = std::fs::remove_file(&self.lock_path);
    }
}

/// Opens the lock file, without following links below the directory in which `parent` is.
fn open_lock(parent: &Utf8Path, path: &Utf8Path) -> io::Result<File> {
    if parent.is_symlink() {
        return Err(io::Error::new(
            io::ErrorKind::NotADirectory,
            format!("`{parent}` is a symbolic link"),
        ));
    }
    std::fs::create_dir_all(parent)?;
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let descriptor = open(path.as_std_path(), flags, Mode::from_raw_mode(0o600))?;
    Ok(File::from(descriptor))
}

/// Returns whether an open file is the one at `path`.
fn is_at(file: &File, path: &Utf8Path) -> bool {
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(open), Ok(found)) => (open.dev(), open.ino()) == (found.dev(), found.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_may_go_while_a_number_is_taken() {
        let guard = tempfile::tempdir().unwrap();
        let parent = Utf8Path::from_path(guard.path()).unwrap().join("run");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        drop(Numbered::lowest_in(&parent).unwrap());
                        let _ = std::fs::remove_dir(&parent);
                    }
                });
            }
        });
    }

    #[test]
    fn the_lowest_free_number_is_taken_and_emptied() {
        let guard = tempfile::tempdir().unwrap();
        let parent = Utf8Path::from_path(guard.path()).unwrap().join("run");
        let first = Numbered::lowest_in(&parent).unwrap();
        let second = Numbered::lowest_in(&parent).unwrap();
        assert_eq!(first.path(), parent.join("0"));
        assert_eq!(second.path(), parent.join("1"));
        drop(first);
        // A process that was killed leaves its directory, but no lock.
        fs_err::create_dir(parent.join("0")).unwrap();
        fs_err::write(parent.join("0/left"), "").unwrap();
        let again = Numbered::lowest_in(&parent).unwrap();
        assert_eq!(again.path(), parent.join("0"));
        assert!(!again.path().join("left").exists());
        drop((again, second));
        assert!(parent.read_dir_utf8().unwrap().next().is_none());
    }

    #[test]
    fn a_link_in_its_place_is_refused() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        fs_err::create_dir(dir.join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(dir.join("elsewhere"), dir.join("run")).unwrap();
        let error = Numbered::lowest_in(&dir.join("run")).unwrap_err();
        assert!(error.to_string().contains("symbolic link"), "{error}");
    }
}
