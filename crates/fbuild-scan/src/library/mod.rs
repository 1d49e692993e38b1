//! One library: a folder with headers, its layout, and what of it is compiled (semantics 2.3).

pub mod discovery;
mod enclosing;
pub mod index;
pub mod memo;
pub mod missing;
pub mod precompiled;
pub mod resolve;

use std::io;
use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::outcome::UsedLibrary;
use fbuild_model::{Digest, DigestWriter, Properties, input};

pub use self::enclosing::{containing_library, enclosing_library};
use crate::sources::{self, Depth, HEADERS, has_extension};
use crate::walk::{self, Kind, WalkError, absolute};

/// The file that makes a folder a library of the current format.
pub const PROPERTIES: &str = "library.properties";

/// Says why a folder is no usable library.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// There is no such folder.
    #[error("library {dir}: folder not found")]
    Absent {
        /// The folder.
        dir: Utf8PathBuf,
    },
    /// The library's property file cannot be read.
    #[error("library {dir}: {source}")]
    Read {
        /// The library's folder.
        dir: Utf8PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The library's property file is invalid (semantics 1.2.2).
    #[error("library {dir}: library.properties: {problem}")]
    Properties {
        /// The library's folder.
        dir: Utf8PathBuf,
        /// What is wrong with it, with the line.
        problem: String,
    },
    /// Without `library.properties` a folder needs a header to be a library (semantics 2.3.1).
    #[error("{dir} is not a library: it has neither a library.properties nor a header")]
    NoHeader {
        /// The folder.
        dir: Utf8PathBuf,
    },
    /// A folder of the library cannot be listed.
    #[error("library {dir}: {source}")]
    Walk {
        /// The library's folder.
        dir: Utf8PathBuf,
        /// The cause; shared because the listing is remembered.
        source: Arc<WalkError>,
    },
}

/// Where a library was found, from the lowest rank to the highest (semantics 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Location {
    /// The libraries that come with the IDE.
    BuiltIn,
    /// The platform that the board takes its core from.
    CorePlatform,
    /// The board's own platform.
    BoardPlatform,
    /// The sketchbook, or a folder given with `--libraries`.
    User,
    /// A single library given with `--library`, or the one that encloses the sketches.
    Explicit,
}

/// How a library's folder is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// `src` and everything below it.
    Recursive,
    /// The folder itself, and `utility`.
    Flat,
}

/// What the library says about binaries that come with it (semantics 2.3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precompiled {
    /// No binaries.
    No,
    /// Binaries beside sources.
    Yes,
    /// Binaries in place of sources.
    Full,
}

/// A set of sources that is compiled and linked together (semantics 3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSet {
    /// The folder.
    pub dir: Utf8PathBuf,
    /// Whether folders below belong to it.
    pub depth: Depth,
}

/// A loaded library.
#[derive(Debug)]
pub struct Library {
    /// The name it states; the folder's name if it has no `library.properties`.
    pub name: String,
    /// The version it states; empty if none.
    pub version: String,
    /// Its folder: absolute, symbolic links not resolved (semantics 2.3.8).
    pub dir: Utf8PathBuf,
    /// Its folder with symbolic links resolved, which identifies it.
    pub real_dir: Utf8PathBuf,
    /// Where it was found.
    pub location: Location,
    /// How it is laid out.
    pub layout: Layout,
    /// Whether it has no `library.properties`.
    pub legacy: bool,
    /// The architectures it is made for; `*` for all.
    pub architectures: Vec<String>,
    /// Whether its objects are linked as an archive (semantics 3.3).
    pub dot_a_linkage: bool,
    /// Whether binaries come with it.
    pub precompiled: Precompiled,
    /// The linker flags that go with the binaries.
    pub ldflags: String,
    /// The base names of the headers that select it (semantics 2.3.3), in byte order.
    pub headers: Vec<String>,
    /// The `utility` folder of a flat library.
    pub utility: Option<Utf8PathBuf>,
    sources: OnceLock<Result<Vec<Utf8PathBuf>, Arc<WalkError>>>,
}

