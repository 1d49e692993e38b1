//! The files of a run together with the answers of include searches.

use std::io;
use std::sync::Arc;

use camino::Utf8Path;
use fbuild_model::Digest;

use crate::file::SourceFile;
use crate::files::Files;
use crate::search::Searches;

/// All files read so far, and where includes were found.
#[derive(Debug, Default)]
pub struct SourceTree {
    pub(crate) files: Files,
    pub(crate) searches: Searches,
}

impl SourceTree {
    /// Returns an empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the file at `path`, or `None` if there is no regular file. A file is read once per tree.
    ///
    /// # Errors
    /// Any error of reading other than the file's absence, with the path in its text.
    pub fn read(&self, path: &Utf8Path) -> io::Result<Option<Arc<SourceFile>>> {
        self.files.read(path)
    }

    /// Adds a generated file, in place of whatever is on disk at `path`.
    pub fn insert(&self, path: &Utf8Path, bytes: Vec<u8>) -> Arc<SourceFile> {
        let (file, was_known) = self.files.insert(path, bytes);
        if was_known {
            // A search may remember what it found at the path.
            self.searches.forget();
        }
        file
    }

    /// Reads the paths that an earlier run `asked` for, in the current rayon pool. Returns whether every answer is the same: the digest of a
    /// file's content, or `None` for no regular file. The files are in the tree then, without their texts; otherwise the tree is unchanged.
    pub fn confirm(&self, asked: &[(&str, Option<Digest>)]) -> bool {
        self.files.confirm(asked)
    }

    /// Returns every path that was looked up on disk, with the digest of its content; `None` where there was no regular file. Generated
    /// files are left out. In no particular order.
    pub fn asked(&self) -> Vec<(String, Option<Digest>)> {
        self.files.asked()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::CHANGED;
    use crate::mode::Mode;
    use camino::Utf8PathBuf;

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
        let held = SourceFile::holds_text;
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
