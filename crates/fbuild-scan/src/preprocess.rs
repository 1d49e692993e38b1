//! The seam between library discovery and whatever preprocesses a translation unit.
//!
//! Discovery asks the same question again and again: "which files does this source read with these include directories?" The in-process
//! preprocessor answers most of them; the compiler is the oracle and the fallback. Discovery does not know which of them answered.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp::Scan;

/// Answers what a translation unit reads.
pub trait Preprocess: Sync {
    /// Preprocesses `source` in the discovery language of semantics 1.7.5 (always as C++) with the given include directories.
    fn scan(&self, source: &Utf8Path, include_dirs: &[Utf8PathBuf]) -> Scan;

    /// Returns whether an answer costs so little that more may be asked than is needed: no process is started for it.
    fn answers_at_once(&self) -> bool {
        false
    }
}
