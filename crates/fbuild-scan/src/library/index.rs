//! All libraries that a board's sketches may use, by header (semantics 5.2).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::library::{Library, LibraryError, Location};
use crate::walk::{self, Kind, absolute};

/// A place to look for libraries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    dir: Utf8PathBuf,
    location: Location,
    single: bool,
}

impl Root {
    /// A folder that holds libraries, one in each of its folders. It need not exist.
    pub fn folder(dir: impl Into<Utf8PathBuf>, location: Location) -> Self {
        Self {
            dir: dir.into(),
            location,
            single: false,
        }
    }

    /// A single library, which must exist.
    pub fn library(dir: impl Into<Utf8PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            location: Location::Explicit,
            single: true,
        }
    }

    /// Returns the folder.
    pub fn dir(&self) -> &Utf8Path {
        &self.dir
    }

    /// Returns whether the folder is one library by itself.
    pub fn is_library(&self) -> bool {
        self.single
    }
}

/// The libraries, and which of them offer a header.
#[derive(Debug, Clone, Default)]
pub struct LibraryIndex {
    roots: Vec<Root>,
    libraries: Vec<Arc<Library>>,
    by_header: HashMap<String, Vec<usize>>,
    warnings: Vec<String>,
}

impl LibraryIndex {
    /// Loads the libraries in `roots`.
    ///
    /// The order of the roots is that in which equal libraries win (semantics 5.3); their [`Location`] decides before it. A directory that
    /// is named twice counts once, with its higher location. Folders that start with a dot, and folders without a header and without
    /// `library.properties`, are passed over; a library with an invalid `library.properties` is left out with a warning.
    ///
    /// # Errors
    /// A root made with [`Root::library`] that is no library.
    pub fn new(roots: impl IntoIterator<Item = Root>) -> Result<Self, LibraryError> {
        let mut index = Self::default();
        let mut loaded: Vec<Library> = Vec::new();
        let mut seen: HashSet<(Utf8PathBuf, Location)> = HashSet::new();
        for root in roots {
            let root = Root {
                dir: absolute(&root.dir),
                ..root
            };
            if root.single {
                loaded.push(Library::load(&root.dir, root.location)?);
                index.roots.push(root);
                continue;
            }
            let Ok(real) = walk::canonical(&root.dir) else {
                continue;
            };
            if real.is_dir() && seen.insert((real, root.location)) {
                index.load_folder(&root, &mut loaded);
                index.roots.push(root);
            }
        }
        let mut best: HashMap<&Utf8Path, Location> = HashMap::new();
        for library in &loaded {
            let rank = best.entry(&library.real_dir).or_insert(library.location);
            *rank = library.location.max(*rank);
        }
        let mut kept = HashSet::new();
        let keep: Vec<bool> = loaded
            .iter()
            .map(|library| {
                best[library.real_dir.as_path()] == library.location
                    && kept.insert(library.real_dir.clone())
            })
            .collect();
        for (library, keep) in loaded.into_iter().zip(keep) {
            if keep {
                index.add(Arc::new(library));
            }
        }
        Ok(index)
    }

    /// Returns these libraries with `own`, the library that contains a sketch, as if it had been named after those that were named.
    #[must_use]
    pub fn with_own(&self, own: &Arc<Library>) -> Self {
        let named = |library: &&Arc<Library>| library.location == Location::Explicit;
        let same = |library: &&Arc<Library>| library.real_dir == own.real_dir;
        if self
            .libraries
            .iter()
            .filter(named)
            .any(|library| same(&library))
        {
            return self.clone();
        }
        let mut index = Self {
            roots: self.roots.clone(),
            warnings: self.warnings.clone(),
            ..Self::default()
        };
        let singles = index.roots.iter().filter(|root| root.single).count();
        index.roots.insert(singles, Root::library(&own.dir));
        let (first, rest): (Vec<_>, Vec<_>) = self.libraries.iter().partition(named);
        let rest = rest.into_iter().filter(|library| !same(library));
        let all = first.into_iter().chain([own]).chain(rest);
        all.cloned().for_each(|library| index.add(library));
        index
    }

    fn load_folder(&mut self, root: &Root, loaded: &mut Vec<Library>) {
        let entries = match walk::entries(&root.dir, |_, folder| folder) {
            Ok(entries) => entries,
            Err(error) => return self.warnings.push(error.to_string()),
        };
        for entry in entries {
            if entry.kind != Kind::Folder || entry.name().starts_with('.') {
                continue;
            }
            match Library::load(&entry.path, root.location) {
                Ok(library) => loaded.push(library),
                Err(LibraryError::NoHeader { .. }) => {}
                Err(error) => self.warnings.push(error.to_string()),
            }
        }
    }

    fn add(&mut self, library: Arc<Library>) {
        let at = self.libraries.len();
        for header in &library.headers {
            self.by_header.entry(header.clone()).or_default().push(at);
        }
        self.libraries.push(library);
    }

    /// Returns the libraries that have `header` as the base name of a header (semantics 2.3.3), in directory order. A name with a folder
    /// in it is never found (semantics 5.1.7).
    pub fn candidates(&self, header: &str) -> impl ExactSizeIterator<Item = &Arc<Library>> {
        self.by_header
            .get(header)
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .map(|&at| &self.libraries[at])
    }

    /// Returns all libraries, in the order of the roots and in each by folder name.
    pub fn libraries(&self) -> &[Arc<Library>] {
        &self.libraries
    }

    /// Returns the places that were looked at and exist.
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// Returns what the user should be told about folders that were left out.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
