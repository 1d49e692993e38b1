//! The compilers that the platforms found would use, each tried.

use camino::Utf8Path;
use fbuild_build::plan::quirks::{found_quirks, quirks_applied};
use fbuild_build::toolchain::{Toolchain, find_program};
use fbuild_platform::{BoardSpec, BuildOptions, Installation, Quirk, SketchRecipes};

use crate::error::CliError;
use crate::session::Inspection;

/// One compiler of one platform.
#[derive(Debug)]
pub struct Compiler {
    /// The platform, `arduino:avr`.
    pub platform: String,
    /// The program as the recipes name it.
    pub program: String,
    /// The first line of what it says about itself.
    pub version: Option<String>,
    /// How many boards use it.
    pub boards: usize,
    /// The FQBN of the board that was tried.
    pub example: String,
    /// A board of them as people type it, without vendor and architecture if that is enough to name it.
    pub short_name: String,
    /// Known faults that apply to the board tried.
    pub quirks: Vec<&'static Quirk>,
    /// Whether it can be used.
    pub state: State,
}

/// Whether a compiler can be used.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    /// It compiled something, and the other programs are there.
    Works,
    /// These programs are not there.
    Missing(Vec<String>),
    /// It printed this instead of compiling.
    Fails(String),
    /// The boards' descriptions have this fault.
    Unusable(String),
}

/// Finds and tries the compilers of all boards that are not hidden, with their default options.
///
/// # Errors
/// If the temporary directory cannot be used.
pub fn find(
    installation: &Installation,
    tools: &Toolchain<'_>,
    inspection: &Inspection,
    cure: bool,
) -> Result<Vec<Compiler>, CliError> {
    let mut compilers: Vec<(Compiler, Option<BoardSpec>)> = Vec::new();
    for board in installation.boards().filter(|board| !board.hidden) {
        let platform = board
            .fqbn
            .rsplit_once(':')
            .map_or("", |(platform, _)| platform);
        let (program, spec, state) = match resolve(installation, &board.fqbn) {
            Ok((program, spec)) => (program, Some(spec), State::Works),
            Err(problem) => ("no compiler".to_owned(), None, State::Unusable(problem)),
        };
        let known = compilers
            .iter_mut()
            .find(|(known, _)| known.platform == platform && known.program == program);
        if let Some((known, _)) = known {
            known.boards += 1;
            // The board that most people know.
            if board.fqbn.ends_with(":uno") {
                known.short_name = short_name(installation, &board.fqbn);
            }
            continue;
        }
        let compiler = Compiler {
            platform: platform.to_owned(),
            version: tools.version(&program),
            program,
            boards: 1,
            short_name: short_name(installation, &board.fqbn),
            example: board.fqbn,
            quirks: Vec::new(),
            state,
        };
        compilers.push((compiler, spec));
    }
    let mut tried = Vec::with_capacity(compilers.len());
    for (index, (mut compiler, spec)) in compilers.into_iter().enumerate() {
        if let Some(spec) = spec {
            compiler.quirks = found_quirks(&spec, tools);
            let spec = if cure {
                quirks_applied(&spec, tools)
            } else {
                spec
            };
            compiler.state = try_out(
                &spec,
                inspection,
                &inspection.dir()?.join(format!("try{index}")),
            )?;
        }
        tried.push(compiler);
    }
    Ok(tried)
}

fn resolve(installation: &Installation, fqbn: &str) -> Result<(String, BoardSpec), String> {
    let fqbn = installation
        .parse_board(fqbn)
        .map_err(|error| error.to_string())?;
    let spec = BoardSpec::resolve(installation, &fqbn, &BuildOptions::default())
        .map_err(|error| error.to_string())?;
    let program = spec.compiler().map_err(|error| error.to_string())?;
    Ok((program.into_string(), spec))
}

/// `uno` if only one platform has such a board.
fn short_name(installation: &Installation, fqbn: &str) -> String {
    let short = fqbn.rsplit(':').next().unwrap_or(fqbn);
    let plain = installation.parse_board(short).is_ok();
    if plain { short } else { fqbn }.to_owned()
}

/// Compiles `#include <Arduino.h>` and looks for the other programs.
fn try_out(spec: &BoardSpec, inspection: &Inspection, dir: &Utf8Path) -> Result<State, CliError> {
    let recipes = SketchRecipes::for_shared(spec, dir);
    let (source, object) = (dir.join("try.cpp"), dir.join("try.cpp.o"));
    let mut dirs = vec![spec.core_dir().to_owned()];
    dirs.extend(spec.variant_dir().map(Utf8Path::to_owned));
    let commands = (|| {
        let mut commands = vec![recipes.compile(&dirs, &source, &object)?];
        commands.push(recipes.archive(&dir.join("core.a"), &object)?);
        commands.extend(recipes.link::<&str>(&[], &dir.join("core.a"))?);
        commands.extend(recipes.objcopy()?);
        commands.extend(recipes.size()?);
        Ok::<_, fbuild_platform::RecipeError>(commands)
    })();
    let commands = match commands {
        Ok(commands) => commands,
        Err(error) => return Ok(State::Unusable(error.to_string())),
    };
    let mut missing: Vec<String> = Vec::new();
    for command in &commands {
        if find_program(&command.program).is_none() && !missing.contains(&command.program) {
            missing.push(command.program.clone());
        }
    }
    if !missing.is_empty() {
        return Ok(State::Missing(missing));
    }
    fs_err::create_dir_all(dir)?;
    fs_err::write(&source, "#include <Arduino.h>\n")?;
    Ok(match inspection.session.runner.run(&commands[0]) {
        Ok(output) if output.status.success() => State::Works,
        Ok(output) => State::Fails(output.text()),
        Err(error) => State::Fails(CliError::usage(error).to_string()),
    })
}
