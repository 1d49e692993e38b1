//! The command line: commands, options and their values.
//!
//! A file per group of options. Nothing here knows what a command does.

mod bench;
mod build;
mod cache;
pub mod remote;
mod short;
mod sketches;
mod values;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::bench::{BenchSummaryArgs, TableFormat};
pub use self::build::{BuildArgs, DenyWarnings, MessageFormat, PchWhen, ShowProperties};
pub use self::cache::{CacheArgs, CacheCommand};
pub use self::short::concise;
pub use self::sketches::{PlatformArgs, PropertyArgs, SketchArgs};
pub use self::values::Jobs;

/// Build Arduino sketches: what they share once, then all of them in parallel
#[derive(Debug, Parser)]
#[command(
    name = "fbuild",
    version,
    max_term_width = 100,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Example: fbuild build --board uno Blink"
)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
    /// Options of every command's output.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Options of every command's output.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// Show every command as it ends
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "quiet",
        help_heading = "Output"
    )]
    pub verbose: bool,
    /// Show only failures and the summary
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,
    /// When to use colour.
    #[command(flatten)]
    pub color: colorchoice_clap::Color,
    /// How to show progress
    #[arg(
        long,
        global = true,
        value_name = "HOW",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub progress: ProgressHow,
}

impl Default for OutputArgs {
    fn default() -> Self {
        Self {
            verbose: false,
            quiet: false,
            color: colorchoice_clap::Color::default(),
            progress: ProgressHow::Auto,
        }
    }
}

/// How to show progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressHow {
    /// A live display on a terminal, lines elsewhere
    Auto,
    /// A live display
    Bar,
    /// A line per finished sketch
    Plain,
    /// Nothing
    None,
}

/// How a command prints what it found.
#[derive(Debug, Clone, Args)]
pub struct FormatArgs {
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// The same as `--format json`
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for people
    Text,
    /// One JSON document
    Json,
}

impl FormatArgs {
    /// Returns whether to print JSON.
    pub fn is_json(&self) -> bool {
        self.json || self.format == Format::Json
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build one sketch or many
    #[command(after_long_help = BUILD_EXAMPLES)]
    Build(BuildArgs),
    /// Build many sketches; the same as build
    #[command(visible_alias = "compile", after_long_help = BUILD_EXAMPLES)]
    CompileMany(BuildArgs),
    /// List the boards of the installed platforms
    #[command(after_help = "Examples:\n  fbuild boards\n  fbuild boards nano")]
    Boards {
        /// Show only boards whose name or FQBN contains this text
        filter: Option<String>,
        /// Output format.
        #[command(flatten)]
        format: FormatArgs,
        /// Where to look for platforms.
        #[command(flatten)]
        platforms: PlatformArgs,
    },
    /// Show installed platforms, compilers and libraries, and how to install what is missing
    Doctor {
        /// Output format.
        #[command(flatten)]
        format: FormatArgs,
        /// Where to look for platforms.
        #[command(flatten)]
        platforms: PlatformArgs,
        /// Where the cache is.
        #[command(flatten)]
        cache: CacheArgs,
        /// A remote cache.
        #[command(flatten)]
        remote: remote::RemoteArgs,
    },
    /// Print the C++ that is generated for a sketch
    #[command(after_help = "Example:\n  fbuild preprocess --board uno MySketch")]
    Preprocess(SketchArgs),
    /// Print all properties of a board
    #[command(
        after_help = "Values that belong to one sketch's build, such as `build.path`, are not among them.

Examples:
  fbuild properties --board uno
  fbuild properties --board nano:cpu=atmega328old --unexpanded | grep recipe"
    )]
    Properties {
        /// The board
        #[arg(short, long, visible_alias = "fqbn", value_name = "BOARD")]
        board: String,
        /// Leave `{markers}` as they are
        #[arg(long)]
        unexpanded: bool,
        /// Output format.
        #[command(flatten)]
        format: FormatArgs,
        /// Where to look for platforms.
        #[command(flatten)]
        platforms: PlatformArgs,
        /// What to override.
        #[command(flatten)]
        properties: PropertyArgs,
    },
    /// Print which library provides each include, and why
    #[command(after_help = "Example:\n  fbuild libraries --board uno MySketch")]
    Libraries {
        /// The sketches.
        #[command(flatten)]
        what: SketchArgs,
        /// Output format.
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Compare the firmware with that of a reference tool
    #[command(after_help = "Example:\n  fbuild parity --board uno --board mega examples")]
    Parity {
        /// What to build.
        #[command(flatten)]
        build: BuildArgs,
        /// The reference tool: a path to arduino-cli or arduino-builder (default: the first found)
        #[arg(long, value_name = "PROGRAM", env = crate::env::REFERENCE)]
        reference: Option<Utf8PathBuf>,
        /// Print a Markdown table
        #[arg(long)]
        markdown: bool,
    },
    /// Inspect or prune the cache
    Cache {
        /// What to do with it.
        #[command(subcommand)]
        command: CacheCommand,
        /// Where it is.
        #[command(flatten)]
        cache: CacheArgs,
    },
    /// Print each setting of a build and where its value comes from
    #[command(after_help = "Example:\n  fbuild config examples/Blink")]
    Config(BuildArgs),
    /// Merge the JSON reports of jobs that built parts of the sketches
    #[command(
        after_help = "Prints one report, and ends with the exit status of one run over all sketches.

Example:
  fbuild merge-reports part-*.json > report.json"
    )]
    MergeReports {
        /// Reports that --report wrote
        #[arg(value_name = "REPORT", required = true)]
        files: Vec<Utf8PathBuf>,
        /// Succeed although filters exclude every sketch
        #[arg(long)]
        allow_empty: bool,
    },
    /// Summarise phase times, and compare them with a baseline
    #[command(
        after_help = "Exit status 1 when a phase is slower than --threshold allows.

