//! Rules in a source tree that leave sketches out (`docs/filters.md`).
//!
//! Three kinds are in use: FastLED's `@filter` comments, Adafruit's marker files, and the architectures of the library whose examples are built.
//! The rules of a tree are written against the names that its own tools use for boards; [`BoardFacts`] knows how those names follow from ours.

mod board;
mod expression;
mod glob;
mod markers;
mod memory;
mod names;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::input;
use fbuild_model::outcome::SkipRule;

use crate::library::{Library, PROPERTIES};

pub use board::BoardFacts;
pub use memory::MemoryClass;

/// What the rules say about one sketch on one board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// No rule leaves the sketch out.
    Build,
    /// A rule does.
    Skip(SkipRule),
    /// A rule cannot be understood, in whole or in part; the sketch is built.
    Warn(Warning),
}

/// A rule that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The file it is in.
    pub file: Utf8PathBuf,
    /// Its line, counted from 1.
    pub line: u32,
    /// What is wrong with it.
    pub text: String,
}

/// The sketch that is decided on.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its folder.
    pub dir: &'a Utf8Path,
    /// Its main file.
    pub main: &'a Utf8Path,
    /// The main file's content.
    pub text: &'a [u8],
}

/// Decides whether the sketch is built on the board.
///
/// `library` is the library whose examples are built (the one that encloses the sketch), if there is one. The first rule that leaves the sketch
/// out is named; a warning counts only where no rule does. Marker files that cannot be read are no rule.
pub fn decide(subject: Subject<'_>, board: &BoardFacts, library: Option<&Library>) -> Decision {
    let filter = expression::decide(subject.main, subject.text, board);
    if matches!(filter, Decision::Skip(_)) {
        return filter;
    }
    let other = markers::skipping(subject.dir, board)
        .or_else(|| library.and_then(|library| other_architecture(library, board)));
    other.map_or(filter, Decision::Skip)
}

/// The line `architectures=` of a library that is not made for the board.
fn other_architecture(library: &Library, board: &BoardFacts) -> Option<SkipRule> {
    if library.supports(&[&board.architecture]) {
        return None;
    }
    let file = library.dir.join(PROPERTIES);
    let content = input::read_regular(&file).unwrap_or_default();
    let text = String::from_utf8_lossy(&content);
    let at = text.lines().position(|line| {
        line.split('=')
            .next()
            .is_some_and(|key| key.trim() == "architectures")
    });
    Some(SkipRule {
        text: format!(
            "architectures={} (not {})",
            library.architectures.join(","),
            board.architecture
        ),
        line: at.and_then(|at| u32::try_from(at + 1).ok()),
        file,
    })
}
