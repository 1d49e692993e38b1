//! Reads one file that somebody else wrote, within bounds.
//!
//! Sketches, headers and property files are found by name, and a name may be a pipe, a device, a file of the kernel or a file without end.
//! Everything that reads such a file reads it here. The module does not know what the file means.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;

use camino::Utf8Path;
use rustix::fs::OFlags;

/// The largest file that is read, in bytes: 64 MB.
pub const MOST_BYTES: u64 = 64 << 20;

/// Reads the regular file at `path`. Returns its content, and its metadata from before the reading, so that a later change shows.
///
/// Returns `None` for a folder, a pipe, a socket, a device, and a file of the kernel (`/proc`), whose content is made while it is read. The
/// call never waits for a writer of a pipe.
///
/// # Errors
/// Any error of opening or reading, and [`io::ErrorKind::FileTooLarge`] for a file of more than [`MOST_BYTES`]; the text names the path.
pub fn read(path: &Utf8Path) -> io::Result<Option<(Vec<u8>, Metadata)>> {
    bounded(path, MOST_BYTES)
        .map_err(|error| io::Error::new(error.kind(), format!("read `{path}`: {error}")))
}

/// Returns the content of the regular file at `path`.
///
/// # Errors
/// As [`read`]; what is no regular file is an error, too.
pub fn read_regular(path: &Utf8Path) -> io::Result<Vec<u8>> {
    let no_file = || {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("read `{path}`: not a regular file"),
        )
    };
    read(path)?.map(|(bytes, _)| bytes).ok_or_else(no_file)
}

/// Returns the content of the regular file at `path` as text.
///
/// # Errors
/// As [`read_regular`], and for bytes that are no UTF-8.
pub fn read_text(path: &Utf8Path) -> io::Result<String> {
    let bytes = read_regular(path)?;
    String::from_utf8(bytes).map_err(|_| {
        let text = format!("read `{path}`: not UTF-8");
        io::Error::new(io::ErrorKind::InvalidData, text)
    })
}

/// Opens the regular file at `path` for reading, however long it is. The call never waits for a writer of a pipe.
///
/// # Errors
/// Any error of opening; what is no regular file is an error, too. The text names the path.
pub fn open_regular(path: &Utf8Path) -> io::Result<File> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("read `{path}`: {error}"));
    let file = open(path).map_err(named)?;
    let metadata = file.metadata().map_err(named)?;
    if metadata.is_file() && (metadata.len() > 0 || !is_made_by_kernel(&file)) {
        return Ok(file);
    }
    let text = format!("read `{path}`: not a regular file");
    Err(io::Error::new(io::ErrorKind::InvalidInput, text))
}

fn open(path: &Utf8Path) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

fn bounded(path: &Utf8Path, most: u64) -> io::Result<Option<(Vec<u8>, Metadata)>> {
    let mut file = open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || (metadata.len() == 0 && is_made_by_kernel(&file)) {
        return Ok(None);
    }
    if metadata.len() > most {
        return Err(too_large(most));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
    Read::by_ref(&mut file)
        .take(most + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(too_large(most));
    }
    Ok(Some((bytes, metadata)))
}

fn too_large(most: u64) -> io::Error {
    let text = format!("the file is larger than {} MB", most >> 20);
    io::Error::new(io::ErrorKind::FileTooLarge, text)
}

/// Returns whether a file that claims to be empty is one of `/proc`.
#[cfg(target_os = "linux")]
fn is_made_by_kernel(file: &File) -> bool {
    rustix::fs::fstatfs(file).is_ok_and(|system| system.f_type == rustix::fs::PROC_SUPER_MAGIC)
}

#[cfg(not(target_os = "linux"))]
fn is_made_by_kernel(_: &File) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8PathBuf;

    fn folder(name: &str) -> Utf8PathBuf {
        let dir = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap();
        let dir = dir.join(format!("fbuild-input-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        dir
    }

    #[test]
    fn only_regular_files_have_content() {
        let dir = folder("kinds");
        let pipe = dir.join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, pipe.as_std_path(), 0o600.into()).unwrap();
        let file = dir.join("file");
        std::fs::write(&file, "text").unwrap();
        assert_eq!(read(&file).unwrap().unwrap().0, b"text");
        assert_eq!(read_text(&file).unwrap(), "text");
        assert!(open_regular(&file).is_ok());
        let others = [dir.as_path(), &pipe, "/dev/zero".into(), "/dev/null".into()];
        for path in others {
            assert!(read(path).unwrap().is_none(), "{path}");
            assert!(read_regular(path).is_err(), "{path}");
            assert!(read_text(path).is_err(), "{path}");
            assert!(open_regular(path).is_err(), "{path}");
        }
        if cfg!(target_os = "linux") {
            assert!(read("/proc/self/pagemap".into()).unwrap().is_none());
            assert!(read("/proc/self/status".into()).unwrap().is_none());
        }
        let absent = read(&dir.join("none")).unwrap_err();
        assert_eq!(absent.kind(), io::ErrorKind::NotFound);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_large_file_is_an_error_that_names_it() {
        let dir = folder("large");
        let path = dir.join("sparse");
        let file = File::create(&path).unwrap();
        file.set_len(MOST_BYTES).unwrap();
        assert!(bounded(&path, MOST_BYTES).unwrap().is_some());
        file.set_len(1 << 40).unwrap();
        let error = read(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(error.to_string().contains("sparse"), "{error}");
        std::fs::remove_dir_all(dir).unwrap();
    }
}
