//! Which libraries a sketch uses: the loop of semantics 5.1.
//!
//! It knows neither compiler nor preprocessor; [`Preprocess`] answers for both. Scans of a library's sources are shared by all
//! sketches through the [`ScanMemo`].

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::input;
use rayon::prelude::*;

use crate::library::index::LibraryIndex;
use crate::library::memo::ScanMemo;
use crate::library::resolve::{Resolution, resolve};
use crate::library::{Library, LibraryError};
use crate::preprocess::Preprocess;
use fbuild_cpp::Scan;

/// What discovery needs beside the sources; the same for all sketches of a board.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Answers what a source reads.
    pub preprocess: &'a dyn Preprocess,
    /// The libraries.
    pub index: &'a LibraryIndex,
    /// The board's architecture (`avr`).
    pub architecture: &'a str,
    /// The core's and, if there is one, the variant's directory: the beginning of every include path.
    pub base_dirs: &'a [Utf8PathBuf],
    /// What is known about sources already.
    pub memo: &'a ScanMemo,
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("architecture", &self.architecture)
            .field("base_dirs", &self.base_dirs)
            .finish_non_exhaustive()
    }
}

/// The libraries of one sketch.
#[derive(Debug, Clone)]
pub struct Discovery {
    /// The libraries in the order of first use, which is the order of linking (semantics 5.4.1).
    pub libraries: Vec<Arc<Library>>,
    /// The include path with which the sketch and all its libraries are compiled: core, variant, every library.
    pub include_dirs: Vec<Utf8PathBuf>,
    /// Which header brought in which library, in order, with the candidates that were not chosen.
    pub resolutions: Vec<Resolution>,
    /// Sources whose preprocessing failed for another reason than a missing header, with what was printed. Not an error here; compiling them
    /// will tell (semantics 5.1.2).
    pub unscanned: Vec<(Utf8PathBuf, String)>,
}

/// Why discovery stopped.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// A header was not found.
    #[error("no library has `{}`, which `{}` includes", .0.header, .0.source)]
    Missing(Box<Missing>),
    /// A library that is needed must not be used (semantics 2.3.5).
    #[error("library `{}` cannot be used: {problem}", .library.name)]
    Unusable {
        /// The library.
        library: Arc<Library>,
        /// Why not.
        problem: String,
    },
    /// A library's folders cannot be listed.
    #[error(transparent)]
    Library(#[from] LibraryError),
}

/// A header that no library offers.
#[derive(Debug)]
pub struct Missing {
    /// The header as included.
    pub header: String,
    /// The source whose preprocessing missed it.
    pub source: Utf8PathBuf,
    /// The include path with which it was missed, the `utility` folder of the source's own library included.
    pub include_dirs: Vec<Utf8PathBuf>,
    /// What the compiler printed, if it was asked.
    pub output: Option<String>,
    /// The library that offers the header but is in use already, so that it cannot help.
    pub in_use: Option<Arc<Library>>,
    /// The folders that were looked at, each with its number of libraries.
    pub looked_at: Vec<(Utf8PathBuf, usize)>,
    /// Libraries that nearly match: the name differs in case or in a few letters, or the header is in a folder of the library.
    pub near: Vec<String>,
    /// Where the header is found, but is a folder, a pipe, a device or a file of the kernel. No such file is read.
    pub irregular: Vec<Utf8PathBuf>,
    /// What was found before.
    pub so_far: Discovery,
}

