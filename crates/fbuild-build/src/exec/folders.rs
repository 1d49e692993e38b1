//! Folders of links that many actions have alike, each made once per run.
//!
//! Every link of every sketch names the objects of the core and the libraries by the same paths in its own directory. Where the contents are
//! the same as well, one folder stands in all those directories. It does not know what the files are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use crate::action::Links;
use crate::exec::place::{self, PlaceError};
use crate::exec::run_dir::{self, RunDir, RunDirError};
use fbuild_process::lock::lock;

/// A folder could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    /// There is no place for it.
    #[error(transparent)]
    Dir(#[from] RunDirError),
    /// One of its links cannot be made.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

/// The folders of a run.
#[derive(Debug, Default)]
pub(crate) struct Folders(Mutex<HashMap<Links, Arc<TempDir>>>);

impl Folders {
    /// Returns the folder with these links, made in `run` unless it is there; it stays as long as the folders do.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn get(&self, links: &Links, run: &RunDir) -> Result<Arc<TempDir>, FolderError> {
        // Others that need the same folder wait while it is made.
        let mut folders = lock(&self.0);
        if let Some(known) = folders.get(links) {
            return Ok(Arc::clone(known));
        }
        let made = run.new_dir()?;
        for (name, target) in links {
            place::link(target, &run_dir::utf8(&made)?.join(name))?;
        }
        let made = Arc::new(made);
        folders.insert(links.clone(), Arc::clone(&made));
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use camino::{Utf8Path, Utf8PathBuf};

    use super::*;

    #[test]
    fn a_folder_is_made_once() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        fs_err::write(dir.join("object"), "object").unwrap();
        let run = RunDir::new(dir);
        let links = |name: &str| vec![(Utf8PathBuf::from(name), dir.join("object"))];
        let folders = Folders::default();
        let get = |name: &str| folders.get(&links(name), &run).unwrap();
        let first = get("FastLED/fl/x.o");
        let linked = first.path().join("FastLED/fl/x.o");
        assert_eq!(fs_err::read(&linked).unwrap(), b"object");
        assert!(Arc::ptr_eq(&first, &get("FastLED/fl/x.o")));
        assert_ne!(first.path(), get("FastLED/fl/y.o").path());
    }
}
