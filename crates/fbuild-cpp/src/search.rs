//! Where an include is found.
//!
//! gcc looks for a quoted header beside the file that asks for it, then, as for other headers, in the `-I` directories and the system directories; the path of what it finds is spelled from the directory as given. A [`Search`] is one such list of directories and remembers
//! its answers for all scans that use it. It does not know which files were read before.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxBuildHasher;

use crate::file::SourceFile;
use crate::files::Files;
use crate::symbol::Symbol;

/// All searches of a tree.
#[derive(Debug, Default)]
pub(crate) struct Searches {
    /// By the text of all directories: they are spelled as given, `./` included.
    known: RwLock<HashMap<String, Arc<Search>>>,
    /// What is in which directory; lists that share directories share this.
    contents: Arc<Contents>,
}

/// The files found in directories, by directory (with its slash), header and whether it is a system
/// directory.
type Contents = RwLock<HashMap<(Symbol, Symbol, bool), Option<Entry>, FxBuildHasher>>;

/// A file and the directory of its path, with its slash.
#[derive(Debug, Clone)]
struct Entry {
    file: Arc<SourceFile>,
    dir: Symbol,
}

/// One list of include directories.
#[derive(Debug)]
pub(crate) struct Search {
    dirs: Vec<Dir>,
    contents: Arc<Contents>,
    answers: RwLock<HashMap<Question, Option<Found>, FxBuildHasher>>,
}

#[derive(Debug)]
struct Dir {
    /// With a slash at its end.
    prefix: Symbol,
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
    pub(crate) fn get(&self, given: &[Utf8PathBuf], system: &[Utf8PathBuf]) -> Arc<Search> {
        let mut key = String::new();
        for dirs in [given, system] {
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
        let search = Arc::new(Search::new(given, system, Arc::clone(&self.contents)));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(key).or_insert(search))
    }

    /// Forgets all answers.
    pub(crate) fn forget(&self) {
        self.known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.contents
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl Search {
    fn new(given: &[Utf8PathBuf], system: &[Utf8PathBuf], contents: Arc<Contents>) -> Self {
        // gcc drops a directory that it has already in the same part of the list, and a given one that is also a system directory.
        let identity =
            |path: &Utf8PathBuf| path.canonicalize_utf8().unwrap_or_else(|_| path.clone());
        let system_identities: Vec<_> = system.iter().map(identity).collect();
        let mut dirs = Vec::new();
        let mut add = |paths: &[Utf8PathBuf], is_system: bool, dropped: &[Utf8PathBuf]| {
            let mut seen = Vec::new();
            for (number, path) in paths.iter().enumerate() {
                let identity = identity(path);
                if seen.contains(&identity) || dropped.contains(&identity) {
                    continue;
                }
                seen.push(identity);
                let slash = if path.as_str().ends_with('/') {
                    ""
                } else {
                    "/"
                };
                let prefix = Symbol::of(format!("{path}{slash}").as_bytes());
                dirs.push(Dir {
                    prefix,
                    system: is_system,
                    given: (!is_system).then_some(number),
                });
            }
        };
        add(given, false, &system_identities);
        add(system, true, &[]);
        Self {
            dirs,
            contents,
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

    /// Tells whether `place` is a system directory.
    pub(crate) fn is_system(&self, place: Place) -> bool {
        matches!(place, Place::Dir(at) if self.dirs.get(at as usize).is_some_and(|dir| dir.system))
    }

    /// Looks for a header.
    ///
    /// # Errors
    /// An error of reading a file that exists.
    pub(crate) fn find(&self, files: &Files, question: Question) -> io::Result<Option<Found>> {
        if let Some(answer) = self
            .answers
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&question)
        {
            return Ok(answer.clone());
        }
        let answer = self.look(files, question)?;
        self.answers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(question, answer.clone());
        Ok(answer)
    }

    fn look(&self, files: &Files, question: Question) -> io::Result<Option<Found>> {
        let header = question.header.text();
        if header.is_empty() || header.starts_with(b"/") {
            let entry = self.entry(files, Symbol::of(b""), question.header, false)?;
            return Ok(entry.map(|entry| Found::of(entry, Place::None)));
        }
        if let Some(beside) = question.beside
            && let Some(entry) = self.entry(files, beside, question.header, false)?
        {
            return Ok(Some(Found::of(entry, Place::Beside)));
        }
        for (number, dir) in self.dirs.iter().enumerate().skip(question.from as usize) {
            if let Some(entry) = self.entry(files, dir.prefix, question.header, dir.system)? {
                return Ok(Some(Found::of(entry, Place::Dir(number as u32))));
            }
        }
        Ok(None)
    }

    /// Looks into one directory.
    fn entry(
        &self,
        files: &Files,
        prefix: Symbol,
        header: Symbol,
        system: bool,
    ) -> io::Result<Option<Entry>> {
        let key = (prefix, header, system);
        if let Some(known) = self
            .contents
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return Ok(known.clone());
        }
        let spelled = String::from_utf8([prefix.text(), header.text()].concat());
        let entry = match spelled {
            Ok(spelled) if !spelled.is_empty() => open(files, &spelled, system)?,
            _ => None,
        };
        self.contents
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, entry.clone());
        Ok(entry)
    }
}

impl Found {
    fn of(Entry { file, dir }: Entry, place: Place) -> Self {
        Self { file, dir, place }
    }
}

/// Opens a header. That of a system directory gets the path that [`shortest`] gives it; both paths are read, because a symbolic link on the way
/// may change later.
fn open(files: &Files, spelled: &str, system: bool) -> io::Result<Option<Entry>> {
    let entry = |file, path: &str| Entry {
        file,
        dir: directory(path),
    };
    let Some(file) = files.read(Utf8Path::new(spelled))? else {
        return Ok(None);
    };
    if system {
        let path = shortest(spelled);
        if path != spelled {
            let file = files.read(Utf8Path::new(&path))?;
            return Ok(file.map(|file| entry(file, &path)));
        }
    }
    Ok(Some(entry(file, spelled)))
}

/// Returns the directory part of a path, with its slash.
pub(crate) fn directory(path: &str) -> Symbol {
    Symbol::of(&path.as_bytes()[..path.rfind('/').map_or(0, |at| at + 1)])
}

/// Spells a system header by its real path where that is shorter, as gcc does.
fn shortest(path: &str) -> String {
    match fs_err::canonicalize(path).map(Utf8PathBuf::from_path_buf) {
        Ok(Ok(real)) if real.as_str().len() < path.len() => real.into_string(),
        _ => path.to_owned(),
    }
}
