//! The wire types of the run report.

use serde::{Deserialize, Serialize};

use super::Schema;
pub use super::findings::{Audit, AuditDifference, SharedWarnings};

/// The whole report of one run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Document {
    /// Which format this is.
    pub schema: Schema,
    /// What wrote it.
    pub tool: Tool,
    /// How it was started.
    pub invocation: Invocation,
    /// What the boards were built with, one entry per board.
    pub boards: Vec<Board>,
    /// What was asked for.
    pub request: Request,
    /// How the run ended: `success`, `no-sketches`, `all-skipped`, `some-failed`, `core-failed`, `cancelled` or `error`.
    pub verdict: String,
    /// The error that ended the run, if one did.
    pub error: Option<String>,
    /// Seconds from start to end.
    pub seconds: Option<f64>,
    /// How many sketches ended how.
    pub counts: Counts,
    /// What planning found.
    pub plan: Option<Plan>,
    /// The two stages, in order.
    pub stages: Vec<Stage>,
    /// One entry per (board, sketch), in the order of the request.
    pub sketches: Vec<Sketch>,
    /// Actions whose result was not in the cache.
    pub misses: Vec<Miss>,
    /// What became of the compiles that should use a precompiled preamble.
    pub preambles: Preambles,
    /// What the remote cache was used for, if there was one.
    pub remote: Option<RemoteUse>,
    /// What became of making cached results again; `null` without `--audit`.
    pub audit: Option<Audit>,
    /// What the compilers warned about in shared parts, also where the result came from the cache.
    pub shared_warnings: Vec<SharedWarnings>,
    /// Warnings about the run as a whole.
    pub warnings: Vec<String>,
}

/// What a remote cache was used for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RemoteUse {
    /// Lookups that found a result.
    pub hits: u64,
    /// Lookups that found none.
    pub misses: u64,
    /// Results uploaded.
    pub uploads: u64,
    /// Bytes downloaded.
    pub bytes_down: u64,
    /// Bytes uploaded.
    pub bytes_up: u64,
    /// Seconds that requests took in sum.
    pub seconds: f64,
}

/// Compiles that ran and should use a precompiled preamble.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preambles {
    /// Those that did.
    pub used: u64,
    /// Those that did not.
    pub not_used: u64,
}

/// The program that wrote a report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tool {
    /// `fbuild`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// How the run was started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Invocation {
    /// The command line, program first.
    pub argv: Vec<String>,
    /// The current directory, to which paths below it are relative.
    pub dir: String,
    /// When it started, in seconds since 1970-01-01 UTC.
    pub started: Option<u64>,
    /// The commit that was checked out; `null` outside a Git repository.
    pub revision: Option<String>,
}

/// What one board is built with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Board {
    /// FQBN.
    pub fqbn: String,
    /// The platform, `vendor:architecture`.
    pub platform: String,
    /// The platform's version; empty if it states none.
    pub platform_version: String,
    /// The compiler's path; `null` if none was found.
    pub compiler: Option<String>,
}

/// What was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// FQBNs.
    pub boards: Vec<String>,
    /// Number of sketches per board.
    pub sketches_per_board: u64,
    /// Width of stage 1.
    pub framework_jobs: u64,
    /// Width of stage 2.
    pub sketch_jobs: u64,
}

/// How many sketches ended how, over all boards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Sketches asked for.
    pub requested: u64,
    /// Sketches with firmware.
    pub built: u64,
    /// Those of `built` that came from the cache without a process.
    pub cached: u64,
    /// Sketches in which something of their own failed.
    pub failed: u64,
    /// Sketches for which something shared failed.
    pub blocked: u64,
    /// Sketches left out by a rule.
    pub skipped: u64,
    /// Sketches not started after `--fail-fast`.
    pub not_run: u64,
    /// Sketches interrupted by the user.
    pub cancelled: u64,
}

/// What planning found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// Seconds it took.
    pub seconds: f64,
    /// What its processes cost.
    pub cost: Cost,
    /// Number of shared actions.
    pub shared_actions: u64,
    /// How libraries are shared.
    pub libraries: Vec<SharedLibrary>,
    /// Translation units that the compiler had to preprocess, with the reason.
    pub fallbacks: Vec<String>,
}

/// How one library is shared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SharedLibrary {
    /// FQBN.
    pub board: String,
    /// The library's name.
    pub name: String,
    /// Number of different object sets; 1 where it is fully shared.
    pub variants: u64,
    /// Number of sketches that use it.
    pub sketches: u64,
}

