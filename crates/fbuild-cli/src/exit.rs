//! The exit codes of `fbuild`.
//!
//! They are a promise: a script may rely on them.

use std::process::ExitCode;

/// How `fbuild` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for was built, or left out by a rule.
    Success = 0,
    /// Some sketch failed, was blocked or was not run.
    SketchFailed = 1,
    /// The command line or the configuration is wrong, or something needed is not installed.
    Usage = 2,
    /// The core failed to build, so nothing could be built.
    CoreFailed = 3,
    /// No sketch was found, or rules left all of them out.
    NoSketch = 4,
    /// With `--expect-warm`: stage 1 had to build something.
    NotWarm = 5,
    /// A bug in `fbuild`.
    Bug = 70,
    /// Interrupted by the user.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
