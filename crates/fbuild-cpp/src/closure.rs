//! What preprocessing one translation unit found.

use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::file::SourceFile;

/// What preprocessing one translation unit came to.
#[derive(Debug, Clone)]
pub enum Scan {
    /// Every include was found.
    Complete(Closure),
    /// An include was not found; preprocessing stopped there.
    Missing {
        /// The header as written between the quotes or angle brackets.
        header: String,
        /// What the compiler printed, if it was the compiler that answered.
        output: Option<String>,
    },
    /// Preprocessing failed for another reason (`#error`, a bad directive). Discovery goes on (semantics 5.1.2).
    Failed {
        /// What the compiler printed, or the reason in our words.
        output: String,
    },
}

/// The files that a translation unit reads.
#[derive(Debug, Clone, Default)]
pub struct Closure {
    /// All files read, the source first, each once, in the order of their first reading.
    pub files: Vec<Arc<SourceFile>>,
    /// The include directories in which a file was found that was included or asked for, in the order in which they were given.
    pub used_dirs: Vec<Utf8PathBuf>,
    /// Whether active code expands `__FILE__`, so that the result depends on the paths of the files.
    pub uses_path: bool,
    /// Whether active code expands `__DATE__`, `__TIME__` or `__TIMESTAMP__`, so that the result must not be kept.
    pub uses_time: bool,
    /// Names asked for with `__has_include` and not found, in byte order; a file of that name would change the result.
    pub absent: Vec<String>,
    /// Every header name that was looked for in the include directories, each once. `None` if that is not known, because the compiler
    /// answered; the closure says nothing about other include directories then.
    pub lookups: Option<Vec<Lookup>>,
}

/// A header name, and how far the include directories were searched for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The name as included or asked for.
    pub name: String,
    /// The last directory in which it was found, as an index into [`Closure::used_dirs`]. `None` if all include directories were searched in
    /// vain at least once: the name was found in a system directory, or nowhere.
    pub found_in: Option<usize>,
}
