//! `fbuild bench-summary`.

use std::io::Write;

use camino::Utf8PathBuf;
use fbuild_model::input;
use fbuild_report::bench::{self, Format, Run};

use crate::args::{BenchSummaryArgs, TableFormat};
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;

/// Prints the table; fails if a phase is slower than the threshold allows.
///
/// # Errors
/// A file that is missing or malformed.
pub fn run(args: &BenchSummaryArgs, printer: &Printer) -> Result<Exit, CliError> {
    let summary = bench::summarise(&read(&args.files)?, &read(&args.baseline)?, args.threshold);
    let text = bench::render(
        &summary,
        match args.format {
            TableFormat::Markdown => Format::Markdown,
            TableFormat::Tsv => Format::Tsv,
            TableFormat::Json => Format::Json,
        },
    );
    printer.data(&text);
    if let Some(path) = &args.append {
        let mut file = fs_err::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)?;
        file.write_all(text.as_bytes())?;
    }
    Ok(if summary.exceeded() {
        Exit::SketchFailed
    } else {
        Exit::Success
    })
}

fn read(files: &[Utf8PathBuf]) -> Result<Vec<Run>, CliError> {
    files
        .iter()
        .map(|file| Ok(bench::read(file.as_str(), &input::read_text(file)?)?))
        .collect()
}
