//! The files of a run: each read, digested and tokenised once, shared by all sketches and workers.
//!
//! Generated files (merged sketches, copies with a `#line` in front) are inserted under the path at which they will stand, so that a scan
//! needs nothing on disk. The tree does not know what the files mean.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Digest;

use crate::cpp::lex::Mode;
use crate::cpp::lines::Lines;
use crate::cpp::search::Searches;

/// One file's content.
#[derive(Debug)]
pub struct SourceFile {
    path: Utf8PathBuf,
    bytes: Vec<u8>,
    digest: OnceLock<Digest>,
    takes_in: OnceLock<bool>,
    /// The file's number in its tree.
    id: u32,
    /// What the disk said of the file when it was read. `None` for a generated file.
    stamp: Option<Stamp>,
    lines: [OnceLock<Arc<Lines>>; Mode::COUNT],
}

impl SourceFile {
    fn new(path: Utf8PathBuf, bytes: Vec<u8>, id: u32, stamp: Option<Stamp>) -> Self {
        Self {
            path,
            bytes,
            digest: OnceLock::new(),
            takes_in: OnceLock::new(),
            id,
            stamp,
            lines: Default::default(),
        }
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
        *self.digest.get_or_init(|| Digest::of(&self.bytes))
    }

    /// Returns whether the text may take in another file behind the preprocessor's back, by the assembler's `.incbin`: no depfile tells of it.
    pub fn may_take_in_binaries(&self) -> bool {
        *self
            .takes_in
            .get_or_init(|| memchr::memmem::find(&self.bytes, b".incbin").is_some())
    }

    /// Returns the file's lines in a language's mode, split at the first call.
    pub(crate) fn lines(&self, mode: Mode) -> &Arc<Lines> {
        self.lines[mode as usize].get_or_init(|| Arc::new(Lines::of(&self.bytes, mode)))
    }

    /// Returns a small number that no other file of the tree has.
    pub(crate) fn id(&self) -> usize {
        self.id as usize
    }

    /// Returns what gcc compares before it compares contents to tell whether two once-only files are the same.
    pub(crate) fn likeness(&self) -> Option<(u64, usize)> {
        self.stamp
            .map(|stamp| (stamp.modified.0.cast_unsigned(), self.bytes.len()))
    }

    /// Returns whether a second inclusion adds nothing, as an include guard around the whole file or `#pragma once` sees to.
    pub fn is_guarded(&self) -> bool {
        self.lines(Mode::Cxx).is_guarded()
    }

    /// Returns whether the file is still as it was read: a file of the disk by its time stamps, a generated one by its content.
    ///
    /// Says so before a result is kept that was made from the disk and is to be found by the content read here.
    pub fn is_unchanged(&self) -> bool {
        match self.stamp {
            Some(stamp) => std::fs::metadata(&self.path).is_ok_and(|now| Stamp::of(&now) == stamp),
            None => std::fs::read(&self.path).is_ok_and(|now| now == self.bytes),
        }
    }
}

