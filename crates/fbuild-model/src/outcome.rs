//! How a sketch ended.
//!
//! An *outcome* is how one sketch ended on one board; an *error* is why the tool itself could not go on. Every requested (board, sketch) has
//! exactly one outcome, in the order of the request, whatever happens.

use std::fmt;
use std::time::Duration;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use crate::cost::Cost;
use crate::diagnostic::Diagnostic;
use crate::size::Sizes;

/// A slice of the work on one sketch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Reading and merging the sketch's files.
    Load,
    /// Finding the libraries, preprocessing, prototypes.
    Scan,
    /// A hook of the platform.
    Hook,
    /// Compiling.
    Compile,
    /// Making an archive.
    Archive,
    /// Linking.
    Link,
    /// Converting the linked program into the files that are flashed.
    Objcopy,
    /// Measuring and checking the sizes.
    Size,
}

impl Phase {
    /// Returns the name used in lines and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Scan => "scan",
            Self::Hook => "hook",
            Self::Compile => "compile",
            Self::Archive => "archive",
            Self::Link => "link",
            Self::Objcopy => "objcopy",
            Self::Size => "size",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which of the two stages a piece of work belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// What sketches share: core, variant, libraries, preambles.
    Shared,
    /// What belongs to one sketch.
    Sketch,
}

impl Stage {
    /// Returns `stage1` or `stage2`, as in formats section 1.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shared => "stage1",
            Self::Sketch => "stage2",
        }
    }
}

/// What went wrong in one phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The phase that failed.
    pub phase: Phase,
    /// One line for the list of results.
    pub message: String,
    /// What the tool printed, verbatim and whole; empty if no tool was involved.
    pub output: String,
    /// The diagnostics found in `output`.
    pub diagnostics: Vec<Diagnostic>,
}

impl Failure {
    /// Makes a failure that no tool printed anything about.
    pub fn new(phase: Phase, message: impl Into<String>) -> Self {
        Self {
            phase,
            message: message.into(),
            output: String::new(),
            diagnostics: Vec::new(),
        }
    }
}

/// What a sketch that built left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firmware {
    /// The files a user wants (`.elf`, `.hex`, `.eep` …), in the order in which they were made.
    pub artifacts: Vec<Utf8PathBuf>,
    /// The sizes; `None` where the platform does not measure them.
    pub sizes: Option<Sizes>,
}

/// A rule that leaves a sketch out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkipRule {
    /// The rule's text.
    pub text: String,
    /// The file it stands in.
    pub file: Utf8PathBuf,
    /// The line it stands on, counted from 1; `None` for a rule that is a file by itself.
    pub line: Option<u32>,
}

impl SkipRule {
    /// Returns the file, with the line where the rule has one: `a.ino:3`.
    pub fn place(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.to_string(),
        }
    }
}

/// How one sketch ended on one board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SketchOutcome {
    /// Compiled, linked, converted and measured.
    Built(Firmware),
    /// Something of the sketch's own failed.
    Failed(Failure),
    /// Something it shares with others failed.
    Blocked {
        /// The shared piece: `core`, or `library NAME`.
        by: String,
        /// Why that piece failed.
        failure: Failure,
    },
    /// Left out by a rule in the tree.
    Skipped(SkipRule),
    /// Not started because an earlier failure ended the run (`--fail-fast`).
    NotRun,
    /// Interrupted by the user.
    Cancelled,
}

impl SketchOutcome {
    /// Returns the word used in lines and reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Built(_) => "built",
            Self::Failed(_) => "failed",
            Self::Blocked { .. } => "blocked",
            Self::Skipped(_) => "skipped",
            Self::NotRun => "not-run",
            Self::Cancelled => "cancelled",
        }
    }

    /// Returns the failure behind a failed or blocked sketch.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) | Self::Blocked { failure, .. } => Some(failure),
            _ => None,
        }
    }
}

/// A library that a sketch uses, as reported.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UsedLibrary {
    /// The library's name.
    pub name: String,
    /// Its version; empty if it states none.
    pub version: String,
    /// Its folder.
    pub dir: Utf8PathBuf,
}

/// One sketch on one board: what was asked, how it ended, and what it took.
#[derive(Debug, Clone, PartialEq)]
pub struct SketchResult {
    /// The board's FQBN as the user wrote it, completed.
    pub board: String,
    /// The sketch's name in lines and reports (`examples/Blink`).
    pub sketch: String,
    /// The sketch's folder.
    pub dir: Utf8PathBuf,
    /// How it ended.
    pub outcome: SketchOutcome,
    /// The log; `None` if none was written.
    pub log: Option<Utf8PathBuf>,
    /// Warnings of the sketch's own translation units and of its link.
    pub warnings: Vec<Diagnostic>,
    /// Time spent on this sketch in stage 2.
    pub duration: Duration,
    /// What its processes cost; zero if everything came from the cache.
    pub cost: Cost,
    /// Whether the firmware came from the cache without a process.
    pub cached: bool,
    /// The libraries it uses, in link order.
    pub libraries: Vec<UsedLibrary>,
}

impl SketchResult {
    /// Makes the result of a sketch on which no work was done.
    pub fn without_work(
        board: String,
        sketch: String,
        dir: Utf8PathBuf,
        outcome: SketchOutcome,
    ) -> Self {
        Self {
            board,
            sketch,
            dir,
            outcome,
            log: None,
            warnings: Vec::new(),
            duration: Duration::ZERO,
            cost: Cost::default(),
            cached: false,
            libraries: Vec::new(),
        }
    }
}
