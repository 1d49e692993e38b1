//! The directory of a sketch's generated files. Files in it that the sketch no longer has are deleted, so the directory is marked as made by
//! fbuild, and one without the mark is not touched.

use std::collections::HashSet;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::exec::place::{self, PlaceError};

/// The file that marks the directory.
const MARK: &str = ".fbuild";

/// What the file says to people.
const TEXT: &str = "fbuild generates the files of this directory and deletes others.\n";

/// Why a directory cannot be used for generated files.
#[derive(Debug, thiserror::Error)]
pub enum GeneratedDirError {
    /// It has files and no mark.
    #[error(
        "{dir} has files that fbuild did not make; delete it, or choose another directory with --output-dir"
    )]
    Foreign {
        /// The directory.
        dir: Utf8PathBuf,
    },
    /// It cannot be made or read.
    #[error("use {dir} for generated files")]
    Unusable {
        /// The directory.
        dir: Utf8PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file in it cannot be removed.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

/// Makes `dir` unless it is there, and marks it.
///
/// # Errors
/// If it has files and no mark, or cannot be made or written to.
pub fn prepare(dir: &Utf8Path) -> Result<(), GeneratedDirError> {
    let mark = dir.join(MARK);
    if mark.is_file() {
        return Ok(());
    }
    let unusable = |source| GeneratedDirError::Unusable {
        dir: dir.to_owned(),
        source,
    };
    std::fs::create_dir_all(dir).map_err(unusable)?;
    let is_empty = dir.read_dir_utf8().map_err(unusable)?.next().is_none();
    // Another run may have made and marked it in between.
    if !is_empty && !mark.is_file() {
        return Err(GeneratedDirError::Foreign {
            dir: dir.to_owned(),
        });
    }
    std::fs::write(&mark, TEXT).map_err(unusable)
}

/// Removes all files of `dir`, which [`prepare`] has marked, but those in `keep`; and the directories where `keep` has files.
///
/// # Errors
/// If one cannot be removed.
pub fn remove_others(
    dir: &Utf8Path,
    mut keep: HashSet<Utf8PathBuf>,
) -> Result<(), GeneratedDirError> {
    for path in &keep {
        let found = path.symlink_metadata();
        if found.is_ok_and(|found| found.is_dir()) {
            std::fs::remove_dir_all(path).map_err(|source| GeneratedDirError::Unusable {
                dir: path.clone(),
                source,
            })?;
        }
    }
    keep.insert(dir.join(MARK));
    Ok(place::remove_others(dir, &keep)?)
}
