//! Known faults that a board and its compiler have together, and their cures.

use fbuild_platform::{BoardSpec, CompilerVersion, Quirk, applicable};

use crate::toolchain::Toolchain;

/// Returns the board with the cures of the known faults that it and its compiler have together (design 5.4).
pub fn quirks_applied(board: &BoardSpec, tools: &Toolchain<'_>) -> BoardSpec {
    found_quirks(board, tools)
        .into_iter()
        .fold(board.clone(), |board, quirk| board.with_quirk(quirk))
}

/// Returns the known faults that a board and its compiler have together.
pub fn found_quirks(board: &BoardSpec, tools: &Toolchain<'_>) -> Vec<&'static Quirk> {
    let version = board
        .compiler()
        .ok()
        .and_then(|compiler| tools.dump_version(compiler.as_str()));
    version
        .and_then(|version| CompilerVersion::find(&version))
        .map(|version| applicable(board, version))
        .unwrap_or_default()
}
