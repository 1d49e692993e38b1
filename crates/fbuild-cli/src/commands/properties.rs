//! `fbuild properties`: what a platform says about a board, and what fbuild makes of it.

use fbuild_build::plan::quirks::quirks_applied;
use fbuild_build::toolchain::Toolchain;
use fbuild_platform::BoardSpec;

use crate::args::{FormatArgs, PlatformArgs, PropertyArgs};
use crate::boards;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::session::Inspection;

/// Prints `key=value` lines, sorted by key, cures of known faults included.
///
/// # Errors
/// An unknown board.
pub fn run(
    board: &str,
    expanded: bool,
    format: &FormatArgs,
    platforms: &PlatformArgs,
    properties: &PropertyArgs,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let (installation, boards) = boards::boards(&[board.to_owned()], platforms, properties)?;
    let [board] = boards.as_slice() else {
        return Err(CliError::usage(anyhow::anyhow!(
            "show properties of `{board}`: one board is needed"
        )));
    };
    let warnings = installation.warnings().iter().chain(board.warnings());
    warnings.for_each(|warning| printer.warning(warning));
    let board = if platforms.no_quirks {
        board.clone()
    } else {
        cured(board)?
    };
    let pairs = board.properties(expanded);
    if format.is_json() {
        let properties: serde_json::Map<_, _> = pairs
            .into_iter()
            .map(|(key, value)| (key, value.into()))
            .collect();
        let document =
            serde_json::json!({ "board": board.fqbn().to_string(), "properties": properties });
        printer.json(&document);
        return Ok(Exit::Success);
    }
    let lines = pairs.iter().map(|(key, value)| format!("{key}={value}\n"));
    printer.data(&lines.collect::<String>());
    Ok(Exit::Success)
}

/// The compiler's version decides which cures apply; without a compiler there are none.
fn cured(board: &BoardSpec) -> Result<BoardSpec, CliError> {
    let inspection = Inspection::new(None)?;
    Ok(quirks_applied(
        board,
        &Toolchain::new(&inspection.session.cache, &inspection.session.runner),
    ))
}
