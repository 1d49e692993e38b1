//! The library that contains a folder. Knows nothing of what is in the library.

use camino::{Utf8Path, Utf8PathBuf};

use super::PROPERTIES;
use crate::walk::absolute;

/// Returns the library that contains `dir`: the nearest folder, `dir` included, that has a `library.properties`.
///
/// The search goes up to the root of the repository (the folder with `.git`) or to one of `sketchbooks`; what is further up has nothing to do
/// with `dir`.
pub fn enclosing_library(dir: &Utf8Path, sketchbooks: &[Utf8PathBuf]) -> Option<Utf8PathBuf> {
    let dir = absolute(dir);
    let ends_search = |folder: &Utf8Path| {
        sketchbooks.iter().any(|book| book == folder) || folder.join(".git").exists()
    };
    for folder in dir.ancestors() {
        if folder.join(PROPERTIES).is_file() {
            return Some(folder.to_owned());
        }
        if ends_search(folder) {
            return None;
        }
    }
    None
}

/// Returns the library whose files `dir` is among: as [`enclosing_library`], but without an end of the search.
pub fn containing_library(dir: &Utf8Path) -> Option<Utf8PathBuf> {
    let dir = absolute(dir);
    let mut folders = dir.ancestors();
    folders
        .find(|folder| folder.join(PROPERTIES).is_file())
        .map(Utf8Path::to_owned)
}
