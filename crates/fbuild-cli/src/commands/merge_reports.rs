//! `fbuild merge-reports`.

use anyhow::Context;
use camino::Utf8PathBuf;
use fbuild_model::input;
use fbuild_report::changes::parse;
use fbuild_report::json;
use fbuild_report::merge::merge;
use fbuild_report::schema::run::Document;
use fbuild_report::verdict;

use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::{Printer, Tone};

/// Prints the report of all sketches that the reports in `files` have; ends as a run of all of them would.
///
/// # Errors
/// A file that is missing or no report, or a sketch that is in two reports.
pub fn run(files: &[Utf8PathBuf], allow_empty: bool, printer: &Printer) -> Result<Exit, CliError> {
    let read = |file: &Utf8PathBuf| -> Result<Document, anyhow::Error> {
        parse(&input::read_text(file)?).with_context(|| format!("cannot read {file}"))
    };
    let reports = files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let merged = merge(reports)?;
    printer.data(&json::text(&merged));
    let counts = &merged.counts;
    let text = format!(
        "{} reports: {} of {} built, {} failed, {} skipped, {} not run",
        files.len(),
        counts.built,
        counts.requested,
        counts.failed + counts.blocked,
        counts.skipped,
        counts.not_run + counts.cancelled,
    );
    printer.status(Tone::Plain, "Merged", &text);
    Ok(Exit::of(verdict::of_document(&merged), allow_empty))
}