impl Library {
    /// Loads the library in `dir`.
    ///
    /// # Errors
    /// A folder that is no library, or whose `library.properties` is invalid; each error names the folder.
    pub fn load(dir: &Utf8Path, location: Location) -> Result<Self, LibraryError> {
        let dir = absolute(dir);
        let walk = |source| LibraryError::Walk {
            dir: dir.clone(),
            source: Arc::new(source),
        };
        if !dir.is_dir() {
            return Err(LibraryError::Absent { dir });
        }
        let real_dir = walk::canonical(&dir).map_err(walk)?;
        let folder = dir.file_name().unwrap_or_default().to_owned();
        let properties = read_properties(&dir)?;
        let legacy = properties.is_none();
        let recursive = !legacy && dir.join("src").exists();
        let layout = if recursive {
            Layout::Recursive
        } else {
            Layout::Flat
        };
        let source_dir = if recursive {
            dir.join("src")
        } else {
            dir.clone()
        };
        let headers = headers_in(&source_dir).map_err(walk)?;
        if legacy && headers.is_empty() {
            return Err(LibraryError::NoHeader { dir });
        }
        let properties = properties.unwrap_or_default();
        let get = |key: &str| properties.get(key).unwrap_or_default().trim();
        let name = match get("name") {
            _ if legacy => folder,
            "" => "-".to_owned(),
            name => name.to_owned(),
        };
        let utility = Some(dir.join("utility")).filter(|utility| !recursive && utility.is_dir());
        Ok(Self {
            name,
            version: get("version").to_owned(),
            location,
            layout,
            legacy,
            architectures: match get("architectures") {
                "" => vec!["*".to_owned()],
                list => list.split(',').map(|item| item.trim().to_owned()).collect(),
            },
            dot_a_linkage: get("dot_a_linkage") == "true",
            precompiled: match get("precompiled") {
                "true" => Precompiled::Yes,
                "full" => Precompiled::Full,
                _ => Precompiled::No,
            },
            ldflags: get("ldflags").to_owned(),
            headers,
            utility,
            sources: OnceLock::new(),
            dir,
            real_dir,
        })
    }

    /// Returns the folder's base name, which names the object directory and the archive (semantics 2.3.7, 3.3).
    pub fn folder_name(&self) -> &str {
        self.dir.file_name().unwrap_or(&self.name)
    }

    /// Returns the directory that goes on the include path: `src` or the folder.
    pub fn include_dir(&self) -> Utf8PathBuf {
        match self.layout {
            Layout::Recursive => self.dir.join("src"),
            Layout::Flat => self.dir.clone(),
        }
    }

    /// Returns the include directory that only the library's own files get, after all others (semantics 2.3).
    pub fn private_include_dir(&self) -> Option<&Utf8Path> {
        self.utility.as_deref()
    }

    /// Returns the library's compile sets in link order, whether or not a binary takes their place.
    pub fn source_sets(&self) -> Vec<SourceSet> {
        match (self.layout, &self.utility) {
            // A `src` that is a file makes a library without sources.
            (Layout::Recursive, _) if !self.include_dir().is_dir() => Vec::new(),
            (Layout::Recursive, _) => vec![SourceSet {
                dir: self.include_dir(),
                depth: Depth::Recursive,
            }],
            (Layout::Flat, utility) => std::iter::once(&self.dir)
                .chain(utility)
                .map(|dir| SourceSet {
                    dir: dir.clone(),
                    depth: Depth::Flat,
                })
                .collect(),
        }
    }

    /// Returns the sources in the order in which discovery scans them; none for `precompiled=full` (semantics 2.3.6).
    ///
    /// # Errors
    /// A folder that cannot be listed.
    pub fn scanned_sources(&self) -> Result<&[Utf8PathBuf], LibraryError> {
        if self.precompiled == Precompiled::Full {
            Ok(&[])
        } else {
            self.sources()
        }
    }

