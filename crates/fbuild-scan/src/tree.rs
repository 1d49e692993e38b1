//! The files of a run: each read, digested and tokenised once, shared by all sketches and workers.
//!
//! Generated files (merged sketches, copies with a `#line` in front) are inserted under the path at which they will stand, so that a scan
//! needs nothing on disk. The text of other files is let go once it is split into lines, because hardly anything asks for it again and all
//! headers together are many megabytes. The tree does not know what the files mean.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Digest;
use rayon::prelude::*;

use crate::cpp::lex::Mode;
use crate::cpp::lines::Lines;
use crate::cpp::search::Searches;

/// Why a file is not preprocessed here that was read twice with different results.
pub(crate) const CHANGED: &str = "the file was changed while it was read";

/// One file's content.
#[derive(Debug)]
pub struct SourceFile {
    path: Utf8PathBuf,
    length: usize,
    digest: Digest,
    takes_in: bool,
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
    fn new(path: Utf8PathBuf, bytes: Vec<u8>, id: u32, stamp: Option<Stamp>) -> Self {
        Self {
            path,
            length: bytes.len(),
            digest: Digest::of(&bytes),
            takes_in: memchr::memmem::find(&bytes, b".incbin").is_some(),
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
    /// A file whose text was let go is read again. If it was changed meanwhile this is what is there now, and nothing if it cannot be read;
    /// digest and length stay those of the first reading, and [`Self::is_unchanged`] says no from then on.
    pub fn bytes(&self) -> Arc<Vec<u8>> {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = &*text {
            return Arc::clone(held);
        }
        let bytes = std::fs::read(&self.path).unwrap_or_default();
        if Digest::of(&bytes) != self.digest {
            self.changed.store(true, Ordering::Relaxed);
        }
        // What is asked for again may be asked for by every sketch, so from now on it is held.
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

    /// Returns whether the text may take in another file behind the preprocessor's back, by the assembler's `.incbin`: no depfile tells of it.
    pub fn may_take_in_binaries(&self) -> bool {
        self.takes_in
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

    fn let_go(&self) {
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
        if let Some(known) = self.known(path.as_str()) {
            return Ok(known);
        }
        let file = self.load(path)?;
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        Ok(files
            .entry(path.as_str().to_owned())
            .or_insert(file)
            .clone())
    }

    /// Asks the disk, in the current rayon pool, what an earlier run `asked`; returns whether every answer is the same: the digest of a file's
    /// content, or `None` for no regular file. Then the answers are in the tree, the texts let go; if not, the tree stays as it was.
    pub fn confirm(&self, asked: &[(&str, Option<Digest>)]) -> bool {
        let confirmed = |&(path, known): &(&str, Option<Digest>)| {
            let file = match self.known(path) {
                Some(file) => file,
                None => self.load(Utf8Path::new(path)).ok()?,
            };
            if file.as_ref().map(|file| file.digest()) != known {
                return None;
            }
            if let Some(file) = &file {
                file.let_go();
            }
            Some((path.to_owned(), file))
        };
        let all: Option<Vec<_>> = asked.par_iter().with_min_len(64).map(confirmed).collect();
        let Some(all) = all else { return false };
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        for (path, file) in all {
            files.entry(path).or_insert(file);
        }
        true
    }

    /// Returns what is known of a path: nothing yet, no file, or the file.
    fn known(&self, path: &str) -> Option<Option<Arc<SourceFile>>> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.get(path).cloned()
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

    fn load(&self, path: &Utf8Path) -> io::Result<Option<Arc<SourceFile>>> {
        match load(path) {
            Ok(loaded) => Ok(loaded.map(|(bytes, stamp)| {
                let id = self.next_id();
                Arc::new(SourceFile::new(path.to_owned(), bytes, id, Some(stamp)))
            })),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
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
    fn text_is_let_go_once_it_is_split_and_read_again_for_who_asks() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().join("a.h");
        fs_err::write(&path, "#pragma once\n").unwrap();
        let tree = SourceTree::new();
        let file = tree.read(&path).unwrap().unwrap();
        let held = |file: &SourceFile| file.text.lock().unwrap().is_some();
        assert!(held(&file));
        assert!(file.is_guarded());
        assert!(!held(&file));
        assert_eq!(*file.bytes(), b"#pragma once\n");
        assert!(held(&file));
        file.lines(Mode::C);
        assert!(held(&file), "what was asked for twice is held");
        let generated = tree.insert("made.h".into(), b"int x;\n".to_vec());
        assert!(!generated.is_guarded());
        assert!(held(&generated));
    }

    #[test]
    fn text_that_changed_meanwhile_keeps_its_first_digest_and_is_not_unchanged() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().join("a.h");
        fs_err::write(&path, "one").unwrap();
        let tree = SourceTree::new();
        let file = tree.read(&path).unwrap().unwrap();
        file.lines(Mode::Cxx);
        fs_err::write(&path, "three").unwrap();
        assert_eq!(*file.bytes(), b"three");
        assert_eq!((file.digest(), file.length()), (Digest::of(b"one"), 3));
        assert!(!file.is_unchanged() && file.same_bytes().is_none());
        assert_eq!(file.lines(Mode::C).problem, Some((1, CHANGED)));
    }

    #[test]
    fn an_answer_of_an_earlier_run_is_confirmed_and_kept_for_readers() {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        fs_err::write(dir.join("a.h"), "one").unwrap();
        let one = Some(Digest::of(b"one"));
        let path = |name: &str| dir.join(name).to_string();
        let (a, none, folder) = (path("a.h"), path("none.h"), path(""));
        let confirm = |asked: &[(&str, Option<Digest>)]| {
            let tree = SourceTree::new();
            let confirmed = tree.confirm(asked);
            assert_eq!(tree.asked().len(), if confirmed { asked.len() } else { 0 });
            confirmed
        };
        assert!(confirm(&[(&a, one), (&none, None), (&folder, None)]));
        assert!(!confirm(&[(&none, None), (&a, None)]));
        assert!(!confirm(&[(&a, one), (&none, one)]));
        assert!(!confirm(&[(&a, Some(Digest::of(b"two")))]));

        let tree = SourceTree::new();
        assert!(tree.confirm(&[(&a, one), (&none, None)]));
        fs_err::write(dir.join("none.h"), "").unwrap();
        assert!(
            tree.confirm(&[(&none, None)]) && !tree.confirm(&[(&none, Some(Digest::of(b"")))]),
            "what is in the tree counts, for that is what is planned with"
        );
        assert!(tree.read(&dir.join("none.h")).unwrap().is_none());
        let file = tree.read(&dir.join("a.h")).unwrap().unwrap();
        assert_eq!((*file.bytes()).as_slice(), b"one");
        assert!(file.is_unchanged());
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
        assert_eq!(*file.bytes(), b"generated");
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
