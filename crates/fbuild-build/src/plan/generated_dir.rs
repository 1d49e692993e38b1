//! The directory of a sketch's generated files. Files in it that the sketch no longer has are deleted, so the directory is marked as made by
//! fbuild, and one without the mark is not touched.

use std::collections::HashSet;
use std::io;
use std::time::Duration;

use camino::{Utf8DirEntry, Utf8Path, Utf8PathBuf};

/// The file that marks the directory.
const MARK: &str = ".fbuild";

/// What the names of files begin with that a run is about to rename to their place.
const TEMPORARY: &str = ".fbuild-";

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
    remove_in(dir, &keep)
}

fn remove_in(dir: &Utf8Path, keep: &HashSet<Utf8PathBuf>) -> Result<(), GeneratedDirError> {
    let unusable = |source| GeneratedDirError::Unusable {
        dir: dir.to_owned(),
        source,
    };
    for entry in dir.read_dir_utf8().map_err(unusable)? {
        let entry = entry.map_err(unusable)?;
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_in(path, keep)?;
        } else if !keep.contains(path) && !is_in_the_making(&entry) {
            match std::fs::remove_file(path) {
                // Another run removed it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other.map_err(unusable)?,
            }
        }
    }
    Ok(())
}

/// Returns whether another run may be about to rename the file to its place. What a killed run has left is older.
fn is_in_the_making(entry: &Utf8DirEntry) -> bool {
    const OLD: Duration = Duration::from_secs(60 * 60);
    let written = entry.metadata().and_then(|found| found.modified());
    let age = written.ok().and_then(|written| written.elapsed().ok());
    entry.file_name().starts_with(TEMPORARY) && age.is_none_or(|age| age < OLD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_former_sketch_go_and_those_of_a_run_beside_stay() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap().join("sketch");
        prepare(&dir).unwrap();
        for name in ["kept.h", "src/former.h", "src/.fbuild-new", ".fbuild-old"] {
            fs_err::create_dir_all(dir.join(name).parent().unwrap()).unwrap();
            fs_err::write(dir.join(name), "").unwrap();
        }
        let old = fs_err::File::open(dir.join(".fbuild-old")).unwrap();
        let yesterday = std::time::SystemTime::now() - Duration::from_secs(24 * 60 * 60);
        old.file().set_modified(yesterday).unwrap();
        prepare(&dir).unwrap();
        remove_others(&dir, HashSet::from([dir.join("kept.h")])).unwrap();
        for (name, stays) in [
            (MARK, true),
            ("kept.h", true),
            ("src/.fbuild-new", true),
            ("src/former.h", false),
            (".fbuild-old", false),
        ] {
            assert_eq!(dir.join(name).exists(), stays, "{name}");
        }
    }
}
