//! Where an include is found.
//!
//! gcc looks for a quoted header beside the file that asks for it, then in the `-iquote` directories, the `-I` directories and the system
//! directories; the path of what it finds is spelled from the directory as given. A [`Search`] is one such list of directories and remembers
//! its answers for all scans that use it. It does not know which files were read before.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use camino::{Utf8Path, Utf8PathBuf};

use super::symbol::{Symbol, WordHasher};
use crate::tree::{SourceFile, SourceTree};

/// All searches of a tree.
#[derive(Debug, Default)]
pub(crate) struct Searches {
    /// By the text of all directories: they are spelled as given, `./` included.
    known: RwLock<HashMap<String, Arc<Search>>>,
}

/// One list of include directories.
#[derive(Debug)]
pub(crate) struct Search {
    dirs: Vec<Dir>,
    /// The place of the first directory for `<…>`.
    pub(crate) bracket: usize,
    answers: RwLock<HashMap<Question, Option<Found>, BuildHasherDefault<WordHasher>>>,
}

#[derive(Debug)]
struct Dir {
    /// With a slash at its end.
    prefix: String,
    system: bool,
    /// Its number among the directories the caller gave.
    given: Option<usize>,
}

/// From where a header is looked for: beside a file, if `beside` is given, then from the directory numbered `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    pub(crate) header: Symbol,
    /// The directory of the asking file, with its slash.
    pub(crate) beside: Option<Symbol>,
    pub(crate) from: u32,
}

/// A file that was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) file: Arc<SourceFile>,
    /// The directory of its path, with its slash.
    pub(crate) dir: Symbol,
    pub(crate) place: Place,
}

/// The directory in which a file was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Not by a search: the source itself, or an absolute path.
    None,
    /// Beside the asking file.
    Beside,
    /// In the directory of this number.
    Dir(u32),
}

impl Searches {
    /// Returns the search with these directories.
    pub(crate) fn get(
        &self,
        quote: &[Utf8PathBuf],
        given: &[Utf8PathBuf],
        system: &[Utf8PathBuf],
    ) -> Arc<Search> {
        let mut key = String::new();
        for dirs in [quote, given, system] {
            for dir in dirs {
                key.push_str(dir.as_str());
                key.push('\0');
            }
            key.push('\0');
        }
        if let Some(known) = self
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return Arc::clone(known);
        }
        let search = Arc::new(Search::new(quote, given, system));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(key).or_insert(search))
    }

    /// Forgets all answers.
    pub(crate) fn forget(&self) {
        self.known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl Search {
    fn new(quote: &[Utf8PathBuf], given: &[Utf8PathBuf], system: &[Utf8PathBuf]) -> Self {
        // gcc drops a directory that it has already in the same part of the list, and a given one that is also a system directory.
        let identity =
            |path: &Utf8PathBuf| path.canonicalize_utf8().unwrap_or_else(|_| path.clone());
        let system_identities: Vec<_> = system.iter().map(identity).collect();
        let mut dirs = Vec::new();
        let mut add =
            |paths: &[Utf8PathBuf], is_system: bool, is_given: bool, dropped: &[Utf8PathBuf]| {
                let mut seen = Vec::new();
                for (number, path) in paths.iter().enumerate() {
                    let identity = identity(path);
                    if seen.contains(&identity) || dropped.contains(&identity) {
                        continue;
                    }
                    seen.push(identity);
                    let prefix = if path.as_str().ends_with('/') {
                        path.to_string()
                    } else {
                        format!("{path}/")
                    };
                    dirs.push(Dir {
                        prefix,
                        system: is_system,
                        given: is_given.then_some(number),
                    });
                }
                dirs.len()
            };
        let bracket = add(quote, false, false, &[]);
        add(given, false, true, &system_identities);
        add(system, true, false, &[]);
        Self {
            dirs,
            bracket,
            answers: RwLock::default(),
        }
    }

    /// Returns the number, among the directories the caller gave, of the directory at `place`.
    pub(crate) fn given(&self, place: Place) -> Option<usize> {
        match place {
            Place::Dir(at) => self.dirs.get(at as usize)?.given,
            Place::None | Place::Beside => None,
        }
    }

    /// Looks for a header.
    ///
    /// # Errors
    /// An error of reading a file that exists.
    pub(crate) fn find(&self, tree: &SourceTree, question: Question) -> io::Result<Option<Found>> {
        if let Some(answer) = self
            .answers
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&question)
        {
            return Ok(answer.clone());
        }
        let answer = self.look(tree, question)?;
        self.answers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(question, answer.clone());
        Ok(answer)
    }

    fn look(&self, tree: &SourceTree, question: Question) -> io::Result<Option<Found>> {
        let Ok(header) = std::str::from_utf8(question.header.text()) else {
            return Ok(None);
        };
        if header.is_empty() {
            return Ok(None);
        }
        let found = |path: String, place: Place| -> io::Result<Option<Found>> {
            Ok(tree.read(Utf8Path::new(&path))?.map(|file| Found {
                file,
                dir: directory(&path),
                place,
            }))
        };
        if header.starts_with('/') {
            return found(header.to_owned(), Place::None);
        }
        if let Some(beside) = question.beside
            && let Ok(dir) = std::str::from_utf8(beside.text())
            && let Some(answer) = found(format!("{dir}{header}"), Place::Beside)?
        {
            return Ok(Some(answer));
        }
        for (number, dir) in self.dirs.iter().enumerate().skip(question.from as usize) {
            let path = format!("{}{header}", dir.prefix);
            let path = if dir.system { shortest(path) } else { path };
            if let Some(answer) = found(path, Place::Dir(number as u32))? {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }
}

/// Returns the directory part of a path, with its slash.
pub(crate) fn directory(path: &str) -> Symbol {
    Symbol::of(&path.as_bytes()[..path.rfind('/').map_or(0, |at| at + 1)])
}

/// Spells a system header by its real path where that is shorter, as gcc does.
fn shortest(path: String) -> String {
    match Utf8Path::new(&path).canonicalize_utf8() {
        Ok(real) if real.as_str().len() < path.len() => real.into_string(),
        _ => path,
    }
}
