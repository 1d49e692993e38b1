//! The contract between building and reporting.
//!
//! `fbuild-build` sends events, one thread receives them; the terminal, the TSV, the JSON report and every other report are folds over
//! them. Nothing that is reported is measured a second time elsewhere.

use std::time::Duration;

use crate::cost::Cost;
use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::fingerprint::MissReason;
use crate::outcome::{SketchResult, Stage};

/// What happened, in the order in which it happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// The request is understood; planning starts.
    RunStarted {
        /// The boards' FQBNs, in order.
        boards: Vec<String>,
        /// Number of sketches per board.
        sketches: usize,
        /// Number of pairs of board and sketch that were not requested, because sketches name boards of their own.
        unrequested: usize,
        /// Width of stage 1.
        framework_jobs: usize,
        /// Width of stage 2.
        sketch_jobs: usize,
    },
    /// The plan is made.
    Planned {
        /// Time it took.
        duration: Duration,
        /// What the processes of planning cost (hooks, compiler queries, fallback preprocessing).
        cost: Cost,
        /// What each library is shared as.
        libraries: Vec<SharedLibrary>,
        /// Number of shared actions.
        shared_actions: usize,
        /// Translation units that the compiler had to preprocess because the scanner could not, with the reason.
        fallbacks: Vec<String>,
    },
    /// A stage begins.
    StageStarted {
        /// Which.
        stage: Stage,
        /// Number of actions (stage 1) or sketches (stage 2).
        total: usize,
    },
    /// A shared action or a sketch begins.
    WorkStarted {
        /// Which stage it belongs to.
        stage: Stage,
        /// Its label (`core/main.cpp`, `examples/Blink`).
        label: String,
    },
    /// A command ran, or its result was found.
    ActionFinished(ActionReport),
    /// What the compiler warned about in a shared part, now or when its result was made; at most once per part and board.
    SharedWarnings(SharedWarnings),
    /// A sketch ended.
    SketchFinished {
        /// Its position in the request, counted over all boards.
        index: usize,
        /// How.
        result: Box<SketchResult>,
    },
    /// A stage ended.
    StageFinished(StageReport),
    /// What the remote cache was used for, once all work is done. Only in runs that have one.
    RemoteUsed(RemoteUse),
    /// Cached results were compared with results made again (`--audit`).
    Audited(Audit),
    /// Something the user should know that is not a failure.
    Warning(String),
    /// Everything ended; `results` of the fold is complete.
    RunFinished {
        /// Time from start to end.
        duration: Duration,
    },
}

/// What became of making cached results again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// Results that the run took from the cache.
    pub hits: usize,
    /// Those that were made again.
    pub rebuilt: usize,
    /// Outputs that differ. Their results are no longer in the cache.
    pub differences: Vec<AuditDifference>,
}

/// An output of a cached result that is not what its action makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditDifference {
    /// The label of the action.
    pub label: String,
    /// The name of the output.
    pub output: String,
    /// The digest of the cached output; `None` if the result has none of this name.
    pub cached: Option<Digest>,
    /// The digest of the output as it was made again; `None` if it was not made.
    pub rebuilt: Option<Digest>,
}

/// One action that ended.
#[derive(Debug, Clone)]
pub struct ActionReport {
    /// Which stage it belongs to.
    pub stage: Stage,
    /// Its label.
    pub label: String,
    /// The command as a shell line.
    pub command: String,
    /// Whether it ran, and what it printed.
    pub ending: ActionEnding,
}

/// How an action ended.
#[derive(Debug, Clone)]
pub enum ActionEnding {
    /// The result was found in the cache.
    Hit,
    /// The command ran.
    Ran {
        /// Why there was no result.
        reason: MissReason,
        /// What it cost.
        cost: Cost,
        /// Whether it succeeded.
        success: bool,
        /// For a compile that should use a precompiled preamble: whether the compiler did. `None` for others, and where that is not known.
        preamble: Option<bool>,
    },
}

/// The warnings of one shared part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedWarnings {
    /// The board.
    pub board: String,
    /// The part: `core`, or `library NAME`.
    pub part: String,
    /// The warnings, in the order of its translation units; never empty.
    pub warnings: Vec<Diagnostic>,
}

/// What a remote cache was used for in one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RemoteUse {
    /// Lookups that found a result.
    pub hits: u64,
    /// Lookups that found none.
    pub misses: u64,
    /// Results uploaded.
    pub uploads: u64,
    /// Bytes of blobs downloaded, as they came over the wire.
    pub bytes_down: u64,
    /// Bytes of blobs uploaded, as they went over the wire.
    pub bytes_up: u64,
    /// Time that requests took, added up over all that waited for one.
    pub waited: Duration,
}

/// One stage as a whole.
#[derive(Debug, Clone)]
pub struct StageReport {
    /// Which.
    pub stage: Stage,
    /// Time from its first piece of work to its last.
    pub wall: Duration,
    /// What its processes cost; `peak_memory` is that of the largest child.
    pub cost: Cost,
    /// Actions whose result was found in the cache.
    pub hits: usize,
    /// Actions that ran.
    pub ran: usize,
    /// The cache key: a digest over everything that went into the stage's results. Stage 1 only.
    pub key: Option<String>,
}

/// How one library is shared between the sketches of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedLibrary {
    /// The board.
    pub board: String,
    /// The library's name.
    pub name: String,
    /// Number of different object sets it has over all sketches (1 where it is fully shared).
    pub variants: usize,
    /// Number of sketches that use it.
    pub sketches: usize,
}
