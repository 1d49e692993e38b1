//! Listing folders the way Arduino's tools do.
//!
//! Three callers need it: sketches, libraries and, through [`crate::sources`], cores. Entries come in byte order of their names, symbolic links
//! are followed, a link that leads back to a folder on the way down is an error and not an endless walk. Which files matter is the caller's
//! business.

use std::io;
use std::os::unix::fs::MetadataExt;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// Says why a folder could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// The folder or an entry of it could not be read.
    #[error("read folder `{dir}`: {source}")]
    Read {
        /// The folder.
        dir: Utf8PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// An entry that matters has a name that is not UTF-8.
    #[error("use `{shown}`: the file name is not UTF-8; rename it")]
    NotUtf8 {
        /// The path with the offending bytes replaced.
        shown: String,
    },
    /// A symbolic link leads back to a folder that contains it.
    #[error("read folder `{dir}`: it is a symbolic link to a folder that contains it")]
    Loop {
        /// The link.
        dir: Utf8PathBuf,
    },
}

impl WalkError {
    /// Returns the path that the error is about, for people.
    pub fn shown(&self) -> &str {
        match self {
            Self::Read { dir, .. } | Self::Loop { dir } => dir.as_str(),
            Self::NotUtf8 { shown } => shown,
        }
    }
}

/// What an entry of a folder is, after following symbolic links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    /// A symbolic link to nothing.
    Broken,
}

/// One entry of a folder.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) path: Utf8PathBuf,
    pub(crate) kind: Kind,
    /// Whether the entry is a symbolic link to what `kind` says.
    pub(crate) is_link: bool,
}

impl Entry {
    pub(crate) fn name(&self) -> &str {
        self.path.file_name().unwrap_or_default()
    }
}

/// An entry whose name is not UTF-8.
#[derive(Debug, Clone)]
pub(crate) struct Odd {
    /// The path with the offending bytes replaced.
    pub(crate) shown: String,
    pub(crate) kind: Kind,
}

/// Lists one folder in byte order of the names, and apart from them the entries whose names are not UTF-8.
pub(crate) fn listing(dir: &Utf8Path) -> Result<(Vec<Entry>, Vec<Odd>), WalkError> {
    let failed = |source| WalkError::Read {
        dir: dir.to_owned(),
        source,
    };
    let (mut found, mut odd) = (Vec::new(), Vec::new());
    for entry in fs_err::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Some((kind, is_link)) = kind_of(&entry).map_err(failed)? else {
            continue;
        };
        match entry.file_name().to_str() {
            Some(name) => found.push(Entry {
                path: dir.join(name),
                kind,
                is_link,
            }),
            None => odd.push(Odd {
                shown: entry.path().to_string_lossy().into_owned(),
                kind,
            }),
        }
    }
    found.sort_by(|a, b| a.name().cmp(b.name()));
    odd.sort_by(|a, b| a.shown.cmp(&b.shown));
    Ok((found, odd))
}

/// Lists one folder in byte order of the names. Names that are not UTF-8 are an error if `matters` says so, and left out otherwise; it is
/// asked with the name as far as it can be read, and whether the entry is a folder.
pub(crate) fn entries(
    dir: &Utf8Path,
    matters: impl Fn(&str, bool) -> bool,
) -> Result<Vec<Entry>, WalkError> {
    let (found, odd) = listing(dir)?;
    let name = |odd: &Odd| odd.shown.rsplit('/').next().unwrap_or_default().to_owned();
    match odd
        .into_iter()
        .find(|odd| matters(&name(odd), odd.kind == Kind::Folder))
    {
        Some(Odd { shown, .. }) => Err(WalkError::NotUtf8 { shown }),
        None => Ok(found),
    }
}

/// Returns what the entry is and whether a symbolic link leads there; `None` for pipes, sockets and devices, which no build reads.
fn kind_of(entry: &fs_err::DirEntry) -> io::Result<Option<(Kind, bool)>> {
    let mut kind = entry.file_type()?;
    let is_link = kind.is_symlink();
    if is_link {
        match fs_err::metadata(entry.path()) {
            Ok(target) => kind = target.file_type(),
            Err(_) => return Ok(Some((Kind::Broken, true))),
        }
    }
    Ok(match kind {
        _ if kind.is_file() => Some((Kind::File, is_link)),
        _ if kind.is_dir() => Some((Kind::Folder, is_link)),
        _ => None,
    })
}

/// Visits every file (and broken link) below `dir`, a folder's content at the folder's place in the order of names. `enter` decides which
/// folders are entered, `matters` which files are wanted (by name).
pub(crate) fn files(
    dir: &Utf8Path,
    enter: &dyn Fn(&Utf8Path) -> bool,
    matters: &dyn Fn(&str) -> bool,
) -> Result<Vec<Entry>, WalkError> {
    let mut found = Vec::new();
    let mut above = vec![Identity::of(dir)?];
    descend(dir, enter, matters, &mut above, &mut found)?;
    Ok(found)
}

fn descend(
    dir: &Utf8Path,
    enter: &dyn Fn(&Utf8Path) -> bool,
    matters: &dyn Fn(&str) -> bool,
    above: &mut Vec<Identity>,
    found: &mut Vec<Entry>,
) -> Result<(), WalkError> {
    for entry in entries(dir, |name, folder| folder || matters(name))? {
        match entry.kind {
            Kind::Folder if enter(&entry.path) => {
                let folder = Identity::of(&entry.path)?;
                if entry.is_link && above.contains(&folder) {
                    return Err(WalkError::Loop { dir: entry.path });
                }
                above.push(folder);
                descend(&entry.path, enter, matters, above, found)?;
                above.pop();
            }
            Kind::Folder => {}
            Kind::File | Kind::Broken if matters(entry.name()) => found.push(entry),
            Kind::File | Kind::Broken => {}
        }
    }
    Ok(())
}

