//! Reading property files and directory listings; the only module that opens files of a platform.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Properties;
use fbuild_model::properties::ParseError;

/// Why something of a platform could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file could not be read.
    #[error("read `{path}`")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A property file has a line that is no property (specification 1.2.2).
    #[error("parse `{path}`")]
    Malformed {
        /// The file.
        path: Utf8PathBuf,
        /// The line.
        #[source]
        source: ParseError,
    },
    /// A folder that was named as a place of platforms has none.
    #[error(
        "find a platform in `{0}`: expected boards.txt, ARCHITECTURE/boards.txt, VENDOR/ARCHITECTURE/boards.txt or packages/"
    )]
    NoPlatform(Utf8PathBuf),
}

impl LoadError {
    /// Returns the error and its cause in one line, for a list of warnings.
    pub(crate) fn one_line(&self) -> String {
        match std::error::Error::source(self) {
            Some(source) => format!("failed to {self}: {source}"),
            None => format!("failed to {self}"),
        }
    }
}

/// Reads a property file (specification 1.2).
pub(crate) fn properties(path: &Utf8Path) -> Result<Properties, LoadError> {
    let bytes = fs_err::read(path).map_err(|source| LoadError::Read {
        path: path.to_owned(),
        source,
    })?;
    Properties::from_bytes(&bytes).map_err(|source| LoadError::Malformed {
        path: path.to_owned(),
        source,
    })
}

/// Reads a property file, or nothing if there is no such file.
pub(crate) fn properties_if_present(path: &Utf8Path) -> Result<Properties, LoadError> {
    match properties(path) {
        Err(LoadError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Ok(Properties::new())
        }
        result => result,
    }
}

/// Returns the folders in `dir`, by name in byte order, symbolic links to folders among them; names that start with a dot and names that
/// are not UTF-8 are left out. A folder that cannot be listed has none.
pub(crate) fn folders(dir: &Utf8Path) -> Vec<(String, Utf8PathBuf)> {
    let Ok(entries) = dir.read_dir_utf8() else {
        return Vec::new();
    };
    let mut folders: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| !entry.file_name().starts_with('.') && entry.path().is_dir())
        .map(|entry| (entry.file_name().to_owned(), entry.path().to_owned()))
        .collect();
    folders.sort();
    folders
}

/// Returns the files directly in `dir`, sorted; none if it cannot be listed.
pub(crate) fn files(dir: &Utf8Path) -> Vec<Utf8PathBuf> {
    let Ok(entries) = dir.read_dir_utf8() else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path().to_owned())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn temp() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        (dir, path)
    }

    #[test]
    fn a_missing_file_is_an_error_only_where_it_is_required() {
        let (_keep, dir) = temp();
        let path = dir.join("platform.txt");
        assert_eq!(properties_if_present(&path).unwrap(), Properties::new());
        let error = properties(&path).unwrap_err();
        assert!(
            error
                .one_line()
                .starts_with(&format!("failed to read `{path}`: ")),
            "{}",
            error.one_line()
        );
    }

    #[test]
    fn s1_2_2_the_malformed_line_is_named() {
        let (_keep, dir) = temp();
        let path = dir.join("boards.txt");
        fs_err::write(&path, "a=b\nbroken\n").unwrap();
        let error = properties_if_present(&path).unwrap_err();
        assert_eq!(
            error.one_line(),
            format!("failed to parse `{path}`: line 2: no `=` in `broken`")
        );
    }

    #[test]
    fn folders_are_sorted_and_follow_links() {
        let (_keep, dir) = temp();
        for name in ["b", "a", ".git"] {
            fs_err::create_dir(dir.join(name)).unwrap();
        }
        fs_err::write(dir.join("file"), "").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(dir.join("a"), dir.join("link")).unwrap();
        let names: Vec<_> = folders(&dir).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            if cfg!(unix) {
                vec!["a", "b", "link"]
            } else {
                vec!["a", "b"]
            }
        );
        assert_eq!(folders(&dir.join("none")), []);
    }
}
