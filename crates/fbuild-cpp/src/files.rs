//! The files of a run: each read once, shared by all sketches and workers.
//!
//! Generated files (merged sketches, copies with a `#line` in front) are inserted under the path at which they will be written, so that a
//! scan needs nothing on disk. The module does not know what the files mean.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use camino::Utf8Path;
use fbuild_model::Digest;
use rayon::prelude::*;

use crate::file::{self, SourceFile};

/// All files read so far.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// By the path's text: paths that differ in a `./` are different names to the compiler, but equal as paths.
    files: RwLock<HashMap<String, Option<Arc<SourceFile>>>>,
    count: AtomicU32,
}

impl Files {
    /// Returns the file at `path`, or `None` if there is no regular file.
    ///
    /// # Errors
    /// Any error of reading other than the file's absence, with the path in its text.
    pub(crate) fn read(&self, path: &Utf8Path) -> io::Result<Option<Arc<SourceFile>>> {
        if let Some(known) = self.known(path.as_str()) {
            return Ok(known);
        }
        let file = self.load(path)?;
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        Ok(files
            .entry(path.as_str().to_owned())
            .or_insert(file)
            .clone())
    }

    /// Reads, in the current rayon pool, the paths that an earlier run `asked` for; returns whether every answer is the same: the digest of a file's
    /// content, or `None` for no regular file. Then the answers are in the tree, without the texts; if not, the tree stays as it was.
    pub(crate) fn confirm(&self, asked: &[(&str, Option<Digest>)]) -> bool {
        let confirmed = |&(path, known): &(&str, Option<Digest>)| {
            let file = match self.known(path) {
                Some(file) => file,
                None => self.load(Utf8Path::new(path)).ok()?,
            };
            if file.as_ref().map(|file| file.digest()) != known {
                return None;
            }
            if let Some(file) = &file {
                file.let_go();
            }
            Some((path.to_owned(), file))
        };
        let all: Option<Vec<_>> = asked.par_iter().with_min_len(64).map(confirmed).collect();
        let Some(all) = all else { return false };
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        for (path, file) in all {
            files.entry(path).or_insert(file);
        }
        true
    }

    /// Returns what is known of a path: nothing yet, no file, or the file.
    fn known(&self, path: &str) -> Option<Option<Arc<SourceFile>>> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.get(path).cloned()
    }

    /// Adds a generated file, in place of whatever is on disk at `path`. Returns it, and whether the path was known before.
    pub(crate) fn insert(&self, path: &Utf8Path, bytes: Vec<u8>) -> (Arc<SourceFile>, bool) {
        let file = SourceFile::new(path.to_owned(), bytes, self.next_id(), None);
        let file = Arc::new(file);
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        let before = files.insert(path.as_str().to_owned(), Some(Arc::clone(&file)));
        (file, before.is_some())
    }

    /// Returns every path that was looked up on disk, with the digest of the content that was found: `None` where there was no regular file.
    /// Generated files are not among it. In no particular order.
    pub(crate) fn asked(&self) -> Vec<(String, Option<Digest>)> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let on_disk = files
            .iter()
            .filter(|(_, file)| file.as_ref().is_none_or(|file| !file.is_generated()));
        on_disk
            .map(|(path, file)| (path.clone(), file.as_ref().map(|file| file.digest())))
            .collect()
    }

    fn load(&self, path: &Utf8Path) -> io::Result<Option<Arc<SourceFile>>> {
        let loaded = file::load(path)?;
        Ok(loaded.map(|(bytes, stamp)| {
            let id = self.next_id();
            Arc::new(SourceFile::new(path.to_owned(), bytes, id, Some(stamp)))
        }))
    }

    fn next_id(&self) -> u32 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }
}
