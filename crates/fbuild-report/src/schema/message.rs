//! The wire types of `--message-format=json`: one JSON object per line and event, told apart by `type`.

use serde::{Deserialize, Serialize};

use super::Schema;
use super::run::{Cost, Plan, RemoteUse, SharedWarnings, Sketch};

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Message {
    /// The request is understood; always the first line.
    RunStarted {
        /// Which format the lines have: [`super::MESSAGES_NAME`].
        schema: Schema,
        /// FQBNs.
        boards: Vec<String>,
        /// Number of sketches per board.
        sketches_per_board: u64,
        /// Width of stage 1.
        framework_jobs: u64,
        /// Width of stage 2.
        sketch_jobs: u64,
    },
    /// The plan is made.
    Planned {
        /// What planning found.
        plan: Plan,
    },
    /// A stage begins.
    StageStarted {
        /// `stage1` or `stage2`.
        stage: String,
        /// Number of actions (stage 1) or sketches (stage 2).
        total: u64,
    },
    /// A shared action or a sketch begins.
    WorkStarted {
        /// `stage1` or `stage2`.
        stage: String,
        /// What it is called.
        label: String,
    },
    /// A command ran, or its result was found.
    ActionFinished {
        /// `stage1` or `stage2`.
        stage: String,
        /// What it is called.
        label: String,
        /// The command as a shell line.
        command: String,
        /// Whether its result came from the cache.
        cached: bool,
        /// Whether it succeeded.
        success: bool,
        /// Why there was no result in the cache, for people; `null` if there was one.
        reason: Option<String>,
        /// What it cost; `null` if it did not run.
        cost: Option<Cost>,
        /// For a compile that should use a precompiled preamble, whether the compiler did; else `null`.
        preamble_used: Option<bool>,
    },
    /// The compiler warned about a shared part, now or when its result was made.
    SharedWarnings(SharedWarnings),
    /// A sketch ended.
    SketchFinished {
        /// Its position in the request, counted from 0 over all boards.
        index: u64,
        /// The same object as in the report.
        sketch: Box<Sketch>,
    },
    /// A stage ended.
    StageFinished {
        /// `stage1` or `stage2`.
        stage: String,
        /// Seconds from its first piece of work to its last.
        seconds: f64,
        /// What its processes cost.
        cost: Cost,
        /// Actions found in the cache.
        hits: u64,
        /// Actions that ran.
        ran: u64,
        /// The cache key (stage 1), else `null`.
        key: Option<String>,
    },
    /// What the remote cache was used for.
    RemoteUsed(RemoteUse),
    /// Cached results were made again and compared.
    Audited(super::run::Audit),
    /// Something the user should know that is not a failure.
    Warning {
        /// What.
        message: String,
    },
    /// Everything ended; always the last line.
    RunFinished {
        /// Seconds from start to end.
        seconds: f64,
    },
}