/// What makes a folder the same under two paths. Unlike resolving the path, finding it costs one system call at any depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// Returns the identity of what `path` leads to.
    pub(crate) fn of(path: &Utf8Path) -> Result<Self, WalkError> {
        let metadata = fs_err::metadata(path).map_err(|source| WalkError::Read {
            dir: path.to_owned(),
            source,
        })?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }
}

/// Resolves symbolic links in a path that exists. Takes a time that grows with the square of the path's depth, so it is called for paths that
/// a user names and for links, never for every folder of a tree.
pub(crate) fn canonical(path: &Utf8Path) -> Result<Utf8PathBuf, WalkError> {
    #[cfg(test)]
    tests::RESOLVED.set(tests::RESOLVED.get() + 1);
    match fs_err::canonicalize(path) {
        Ok(real) => Utf8PathBuf::from_path_buf(real).map_err(|real| WalkError::NotUtf8 {
            shown: real.to_string_lossy().into_owned(),
        }),
        Err(source) => Err(WalkError::Read {
            dir: path.to_owned(),
            source,
        }),
    }
}

/// Makes a path absolute and removes `.` and `..` by name, without resolving symbolic links.
pub(crate) fn absolute(path: &Utf8Path) -> Utf8PathBuf {
    let full = camino::absolute_utf8(path).unwrap_or_else(|_| path.to_owned());
    let mut clean = Utf8PathBuf::new();
    for part in full.components() {
        match part {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        /// How many paths were resolved.
        pub(super) static RESOLVED: Cell<usize> = const { Cell::new(0) };
    }

    #[test]
    fn no_path_is_resolved_for_a_folder_however_deep() {
        let (_guard, dir) = space();
        let deep = "d/".repeat(900);
        fs_err::create_dir_all(dir.join(&deep)).unwrap();
        fs_err::write(dir.join(&deep).join("x.h"), "").unwrap();
        let entered = Cell::new(0);
        let enter = |_: &Utf8Path| {
            entered.set(entered.get() + 1);
            true
        };
        RESOLVED.set(0);
        assert_eq!(files(&dir, &enter, &|_| true).unwrap().len(), 1);
        assert_eq!((entered.get(), RESOLVED.get()), (900, 0));
        fs_err::write(dir.join(&deep).join("d.ino"), "").unwrap();
        let found = crate::sketch::find::find_sketches(&[dir], &[]).unwrap();
        assert_eq!(found.sketches.len(), 1);
        assert!(RESOLVED.get() < 10, "{}", RESOLVED.get());
    }

    fn space() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().canonicalize().unwrap()).unwrap();
        (dir, path)
    }

    fn names(dir: &Utf8Path) -> Vec<String> {
        files(dir, &|_| true, &|_| true)
            .unwrap()
            .iter()
            .map(|entry| entry.path.strip_prefix(dir).unwrap().to_string())
            .collect()
    }

    #[test]
    fn a_folder_s_content_stands_at_its_place_in_byte_order() {
        let (_guard, dir) = space();
        for file in ["b.c", "a/z.c", "a.c", "B.c", "a/Z/q.c"] {
            fs_err::create_dir_all(dir.join(file).parent().unwrap()).unwrap();
            fs_err::write(dir.join(file), "").unwrap();
        }
        assert_eq!(names(&dir), ["B.c", "a/Z/q.c", "a/z.c", "a.c", "b.c"]);
    }

    #[test]
    #[cfg(unix)]
    fn links_are_followed_and_loops_are_errors() {
        use fs_err::os::unix::fs::symlink;
        let (_guard, dir) = space();
        fs_err::create_dir_all(dir.join("real/deep")).unwrap();
        fs_err::write(dir.join("real/deep/x.h"), "").unwrap();
        symlink(dir.join("real"), dir.join("linked")).unwrap();
        assert_eq!(names(&dir), ["linked/deep/x.h", "real/deep/x.h"]);
        symlink(&dir, dir.join("real/up")).unwrap();
        let error = files(&dir, &|_| true, &|_| true).unwrap_err();
        assert!(
            matches!(&error, WalkError::Loop { dir: link } if link.ends_with("up")),
            "{error}"
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_broken_link_is_an_entry_of_its_own_kind() {
        let (_guard, dir) = space();
        fs_err::os::unix::fs::symlink(dir.join("nothing"), dir.join("gone.h")).unwrap();
        assert_eq!(entries(&dir, |_, _| true).unwrap()[0].kind, Kind::Broken);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn names_outside_utf8_are_errors_only_where_they_matter() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let (_guard, dir) = space();
        fs_err::write(
            dir.as_std_path().join(OsStr::from_bytes(b"caf\xe9.txt")),
            "",
        )
        .unwrap();
        let headers = |name: &str| name.ends_with(".h");
        assert!(files(&dir, &|_| true, &headers).unwrap().is_empty());
        fs_err::write(dir.as_std_path().join(OsStr::from_bytes(b"caf\xe9.h")), "").unwrap();
        let error = files(&dir, &|_| true, &headers).unwrap_err();
        assert!(matches!(error, WalkError::NotUtf8 { .. }), "{error}");
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_it() {
        let (_guard, dir) = space();
        let error = entries(&dir.join("none"), |_, _| true)
            .unwrap_err()
            .to_string();
        assert!(error.contains("none"), "{error}");
    }
}
