//! The options of `fbuild bench-summary`.

use camino::Utf8PathBuf;
use clap::{ArgAction, Args, ValueEnum};

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
