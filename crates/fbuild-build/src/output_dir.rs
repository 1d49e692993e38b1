//! Whether a run may write to its output directory. It is checked before the run writes or deletes anything there.
//!
//! Source trees are never written to, so the directory must be outside of every sketch. A repository may bring an output directory of its
//! own making, so no directory in it that this run uses may be a symbolic link: a run deletes files that it does not know there.

use std::collections::HashSet;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_platform::BoardSpec;

use crate::plan::layout;
use crate::request::Request;

/// Why a run may not write to its output directory.
#[derive(Debug, thiserror::Error)]
pub enum OutputDirError {
    /// It cannot be made or written to.
    #[error("cannot write to the output directory {dir}")]
    Unusable {
        /// The directory.
        dir: Utf8PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is inside a sketch, which is a source tree.
    #[error(
        "the output directory {dir} is inside the sketch {sketch}; choose another one with --output-dir"
    )]
    InSketch {
        /// The directory.
        dir: Utf8PathBuf,
        /// The sketch.
        sketch: Utf8PathBuf,
    },
    /// A directory that the run uses is a symbolic link.
    #[error("{link} is a symbolic link, and this run would write and delete files behind it")]
    Link {
        /// The link.
        link: Utf8PathBuf,
    },
}

/// Checks the output directory of `request`, and makes it where there is none.
///
/// # Errors
/// If it is inside a sketch, cannot be written to, or contains a symbolic link in place of a directory that the run uses.
pub fn check(request: &Request) -> Result<(), OutputDirError> {
    let dir = &request.output_dir;
    if let Some(sketch) = request
        .sketches
        .iter()
        .find(|sketch| dir.starts_with(&sketch.dir))
    {
        return Err(OutputDirError::InSketch {
            dir: dir.clone(),
            sketch: sketch.dir.clone(),
        });
    }
    let unusable = |source| OutputDirError::Unusable {
        dir: dir.clone(),
        source,
    };
    std::fs::create_dir_all(dir).map_err(unusable)?;
    tempfile::Builder::new()
        .prefix(".fbuild-")
        .tempfile_in(dir)
        .map_err(unusable)?;
    refuse_links(request)
}

/// Checks that no directory that the run uses is a symbolic link: those below the output directory, and those for exported firmware. The output
/// directory itself may be one. Reads only, so it can be called before anything is made there.
///
/// # Errors
/// If there is such a link.
pub fn refuse_links(request: &Request) -> Result<(), OutputDirError> {
    let root = request.output_dir.as_path();
    let beside: Vec<Utf8PathBuf> = layout::BESIDE_BOARDS.iter().map(Into::into).collect();
    let boards = board_dirs(request);
    let below = || {
        boards
            .iter()
            .find_map(|dir| find_link_below(&root.join(dir)))
    };
    let exports = request.sketches.iter().filter(|_| request.export_binaries);
    let mut exports = exports.map(|sketch| (sketch.dir.as_path(), export_dirs(request)));
    let link = find_link(root, &beside)
        .or_else(|| find_link(root, &boards))
        .or_else(below)
        .or_else(|| exports.find_map(|(root, dirs)| find_link(root, &dirs)));
    link.map_or(Ok(()), |link| Err(OutputDirError::Link { link }))
}

/// Lists the directories for exported firmware, relative to a sketch.
fn export_dirs(request: &Request) -> Vec<Utf8PathBuf> {
    let fqbns = request.boards.iter().map(|board| board.fqbn());
    fqbns.map(layout::export_dir).collect()
}

/// Lists the directories for boards and sketches that a run uses, relative to the output directory.
fn board_dirs(request: &Request) -> Vec<Utf8PathBuf> {
    let identities: Vec<String> = request.boards.iter().map(BoardSpec::identity).collect();
    let dirs: Vec<Utf8PathBuf> = request
        .sketches
        .iter()
        .map(|sketch| sketch.dir.clone())
        .collect();
    let sketches = layout::sketch_dirs(&layout::sketch_names(&dirs, &request.cwd), &dirs);
    let mut used = Vec::new();
    for board in layout::board_dirs(&identities) {
        let board = Utf8PathBuf::from(board);
        used.extend(layout::SHARED.iter().map(|name| board.join(name)));
        // Only boards whose hooks run in the sketch's directory have directories of such names there.
        let own = layout::SHARED.iter().chain([&layout::GENERATED]);
        used.extend(own.flat_map(|name| {
            let board = &board;
            sketches
                .iter()
                .map(move |sketch| board.join(sketch).join(name))
        }));
    }
    used
}

/// Returns the first symbolic link on the way from `root` to one of `dirs`.
fn find_link(root: &Utf8Path, dirs: &[Utf8PathBuf]) -> Option<Utf8PathBuf> {
    let mut seen = HashSet::new();
    for dir in dirs {
        let mut path = root.to_owned();
        for component in dir.components() {
            path.push(component);
            if !seen.insert(path.clone()) {
                continue;
            }
            match path.symlink_metadata() {
                Ok(found) if found.is_symlink() => return Some(path),
                Ok(_) => {}
                // What is below a directory that does not exist does not exist.
                Err(_) => break,
            }
        }
    }
    None
}

/// Returns the first symbolic link below `dir` that leads to a directory. Links to files are replaced where a run writes.
fn find_link_below(dir: &Utf8Path) -> Option<Utf8PathBuf> {
    let entries = dir.read_dir_utf8().into_iter().flatten().flatten();
    let mut kinds = entries.filter_map(|entry| Some((entry.file_type().ok()?, entry)));
    kinds.find_map(|(kind, entry)| match entry.path() {
        path if kind.is_dir() => find_link_below(path),
        path if kind.is_symlink() && path.is_dir() => Some(path.to_owned()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use fs_err::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_found_on_the_way_and_below() {
        let guard = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(guard.path()).unwrap();
        let dirs = ["uno/a/b/sketch", "uno/libraries"].map(Utf8PathBuf::from);
        assert_eq!(find_link(root, &dirs), None);
        fs_err::create_dir_all(root.join("uno/a")).unwrap();
        symlink("/", root.join("uno/a/other")).unwrap();
        assert_eq!(find_link(root, &dirs), None);
        symlink("/", root.join("uno/a/b")).unwrap();
        assert_eq!(find_link(root, &dirs), Some(root.join("uno/a/b")));

        let libraries = root.join("uno/libraries");
        fs_err::create_dir_all(libraries.join("Real/2")).unwrap();
        symlink("/dev/null", libraries.join("Real/2/a.o")).unwrap();
        assert_eq!(find_link_below(&libraries), None);
        for name in ["Fake", "Real/2/utility"] {
            symlink("/", libraries.join(name)).unwrap();
            assert_eq!(find_link_below(&libraries), Some(libraries.join(name)));
            fs_err::remove_file(libraries.join(name)).unwrap();
        }
    }
}
