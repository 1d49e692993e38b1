//! The exit codes of `fbuild`; `docs/exit-codes.md` is made from [`ALL`].
//!
//! They are a promise: a script may rely on them.

use std::process::ExitCode;

use fbuild_report::Verdict;

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

/// Every code, with what it means.
pub const ALL: [(Exit, &str); 8] = [
    (
        Exit::Success,
        "Everything asked for was built, or left out by a rule of its own.",
    ),
    (
        Exit::SketchFailed,
        "Some sketch failed, was blocked by a library that failed, or was not run (`--fail-fast`), or there are warnings that `--deny-warnings` does not allow, or `--audit` found a cached result that differs. Also: `bench-summary` found a phase slower \
         than `--threshold` allows, `parity` found a difference that it cannot explain, `cache verify` found damage.",
    ),
    (
        Exit::Usage,
        "The command line or the set-up is wrong, something needed is not installed, or all was built but a report or standard output could not be written.",
    ),
    (
        Exit::CoreFailed,
        "The core of a board did not compile, so nothing could be built for it.",
    ),
    (
        Exit::NoSketch,
        "No sketch was found, or rules left out every one (`--allow-empty` makes that a success).",
    ),
    (
        Exit::NotWarm,
        "Only with `--expect-warm`: stage 1 had to build something.",
    ),
    (Exit::Bug, "A bug in fbuild. Please report it."),
    (Exit::Interrupted, "Ctrl-C, SIGTERM, SIGHUP or SIGQUIT."),
];

/// Ends this program at once, without waiting for its threads: for an interrupted run whose threads do not end.
#[expect(
    clippy::disallowed_methods,
    reason = "the second Ctrl-C ends the program in any case"
)]
pub fn now(exit: Exit) -> ! {
    std::process::exit(exit as i32)
}

impl Exit {
    /// Returns the exit code of a run; with `allow_empty` one that has no sketch, or whose sketches are all left out by rules, succeeds.
    pub fn of(verdict: Verdict, allow_empty: bool) -> Self {
        match verdict {
            Verdict::NoSketches | Verdict::AllSkipped if allow_empty => Self::Success,
            Verdict::NoSketches | Verdict::AllSkipped => Self::NoSketch,
            Verdict::Cancelled => Self::Interrupted,
            Verdict::CoreFailed => Self::CoreFailed,
            Verdict::SomeFailed => Self::SketchFailed,
            Verdict::Error => Self::Usage,
            Verdict::Success => Self::Success,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
