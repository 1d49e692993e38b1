//! A folder for one test.

use camino::{Utf8Path, Utf8PathBuf};

/// A temporary folder, with its real path (on some systems the temporary directory is a link).
pub(crate) struct Space {
    _guard: tempfile::TempDir,
    root: Utf8PathBuf,
}

impl Space {
    pub(crate) fn new() -> Self {
        let guard = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(guard.path().canonicalize().unwrap()).unwrap();
        Self {
            _guard: guard,
            root,
        }
    }

    /// A space with these files, all of them with a harmless content.
    pub(crate) fn with(files: &[&str]) -> Self {
        let space = Self::new();
        for file in files {
            space.write(file, "// nothing\n");
        }
        space
    }

    pub(crate) fn root(&self) -> &Utf8Path {
        &self.root
    }

    pub(crate) fn at(&self, path: &str) -> Utf8PathBuf {
        self.root.join(path)
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> Utf8PathBuf {
        let path = self.at(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, content).unwrap();
        path
    }

    #[cfg(unix)]
    pub(crate) fn link(&self, path: &str, target: &str) -> Utf8PathBuf {
        let path = self.at(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::os::unix::fs::symlink(self.at(target), &path).unwrap();
        path
    }

    /// Paths relative to the space, as text.
    pub(crate) fn relative<'a>(
        &self,
        paths: impl IntoIterator<Item = &'a Utf8PathBuf>,
    ) -> Vec<String> {
        paths
            .into_iter()
            .map(|path| path.strip_prefix(&self.root).unwrap_or(path).to_string())
            .collect()
    }
}
