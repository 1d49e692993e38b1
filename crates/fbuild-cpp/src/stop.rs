//! Why preprocessing ends early.

use camino::Utf8PathBuf;

use crate::interest::Effort;

/// A place in a file that means something this preprocessor does not know; only the compiler can tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("preprocess {file}:{line}: {what}")]
pub struct Unsupported {
    /// The file.
    pub file: Utf8PathBuf,
    /// Its line, from 1.
    pub line: u32,
    /// What is not known, as a lowercase fragment.
    pub what: String,
    /// What the compiler has to be asked (`__has_attribute(noreturn)`), if its answers would help: the first one is needed, the others are
    /// likely to be. [`crate::Dialect::learn`] takes the answers.
    pub questions: Vec<String>,
}

/// Why preprocessing ended before the end of the source.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Something unknown was met.
    Unsupported(Unsupported),
    /// An include was not found: its name.
    Missing(String),
    /// The answer needs more text to be expanded than this effort allows.
    Again(Effort),
}
