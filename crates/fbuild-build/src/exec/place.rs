//! Writing files where users and compilers find them: only if they differ, to a temporary name first, then renamed.

use std::collections::HashSet;
use std::io::{self, Read, Write};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::Output;
use fbuild_model::{Digest, input};

/// A file could not be put where it belongs.
#[derive(Debug, thiserror::Error)]
#[error("write `{path}`")]
pub struct PlaceError {
    /// The file.
    pub path: Utf8PathBuf,
    /// Why.
    pub source: io::Error,
}

fn at(path: &Utf8Path) -> impl FnOnce(io::Error) -> PlaceError + '_ {
    move |source| PlaceError {
        path: path.to_owned(),
        source,
    }
}

/// Makes the directory in which `path` stands.
///
/// # Errors
/// If it cannot be made.
pub fn create_parent(path: &Utf8Path) -> Result<(), PlaceError> {
    path.parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .map_err(at(path))
}

/// Writes `bytes` to `path` unless the file holds them already. Returns whether it wrote.
///
/// # Errors
/// If the file cannot be written.
pub fn write_if_changed(path: &Utf8Path, bytes: &[u8]) -> Result<bool, PlaceError> {
    if present(path).is_ok_and(|present| present == bytes) {
        return Ok(false);
    }
    replace(path, |file| file.write_all(bytes))?;
    Ok(true)
}

/// Returns the content of a file; another program may have put a pipe in its place.
fn present(path: &Utf8Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input::open_regular(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns whether the file at `path` is there with this content.
pub fn holds(path: &Utf8Path, content: Digest) -> bool {
    present(path).is_ok_and(|bytes| Digest::of(&bytes) == content)
}

/// Copies the file at `from`, which holds `output`, to `path` unless the file there is the same already. Returns whether it copied.
///
/// # Errors
/// If one cannot be read or the other not be written.
pub fn copy(from: &Utf8Path, output: &Output, path: &Utf8Path) -> Result<bool, PlaceError> {
    if holds_output(path, output) {
        return Ok(false);
    }
    let mut source = std::fs::File::open(from).map_err(at(from))?;
    replace(path, |file| io::copy(&mut source, file).map(drop))?;
    Ok(true)
}

/// Makes the file at `from`, which holds `output` and is read-only, available at `path` unless the file there is the same already: by a hard
/// link, or by a copy where the file systems allow no link.
///
/// # Errors
/// If one cannot be read or the other not be written.
pub fn share(from: &Utf8Path, output: &Output, path: &Utf8Path) -> Result<(), PlaceError> {
    if holds_output(path, output) {
        return Ok(());
    }
    create_parent(path)?;
    let parent = path.parent().unwrap_or(Utf8Path::new("."));
    let linked = tempfile::Builder::new()
        .prefix(".fbuild-")
        .make_in(parent, |name| std::fs::hard_link(from, name));
    let Ok(linked) = linked else {
        return copy(from, output, path).map(drop);
    };
    let name = linked.path().to_owned();
    linked
        .persist(path)
        .map_err(|error| at(path)(error.error))?;
    // Where another run was faster, both are names of one file, and renaming one to the other leaves both.
    let _ = std::fs::remove_file(name);
    Ok(())
}

fn holds_output(path: &Utf8Path, output: &Output) -> bool {
    let same_size = std::fs::symlink_metadata(path)
        .is_ok_and(|meta| meta.is_file() && meta.len() == output.size);
    same_size && holds(path, output.digest)
}

fn replace(
    path: &Utf8Path,
    write: impl FnOnce(&mut std::fs::File) -> io::Result<()>,
) -> Result<(), PlaceError> {
    create_parent(path)?;
    let parent = path.parent().unwrap_or(Utf8Path::new("."));
    let place = || -> io::Result<()> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".fbuild-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        let mut file = builder.tempfile_in(parent)?;
        write(file.as_file_mut())?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    place().map_err(at(path))
}

/// Removes all files below a directory of our own but those in `keep`. A directory that is not there holds none.
///
/// # Errors
/// If the directory cannot be listed, or a file not be removed.
pub fn remove_others(dir: &Utf8Path, keep: &HashSet<Utf8PathBuf>) -> Result<(), PlaceError> {
    let entries = match dir.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(at(dir)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(at(dir))?;
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_others(path, keep)?;
        } else if !keep.contains(path) {
            std::fs::remove_file(path).map_err(at(path))?;
        }
    }
    Ok(())
}

/// Makes `name` a symbolic link to `target`, in place of a file or link of that name. A file is not linked to itself: the archive of a
/// sketch's own core is where a link that runs in the sketch's directory looks for it.
///
/// # Errors
/// If the link cannot be made.
pub fn link(target: &Utf8Path, name: &Utf8Path) -> Result<(), PlaceError> {
    if target == name {
        return Ok(());
    }
    create_parent(name)?;
    match std::fs::remove_file(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(name)(error)),
        _ => {}
    }
    std::os::unix::fs::symlink(target, name).map_err(at(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        (dir, path)
    }

    #[test]
    fn an_equal_file_is_left_alone() {
        let (_guard, dir) = dir();
        let path = dir.join("a/b.txt");
        assert!(write_if_changed(&path, b"one").unwrap());
        let before = fs_err::metadata(&path).unwrap().modified().unwrap();
        assert!(!write_if_changed(&path, b"one").unwrap());
        assert_eq!(fs_err::metadata(&path).unwrap().modified().unwrap(), before);
        assert!(write_if_changed(&path, b"two").unwrap());
        assert_eq!(fs_err::read(&path).unwrap(), b"two");
    }

    #[test]
    fn a_copy_is_made_only_where_the_content_differs() {
        let (_guard, dir) = dir();
        let (made, to) = (dir.join("made"), dir.join("out/X.hex"));
        fs_err::write(&made, "hex").unwrap();
        let output = Output {
            name: "hex".to_owned(),
            digest: Digest::of(b"hex"),
            size: 3,
        };
        let place = || copy(&made, &output, &to).unwrap();
        assert!(place());
        assert!(!place());
        fs_err::write(&to, "HEX").unwrap();
        assert!(place());
        assert_eq!(fs_err::read(&to).unwrap(), b"hex");
        assert_eq!(
            dir.join("out").read_dir_utf8().unwrap().count(),
            1,
            "no temporary file is left"
        );
    }

    #[test]
    fn a_shared_file_takes_no_room_and_is_replaced_as_a_whole() {
        use std::os::unix::fs::MetadataExt;
        let (_guard, dir) = dir();
        let output = |text: &str| Output {
            name: "a".to_owned(),
            digest: Digest::of(text.as_bytes()),
            size: text.len() as u64,
        };
        let place = dir.join("out/libx.a");
        for text in ["one", "two", "two"] {
            let from = dir.join(text);
            fs_err::write(&from, text).unwrap();
            share(&from, &output(text), &place).unwrap();
            assert_eq!(fs_err::read(&place).unwrap(), text.as_bytes());
            let inode = |path: &Utf8Path| fs_err::metadata(path).unwrap().ino();
            assert_eq!(inode(&place), inode(&from));
        }
        assert_eq!(fs_err::read(dir.join("one")).unwrap(), b"one");
        assert_eq!(dir.join("out").read_dir_utf8().unwrap().count(), 1);
    }

    #[test]
    fn an_error_names_the_file() {
        let (_guard, dir) = dir();
        fs_err::write(dir.join("file"), "").unwrap();
        let error = write_if_changed(&dir.join("file/x"), b"").unwrap_err();
        assert_eq!(error.to_string(), format!("write `{}`", dir.join("file/x")));
    }
}
