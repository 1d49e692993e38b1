//! One source file: its content, digest and lines, shared by all scans of a run.
//!
//! The text of a file on disk is dropped once it is split into lines, because hardly anything reads it again and all headers together are
//! many megabytes. The module does not know who includes the file.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::{Digest, input};

use crate::lines::Lines;
use crate::mode::Mode;
use crate::suspicion;

/// Why a file is not preprocessed here that was read twice with different results.
pub(crate) const CHANGED: &str = "the file was changed while it was read";

/// One file's content.
#[derive(Debug)]
pub struct SourceFile {
    path: Utf8PathBuf,
    length: usize,
    digest: Digest,
    takes_in: bool,
    tells_path: bool,
    /// The file's number in its tree.
    id: u32,
    /// What the disk said of the file when it was read. `None` for a generated file, whose text is always held.
    stamp: Option<Stamp>,
    text: Mutex<Option<Arc<Vec<u8>>>>,
    /// A second reading found another text than the first.
    changed: AtomicBool,
    lines: [OnceLock<Arc<Lines>>; Mode::COUNT],
}

impl SourceFile {
    pub(crate) fn new(path: Utf8PathBuf, bytes: Vec<u8>, id: u32, stamp: Option<Stamp>) -> Self {
        Self {
            path,
            length: bytes.len(),
            digest: Digest::of(&bytes),
            takes_in: suspicion::may_take_in(&bytes),
            tells_path: suspicion::may_tell_path(&bytes),
            id,
            stamp,
            text: Mutex::new(Some(Arc::new(bytes))),
            changed: AtomicBool::new(false),
            lines: Default::default(),
        }
    }

    /// Returns the path under which the file was first read.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Returns the content as it is on disk.
    ///
    /// A file whose text was dropped is read again. If it was changed meanwhile this is what is there now, and nothing if it cannot be read;
    /// digest and length stay those of the first reading, and [`Self::is_unchanged`] says no from then on.
    pub fn bytes(&self) -> Arc<Vec<u8>> {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = &*text {
            return Arc::clone(held);
        }
        let bytes = load(&self.path)
            .ok()
            .flatten()
            .map_or_else(Vec::new, |(bytes, _)| bytes);
        if Digest::of(&bytes) != self.digest {
            self.changed.store(true, Ordering::Relaxed);
        }
        // What is read again may be read by every sketch, so from now on it is kept.
        Arc::clone(text.insert(Arc::new(bytes)))
    }

    /// Returns the content if it is still that of the first reading.
    pub(crate) fn same_bytes(&self) -> Option<Arc<Vec<u8>>> {
        let bytes = self.bytes();
        (!self.changed.load(Ordering::Relaxed)).then_some(bytes)
    }

    /// Returns the number of bytes.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Returns the digest of the content.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns whether the text may include another file by the assembler's `.incbin`, which neither the preprocessor nor a depfile shows.
    pub fn may_take_in_binaries(&self) -> bool {
        self.takes_in
    }

    /// Returns whether the text may use its own path by a built-in function of the compiler, such as that of
    /// `std::source_location`.
    pub fn may_tell_its_path(&self) -> bool {
        self.tells_path
    }

    /// Returns the file's lines in a language's mode, split at the first call.
    pub(crate) fn lines(&self, mode: Mode) -> &Arc<Lines> {
        self.lines[mode as usize].get_or_init(|| {
            let lines = match self.same_bytes() {
                Some(bytes) => Lines::of(&bytes, mode),
                None => Lines::unknown(CHANGED),
            };
            self.let_go();
            Arc::new(lines)
        })
    }

    #[cfg(test)]
    pub(crate) fn holds_text(&self) -> bool {
        self.text.lock().is_ok_and(|text| text.is_some())
    }

    pub(crate) fn let_go(&self) {
        let is_first = self.lines.iter().all(|lines| lines.get().is_none());
        if is_first && self.stamp.is_some() {
            *self.text.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Returns a small number that no other file of the tree has.
    pub(crate) fn id(&self) -> usize {
        self.id as usize
    }

    /// Returns what gcc compares to tell whether two once-only files are the same; it compares the contents themselves.
    pub(crate) fn likeness(&self) -> Option<Likeness> {
        let stamp = self.stamp?;
        Some(Likeness(stamp.modified.0, self.digest))
    }

    /// Returns whether a second inclusion adds nothing, as an include guard around the whole file or `#pragma once` sees to.
    pub fn is_guarded(&self) -> bool {
        self.lines(Mode::Cxx).is_guarded()
    }

    /// Returns whether the file is generated, and not one of the disk.
    pub fn is_generated(&self) -> bool {
        self.stamp.is_none()
    }

    /// Returns whether the file is still as it was read: a file of the disk by its time stamps, a generated one by its content.
    ///
    /// Says so before a result is kept that was made from the disk and is to be found by the content read here.
    pub fn is_unchanged(&self) -> bool {
        match self.stamp {
            Some(_) if self.changed.load(Ordering::Relaxed) => false,
            Some(stamp) => std::fs::metadata(&self.path).is_ok_and(|now| Stamp::of(&now) == stamp),
            None => std::fs::read(&self.path).is_ok_and(|now| now == *self.bytes()),
        }
    }
}

/// The time of change in seconds, and the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Likeness(i64, Digest);

/// What changes when a file does: its length, inode, and times of change, in seconds and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
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

/// Reads a regular file, and its stamp from before the reading.
///
/// # Errors
/// As [`input::read`], absence excepted.
pub(crate) fn load(path: &Utf8Path) -> io::Result<Option<(Vec<u8>, Stamp)>> {
    match input::read(path) {
        Ok(read) => Ok(read.map(|(bytes, metadata)| (bytes, Stamp::of(&metadata)))),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | IsADirectory)
}
