//! The key that all build records of one board have in common.

use camino::Utf8Path;
use fbuild_model::{Command, Digest, DigestWriter};

use crate::action::WORK;
use crate::exec::audit;
use crate::plan::board::Board;
use crate::plan::hooks::build_in_place;
use crate::plan::recipes::conversions;
use crate::toolchain::Toolchain;

/// Digests what all sketches of a board depend on beside files that are scanned: this program, the board's description and commands, the
/// tools, the libraries that all may use, the environment. `None` where a record would not tell all: where hooks run before the link, a command contains a path of the
/// sketch, or a tool is not there.
pub(crate) fn board_key(board: &Board<'_>, tools: &Toolchain<'_>) -> Option<Digest> {
    let properties = board.spec.properties(false);
    if board.unscanned
        || board.tie.as_ref().is_some_and(|tie| !tie.name_only)
        // Hooks from the link on are steps of its action, which is kept; what others do is not known.
        || build_in_place(&board.recipes).ok()?
    {
        return None;
    }
    let mut writer = DigestWriter::new("board");
    writer.digest(audit::epoch(tools.cache()));
    let program = std::env::current_exe().ok()?;
    writer.digest(tools.program(program.to_str()?).ok()?);
    writer.field(&board.fqbn).field(board.dir.as_str());
    for (key, value) in &properties {
        // The time is an input only where a command says it, and then the commands differ.
        if !key.starts_with("extra.time.") {
            writer.field(key).field(value);
        }
    }
    for (command, is_compiler) in commands(board)? {
        let text = command.to_shell();
        if text.contains(SKETCH_DIR) {
            // It may read a file of the sketch's folder that is no part of the sketch.
            return None;
        }
        writer.field(text);
        writer.digest(if is_compiler {
            tools.linker(&command.program, &command.args).ok()?
        } else {
            tools
                .program_with_files(&command.program, &command.args)
                .ok()?
        });
    }
    for (name, value) in tools.surroundings() {
        writer.field(name).field(value);
    }
    for dir in &board.base_dirs {
        writer.field(dir.as_str());
    }
    for library in board.libraries.common().libraries() {
        writer.digest(library.digest());
    }
    if let Some(bootloader) = board.spec.bootloader_file() {
        let bytes = std::fs::read(bootloader).unwrap_or_default();
        writer.digest(Digest::of(&bytes));
    }
    Some(writer.finish())
}

/// Stands for a sketch's folder where a board's commands are looked at.
const SKETCH_DIR: &str = "/fbuild.sketch";

/// Returns one command of each kind that a build of a sketch runs, and whether it is one of the compiler.
fn commands(board: &Board<'_>) -> Option<Vec<(Command, bool)>> {
    let recipes = board.recipes_for("sketch.ino", SKETCH_DIR.as_ref(), WORK.as_ref());
    let object = Utf8Path::new("/fbuild.object");
    let mut commands = Vec::new();
    for source in ["/x.c", "/x.cpp", "/x.S"] {
        // A platform without a recipe for a language may have no source of that language.
        commands.extend(recipes.compile(&[], source.as_ref(), object));
    }
    commands.extend(recipes.preprocess(&[], "/x.cpp".as_ref(), object, None));
    commands.extend(recipes.link(&[object.as_str()], "/core.a".as_ref()).ok()?);
    let mut others = vec![recipes.archive("/x.a".as_ref(), object).ok()?];
    others.extend(conversions(&recipes).ok()?);
    let compiler = commands.into_iter().map(|command| (command, true));
    let others = others.into_iter().map(|command| (command, false));
    Some(compiler.chain(others).collect())
}
