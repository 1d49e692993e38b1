//! `fbuild parity`.
use camino::Utf8Path;
use crate::args::BuildArgs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
/// Compares.
pub fn run(_args: &BuildArgs, _reference: Option<&Utf8Path>, _markdown: bool, _printer: &Printer) -> Result<Exit, CliError> {
    Err(CliError::usage(anyhow::anyhow!("not built yet")))
}