/// One stage.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stage {
    /// `stage1` or `stage2`.
    pub name: String,
    /// Whether it ran to its end; if not, the numbers are those of the part that is known.
    pub complete: bool,
    /// Number of actions (stage 1) or sketches (stage 2).
    pub total: u64,
    /// Seconds from its first piece of work to its last.
    pub seconds: f64,
    /// What its processes cost.
    pub cost: Cost,
    /// Actions found in the cache.
    pub hits: u64,
    /// Actions that ran.
    pub ran: u64,
    /// Actions that ran and failed.
    pub failed: u64,
    /// The cache key (stage 1).
    pub key: Option<String>,
}

/// What processes cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cost {
    /// Their times from start to end, added up.
    pub wall_seconds: f64,
    /// Their user and system times, added up.
    pub cpu_seconds: f64,
    /// Largest resident set of any one process, in bytes.
    pub peak_memory: u64,
    /// Number of processes.
    pub processes: u64,
}

/// One sketch on one board.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sketch {
    /// FQBN.
    pub board: String,
    /// The sketch's name, as in the result lines.
    pub name: String,
    /// The sketch's folder.
    pub dir: String,
    /// `built`, `failed`, `blocked`, `skipped`, `not-run` or `cancelled`.
    pub outcome: String,
    /// The phase that failed.
    pub phase: Option<String>,
    /// What made it fail.
    pub cause: Option<Code>,
    /// One line about the failure.
    pub message: Option<String>,
    /// The shared piece that failed: `core`, or `library NAME`.
    pub blocked_by: Option<String>,
    /// The rule that left the sketch out.
    pub skip: Option<Skip>,
    /// Messages of the tool that failed.
    pub diagnostics: Vec<Diagnostic>,
    /// The log's path.
    pub log: Option<String>,
    /// The firmware's files.
    pub artifacts: Vec<String>,
    /// Program storage.
    pub flash: Option<Memory>,
    /// Memory of global variables.
    pub ram: Option<Memory>,
    /// Warnings of the sketch's own translation units and of its link.
    pub warnings: Vec<Diagnostic>,
    /// Seconds spent on this sketch in stage 2.
    pub seconds: f64,
    /// What its processes cost.
    pub cost: Cost,
    /// Whether the firmware came from the cache without a process.
    pub cached: bool,
    /// The libraries it uses, in link order.
    pub libraries: Vec<Library>,
}

/// What made a sketch fail. The codes and their fields do not change within a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Code {
    /// The sketch's files cannot be read or merged.
    SketchUnreadable,
    /// A header that is in no library.
    MissingHeader {
        /// As the source names it.
        header: String,
    },
    /// The compiler refuses the source.
    CompileError,
    /// A symbol that is used and defined nowhere.
    UndefinedSymbol {
        /// The first one.
        symbol: String,
    },
    /// A symbol that is defined more than once.
    MultipleDefinition {
        /// The first one.
        symbol: String,
    },
    /// The linker finds no room for a section.
    Overflow {
        /// The section, or the region where the linker names no section.
        section: String,
        /// By how many bytes, where the linker says so.
        bytes: Option<u64>,
    },
    /// Any other failure of the linker.
    LinkError,
    /// The firmware was linked and is larger than the board allows.
    TooLarge,
    /// A process took longer than allowed.
    Timeout,
    /// A compiler or another tool crashed.
    ToolCrashed,
    /// Another tool failed.
    ToolFailed,
    /// A hook of the platform failed.
    HookFailed,
}

/// A rule that leaves a sketch out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Skip {
    /// The rule's text.
    pub rule: String,
    /// The file it stands in.
    pub file: String,
    /// The line it stands on, counted from 1.
    pub line: Option<u32>,
}

/// One message of a compiler, assembler or linker.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Diagnostic {
    /// `fatal`, `error`, `warning` or `note`.
    pub severity: String,
    /// The text after the severity.
    pub message: String,
    /// The file, as the tool named it; empty if it named none.
    pub file: String,
    /// Line, counted from 1.
    pub line: Option<u32>,
    /// Column, counted from 1.
    pub column: Option<u32>,
}

/// How much of a memory is used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// Bytes used.
    pub used: u64,
    /// Bytes available.
    pub maximum: Option<u64>,
}

/// A library that a sketch uses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Library {
    /// Its name.
    pub name: String,
    /// Its version; empty if it states none.
    pub version: String,
    /// Its folder.
    pub dir: String,
}

/// An action that had to run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Miss {
    /// `stage1` or `stage2`.
    pub stage: String,
    /// The action's label.
    pub label: String,
    /// Why there was no result, for people.
    pub reason: String,
}
