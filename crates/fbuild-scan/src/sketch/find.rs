//! From the arguments of a command to sketches.
//!
//! An argument is a sketch folder, a sketch text, or a folder that holds sketches at any depth. Only names are looked at; what a sketch needs
//! is found out later.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::library::enclosing_library;
use crate::sketch::{self, Sketch, SketchError};
use crate::walk::{self, Entry, Identity, Kind, WalkError, absolute};

/// Says why the arguments could not be turned into sketches. Nothing is built then.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// There is nothing at the path.
    #[error("no such sketch or folder: {argument}")]
    Absent {
        /// The argument.
        argument: Utf8PathBuf,
    },
    /// A file that is no sketch text, and the only argument that names anything.
    #[error("{argument} is neither a folder nor a `.ino` or `.pde` file")]
    NotASketch {
        /// The argument.
        argument: Utf8PathBuf,
    },
    /// A folder that holds no sketch.
    #[error("no sketch in {argument} (a sketch is a folder such as Blink/ with Blink.ino in it)")]
    Empty {
        /// The argument.
        argument: Utf8PathBuf,
    },
    /// The argument cannot be reached.
    #[error("cannot search {argument} for sketches: {source}")]
    Walk {
        /// The argument.
        argument: Utf8PathBuf,
        /// The cause.
        source: WalkError,
    },
}

/// One requested sketch.
#[derive(Debug)]
pub struct Requested {
    /// The name in lines and reports: the folder as the user wrote it (`examples/Blink`); unique among the requested.
    pub label: String,
    /// The folder, absolute, symbolic links resolved.
    pub dir: Utf8PathBuf,
    /// The folder of the library that contains the sketch ([`enclosing_library`]). This sketch may use it, and no other sketch because of it.
    pub library: Option<Utf8PathBuf>,
    /// Folders of further libraries that this sketch may use, and no other sketch because of it.
    pub further_libraries: Vec<Utf8PathBuf>,
    /// The sketch, or why it cannot be loaded: an outcome of that sketch, not of the run.
    pub sketch: Result<Arc<Sketch>, SketchError>,
}

/// A sketch that was asked for more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The second way in which it was named.
    pub label: String,
    /// The label under which it is built.
    pub first: String,
}

/// What the arguments came to.
#[derive(Debug, Default)]
pub struct Found {
    /// The sketches, by argument and within an argument by path; each folder once.
    pub sketches: Vec<Requested>,
    /// The sketches that were named again, which the user should be told.
    pub duplicates: Vec<Duplicate>,
    /// Folders met on the way that hold sketch text but no main file, which the user may want to know.
    pub strays: Vec<Utf8PathBuf>,
    /// Arguments that are files of another kind (`examples/*` names a `README.md`, too) or folders without a sketch beside others with one.
    pub ignored: Vec<Utf8PathBuf>,
}

/// Finds the sketches that `args` name.
///
/// A folder with `NAME.ino` or `NAME.pde` in a folder `NAME` is a sketch, and what lies below it belongs to it: sketches nested in a sketch are
/// found only when they are named themselves. Any other folder is searched at any depth, except hidden folders, build directories (those that
/// hold a `build.options.json`) and folders that a symbolic link has already led to. A folder that is named itself, has no main file but other
/// sketch texts and no sketch below it is a sketch that cannot be loaded, and so is a folder that cannot be listed. One folder found in two ways
/// is one sketch.
///
/// Files of another kind, and folders in which there is nothing, are passed over when another argument holds a sketch, because a shell writes
/// them for `examples/*`.
///
/// The library that contains a sketch is searched for up to the repository's root or one of `sketchbooks`.
///
/// # Errors
/// An argument that does not exist or cannot be reached, or that holds no sketch (see above).
pub fn find_sketches(
    args: &[Utf8PathBuf],
    sketchbooks: &[Utf8PathBuf],
) -> Result<Found, FindError> {
    let mut found = Found::default();
    let mut known: HashMap<Utf8PathBuf, String> = HashMap::new();
    let mut labels: HashSet<String> = HashSet::new();
    let mut nothing = Vec::new();
    for argument in args {
        let folders = match folders(argument, &mut found.strays) {
            Err(error @ (FindError::NotASketch { .. } | FindError::Empty { .. })) => {
                nothing.push((argument, error));
                continue;
            }
            other => other?,
        };
        for folder in folders {
            let (folder, loaded) = match folder {
                Ok(folder) => (folder, None),
                Err(error) => (Utf8PathBuf::from(error.shown()), Some(Err(error.into()))),
            };
            let dir = walk::canonical(&folder).unwrap_or_else(|_| absolute(&folder));
            let mut named = label(&folder);
            if named.is_empty() {
                named = dir.file_name().unwrap_or("/").to_owned();
            }
            if let Some(first) = known.get(&dir) {
                found.duplicates.push(Duplicate {
                    label: named,
                    first: first.clone(),
                });
                continue;
            }
            if labels.contains(&named) {
                named = dir.to_string();
            }
            labels.insert(named.clone());
            known.insert(dir.clone(), named.clone());
            let sketch = loaded.unwrap_or_else(|| Sketch::load(&dir)).map(Arc::new);
            found.sketches.push(Requested {
                label: named,
                library: enclosing_library(&dir, sketchbooks),
                further_libraries: Vec::new(),
                dir,
                sketch,
            });
        }
    }
    for (argument, error) in nothing {
        if found.sketches.is_empty() {
            return Err(error);
        }
        found.ignored.push(argument.clone());
    }
    Ok(found)
}

