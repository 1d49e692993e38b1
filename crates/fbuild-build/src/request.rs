//! What is asked for, with every default filled in.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use camino::Utf8PathBuf;
use fbuild_model::outcome::SkipRule;
use fbuild_platform::BoardSpec;
use fbuild_scan::library::index::Root;
use fbuild_scan::sketch::find::Requested;

/// When to precompile what sketches begin with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PchMode {
    /// Where it pays.
    #[default]
    Auto,
    /// Wherever it is possible.
    On,
    /// Never.
    Off,
}

/// The limits of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long one process (compile, archive, link, hook) may run before it is killed and its action fails.
    pub action_timeout: Duration,
    /// How long the processes of one sketch (its hooks apart) may run in sum; `None`: no limit.
    pub sketch_timeout: Option<Duration>,
    /// Start no more work once this many sketches have failed; `None`: no limit. [`Request::fail_fast`] is a limit of one.
    pub max_failures: Option<NonZeroUsize>,
    /// Address space in bytes that one process may use (`RLIMIT_AS`); `None`: no limit.
    pub process_memory: Option<u64>,
}

impl Limits {
    /// How long one process may run unless a request says otherwise.
    pub const DEFAULT_ACTION_TIMEOUT: Duration = Duration::from_secs(600);
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            action_timeout: Self::DEFAULT_ACTION_TIMEOUT,
            sketch_timeout: None,
            max_failures: None,
            process_memory: None,
        }
    }
}

/// Why a sketch is not built for one of the boards of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exception {
    /// It is not requested for this board, and no outcome is reported.
    NotRequested,
    /// A rule of the user skips it, and that is its outcome.
    Skipped(SkipRule),
}

/// A run: boards × sketches, with exceptions.
#[derive(Debug)]
pub struct Request {
    /// The boards, in order.
    pub boards: Vec<BoardSpec>,
    /// The sketches, in order.
    pub sketches: Vec<Requested>,
    /// What is not built, by the positions of the board and the sketch; empty: every sketch is built for every board.
    pub exceptions: HashMap<(usize, usize), Exception>,
    /// Where libraries are looked for beside the platforms' own, best first among equals.
    pub libraries: Vec<Root>,
    /// Where firmware and logs go; absolute.
    pub output_dir: Utf8PathBuf,
    /// The current directory, to which names are relative.
    pub cwd: Utf8PathBuf,
    /// Width of stage 1.
    pub framework_jobs: NonZeroUsize,
    /// Width of stage 2.
    pub sketch_jobs: NonZeroUsize,
    /// Work around known faults of toolchains.
    pub quirks: bool,
    /// Start no more work once a sketch has failed.
    pub fail_fast: bool,
    /// The limits of processes and sketches.
    pub limits: Limits,
    /// Copy firmware to the sketches' own `build` directories.
    pub export_binaries: bool,
    /// Build what rules in the tree leave out.
    pub ignore_filters: bool,
    /// Make this many of the cached results that the run uses again and compare them; `None`: none.
    pub audit: Option<NonZeroUsize>,
    /// The size in bytes that the automatic collection keeps the cache below.
    pub cache_limit: u64,
    /// When to precompile what sketches begin with.
    pub pch: PchMode,
    /// A program in front of compilers, with its arguments.
    pub launcher: Vec<String>,
}