Examples:
  fbuild bench-summary phases.tsv
  fbuild bench-summary new-*.tsv --baseline old-1.tsv --baseline old-2.tsv --threshold 10"
    )]
    BenchSummary(BenchSummaryArgs),
    /// Print the JSON Schema of a report
    #[command(after_help = "Example:\n  fbuild schema fbuild-run > fbuild-run.schema.json")]
    Schema {
        /// The schema
        #[arg(value_parser = values::schema_names())]
        name: String,
    },
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  fbuild completions bash > ~/.local/share/bash-completion/completions/fbuild"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print a page of the documentation that is made from the program's own tables
    #[command(hide = true)]
    Reference {
        /// The page
        page: ReferencePage,
    },
    /// Write the man pages and completion scripts that packages install
    #[command(hide = true)]
    Share {
        /// The directory in which `share/` is made
        dir: Utf8PathBuf,
    },
    /// Upload firmware to a board (use arduino-cli)
    #[command(hide = true)]
    Upload(DeviceArgs),
    /// Show the serial output of a board (use arduino-cli)
    #[command(hide = true)]
    Monitor(DeviceArgs),
    /// Build again on every change (use watchexec)
    #[command(hide = true)]
    Watch(DeviceArgs),
    /// Ask for boards (use `fbuild boards`)
    #[command(hide = true)]
    Board {
        /// The command of arduino-cli
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
}

const BUILD_EXAMPLES: &str = "Examples:
  fbuild build --board uno                        the sketch in the current folder
  fbuild build --board uno Blink                  one sketch
  fbuild build --board uno,mega examples          every sketch in a folder, for two boards
  fbuild build --board uno examples --exclude 'Mqtt*' --report report.json
  fbuild build --board nano --board-options cpu=atmega328old --libraries ../libraries Blink

Exit status: 0 all built or skipped, 1 a sketch failed, 2 usage or set-up, 3 the core failed,
4 no sketch, 5 not warm (--expect-warm), 70 a bug in fbuild, 130 interrupted.";

/// The arguments of arduino-cli's commands for a connected board, which fbuild does not have.
#[derive(Debug, Clone, Args)]
pub struct DeviceArgs {
    /// The board
    #[arg(short, long, alias = "fqbn", value_name = "BOARD")]
    pub board: Option<String>,
    /// The port
    #[arg(short, long, value_name = "PORT")]
    pub port: Option<String>,
    /// The sketch and further arguments
    #[arg(
        value_name = "SKETCH",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub rest: Vec<String>,
}

impl Command {
    /// Returns the sketches of a command that has some.
    pub fn sketches_mut(&mut self) -> Option<&mut SketchArgs> {
        match self {
            Self::Build(build) | Self::CompileMany(build) | Self::Parity { build, .. } => {
                Some(&mut build.what)
            }
            Self::Preprocess(what) | Self::Libraries { what, .. } => Some(what),
            _ => None,
        }
    }
}

/// A page of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReferencePage {
    /// Commands and options
    Cli,
    /// Environment variables
    Environment,
    /// Exit codes
    ExitCodes,
}

impl ReferencePage {
    /// Returns the page's name, which is also that of its file in `docs/`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::Environment => "environment",
            Self::ExitCodes => "exit-codes",
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_tree_of_commands_is_consistent() {
        Cli::command().debug_assert();
    }
}