impl Missing {
    /// Returns lines for the log: where was looked, what nearly matches.
    pub fn notes(&self) -> Vec<String> {
        let not_read =
            |path: &Utf8PathBuf| format!("`{path}` is not a regular file and was not read");
        let mut notes: Vec<String> = self.irregular.iter().map(not_read).collect();
        if let Some(library) = &self.in_use {
            notes.push(format!("library `{}` has a header of this name and is in use, but `{}` does not find it there", library.name, self.source));
        }
        let places = self.looked_at.iter().map(|(dir, count)| match count {
            1 => format!("1 library in `{dir}`"),
            _ => format!("{count} libraries in `{dir}`"),
        });
        notes.push(match self.looked_at.as_slice() {
            [] => "no folder of libraries to search".to_owned(),
            _ => format!("searched {}", places.collect::<Vec<_>>().join(", ")),
        });
        notes.extend(self.near.iter().cloned());
        notes
    }
}

/// One file to be scanned.
struct Waiting {
    source: Utf8PathBuf,
    private_dir: Option<Utf8PathBuf>,
}

/// Finds the libraries that the sketch with these sources uses. `sources` is the merged text, then the sketch's other translation units in the
/// order of semantics 5.1.1 ([`crate::sketch::merge::Staged::scanned`]).
///
/// # Errors
/// A header that no unused library offers; a library that must not be used or cannot be listed.
pub fn discover(
    sources: &[Utf8PathBuf],
    around: Surroundings<'_>,
) -> Result<Discovery, DiscoveryError> {
    let mut found = Discovery {
        libraries: Vec::new(),
        include_dirs: around.base_dirs.to_vec(),
        resolutions: Vec::new(),
        unscanned: Vec::new(),
    };
    let mut queue = Queue::default();
    for source in sources {
        queue.push(source, None);
    }
    let mut asked_with = 0;
    while let Some(file) = queue.pop() {
        if around.preprocess.answers_at_once() && asked_with < found.include_dirs.len() {
            asked_with = found.include_dirs.len();
            queue.scan_ahead(around, &found.include_dirs);
        }
        loop {
            let scan = around.memo.scan_in(
                around.preprocess,
                &file.source,
                &found.include_dirs,
                file.private_dir.as_deref(),
            );
            let (header, output) = match &*scan {
                Scan::Complete(_) => break,
                Scan::Failed { output } => {
                    found.unscanned.push((file.source.clone(), output.clone()));
                    break;
                }
                Scan::Missing { header, output } => (header, output),
            };
            let in_use = around.index.candidates(header).find(|candidate| {
                found
                    .libraries
                    .iter()
                    .any(|used| Arc::ptr_eq(used, candidate))
            });
            let resolution = match in_use {
                Some(_) => None,
                None => resolve(around.index, header, around.architecture),
            };
            let Some(resolution) = resolution else {
                let (header, output) = (header.clone(), output.clone());
                let missing = missing(header, output, file, in_use.cloned(), around.index, found);
                return Err(DiscoveryError::Missing(Box::new(missing)));
            };
            let library = Arc::clone(&resolution.chosen.library);
            for source in library.scanned_sources()? {
                queue.push(source, library.private_include_dir());
            }
            found.include_dirs.push(library.include_dir());
            found.resolutions.push(resolution);
            found.libraries.push(library);
        }
    }
    for library in &found.libraries {
        if let Some(problem) = library.unusable() {
            return Err(DiscoveryError::Unusable {
                library: Arc::clone(library),
                problem,
            });
        }
    }
    Ok(found)
}

/// Gathers what helps the user to find a header that no library offers.
fn missing(
    header: String,
    output: Option<String>,
    file: Waiting,
    in_use: Option<Arc<Library>>,
    index: &LibraryIndex,
    so_far: Discovery,
) -> Missing {
    let include_dirs: Vec<Utf8PathBuf> = (so_far.include_dirs.iter())
        .chain(&file.private_dir)
        .cloned()
        .collect();
    let irregular = irregular(&header, &file.source, &include_dirs);
    // The compiler, if it was asked for its message, would read such a file.
    let output = output.or_else(|| {
        let path = irregular.first()?;
        let source = &file.source;
        Some(format!(
            "{source}: fatal error: {header}: `{path}` is not a regular file\n"
        ))
    });
    Missing {
        looked_at: looked_at(index),
        near: near(index, &header),
        header,
        source: file.source,
        include_dirs,
        output,
        in_use,
        irregular,
        so_far,
    }
}

