//! `fbuild completions`: made from the same tree of commands as the parser.

use clap::CommandFactory;

use crate::args::Cli;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;

/// Prints the script for `shell`.
///
/// # Errors
/// None; the signature is that of all commands.
pub fn run(shell: clap_complete::Shell, printer: &Printer) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "fbuild", &mut script);
    printer.data(&String::from_utf8_lossy(&script));
    Ok(Exit::Success)
}
