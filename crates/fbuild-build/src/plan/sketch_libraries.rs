//! The libraries that each sketch of a board may use: those of the request and the platform, the library that contains the sketch, and those that
//! a rule gives it.
//!
//! A sketch does not see the libraries of another sketch, so a sketch's firmware does not depend on what else is built.

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
    /// By the folders of a sketch's own libraries; the error of a library that cannot be loaded.
    own: BTreeMap<Vec<Utf8PathBuf>, Result<Own, String>>,
}

/// The libraries that belong to a sketch: the one that contains it, and further ones.
#[derive(Debug)]
struct Own {
    libraries: Vec<Arc<Library>>,
    index: LibraryIndex,
}

/// What one sketch may use.
#[derive(Debug, Clone, Copy)]
pub struct Usable<'a> {
    /// All its libraries.
    pub index: &'a LibraryIndex,
    /// The library that contains it.
    pub own: Option<&'a Arc<Library>>,
    /// All libraries that it may use and that others may not.
    private: &'a [Arc<Library>],
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
        let mut own = BTreeMap::new();
        for dirs in sketches
            .iter()
            .map(own_dirs)
            .filter(|dirs| !dirs.is_empty())
        {
            own.entry(dirs.clone())
                .or_insert_with(|| load(&common, &dirs));
        }
        Ok(Self { common, own })
    }

    /// Returns what all sketches may use.
    pub fn common(&self) -> &LibraryIndex {
        &self.common
    }

    /// Returns what `sketch` may use, or why the library that contains it cannot be loaded.
    pub fn of(&self, sketch: &Requested) -> Result<Usable<'_>, String> {
        match self.own.get(&own_dirs(sketch)) {
            None => Ok(Usable {
                index: &self.common,
                own: None,
                private: &[],
            }),
            Some(Ok(own)) => Ok(Usable {
                index: &own.index,
                own: own.libraries.first().filter(|_| sketch.library.is_some()),
                private: &own.libraries,
            }),
            Some(Err(problem)) => Err(problem.clone()),
        }
    }

    /// Returns the libraries that any sketch may use.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Library>> {
        let own = self.own.values().flatten();
        let own = own.flat_map(|own| &own.libraries);
        self.common.libraries().iter().chain(own)
    }
}

/// Returns the folders of a sketch's own libraries; that of the library that contains it is the first.
fn own_dirs(sketch: &Requested) -> Vec<Utf8PathBuf> {
    let further = sketch.further_libraries.iter();
    sketch.library.iter().chain(further).cloned().collect()
}

fn load(common: &LibraryIndex, dirs: &[Utf8PathBuf]) -> Result<Own, String> {
    let load = |dir: &Utf8PathBuf| Library::load(dir, Location::Explicit).map(Arc::new);
    let libraries: Result<Vec<_>, _> = dirs.iter().map(load).collect();
    let libraries = libraries.map_err(|error| error_chain(&error))?;
    let (first, rest) = libraries.split_first().ok_or("no library")?;
    let index = rest.iter().fold(common.with_own(first), |index, library| {
        index.with_own(library)
    });
    Ok(Own { libraries, index })
}

impl Usable<'_> {
    /// Returns what all records of a sketch's builds have in common, where `base` is what those of its board have.
    pub fn record_base(&self, base: Digest) -> Digest {
        if self.private.is_empty() {
            return base;
        }
        let mut writer = DigestWriter::new("sketch with own libraries");
        writer.digest(base);
        for library in self.private {
            writer.digest(library.digest());
        }
        writer.finish()
    }
}
