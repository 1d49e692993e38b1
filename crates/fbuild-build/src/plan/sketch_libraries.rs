//! The libraries that each sketch of a board may use: those of the request and the platform, and the library that contains the sketch.
//!
//! A sketch does not see the library that contains another sketch, so a sketch's firmware does not depend on what else is built.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8PathBuf;
use fbuild_model::{Digest, DigestWriter, error_chain};
use fbuild_scan::library::index::{LibraryIndex, Root};
use fbuild_scan::library::{Library, LibraryError, Location};
use fbuild_scan::sketch::find::Requested;

/// The libraries of one board.
#[derive(Debug)]
pub struct SketchLibraries {
    common: LibraryIndex,
    /// By folder; the error of a library that cannot be loaded.
    enclosing: BTreeMap<Utf8PathBuf, Result<Enclosing, String>>,
}

#[derive(Debug)]
struct Enclosing {
    library: Arc<Library>,
    index: LibraryIndex,
}

/// What one sketch may use.
#[derive(Debug, Clone, Copy)]
pub struct Usable<'a> {
    /// All its libraries.
    pub index: &'a LibraryIndex,
    /// The library that contains it.
    pub own: Option<&'a Arc<Library>>,
}

impl SketchLibraries {
    /// Loads the libraries in `roots`, which all sketches may use, and those that contain one of `sketches`.
    ///
    /// # Errors
    /// If a library that was named is none. A containing library that cannot be loaded is an error of the sketches in it alone.
    pub fn new(
        roots: impl IntoIterator<Item = Root>,
        sketches: &[Requested],
    ) -> Result<Self, LibraryError> {
        let common = LibraryIndex::new(roots)?;
        let mut enclosing = BTreeMap::new();
        for dir in sketches.iter().filter_map(|sketch| sketch.library.as_ref()) {
            enclosing.entry(dir.clone()).or_insert_with(|| {
                let library = Library::load(dir, Location::Explicit);
                let library = Arc::new(library.map_err(|error| error_chain(&error))?);
                let index = common.with_own(&library);
                Ok(Enclosing { library, index })
            });
        }
        Ok(Self { common, enclosing })
    }

    /// Returns what all sketches may use.
    pub fn common(&self) -> &LibraryIndex {
        &self.common
    }

    /// Returns what `sketch` may use, or why the library that contains it cannot be loaded.
    pub fn of(&self, sketch: &Requested) -> Result<Usable<'_>, String> {
        let own = sketch
            .library
            .as_ref()
            .and_then(|dir| self.enclosing.get(dir));
        match own {
            None => Ok(Usable {
                index: &self.common,
                own: None,
            }),
            Some(Ok(own)) => Ok(Usable {
                index: &own.index,
                own: Some(&own.library),
            }),
            Some(Err(problem)) => Err(problem.clone()),
        }
    }

    /// Returns the libraries that any sketch may use.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Library>> {
        let enclosing = self.enclosing.values().flatten();
        let enclosing = enclosing.map(|enclosing| &enclosing.library);
        self.common.libraries().iter().chain(enclosing)
    }
}

impl Usable<'_> {
    /// Returns what all records of a sketch's builds have in common, where `base` is what those of its board have.
    pub fn record_base(&self, base: Digest) -> Digest {
        let Some(own) = self.own else { return base };
        let mut writer = DigestWriter::new("sketch in a library");
        writer.digest(base).digest(own.digest());
        writer.finish()
    }
}
