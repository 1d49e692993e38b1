//! Folders of links that many actions have alike, each made once per run.
//!
//! Every link of every sketch names the objects of the core and the libraries by the same paths in its own directory. Where the contents are
//! the same as well, one folder stands in all those directories. It does not know what the files are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use fbuild_cache::{CacheError, Scratch};

use crate::action::Links;
use crate::exec::place::{self, PlaceError};
use fbuild_process::lock::lock;

/// A folder could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    /// There is no place for it.
    #[error(transparent)]
    Scratch(#[from] CacheError),
    /// One of its links cannot be made.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

/// The folders of a run.
#[derive(Debug, Default)]
pub(crate) struct Folders(Mutex<HashMap<Links, Arc<Scratch>>>);

impl Folders {
    /// Returns the folder with these links, made in a directory that `scratch` offers unless it is there; it stays as long as the folders do.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn get(
        &self,
        links: &Links,
        scratch: impl FnOnce() -> Result<Scratch, CacheError>,
    ) -> Result<Arc<Scratch>, FolderError> {
        // Whoever needs the same folder waits while it is made.
        let mut folders = lock(&self.0);
        if let Some(known) = folders.get(links).filter(|known| known.is_intact()) {
            return Ok(Arc::clone(known));
        }
        let made = scratch()?;
        for (name, target) in links {
            place::link(target, &made.path().join(name))?;
        }
        let made = Arc::new(made);
        folders.insert(links.clone(), Arc::clone(&made));
        Ok(made)
    }

    /// Forgets a folder of which something was deleted, so that it is made again.
    pub(crate) fn forget(&self, links: &Links) {
        lock(&self.0).remove(links);
    }
}

#[cfg(test)]
mod tests {
    use camino::{Utf8Path, Utf8PathBuf};
    use fbuild_cache::Cache;

    use super::*;

    #[test]
    fn a_folder_is_made_once_and_again_when_it_was_deleted() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        let cache = Cache::open(&dir.join("cache")).unwrap();
        fs_err::write(dir.join("object"), "object").unwrap();
        let links = |name: &str| vec![(Utf8PathBuf::from(name), dir.join("object"))];
        let folders = Folders::default();
        let get = |name: &str| folders.get(&links(name), || cache.scratch()).unwrap();

        let first = get("FastLED/fl/x.o");
        let linked = first.path().join("FastLED/fl/x.o");
        assert_eq!(fs_err::read(&linked).unwrap(), b"object");
        assert!(Arc::ptr_eq(&first, &get("FastLED/fl/x.o")));
        assert_ne!(first.path(), get("FastLED/fl/y.o").path());

        fs_err::remove_file(&linked).unwrap();
        assert!(
            Arc::ptr_eq(&first, &get("FastLED/fl/x.o")),
            "nobody said so"
        );
        folders.forget(&links("FastLED/fl/x.o"));
        let second = get("FastLED/fl/x.o");
        assert!(second.path().join("FastLED/fl/x.o").exists());

        fs_err::remove_dir_all(second.path()).unwrap();
        let again = get("FastLED/fl/x.o");
        assert_eq!(
            fs_err::read(again.path().join("FastLED/fl/x.o")).unwrap(),
            b"object"
        );
        let path = again.path().to_owned();
        drop((first, second, again));
        assert!(path.exists(), "it stays until the run ends");
        drop(folders);
        assert!(!path.exists());
    }
}
