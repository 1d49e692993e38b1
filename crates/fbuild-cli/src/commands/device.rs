//! `fbuild upload`, `monitor` and `watch`, which fbuild does not have: what to use instead.

use anyhow::anyhow;
use camino::Utf8Path;

use crate::args::DeviceArgs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output;

/// Says how to upload the firmware that fbuild built.
///
/// # Errors
/// Always.
pub fn upload(args: &DeviceArgs) -> Result<Exit, CliError> {
    let board = args.board.as_deref().unwrap_or("BOARD");
    let port = args.port.as_deref().unwrap_or("PORT");
    // arduino-cli needs the whole name; the directory has the short one.
    let short = board.split(':').nth(2).unwrap_or(board);
    let sketch = args.rest.iter().find(|word| !word.starts_with('-'));
    let sketch = sketch.map_or("SKETCH", |sketch| sketch.trim_end_matches('/'));
    let name = Utf8Path::new(sketch).file_name().unwrap_or(sketch);
    let firmware = format!("{}/{short}/{sketch}", output::DEFAULT);
    Err(
        CliError::usage(anyhow!("fbuild builds firmware and does not upload it"))
            .hint(format!("build it: fbuild build --board {board} {sketch}"))
            .hint(format!(
                "then upload {firmware}/{name}.ino.hex: \
         arduino-cli upload --fqbn {board} --port {port} --input-dir {firmware}"
            )),
    )
}

/// Says what shows a board's serial output.
///
/// # Errors
/// Always.
pub fn monitor(args: &DeviceArgs) -> Result<Exit, CliError> {
    let port = args.port.as_deref().unwrap_or("PORT");
    Err(CliError::usage(anyhow!("fbuild has no serial monitor"))
        .hint(format!("use: arduino-cli monitor --port {port}")))
}

/// Says how to build again on every change.
///
/// # Errors
/// Always.
pub fn watch(args: &DeviceArgs) -> Result<Exit, CliError> {
    let board = args.board.as_deref().unwrap_or("BOARD");
    let sketch = args.rest.first().map_or("SKETCH", String::as_str);
    Err(CliError::usage(anyhow!("fbuild does not watch files"))
        .hint("a build without changes takes milliseconds, so a general tool serves")
        .hint(format!(
            "use: watchexec --watch {sketch} -- fbuild build --board {board} {sketch}"
        )))
}
