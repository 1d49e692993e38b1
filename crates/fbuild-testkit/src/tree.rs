//! What a directory holds, to see whether a run changed it.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;

use camino::{Utf8Path, Utf8PathBuf};

/// All entries of a directory, at any depth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<Utf8PathBuf, Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// A file's bytes; `None` for directories and links.
    bytes: Option<Vec<u8>>,
    mode: u32,
    /// Files are replaced by rename, which this tells, as it does any writing.
    inode: u64,
    modified: (i64, i64),
}

impl Tree {
    /// Reads `dir`; a directory that is not there is empty.
    ///
    /// # Panics
    /// If something in it cannot be read.
    pub fn read(dir: &Utf8Path) -> Self {
        let mut tree = Self::default();
        if dir.exists() {
            tree.add(dir, dir);
        }
        tree
    }

    fn add(&mut self, root: &Utf8Path, path: &Utf8Path) {
        let meta = fs_err::symlink_metadata(path).expect("look at an entry");
        let bytes = meta
            .is_file()
            .then(|| fs_err::read(path).expect("read a file"));
        let entry = Entry {
            bytes,
            mode: meta.mode(),
            inode: meta.ino(),
            modified: (meta.mtime(), meta.mtime_nsec()),
        };
        let name = path
            .strip_prefix(root)
            .expect("the path lies below the root")
            .to_owned();
        self.0.insert(name, entry);
        if meta.is_dir() {
            // Names that are not UTF-8 are left out: tests that make such files look at them themselves.
            for child in fs_err::read_dir(path).expect("list a directory") {
                if let Ok(child) =
                    Utf8PathBuf::from_path_buf(child.expect("list a directory").path())
                {
                    self.add(root, &child);
                }
            }
        }
    }

    /// Returns the paths of all files, relative to the directory, in order.
    pub fn files(&self) -> Vec<&Utf8Path> {
        self.0
            .iter()
            .filter(|(_, entry)| entry.bytes.is_some())
            .map(|(path, _)| path.as_path())
            .collect()
    }

    /// Returns the paths and bytes of all files whose name ends so.
    pub fn with_extension(&self, extension: &str) -> BTreeMap<&Utf8Path, &[u8]> {
        let files = self
            .0
            .iter()
            .filter_map(|(path, entry)| Some((path.as_path(), entry.bytes.as_deref()?)));
        files
            .filter(|(path, _)| path.extension() == Some(extension))
            .collect()
    }

    /// Returns what differs from `other`: paths that are new, gone, replaced or written.
    pub fn changes(&self, other: &Self) -> Vec<Utf8PathBuf> {
        let paths = self.0.keys().chain(other.0.keys());
        let mut changed: Vec<Utf8PathBuf> = paths
            .filter(|path| self.0.get(*path) != other.0.get(*path))
            .cloned()
            .collect();
        changed.sort();
        changed.dedup();
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_change_is_seen() {
        let dir = tempfile::tempdir().expect("make a temporary directory");
        let root = Utf8Path::from_path(dir.path()).expect("the path is UTF-8");
        fs_err::create_dir(root.join("sub")).expect("make a directory");
        for name in ["same", "written", "gone", "replaced"] {
            fs_err::write(root.join("sub").join(name), name).expect("write");
        }
        let before = Tree::read(root);
        assert!(before.changes(&Tree::read(root)).is_empty());
        fs_err::write(root.join("sub/written"), "other").expect("write");
        fs_err::remove_file(root.join("sub/gone")).expect("remove");
        fs_err::write(root.join("sub/new"), "").expect("write");
        fs_err::write(root.join("sub/temporary"), "replaced").expect("write");
        fs_err::rename(root.join("sub/temporary"), root.join("sub/replaced")).expect("rename");
        let changes = Tree::read(root).changes(&before);
        assert_eq!(
            changes,
            ["sub", "sub/gone", "sub/new", "sub/replaced", "sub/written"].map(Utf8PathBuf::from)
        );
    }
}
