//! `fbuild upload`, `monitor` and `watch`, which fbuild does not have: what to use instead.

use anyhow::anyhow;
use camino::{Utf8Path, Utf8PathBuf};
use clap::Parser;
use fbuild_build::plan::layout;
use fbuild_platform::BoardSpec;

use crate::args::{BuildArgs, Cli, Command, DeviceArgs};
use crate::error::CliError;
use crate::exit::Exit;
use crate::request::prepare;

/// Options of a build that decide where its firmware is, and take a value.
const PLACES: [&str; 3] = ["--build-path", "--output-dir", "--input-dir"];

/// The firmware of one sketch for one board.
struct Firmware {
    /// FQBN, with options.
    fqbn: String,
    dir: Utf8PathBuf,
    /// The sketch's name.
    name: String,
}

/// Says how to upload the firmware that fbuild built.
///
/// # Errors
/// Always.
pub fn upload(args: &DeviceArgs) -> Result<Exit, CliError> {
    let port = args.port.as_deref().unwrap_or("PORT");
    let board = args.board.as_deref().unwrap_or("BOARD");
    let mut words = Vec::new();
    let mut rest = args.rest.iter();
    while let Some(word) = rest.next() {
        match PLACES.contains(&word.as_str()) {
            true => words.extend(rest.next().map(|dir| format!("--output-dir={dir}"))),
            false if word.starts_with("--") => {}
            false => words.push(word.clone()),
        }
    }
    let build = [vec![format!("--board {board}")], words.clone()].concat();
    let error = CliError::usage(anyhow!("fbuild builds firmware and does not upload it"))
        .hint(format!("build it: fbuild build {}", build.join(" ")));
    let words = ["fbuild", "build", "--board", board].map(str::to_owned);
    let words = words.into_iter().chain(build.into_iter().skip(1));
    let parsed = Cli::try_parse_from(words).ok().map(|cli| cli.command);
    let firmware = match parsed {
        Some(Command::Build(args)) => firmware(&args),
        _ => None,
    };
    Err(error.hint(match firmware {
        Some(Firmware { fqbn, dir, name }) => format!(
            "then upload {dir}/{name}.ino.hex: arduino-cli upload --fqbn {fqbn} --port {port} --input-dir {dir}"
        ),
        None => format!(
            "then upload it from the folder that the build prints: arduino-cli upload --fqbn {board} --port {port} --input-dir FOLDER"
        ),
    }))
}

/// Returns where a build puts its firmware, if it has one sketch and one board.
fn firmware(args: &BuildArgs) -> Option<Firmware> {
    let request = prepare(args).ok()?.request;
    let ([board], [sketch]) = (request.boards.as_slice(), request.sketches.as_slice()) else {
        return None;
    };
    let dirs = [sketch.dir.clone()];
    let board_dir = layout::board_dirs(&[BoardSpec::identity(board)]).pop()?;
    let sketch_dir =
        layout::sketch_dirs(&layout::sketch_names(&dirs, &request.cwd), &dirs).pop()?;
    Some(Firmware {
        fqbn: board.fqbn().to_string(),
        dir: request.output_dir.join(board_dir).join(sketch_dir),
        name: sketch.dir.file_name().unwrap_or_default().to_owned(),
    })
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
    let sketch = Utf8Path::new(sketch);
    Err(CliError::usage(anyhow!("fbuild does not watch files"))
        .hint("a build without changes takes milliseconds, so a general tool serves")
        .hint(format!(
            "use: watchexec --watch {sketch} -- fbuild build --board {board} {sketch}"
        )))
}

/// Says which command prints the boards.
///
/// # Errors
/// Always.
pub fn board(words: &[String]) -> Result<Exit, CliError> {
    let word = words.first().map_or("", String::as_str);
    let help = match word {
        "details" => "the properties of a board: fbuild properties BOARD",
        "attach" | "list" => "boards that are connected: arduino-cli board list",
        _ => "installed boards: fbuild boards",
    };
    Err(CliError::usage(anyhow!("fbuild has no command `board {word}`")).hint(help))
}
