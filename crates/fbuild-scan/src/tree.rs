//! The files of a run: each read, digested and tokenised once, shared by all sketches and workers.
//!
//! Generated files (merged sketches, copies with a `#line` in front) are inserted under the path at which they will stand, so that a scan
//! needs nothing on disk. The tree does not know what the files mean.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, RwLock};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Digest;

/// One file's content.
#[derive(Debug)]
pub struct SourceFile {
    path: Utf8PathBuf,
    bytes: Vec<u8>,
    digest: Digest,
}

impl SourceFile {
    fn new(path: Utf8PathBuf, bytes: Vec<u8>) -> Self {
        let digest = Digest::of(&bytes);
        Self { path, bytes, digest }
    }

    /// Returns the path under which the file was first read.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Returns the content as it is on disk.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the digest of the content.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// All files read so far.
#[derive(Debug, Default)]
pub struct SourceTree {
    files: RwLock<HashMap<Utf8PathBuf, Option<Arc<SourceFile>>>>,
}

impl SourceTree {
    /// Returns an empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the file at `path`, or `None` if there is no regular file.
    ///
    /// # Errors
    /// Any error of reading other than the file's absence, with the path in its text.
    pub fn read(&self, path: &Utf8Path) -> io::Result<Option<Arc<SourceFile>>> {
        if let Some(known) = self.files.read().expect("no thread panics while holding the lock").get(path) {
            return Ok(known.clone());
        }
        let file = match fs_err::read(path) {
            Ok(bytes) => Some(Arc::new(SourceFile::new(path.to_owned(), bytes))),
            Err(error) if is_absence(&error) => None,
            Err(error) => return Err(error),
        };
        let mut files = self.files.write().expect("no thread panics while holding the lock");
        Ok(files.entry(path.to_owned()).or_insert(file).clone())
    }

    /// Puts a generated file into the tree, in place of whatever is on disk at `path`.
    pub fn insert(&self, path: &Utf8Path, bytes: Vec<u8>) -> Arc<SourceFile> {
        let file = Arc::new(SourceFile::new(path.to_owned(), bytes));
        self.files
            .write()
            .expect("no thread panics while holding the lock")
            .insert(path.to_owned(), Some(Arc::clone(&file)));
        file
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().join("a.h");
        fs_err::write(&path, "one").unwrap();
        let tree = SourceTree::new();
        let first = tree.read(&path).unwrap().unwrap();
        fs_err::write(&path, "two").unwrap();
        assert!(Arc::ptr_eq(&first, &tree.read(&path).unwrap().unwrap()));
        assert_eq!(first.digest(), Digest::of(b"one"));
    }

    #[test]
    fn directories_and_missing_files_are_absent() {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        fs_err::write(dir.join("file"), "").unwrap();
        let tree = SourceTree::new();
        for path in [dir.to_owned(), dir.join("none.h"), dir.join("file/none.h")] {
            assert!(tree.read(&path).unwrap().is_none(), "{path}");
        }
    }

    #[test]
    fn an_inserted_file_hides_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().join("x.ino.cpp");
        fs_err::write(&path, "disk").unwrap();
        let tree = SourceTree::new();
        tree.insert(&path, b"generated".to_vec());
        assert_eq!(tree.read(&path).unwrap().unwrap().bytes(), b"generated");
    }
}