/// A sketch folder, or a folder whose name cannot be used.
type Folder = Result<Utf8PathBuf, WalkError>;

/// Returns the sketch folders that one argument names, as paths that begin as the argument does.
fn folders(argument: &Utf8Path, strays: &mut Vec<Utf8PathBuf>) -> Result<Vec<Folder>, FindError> {
    let real = match walk::canonical(argument) {
        Ok(real) => real,
        Err(WalkError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Err(FindError::Absent {
                argument: argument.to_owned(),
            });
        }
        Err(source) => {
            return Err(FindError::Walk {
                argument: argument.to_owned(),
                source,
            });
        }
    };
    if !real.is_dir() {
        if !sketch::is_sketch_text(&real) {
            return Err(FindError::NotASketch {
                argument: argument.to_owned(),
            });
        }
        // The folder is the one in which the text really is (semantics 2.1.1); the user's spelling is kept where it is the same.
        let (written, folder) = (
            argument.parent().unwrap_or(argument),
            real.parent().unwrap_or(&real),
        );
        let written = if written.as_str().is_empty() {
            Utf8Path::new(".")
        } else {
            written
        };
        let same = walk::canonical(written).is_ok_and(|canonical| canonical == folder);
        return Ok(vec![Ok(if same { written } else { folder }.to_owned())]);
    }
    let own = holds(&real, real.file_name().unwrap_or_default());
    if own == Holds::Sketch {
        return Ok(vec![Ok(argument.to_owned())]);
    }
    let mut search = Search {
        seen: Identity::of(&real).into_iter().collect(),
        sketches: Vec::new(),
        strays: Vec::new(),
    };
    search.descend(argument);
    match (search.sketches.is_empty(), own) {
        (true, Holds::Texts) => search.sketches.push(Ok(argument.to_owned())),
        (true, _) => {}
        (false, Holds::Texts) => strays.push(argument.to_owned()),
        (false, _) => {}
    }
    strays.append(&mut search.strays);
    if search.sketches.is_empty() {
        return Err(FindError::Empty {
            argument: argument.to_owned(),
        });
    }
    Ok(search.sketches)
}

/// What a folder holds itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// A main file, or something that makes loading it the way to a clear error.
    Sketch,
    /// Sketch texts, but no main file.
    Texts,
    Nothing,
}

/// Looks into a folder whose name, links resolved, is `name`.
fn holds(dir: &Utf8Path, name: &str) -> Holds {
    match sketch::main_file(dir, name) {
        Err(SketchError::NoMainFile { others, .. }) if others.is_empty() => Holds::Nothing,
        Err(SketchError::NoMainFile { .. }) => Holds::Texts,
        Ok(_) | Err(_) => Holds::Sketch,
    }
}

struct Search {
    seen: HashSet<Identity>,
    sketches: Vec<Folder>,
    strays: Vec<Utf8PathBuf>,
}

impl Search {
    fn descend(&mut self, dir: &Utf8Path) {
        let (entries, odd) = match walk::listing(dir) {
            Ok(listing) => listing,
            Err(error) => return self.sketches.push(Err(error)),
        };
        for entry in entries {
            if entry.kind != Kind::Folder
                || entry.name().starts_with('.')
                || entry.path.join(sketch::BUILD_MARK).exists()
            {
                continue;
            }
            match self.enter(&entry) {
                Err(error) => self.sketches.push(Err(error)),
                Ok(None) => {}
                Ok(Some(Holds::Sketch)) => self.sketches.push(Ok(entry.path)),
                Ok(Some(held)) => {
                    if held == Holds::Texts {
                        self.strays.push(entry.path.clone());
                    }
                    self.descend(&entry.path);
                }
            }
        }
        let odd = odd.into_iter().filter(|odd| odd.kind == Kind::Folder);
        self.sketches
            .extend(odd.map(|odd| Err(WalkError::NotUtf8 { shown: odd.shown })));
    }

    /// Looks into a folder; `None` if it was met before.
    fn enter(&mut self, entry: &Entry) -> Result<Option<Holds>, WalkError> {
        if !self.seen.insert(Identity::of(&entry.path)?) {
            return Ok(None);
        }
        // A sketch has the name of the folder that a link leads to.
        if entry.is_link {
            let real = walk::canonical(&entry.path)?;
            return Ok(Some(holds(&real, real.file_name().unwrap_or_default())));
        }
        Ok(Some(holds(&entry.path, entry.name())))
    }
}

/// Writes the path without `./` and a trailing slash; empty if no name is left at its end.
fn label(path: &Utf8Path) -> String {
    let kept: Utf8PathBuf = path
        .components()
        .filter(|part| *part != Utf8Component::CurDir)
        .collect();
    match kept.components().next_back() {
        Some(Utf8Component::Normal(_)) => kept.into_string(),
        _ => String::new(),
    }
}