/// What changes when a file does: its length, inode, and times of change, in seconds and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    length: u64,
    inode: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            length: metadata.len(),
            inode: metadata.ino(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// All files read so far.
#[derive(Debug, Default)]
pub struct SourceTree {
    /// By the path's text: paths that differ in a `./` are different names to the compiler, but equal as paths.
    files: RwLock<HashMap<String, Option<Arc<SourceFile>>>>,
    count: AtomicU32,
    searches: Searches,
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
        if let Some(known) = self
            .files
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(path.as_str())
        {
            return Ok(known.clone());
        }
        let file = match load(path) {
            Ok(loaded) => loaded.map(|(bytes, stamp)| {
                Arc::new(SourceFile::new(
                    path.to_owned(),
                    bytes,
                    self.next_id(),
                    Some(stamp),
                ))
            }),
            Err(error) if is_absence(&error) => None,
            Err(error) => return Err(error),
        };
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        Ok(files
            .entry(path.as_str().to_owned())
            .or_insert(file)
            .clone())
    }

    /// Puts a generated file into the tree, in place of whatever is on disk at `path`.
    pub fn insert(&self, path: &Utf8Path, bytes: Vec<u8>) -> Arc<SourceFile> {
        let file = Arc::new(SourceFile::new(
            path.to_owned(),
            bytes,
            self.next_id(),
            None,
        ));
        let before = self
            .files
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path.as_str().to_owned(), Some(Arc::clone(&file)));
        if before.is_some() {
            // Somebody looked for the path before, so searches may remember what they found.
            self.searches.forget();
        }
        file
    }

    /// Returns everything that was asked of the disk, with the digest of the content that was found: `None` where there was no regular file.
    /// Generated files are not among it. In no particular order.
    pub fn asked(&self) -> Vec<(String, Option<Digest>)> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let on_disk = files
            .iter()
            .filter(|(_, file)| file.as_ref().is_none_or(|file| file.stamp.is_some()));
        on_disk
            .map(|(path, file)| (path.clone(), file.as_ref().map(|file| file.digest())))
            .collect()
    }

    /// Returns what include searches remember.
    pub(crate) fn searches(&self) -> &Searches {
        &self.searches
    }

    fn next_id(&self) -> u32 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }
}

/// Reads a regular file, and its stamp from before the reading, so that a change meanwhile shows.
fn load(path: &Utf8Path) -> io::Result<Option<(Vec<u8>, Stamp)>> {
    let mut file = fs_err::File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
    file.read_to_end(&mut bytes)?;
    Ok(Some((bytes, Stamp::of(&metadata))))
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory
    )
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
        assert!(first.likeness().is_some());
    }

    #[test]
    fn a_change_on_disk_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().join("a.h");
        fs_err::write(&path, "one").unwrap();
        let tree = SourceTree::new();
        let file = tree.read(&path).unwrap().unwrap();
        assert!(file.is_unchanged());
        std::thread::sleep(std::time::Duration::from_millis(20));
        fs_err::write(&path, "two").unwrap();
        assert!(!file.is_unchanged());
        let generated = tree.insert(&path, b"two".to_vec());
        assert!(generated.is_unchanged());
        fs_err::remove_file(&path).unwrap();
        assert!(!generated.is_unchanged());
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
        let file = tree.read(&path).unwrap().unwrap();
        assert_eq!(file.bytes(), b"generated");
        assert_eq!(file.likeness(), None);
    }

    #[test]
    fn what_was_asked_of_the_disk_is_told_with_the_answers() {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        fs_err::write(dir.join("a.h"), "one").unwrap();
        let tree = SourceTree::new();
        tree.read(&dir.join("a.h")).unwrap();
        tree.read(&dir.join("none.h")).unwrap();
        tree.insert(&dir.join("made.cpp"), b"generated".to_vec());
        let mut asked = tree.asked();
        asked.sort();
        let expect = [
            (dir.join("a.h").to_string(), Some(Digest::of(b"one"))),
            (dir.join("none.h").to_string(), None),
        ];
        assert_eq!(asked, expect);
    }

    #[test]
    fn a_file_taken_in_by_the_assembler_is_suspected() {
        let tree = SourceTree::new();
        let may = |text: &str| {
            let file = tree.insert("x.S".into(), text.as_bytes().to_vec());
            file.may_take_in_binaries()
        };
        assert!(may("image:\n\t.incbin \"image.bin\"\n"));
        assert!(!may("#include \"incbin.h\"\n"));
    }

    #[test]
    fn every_file_has_a_number_of_its_own() {
        let tree = SourceTree::new();
        let ids: Vec<_> = (0..5)
            .map(|n| {
                tree.insert(&Utf8PathBuf::from(format!("{n}.h")), Vec::new())
                    .id()
            })
            .collect();
        assert_eq!(ids, [0, 1, 2, 3, 4]);
    }
}
