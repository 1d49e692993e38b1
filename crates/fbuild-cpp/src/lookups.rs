//! Which header names a source looked for, how far, and which were not found.

use std::collections::{HashMap, HashSet};

use camino::Utf8PathBuf;
use rustc_hash::FxBuildHasher;

use crate::closure::Lookup;
use crate::search::{Found, Place, Question, Search};
use crate::symbol::Symbol;

/// All given directories were searched, and the name was in none of them.
const ALL_DIRS: usize = usize::MAX;

/// The searches of a source.
pub(crate) struct Lookups {
    /// By given directory: whether a header was found in it.
    used: Vec<bool>,
    /// How far the given directories were searched for a name: the number of the last one in which it was found, or [`ALL_DIRS`].
    reach: HashMap<Symbol, usize, FxBuildHasher>,
    /// Names that `__has_include` did not find.
    absent: HashSet<Symbol, FxBuildHasher>,
    /// Searches that gcc remembers as failed.
    hidden: HashSet<Question, FxBuildHasher>,
}

impl Lookups {
    /// `dirs`: how many directories were given.
    pub(crate) fn new(dirs: usize) -> Self {
        Self {
            used: vec![false; dirs],
            reach: HashMap::default(),
            absent: HashSet::default(),
            hidden: HashSet::default(),
        }
    }

    /// Takes note of a search. The directory in which the header was found counts as used also where the file is not read (again): the compiler
    /// has to find it there.
    pub(crate) fn note(&mut self, header: Symbol, found: Option<&Found>, search: &Search) {
        let given = found.and_then(|found| search.given(found.place));
        if let Some(given) = given {
            self.used[given] = true;
        }
        // What is found beside the asking file, or by an absolute path, is found there whatever the directories are.
        if found.is_none_or(|found| !matches!(found.place, Place::Beside | Place::None)) {
            let reach = self.reach.entry(header).or_default();
            *reach = (*reach).max(given.unwrap_or(ALL_DIRS));
        }
    }

    /// Takes note of a name that `__has_include` did not find. `hides`: whether gcc does not report a later failure to include it.
    pub(crate) fn note_absent(&mut self, question: Question, hides: bool) {
        self.absent.insert(question.header);
        if hides {
            // gcc remembers the search under its beginning and under the head of the list that it came to.
            self.hidden.insert(question);
            self.hidden.extend(head(question));
        }
    }

    /// Tells whether gcc remembers that this search fails.
    pub(crate) fn is_hidden(&self, question: Question) -> bool {
        self.hidden.contains(&question)
    }

    /// Tells whether gcc remembers that this search fails, if nothing is found beside the asking file.
    pub(crate) fn is_hidden_in_dirs(&self, question: Question) -> bool {
        question.beside.is_some() && head(question).is_some_and(|head| self.hidden.contains(&head))
    }

    /// Returns the given directories in which something was found, every name with how far it was searched for, and the absent names; names
    /// are in byte order.
    pub(crate) fn into_parts(
        self,
        include_dirs: &[Utf8PathBuf],
    ) -> (Vec<Utf8PathBuf>, Vec<Lookup>, Vec<String>) {
        let used = include_dirs.iter().zip(&self.used);
        let used_dirs = used.filter(|(_, used)| **used).map(|(dir, _)| dir.clone());
        let place = |dir: usize| self.used[..dir].iter().filter(|used| **used).count();
        let lookup = |(name, &dir): (&Symbol, &usize)| Lookup {
            name: name.display().into_owned(),
            found_in: (dir != ALL_DIRS).then(|| place(dir)),
        };
        let mut lookups: Vec<Lookup> = self.reach.iter().map(lookup).collect();
        lookups.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let absent = self.absent.iter().map(|name| name.display().into_owned());
        let mut absent: Vec<String> = absent.collect();
        absent.sort_unstable();
        (used_dirs.collect(), lookups, absent)
    }
}

/// Returns the search as it goes on in the first directory; `None` if it begins behind that.
fn head(question: Question) -> Option<Question> {
    (question.from == 0).then_some(Question {
        beside: None,
        ..question
    })
}