    /// Lists the sources once.
    fn sources(&self) -> Result<&[Utf8PathBuf], LibraryError> {
        let listed = self.sources.get_or_init(|| {
            let mut sources = Vec::new();
            for set in self.source_sets() {
                sources.append(&mut sources::walk_order(&set.dir, set.depth).map_err(Arc::new)?);
            }
            Ok(sources)
        });
        match listed {
            Ok(sources) => Ok(sources),
            Err(source) => Err(LibraryError::Walk {
                dir: self.dir.clone(),
                source: Arc::clone(source),
            }),
        }
    }

    /// Returns the sources of each compile set in the order of their objects on the link line (semantics 3.1).
    ///
    /// # Errors
    /// A folder that cannot be listed.
    pub fn linked_sources(&self) -> Result<Vec<Vec<Utf8PathBuf>>, LibraryError> {
        let all = self.sources()?;
        let mut sets = Vec::new();
        for set in self.source_sets() {
            let in_set = |file: &&Utf8PathBuf| match set.depth {
                Depth::Recursive => file.starts_with(&set.dir),
                Depth::Flat => file.parent() == Some(&set.dir),
            };
            let mut files: Vec<_> = all.iter().filter(in_set).cloned().collect();
            sources::sort_as_objects(&mut files);
            sets.push(files);
        }
        Ok(sets)
    }

    /// Returns whether the library is made for one of `architectures` or for all (semantics 5.4.2).
    pub fn supports(&self, architectures: &[&str]) -> bool {
        self.architectures
            .iter()
            .any(|own| own == "*" || architectures.contains(&own.as_str()))
    }

    /// Returns the problem that forbids using the library, if there is one (semantics 2.3.5).
    pub fn unusable(&self) -> Option<String> {
        let arch = self.dir.join("arch");
        (!self.legacy && arch.is_dir())
            .then(|| format!("'arch' folder is no longer supported: `{arch}`"))
    }

    /// Digests all that loading found out; which sources there are is not among it.
    pub fn digest(&self) -> Digest {
        let Self {
            name,
            version,
            dir,
            real_dir,
            location,
            layout,
            legacy,
            architectures,
            dot_a_linkage,
            precompiled,
            ldflags,
            headers,
            utility,
            sources: _,
        } = self;
        let mut writer = DigestWriter::new("library");
        for text in [name, version, ldflags, dir.as_str(), real_dir.as_str()] {
            writer.field(text);
        }
        let rest = (
            location,
            layout,
            legacy,
            dot_a_linkage,
            precompiled,
            utility,
        );
        writer.field(format!("{rest:?} {architectures:?} {headers:?}"));
        writer.field(self.unusable().unwrap_or_default());
        writer.finish()
    }

    /// Returns how the library is named in reports.
    pub fn used(&self) -> UsedLibrary {
        UsedLibrary {
            name: self.name.clone(),
            version: self.version.clone(),
            dir: self.dir.clone(),
        }
    }
}

fn read_properties(dir: &Utf8Path) -> Result<Option<Properties>, LibraryError> {
    let bytes = match input::read_regular(&dir.join(PROPERTIES)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(LibraryError::Read {
                dir: dir.to_owned(),
                source,
            });
        }
    };
    match Properties::from_bytes(&bytes) {
        Ok(properties) => Ok(Some(properties)),
        Err(error) => Err(LibraryError::Properties {
            dir: dir.to_owned(),
            problem: error.to_string(),
        }),
    }
}

fn headers_in(dir: &Utf8Path) -> Result<Vec<String>, WalkError> {
    // A `src` that is a file makes the library recursive and empty.
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let entries = walk::entries(dir, |_, _| false)?;
    let headers = entries
        .iter()
        .filter(|entry| entry.kind == Kind::File && has_extension(entry.name(), &HEADERS));
    Ok(headers.map(|entry| entry.name().to_owned()).collect())
}
