//! Where a report goes: a file, standard output, or a pipe or device. It does not know what a report says.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use camino::{Utf8Path, Utf8PathBuf};

/// How many links are followed, as on Linux.
const MOST_LINKS: usize = 40;

/// A place that a report can be written to.
#[derive(Debug)]
pub enum Target {
    /// Standard output: `-`, or a path that names it.
    Stdout,
    /// A pipe or a device, opened before the run so that it is the one that was named.
    Stream(fs_err::File),
    /// A regular file, which may not exist yet; links are resolved.
    File(Utf8PathBuf),
}

/// A place that no report can be written to.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// A directory of the path is missing or no directory.
    #[error("cannot write {path}: {parent} does not exist")]
    NoParent {
        /// The path.
        path: Utf8PathBuf,
        /// Its directory.
        parent: Utf8PathBuf,
    },
    /// The path is a directory.
    #[error("cannot write {0}: it is a directory")]
    Directory(Utf8PathBuf),
    /// Links that lead to each other.
    #[error("cannot write {0}: too many levels of symbolic links")]
    Links(Utf8PathBuf),
    /// The system refuses.
    #[error("cannot write {path}")]
    Io {
        /// The path.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Target {
    /// Finds out what `path` is. Waits for a reader if it is a named pipe.
    ///
    /// # Errors
    /// If no report can be written there.
    pub fn open(path: &Utf8Path) -> Result<Self, TargetError> {
        let refused = |source| TargetError::Io {
            path: path.to_owned(),
            source,
        };
        if path == "-" {
            return Ok(Self::Stdout);
        }
        let meta = match path.metadata() {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return missing(path),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(no_parent(path, path));
            }
            Err(error) => return Err(refused(error)),
        };
        if meta.is_dir() {
            return Err(TargetError::Directory(path.to_owned()));
        }
        if is_stdout(&meta) {
            return Ok(Self::Stdout);
        }
        if meta.is_file() {
            return path.canonicalize_utf8().map(Self::File).map_err(refused);
        }
        let opened = fs_err::OpenOptions::new().write(true).open(path);
        opened.map(Self::Stream).map_err(refused)
    }

    /// Removes the report of an earlier run, so that it is not taken for this run's.
    ///
    /// # Errors
    /// If there is one and it cannot be removed.
    pub fn remove_old(&self) -> Result<(), TargetError> {
        let Self::File(path) = self else {
            return Ok(());
        };
        match fs_err::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(TargetError::Io {
                path: path.clone(),
                source: error,
            }),
            _ => Ok(()),
        }
    }

    /// Writes a whole report. A reader that closed the pipe has seen enough.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, text: &str) -> io::Result<()> {
        match self {
            Self::File(path) => replace(path, text.as_bytes()),
            _ => self.send(text),
        }
    }

    /// Adds what `make` returns for the present content of the file; the content of a pipe or device is empty.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn append(&mut self, make: impl FnOnce(&str) -> String) -> io::Result<()> {
        let Self::File(path) = self else {
            return self.send(&make(""));
        };
        let mut options = fs_err::OpenOptions::new();
        let mut file = options
            .read(true)
            .create(true)
            .append(true)
            .open(path.as_path())?;
        let mut existing = String::new();
        file.read_to_string(&mut existing)?;
        file.write_all(make(&existing).as_bytes())
    }

    fn send(&mut self, text: &str) -> io::Result<()> {
        let sent = match self {
            Self::Stream(stream) => stream.write_all(text.as_bytes()),
            _ => {
                let mut stdout = io::stdout().lock();
                stdout
                    .write_all(text.as_bytes())
                    .and_then(|()| stdout.flush())
            }
        };
        match sent {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            sent => sent,
        }
    }
}

/// Follows links to the file that does not exist yet.
fn missing(path: &Utf8Path) -> Result<Target, TargetError> {
    let mut file = path.to_owned();
    for _ in 0..MOST_LINKS {
        let parent = match file.parent() {
            Some(parent) if !parent.as_str().is_empty() => parent.to_owned(),
            _ => Utf8PathBuf::from("."),
        };
        match file.read_link_utf8() {
            Ok(target) => file = parent.join(target),
            Err(_) if parent.is_dir() => return Ok(Target::File(file)),
            Err(_) => return Err(no_parent(path, &file)),
        }
    }
    Err(TargetError::Links(path.to_owned()))
}

fn no_parent(path: &Utf8Path, file: &Utf8Path) -> TargetError {
    TargetError::NoParent {
        path: path.to_owned(),
        parent: file.parent().unwrap_or(file).to_owned(),
    }
}

/// Returns whether a file is the one that standard output goes to, whatever its name.
fn is_stdout(meta: &std::fs::Metadata) -> bool {
    let stdout = io::stdout().as_fd().try_clone_to_owned();
    let stdout = stdout.and_then(|stdout| std::fs::File::from(stdout).metadata());
    stdout.is_ok_and(|stdout| (stdout.dev(), stdout.ino()) == (meta.dev(), meta.ino()))
}

/// Replaces a file at once, so that no reader finds half a report.
fn replace(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder
        .prefix(".fbuild-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    match builder.tempfile_in(parent.unwrap_or(Utf8Path::new("."))) {
        Ok(mut file) => {
            file.write_all(bytes)?;
            file.persist(path)?;
            Ok(())
        }
        // The file may be writable where its directory is not.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => fs_err::write(path, bytes),
        Err(error) => Err(error),
    }
}
