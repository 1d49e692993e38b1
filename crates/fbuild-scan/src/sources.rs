//! Which files of a folder are compiled, and in which order their objects are linked.
//!
//! Serves cores, variants, libraries and sketches alike (semantics 1.7.1, 2.2, 3.1). It does not know recipes or object files.

use camino::{Utf8Path, Utf8PathBuf};

use crate::walk::{self, Kind, WalkError};

/// The extensions that are compiled (semantics 1.7.1); the comparison is case-sensitive.
pub const COMPILED: [&str; 5] = ["c", "cpp", "cc", "cxx", "S"];

/// The extensions that make a file a header of a library (semantics 2.3.3).
pub const HEADERS: [&str; 3] = ["h", "hpp", "hh"];

/// Folders of version control that do not start with a dot; they are never entered (semantics 2.2).
const UNRELATED: [&str; 2] = ["CVS", "RCS"];

/// How deep a folder is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    /// The folder itself only.
    Flat,
    /// All folders below, too.
    Recursive,
}

/// Returns whether a name has one of the extensions in `of` after its last dot.
pub fn has_extension(name: &str, of: &[&str]) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| of.contains(&extension))
}

/// Returns the compiled files of `dir` in the order of a directory walk: entries by name, a folder's content at the folder's place. Names that
/// start with a dot, and folders of version control, are left out (semantics 2.2). This is the order in which discovery scans them.
///
/// # Errors
/// A folder that cannot be read, a symbolic link to a containing folder, a source that is a broken link or whose name is not UTF-8.
pub fn walk_order(dir: &Utf8Path, depth: Depth) -> Result<Vec<Utf8PathBuf>, WalkError> {
    let enter = |path: &Utf8Path| {
        depth == Depth::Recursive && !is_unrelated(path.file_name().unwrap_or_default())
    };
    let wanted = |name: &str| !name.starts_with('.') && has_extension(name, &COMPILED);
    walk::files(dir, &enter, &wanted)?
        .into_iter()
        .map(|entry| match entry.kind {
            Kind::Broken => Err(WalkError::Read {
                dir: entry.path,
                source: std::io::ErrorKind::NotFound.into(),
            }),
            _ => Ok(entry.path),
        })
        .collect()
}

/// Returns the compiled files of `dir` in the order of their objects on the link line and in archives (semantics 3.1).
///
/// # Errors
/// As [`walk_order`].
pub fn link_order(dir: &Utf8Path, depth: Depth) -> Result<Vec<Utf8PathBuf>, WalkError> {
    let mut files = walk_order(dir, depth)?;
    sort_as_objects(&mut files);
    Ok(files)
}

/// Sorts sources by the full path of their objects as bytes: `a.cpp.o < a_first.S.o < b.c.o < src/…` (semantics 3.1).
pub fn sort_as_objects(files: &mut [Utf8PathBuf]) {
    files.sort_by(|a, b| object_key(a).cmp(object_key(b)));
}

/// The bytes of the object's path. The suffix `.o` decides between `x.c` and `x.c.c`.
fn object_key(source: &Utf8Path) -> impl Iterator<Item = u8> + '_ {
    source.as_str().bytes().chain(*b".o")
}

pub(crate) fn is_unrelated(name: &str) -> bool {
    name.starts_with('.') || UNRELATED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> (tempfile::TempDir, Utf8PathBuf) {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(guard.path().canonicalize().unwrap()).unwrap();
        for file in files {
            fs_err::create_dir_all(dir.join(file).parent().unwrap()).unwrap();
            fs_err::write(dir.join(file), "").unwrap();
        }
        (guard, dir)
    }

    fn relative(dir: &Utf8Path, files: &[Utf8PathBuf]) -> Vec<String> {
        files
            .iter()
            .map(|file| file.strip_prefix(dir).unwrap().to_string())
            .collect()
    }

    #[test]
    fn s1_7_1_extensions_are_case_sensitive() {
        let (_guard, dir) = folder(&[
            "a.c", "b.cpp", "c.cc", "d.cxx", "e.S", "f.s", "g.asm", "h.C", "i.c++", "j.ino", "k",
            "c", "l.CPP",
        ]);
        let files = walk_order(&dir, Depth::Flat).unwrap();
        assert_eq!(
            relative(&dir, &files),
            ["a.c", "b.cpp", "c.cc", "d.cxx", "e.S"]
        );
    }

    #[test]
    fn s2_2_dot_entries_and_version_control_are_skipped() {
        let (_guard, dir) = folder(&[
            "a.c",
            ".b.c",
            ".git/c.c",
            "CVS/d.c",
            "RCS/e.c",
            ".vscode/f.c",
            "sub/g.c",
            "sub/.h/i.c",
        ]);
        let files = walk_order(&dir, Depth::Recursive).unwrap();
        assert_eq!(relative(&dir, &files), ["a.c", "sub/g.c"]);
        assert_eq!(
            relative(&dir, &walk_order(&dir, Depth::Flat).unwrap()),
            ["a.c"]
        );
    }

    #[test]
    fn s3_1_objects_are_sorted_by_their_path_as_bytes() {
        let names = [
            "src/z.c",
            "b.c",
            "a_first.S",
            "a.cpp",
            "Z.c",
            "a.cpp.c",
            "a/x.c",
            "a-b/y.c",
        ];
        let (_guard, dir) = folder(&names);
        let files = link_order(&dir, Depth::Recursive).unwrap();
        assert_eq!(
            relative(&dir, &files),
            [
                "Z.c",
                "a-b/y.c",
                "a.cpp.c",
                "a.cpp",
                "a/x.c",
                "a_first.S",
                "b.c",
                "src/z.c"
            ]
        );
        let scanned = walk_order(&dir, Depth::Recursive).unwrap();
        assert_eq!(
            relative(&dir, &scanned),
            [
                "Z.c",
                "a/x.c",
                "a-b/y.c",
                "a.cpp",
                "a.cpp.c",
                "a_first.S",
                "b.c",
                "src/z.c"
            ]
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_source_that_is_a_broken_link_is_an_error() {
        let (_guard, dir) = folder(&["a.c"]);
        fs_err::os::unix::fs::symlink(dir.join("none"), dir.join("b.c")).unwrap();
        fs_err::os::unix::fs::symlink(dir.join("none"), dir.join("README")).unwrap();
        let error = walk_order(&dir, Depth::Flat).unwrap_err().to_string();
        assert!(error.contains("b.c"), "{error}");
    }
}
