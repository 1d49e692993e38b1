//! The options of a build.

use std::num::NonZeroUsize;
use std::time::Duration;

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

use super::SketchArgs;
use super::remote::RemoteArgs;
use super::values::{
    Jobs, parse_all_jobs, parse_count, parse_jobs_or_auto, parse_memory, parse_seconds,
};

/// When to use a precompiled header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PchWhen {
    /// Where it pays
    Auto,
    /// Wherever it is possible
    On,
    /// Never
    Off,
}

/// How `--show-properties` prints values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShowProperties {
    /// With `{markers}` replaced
    Expanded,
    /// As the platform has them
    #[value(alias = "pattern")]
    Unexpanded,
    /// Not at all: build
    Disabled,
}

/// What to build, and how.
#[derive(Debug, Clone, Args)]
pub struct BuildArgs {
    /// The sketches and boards.
    #[command(flatten)]
    pub what: SketchArgs,
    /// Parallel jobs: a number, or `auto` (default)
    ///
    /// Sets --framework-jobs and --sketch-jobs, which win over it. 0 is `auto`.
    #[arg(short, long, value_name = "N|auto", value_parser = parse_all_jobs)]
    pub jobs: Option<Jobs>,
    /// Parallel jobs of stage 1, the core and libraries; `auto`: 2, or 1 if cores or free memory are not enough for 2
    #[arg(long, hide_short_help = true, value_name = "N|auto", value_parser = parse_jobs_or_auto)]
    pub framework_jobs: Option<Jobs>,
    /// Parallel jobs of stage 2, the sketches; `auto`: one per core, fewer if free memory is not enough for that many
    #[arg(long, hide_short_help = true, value_name = "N|auto", value_parser = parse_jobs_or_auto)]
    pub sketch_jobs: Option<Jobs>,
    /// Stop at the first sketch that fails
    #[arg(long)]
    pub fail_fast: bool,
    /// Stop once N sketches have failed
    #[arg(long, value_name = "N", value_parser = parse_count, conflicts_with = "fail_fast")]
    pub max_failures: Option<NonZeroUsize>,
    /// Kill a compiler, linker or hook that runs longer than this, and fail its sketches
    #[arg(long, hide_short_help = true, value_name = "SECONDS", default_value = "600", value_parser = parse_seconds)]
    pub timeout: Duration,
    /// Kill what a sketch runs once its own compiles and link took longer than this in all, and fail it
    #[arg(long, hide_short_help = true, value_name = "SECONDS", value_parser = parse_seconds)]
    pub sketch_timeout: Option<Duration>,
    /// Memory that one compiler or linker may use, for example 4G
    #[arg(long, hide_short_help = true, value_name = "SIZE", value_parser = parse_memory)]
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
    /// Succeed although there is no sketch, or filters exclude every one
    #[arg(long, hide_short_help = true)]
    pub allow_empty: bool,
    /// Print the commands of the plan and run none
    #[arg(long)]
    pub dry_run: bool,
    /// Upload the firmware (use arduino-cli)
    #[arg(short, long, hide = true)]
    pub upload: bool,
    /// The port to upload to
    #[arg(short, long, value_name = "PORT", hide = true)]
    pub port: Option<String>,
    /// Print the boards' build properties and build nothing
    #[arg(
        long,
        value_name = "HOW",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "expanded",
        hide_short_help = true
    )]
    pub show_properties: Option<ShowProperties>,

    /// Directory for firmware and logs
    ///
    /// Default: `.fbuild`; in a folder that belongs to a sketch or a library, a directory in the user's cache directory.
    #[arg(
        long,
        value_name = "DIR",
        visible_alias = "build-path",
        help_heading = "Results"
    )]
    pub output_dir: Option<Utf8PathBuf>,
    /// Delete the output directory first, use no cache
    #[arg(long, help_heading = "Results", conflicts_with = "expect_warm")]
    pub clean: bool,
    /// Append the seconds of each phase to this TSV
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Results",
        hide_short_help = true
    )]
    pub phase_tsv: Option<Utf8PathBuf>,
    /// Write a JSON report
    #[arg(
        long,
        value_name = "FILE",
        visible_alias = "report-json",
        help_heading = "Results"
    )]
    pub report: Option<Utf8PathBuf>,
    /// Show which sizes changed since the run that wrote this JSON report
    ///
    /// The file may be the one of --report: it is read before the run.
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Results",
        hide_short_help = true
    )]
    pub baseline: Option<Utf8PathBuf>,
    /// Build another revision first, and show which sizes changed since
    ///
    /// A name that Git knows: a branch, a tag, a commit. The revision is checked out to a temporary directory, and built with the same options from the same cache.
    #[arg(
        long,
        value_name = "REVISION",
        help_heading = "Results",
        hide_short_help = true,
        conflicts_with_all = ["baseline", "dry_run", "only_compilation_database"]
    )]
    pub compare_ref: Option<String>,
    /// Write a JUnit report
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Results",
        hide_short_help = true
    )]
    pub report_junit: Option<Utf8PathBuf>,
    /// Write the reports of arduino/compile-sketches, one per board, into this directory
    #[arg(
        long,
        value_name = "DIR",
        help_heading = "Results",
        hide_short_help = true
    )]
    pub report_compile_sketches: Option<Utf8PathBuf>,
    /// Count warnings in the reports of --report-compile-sketches
    #[arg(
        long,
        help_heading = "Results",
        hide_short_help = true,
        requires = "report_compile_sketches"
    )]
    pub report_compile_sketches_warnings: bool,
    /// What to print on standard output
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "human",
        help_heading = "Results",
        hide_short_help = true
    )]
    pub message_format: MessageFormat,
    /// Copy the firmware of each sketch to SKETCH/build/BOARD
    #[arg(short = 'e', long, help_heading = "Results")]
    pub export_binaries: bool,
    /// Write one compile_commands.json for the run
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Results",
        hide_short_help = true
    )]
    pub compile_commands: Option<Utf8PathBuf>,
    /// Write compile_commands.json and compile nothing
    #[arg(long, help_heading = "Results", hide_short_help = true)]
    pub only_compilation_database: bool,

    /// Use a precompiled header for the sketches' common includes
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Compiler",
        hide_short_help = true
    )]
    pub pch: PchWhen,
    /// Run the compiler through PROGRAM (`ccache`, `sccache`, …)
    #[arg(
        long,
        value_name = "PROGRAM",
        help_heading = "Compiler",
        hide_short_help = true
    )]
    pub compiler_launcher: Option<String>,

    /// A remote cache.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// Neither use nor fill the cache
    #[arg(long, help_heading = "Cache", conflicts_with = "expect_warm")]
    pub no_cache: bool,
    /// Say for every action that ran why there was no result in the cache
    #[arg(long, help_heading = "Cache", hide_short_help = true)]
    pub explain: bool,
    /// Make N random cached results again, compare them, and fail with exit status 1 if one differs
    ///
    /// The commands run in a directory of their own. A result that differs is removed from the cache.
    #[arg(
        long,
        value_name = "N",
        value_parser = parse_count,
        help_heading = "Cache",
        hide_short_help = true,
        conflicts_with_all = ["no_cache", "clean"]
    )]
    pub audit: Option<NonZeroUsize>,
    /// Fail with status 5 if stage 1 has to build
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
    /// A result line per sketch, unless it is a terminal or --quiet is given
    Human,
    /// A result line per sketch
    Lines,
    /// A JSON object per event
    Json,
}