/// Returns the places where `header` exists without being a regular file.
fn irregular(header: &str, source: &Utf8Path, include_dirs: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    let beside = source.parent().into_iter();
    let mut paths: Vec<Utf8PathBuf> = beside
        .chain(include_dirs.iter().map(Utf8PathBuf::as_path))
        .map(|dir| dir.join(header))
        .filter(|path| matches!(input::read(path), Ok(None)))
        .collect();
    paths.dedup();
    paths
}

/// Files that wait to be scanned, none of them twice at the same time (semantics 5.1.1).
#[derive(Default)]
struct Queue {
    files: VecDeque<Waiting>,
    waiting: HashSet<Utf8PathBuf>,
}

impl Queue {
    fn push(&mut self, source: &Utf8Path, private_dir: Option<&Utf8Path>) {
        if self.waiting.insert(source.to_owned()) {
            self.files.push_back(Waiting {
                source: source.to_owned(),
                private_dir: private_dir.map(Utf8Path::to_owned),
            });
        }
    }

    /// Scans all files that wait with the include path of now, by all workers of the current pool. Their turn comes one after another, since
    /// each may bring a library; most do not, and then the answer is known.
    fn scan_ahead(&self, around: Surroundings<'_>, dirs: &[Utf8PathBuf]) {
        self.files.par_iter().for_each(|file| {
            let private_dir = file.private_dir.as_deref();
            around
                .memo
                .scan_in(around.preprocess, &file.source, dirs, private_dir);
        });
    }

    fn pop(&mut self) -> Option<Waiting> {
        let file = self.files.pop_front()?;
        self.waiting.remove(&file.source);
        Some(file)
    }
}

fn looked_at(index: &LibraryIndex) -> Vec<(Utf8PathBuf, usize)> {
    let count = |dir: &Utf8Path, single: bool| {
        let inside = |library: &&Arc<Library>| {
            if single {
                library.dir == dir
            } else {
                library.dir.parent() == Some(dir)
            }
        };
        index.libraries().iter().filter(inside).count()
    };
    index
        .roots()
        .iter()
        .map(|root| (root.dir().to_owned(), count(root.dir(), root.is_library())))
        .collect()
}

/// Says what a user may have meant by `header`.
fn near(index: &LibraryIndex, header: &str) -> Vec<String> {
    let base = header.rsplit('/').next().unwrap_or(header);
    let mut notes = Vec::new();
    let mut nearest: Option<(usize, String)> = None;
    for library in index.libraries() {
        let distances = library.headers.iter().map(|own| (slips(own, base), own));
        let Some((slips, own)) = distances.min() else {
            continue;
        };
        if slips == 0 && header.contains('/') {
            notes.push(format!(
                "library `{}` has `{own}`, but a library is found by a header's plain name only",
                library.name
            ));
        } else if slips <= most_slips(base)
            && nearest.as_ref().is_none_or(|(best, _)| slips < *best)
        {
            let case = match slips {
                0 => " (upper and lower case are different)",
                _ => "",
            };
            let text = format!("did you mean `{own}` of library `{}`?{case}", library.name);
            nearest = Some((slips, text));
        }
    }
    notes.extend(nearest.map(|(_, text)| text));
    notes
}

/// Counts the letters that are wrong, missing, added or swapped between two headers; upper and lower case are the same.
fn slips(one: &str, other: &str) -> usize {
    strsim::osa_distance(&one.to_lowercase(), &other.to_lowercase())
}

/// Returns how many slips a name of this length may have: in a short one, two make another word.
fn most_slips(header: &str) -> usize {
    let stem = header.rsplit_once('.').map_or(header, |(stem, _)| stem);
    match stem.chars().count() {
        0..=5 => 1,
        _ => 2,
    }
}
