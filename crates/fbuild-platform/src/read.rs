//! Reading files and directory listings; the only module that opens files of a platform.

use std::io::{self, Read as _};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Properties;

use crate::error::LoadError;

/// The largest property file, package index or source that is read, in bytes.
const LARGEST_FILE: u64 = 64 << 20;

/// Reads a regular file of at most 64 MB.
///
/// A named pipe or a device does not block the call, and a file that grows while it is read is not read beyond the limit.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] if `path` is not a regular file, [`io::ErrorKind::FileTooLarge`] if it is too large, else the system's
/// error. The messages do not contain the path.
pub fn read_file(path: &Utf8Path) -> io::Result<Vec<u8>> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    // Opening a pipe for reading waits for a writer without this flag.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a regular file",
        ));
    }
    let too_large = || {
        io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("larger than {} MB", LARGEST_FILE >> 20),
        )
    };
    if metadata.len() > LARGEST_FILE {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default() + 1);
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(too_large());
    }
    Ok(bytes)
}

/// Reads a property file.
pub(crate) fn properties(path: &Utf8Path) -> Result<Properties, LoadError> {
    let bytes = read_file(path).map_err(|source| LoadError::Read {
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
                .starts_with(&format!("cannot read `{path}`: ")),
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
            format!("`{path}` is not a property file: line 2: no `=` in `broken`")
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

    #[cfg(unix)]
    #[test]
    fn a_pipe_does_not_block_and_is_an_error() {
        let (_keep, dir) = temp();
        let pipe = dir.join("platform.txt");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let error = properties_if_present(&pipe).unwrap_err();
        assert_eq!(
            error.one_line(),
            format!("cannot read `{pipe}`: not a regular file")
        );
        assert_eq!(
            read_file(&dir).unwrap_err().kind(),
            io::ErrorKind::InvalidInput
        );
    }

    #[test]
    fn a_file_beyond_the_limit_is_an_error() {
        let (_keep, dir) = temp();
        let path = dir.join("boards.txt");
        let file = fs_err::File::create(&path).unwrap();
        file.set_len(LARGEST_FILE + 1).unwrap();
        assert_eq!(
            properties(&path).unwrap_err().one_line(),
            format!("cannot read `{path}`: larger than 64 MB")
        );
        file.set_len(3).unwrap();
        assert_eq!(read_file(&path).unwrap(), [0, 0, 0]);
    }
}
