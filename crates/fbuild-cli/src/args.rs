//! What can be typed.

use std::num::NonZeroUsize;
use std::time::Duration;

use camino::Utf8PathBuf;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use fbuild_platform::WarningLevel;

/// Builds many Arduino sketches fast: what they share once, then each sketch's own code in parallel.
#[derive(Debug, Parser)]
#[command(
    name = "fbuild",
    version,
    max_term_width = 100,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to talk.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// How `fbuild` talks.
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

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build many sketches: shared code once, then every sketch
    #[command(after_help = "Examples:
  fbuild compile-many --board uno examples/*
  fbuild compile-many --board uno,mega --report report.json ~/FastLED/examples
  fbuild compile-many --board nano:cpu=atmega328old --libraries ../libraries MySketch

Exit status: 0 all built or skipped, 1 a sketch failed, 2 usage or set-up, 3 the core failed,
4 no sketch, 5 not warm (--expect-warm), 70 a bug in fbuild, 130 interrupted.")]
    CompileMany(BuildArgs),
    /// Build one sketch; the same as compile-many
    #[command(after_help = "Example:\n  fbuild build --board uno MySketch")]
    Build(BuildArgs),
    /// List the boards of the platforms found
    #[command(after_help = "Examples:\n  fbuild boards\n  fbuild boards nano")]
    Boards {
        /// Show only boards whose name or FQBN contains this text
        filter: Option<String>,
        /// Where to look for platforms.
        #[command(flatten)]
        platforms: PlatformArgs,
    },
    /// Show installed platforms, compilers and libraries, and how to install what is missing
    Doctor {
        /// Where to look for platforms.
        #[command(flatten)]
        platforms: PlatformArgs,
        /// Where the cache is.
        #[command(flatten)]
        cache: CacheArgs,
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
        #[arg(short, long, value_name = "BOARD")]
        board: String,
        /// Leave `{markers}` as they are
        #[arg(long)]
        unexpanded: bool,
        /// Where to look for platforms.
        #[command(flatten)]
        platforms: PlatformArgs,
        /// What to override.
        #[command(flatten)]
        properties: PropertyArgs,
    },
    /// Print the includes of a sketch, the libraries chosen for them, and those not chosen
    #[command(after_help = "Example:\n  fbuild libraries --board uno MySketch")]
    Libraries(SketchArgs),
    /// Build with fbuild and with a reference tool, and compare the firmware
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
    /// Read phase TSVs and print a table, with a baseline a comparison
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
        #[arg(value_parser = schema_names())]
        name: String,
    },
    /// Print a completion script for a shell
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

/// What to do with the cache.
#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// Say how large it is and what is in it
    Stats,
    /// Remove what was not used for longest
    Gc {
        /// Shrink the cache to SIZE, for example 500M or 2G (default: its limit)
        #[arg(long, value_name = "SIZE")]
        max_size: Option<String>,
        /// Keep exactly what the last run used
        #[arg(long)]
        keep_last_run: bool,
    },
    /// Remove everything
    Clear,
    /// Check every entry by content, and remove bad ones
    Verify,
}

/// Where the cache is.
#[derive(Debug, Clone, Args)]
pub struct CacheArgs {
    /// Directory of the cache, shared by all checkouts
    #[arg(long, value_name = "DIR", env = crate::env::CACHE_DIR, global = true, help_heading = "Cache")]
    pub cache_dir: Option<Utf8PathBuf>,
}

/// Where to look for platforms.
#[derive(Debug, Clone, Args)]
pub struct PlatformArgs {
    /// Also look for platforms here, first (repeatable)
    #[arg(
        long = "platform-path",
        value_name = "DIR",
        help_heading = "Platforms and libraries"
    )]
    pub platform_paths: Vec<Utf8PathBuf>,
    /// Do not work around known faults of toolchains (`fbuild doctor` lists them)
    #[arg(long, help_heading = "Platforms and libraries")]
    pub no_quirks: bool,
}

/// Overrides of properties.
#[derive(Debug, Clone, Args)]
pub struct PropertyArgs {
    /// Override a build property (repeatable; the last one wins)
    #[arg(
        long = "build-property",
        value_name = "KEY=VALUE",
        help_heading = "Compiler"
    )]
    pub build_properties: Vec<String>,
    /// Compiler warning level
    #[arg(
        long,
        value_name = "LEVEL",
        default_value_t,
        value_parser = warning_level(),
        help_heading = "Compiler"
    )]
    pub warnings: WarningLevel,
    /// Compile for a debugger instead of for size
    #[arg(long, help_heading = "Compiler")]
    pub optimize_for_debug: bool,
}

/// Whether to precompile what sketches begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PchWhen {
    /// Where it pays
    Auto,
    /// Wherever it is possible
    On,
    /// Never
    Off,
}

/// Which sketches, on which boards, with which libraries and properties.
#[derive(Debug, Clone, Args)]
pub struct SketchArgs {
    /// Sketch folders, their .ino files, or folders that contain sketches
    #[arg(value_name = "SKETCH", required = true)]
    pub sketches: Vec<std::ffi::OsString>,
    /// Board, as `uno` or `vendor:arch:board[:option=value,…]` (repeatable or comma-separated; default: the default profile or
    /// default board in sketch.yaml, if all sketches have the same)
    #[arg(short, long = "board", visible_alias = "fqbn", value_name = "BOARD")]
    pub boards: Vec<String>,
    /// Use this profile of the sketches' sketch.yaml: its board, platforms and libraries, as they are installed
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,

    /// Where to look for platforms.
    #[command(flatten)]
    pub platforms: PlatformArgs,
    /// Use this library (repeatable; beats all others)
    #[arg(
        long = "library",
        value_name = "DIR",
        help_heading = "Platforms and libraries"
    )]
    pub library: Vec<Utf8PathBuf>,
    /// Use the libraries in this directory (repeatable)
    #[arg(
        long = "libraries",
        value_name = "DIR",
        help_heading = "Platforms and libraries"
    )]
    pub libraries: Vec<Utf8PathBuf>,

    /// Compiler options.
    #[command(flatten)]
    pub properties: PropertyArgs,

    /// Where the cache is.
    #[command(flatten)]
    pub cache: CacheArgs,
}

/// What to build, and how.
#[derive(Debug, Clone, Args)]
pub struct BuildArgs {
    /// The sketches and boards.
    #[command(flatten)]
    pub what: SketchArgs,
    /// Workers of stage 1: core and libraries; `auto`: 2, or 1 if cores or free memory are not enough for 2
    #[arg(long, value_name = "N|auto", default_value = "auto", value_parser = parse_jobs_or_auto)]
    pub framework_jobs: Jobs,
    /// Workers of stage 2: sketches; `auto`: one per core, fewer if free memory is not enough for that many
    #[arg(long, value_name = "N|auto", default_value = "auto", value_parser = parse_jobs_or_auto)]
    pub sketch_jobs: Jobs,
    /// Stop at the first sketch that fails
    #[arg(long)]
    pub fail_fast: bool,
    /// Stop once N sketches have failed
    #[arg(long, value_name = "N", value_parser = parse_count, conflicts_with = "fail_fast")]
    pub max_failures: Option<NonZeroUsize>,
    /// Kill a compiler, linker or hook that runs longer than this, and fail its sketches
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = parse_seconds)]
    pub timeout: Duration,
    /// Memory that one compiler or linker may use, for example 4G
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    pub memory_limit: Option<u64>,
    /// Fail with exit status 1 if the compiler warns (see --warnings)
    #[arg(
        long,
        value_name = "WHERE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "all"
    )]
    pub deny_warnings: Option<DenyWarnings>,
    /// Build sketches even if a filter excludes them
    #[arg(long)]
    pub ignore_filters: bool,
    /// Succeed although rules leave out every sketch
    #[arg(long)]
    pub allow_empty: bool,
    /// Print the commands of the plan and run none
    #[arg(long)]
    pub dry_run: bool,

    /// Directory for firmware and logs
    #[arg(
        long,
        value_name = "DIR",
        default_value = ".fbuild",
        help_heading = "Results"
    )]
    pub output_dir: Utf8PathBuf,
    /// Append the seconds of each phase to this TSV
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub phase_tsv: Option<Utf8PathBuf>,
    /// Write a JSON report
    #[arg(
        long,
        value_name = "FILE",
        visible_alias = "report-json",
        help_heading = "Results"
    )]
    pub report: Option<Utf8PathBuf>,
    /// Write a JUnit report
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub report_junit: Option<Utf8PathBuf>,
    /// Write the reports of arduino/compile-sketches, one per board, into this directory
    #[arg(long, value_name = "DIR", help_heading = "Results")]
    pub report_compile_sketches: Option<Utf8PathBuf>,
    /// What to print on standard output
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "human",
        help_heading = "Results"
    )]
    pub message_format: MessageFormat,
    /// Copy the firmware of each sketch to SKETCH/build/BOARD
    #[arg(short = 'e', long, help_heading = "Results")]
    pub export_binaries: bool,
    /// Write one compile_commands.json for the run
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub compile_commands: Option<Utf8PathBuf>,
    /// Write compile_commands.json and compile nothing
    #[arg(long, help_heading = "Results")]
    pub only_compilation_database: bool,

    /// Use a precompiled header for the sketches' common includes
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Compiler"
    )]
    pub pch: PchWhen,
    /// Run the compiler through PROGRAM (`ccache`, `sccache`, …)
    #[arg(long, value_name = "PROGRAM", help_heading = "Compiler")]
    pub compiler_launcher: Option<String>,

    /// Neither use nor fill the cache
    #[arg(long, help_heading = "Cache", conflicts_with = "expect_warm")]
    pub no_cache: bool,
    /// Say for every action that ran why there was no result in the cache
    #[arg(long, help_heading = "Cache")]
    pub explain: bool,
    /// Fail with exit status 5 if stage 1 has to build anything
    #[arg(long, help_heading = "Cache")]
    pub expect_warm: bool,
}

/// Warnings that are not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DenyWarnings {
    /// In the sketches' own files
    Sketch,
    /// In libraries
    Library,
    /// Everywhere
    All,
}

/// What standard output carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// A result line per sketch, unless it is a terminal
    Human,
    /// A result line per sketch
    Lines,
    /// A JSON object per event
    Json,
}

/// The number of workers of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jobs {
    /// Exactly this many.
    Exactly(usize),
    /// As many as cores and free memory are enough for.
    Auto,
}

/// What to compare.
#[derive(Debug, Clone, Args)]
pub struct BenchSummaryArgs {
    /// Phase TSVs of the new side; several are runs of the same job
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<Utf8PathBuf>,
    /// Phase TSV of the old side (repeatable)
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub baseline: Vec<Utf8PathBuf>,
    /// How to print the table
    #[arg(long, value_name = "FORMAT", default_value = "markdown")]
    pub format: TableFormat,
    /// How much slower a phase may be, in percent
    #[arg(long, value_name = "PCT")]
    pub threshold: Option<f64>,
    /// Append the table to this file as well (for example $GITHUB_STEP_SUMMARY)
    #[arg(long, value_name = "FILE")]
    pub append: Option<Utf8PathBuf>,
}

/// How to print a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// A Markdown table
    Markdown,
    /// Tab-separated values
    Tsv,
    /// A JSON document
    Json,
}

fn warning_level() -> impl TypedValueParser<Value = WarningLevel> {
    PossibleValuesParser::new(WarningLevel::ALL.map(WarningLevel::name))
        .try_map(|name| name.parse::<WarningLevel>())
}

fn schema_names() -> clap::builder::PossibleValuesParser {
    fbuild_report::schema::PUBLISHED
        .map(|(name, _)| name)
        .into()
}

fn parse_jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1 worker is needed".to_owned()),
        Ok(jobs) if jobs <= 1024 => Ok(jobs),
        _ => Err("a number from 1 to 1024 is needed".to_owned()),
    }
}

fn parse_jobs_or_auto(text: &str) -> Result<Jobs, String> {
    if text == "auto" {
        Ok(Jobs::Auto)
    } else {
        parse_jobs(text).map(Jobs::Exactly)
    }
}

fn parse_count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| "a number of at least 1 is needed".to_owned())
}

/// At most a year, so that no sum of times overflows.
fn parse_seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 31_536_000.0 => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err("a number of seconds greater than 0 is needed".to_owned()),
    }
}

/// A compiler with less than 16 MB cannot start, so a smaller number is a forgotten unit.
fn parse_memory(text: &str) -> Result<u64, String> {
    match fbuild_cache::parse_size(text) {
        Ok(size) if size >= 16 << 20 => Ok(size),
        Ok(_) => Err("at least 16M is needed".to_owned()),
        Err(error) => Err(error.to_string()),
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

    #[test]
    fn numbers_of_workers_are_at_least_one() {
        for (text, expect) in [
            ("1", Some(1)),
            ("16", Some(16)),
            ("0", None),
            ("-1", None),
            ("x", None),
            ("99999", None),
        ] {
            assert_eq!(parse_jobs(text).ok(), expect, "{text}");
        }
        for (text, expect) in [
            ("600", Some(600_000)),
            ("0.5", Some(500)),
            ("0", None),
            ("-1", None),
            ("nan", None),
            ("inf", None),
            ("1e300", None),
        ] {
            let millis = parse_seconds(text).ok().map(|time| time.as_millis());
            assert_eq!(millis, expect, "{text}");
        }
        assert_eq!(parse_memory("4G"), Ok(4 << 30));
        assert!(parse_memory("4").is_err() && parse_memory("much").is_err());
        assert!(parse_count("0").is_err() && parse_count("2").is_ok());
        assert_eq!(parse_jobs_or_auto("auto"), Ok(Jobs::Auto));
        assert_eq!(parse_jobs_or_auto("3"), Ok(Jobs::Exactly(3)));
        assert!(parse_jobs_or_auto("Auto").is_err());
    }
}
