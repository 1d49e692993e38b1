//! A C and C++ preprocessor that answers which files a source reads and what its text expands to.
//!
//! It follows avr-gcc 5.4 (and later gcc where that is known) exactly, or says that it does not: what it does not know is [`Unsupported`], and
//! the caller asks the compiler for that file. Files are split into directives and text once per run (`lines.rs`); a [`scan`] evaluates the
//! directives only and looks at text just far enough to know whether it expands `__FILE__` or `__DATE__`, an [`expand`] also expands the text
//! of the files it is asked for. The one known difference of `expand`: gcc doubles line ends inside comments of files with CR LF.
//! It does not know sketches, libraries or boards.

mod answers;
mod clean;
mod closure;
mod cursor;
mod define;
mod dialect;
mod file;
mod files;
mod interest;
mod lex;
mod lines;
mod lookups;
mod macros;
mod mode;
mod number;
mod operator;
mod printer;
mod reads;
mod run;
mod search;
mod split;
mod stop;
mod suspicion;
mod symbol;
mod token;
mod tree;
mod unit;

use camino::{Utf8Path, Utf8PathBuf};

pub use closure::{Closure, Lookup, Scan};
pub use dialect::{BadPredefined, Dialect, Language, system_dirs_from_v};
pub use file::SourceFile;
pub use stop::Unsupported;
pub use tree::SourceTree;

/// Finds the files that `source` reads when compiled with `include_dirs` (the `-I` directories, in order).
///
/// A missing include stops with [`Scan::Missing`], as it stops the compiler. Errors in directives are [`Scan::Failed`], after the whole source was
/// read. Errors in text (an unfinished macro call) are left to the compiler.
///
/// # Errors
/// Something this preprocessor does not know; ask the compiler.
pub fn scan(
    tree: &SourceTree,
    dialect: &Dialect,
    source: &Utf8Path,
    include_dirs: &[Utf8PathBuf],
) -> Result<Scan, Unsupported> {
    run::scan(tree, dialect, source, include_dirs)
}

/// Expands `source` as `gcc -E -CC` does, and returns the lines that belong to the files `keep` (by the names that `#line` gives them), each
/// run of lines behind a marker `# N "file"`.
///
/// # Errors
/// Something this preprocessor does not know, or an error that the compiler would report; ask the compiler.
pub fn expand(
    tree: &SourceTree,
    dialect: &Dialect,
    source: &Utf8Path,
    include_dirs: &[Utf8PathBuf],
    keep: &[Utf8PathBuf],
) -> Result<String, Unsupported> {
    run::expand(tree, dialect, source, include_dirs, keep)
}
