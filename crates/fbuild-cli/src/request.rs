//! From what was typed to what it means.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use anyhow::anyhow;
use camino::{Utf8Path, Utf8PathBuf};
use fbuild_build::exec::peaks;
use fbuild_build::plan::planner::library_roots;
use fbuild_build::request::{Limits, PchMode, Request};
use fbuild_build::toolchain::find_program;
use fbuild_cache::Cache;
use fbuild_platform::{BoardError, BoardSpec, BuildOptions, Installation};
use fbuild_process::memory;
use fbuild_scan::library::enclosing_library;
use fbuild_scan::sketch::find::{FindError, Found, find_sketches};

use crate::args::{BuildArgs, Jobs, PchWhen, PlatformArgs, PropertyArgs, SketchArgs};
use crate::error::CliError;
use crate::exit::Exit;
use crate::{places, project};

/// A request, and what is to be said about it before the run.
#[derive(Debug)]
pub struct Prepared {
    /// The request.
    pub request: Request,
    /// Remarks: duplicates, folders without a main file, what platforms warn about.
    pub remarks: Vec<String>,
}

/// Understands a command line.
///
/// # Errors
/// Everything that is wrong with it, before anything is built.
pub fn prepare(args: &BuildArgs) -> Result<Prepared, CliError> {
    let Prepared { request, remarks } = prepare_sketches(&args.what)?;
    let launcher = launcher(args.compiler_launcher.as_deref().unwrap_or_default())?;
    let request = Request {
        output_dir: places::absolute(&args.output_dir)?,
        framework_jobs: exactly(args.framework_jobs, request.framework_jobs),
        sketch_jobs: exactly(args.sketch_jobs, request.sketch_jobs),
        fail_fast: args.fail_fast,
        limits: Limits {
            action_timeout: args.timeout,
            max_failures: args.max_failures,
            process_memory: args.memory_limit,
        },
        export_binaries: args.export_binaries,
        ignore_filters: args.ignore_filters,
        pch: match args.pch {
            PchWhen::Auto => PchMode::Auto,
            PchWhen::On => PchMode::On,
            PchWhen::Off => PchMode::Off,
        },
        launcher,
        ..request
    };
    Ok(Prepared { request, remarks })
}

/// Bounds the numbers of workers that were not given by what memory is enough for, with what such builds took before.
///
/// The stages share their seats, so each can have as many workers as memory is enough for.
pub fn bound_jobs(args: &BuildArgs, request: &mut Request, cache: &Cache) {
    if args.framework_jobs != Jobs::Auto && args.sketch_jobs != Jobs::Auto {
        return;
    }
    let boards: Vec<String> = request
        .boards
        .iter()
        .map(|board| board.fqbn().to_string())
        .collect();
    let peak = peaks::measured_peak(cache, &boards).unwrap_or(memory::ASSUMED_PEAK);
    let free = memory::free(Utf8Path::new("/"));
    for (asked, jobs) in [
        (args.framework_jobs, &mut request.framework_jobs),
        (args.sketch_jobs, &mut request.sketch_jobs),
    ] {
        if asked == Jobs::Auto {
            *jobs = memory::affordable(free, peak, *jobs);
        }
    }
}

/// Understands which sketches, boards and libraries are meant; how they are built is left at the defaults.
///
/// # Errors
/// Everything that is wrong with them.
pub fn prepare_sketches(args: &SketchArgs) -> Result<Prepared, CliError> {
    let paths = args
        .sketches
        .iter()
        .map(utf8)
        .collect::<Result<Vec<_>, _>>()?;
    let found = find_sketches(&paths).map_err(|error| match error {
        FindError::Empty { .. } => CliError {
            exit: Exit::NoSketch,
            ..CliError::usage(error)
        },
        _ => CliError::usage(error),
    })?;
    if found.sketches.is_empty() {
        return Err(CliError {
            exit: Exit::NoSketch,
            ..CliError::usage(anyhow!("find sketches: there is none in {}", list(&paths)))
        });
    }
    let choice = project::choose(
        &found.sketches,
        args.profile.as_deref(),
        !args.boards.is_empty(),
    )?;
    let installation = places::installation_with(&args.platforms, choice.pinned_platforms())?;
    choice.check_platforms(&installation)?;
    let named = match &choice.fqbn {
        Some(fqbn) if args.boards.is_empty() => std::slice::from_ref(fqbn),
        _ => &args.boards[..],
    };
    let boards = installed_boards(&installation, named, &args.properties)?;
    let mut remarks = remarks(&found);
    remarks.extend(installation.warnings().iter().cloned());
    let library = library_under_test(&found);
    let mut single = args.library.clone();
    single.extend(library.clone());
    if let Some(missing) = args.libraries.iter().find(|dir| !dir.is_dir()) {
        return Err(CliError::usage(anyhow!(
            "--libraries {missing}: folder not found"
        )));
    }
    let mut folders = args.libraries.clone();
    let sketchbooks = places::sketchbooks().into_iter();
    folders.extend(sketchbooks.map(|dir| dir.join("libraries")));
    let profile = choice.libraries(&folders)?;
    if profile.is_some() {
        // A profile names all libraries it needs; what else is installed does not count.
        folders.clone_from(&args.libraries);
    }
    // What a profile names beats what else is there, whatever it is called.
    single.extend(profile.into_iter().flatten());
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let request = Request {
        boards,
        sketches: found.sketches,
        libraries: library_roots(&single, &folders),
        library_under_test: library,
        output_dir: places::absolute(Utf8Path::new(".fbuild"))?,
        cwd: places::absolute(Utf8Path::new("."))?,
        framework_jobs: at_least_one(cores.min(2)),
        sketch_jobs: at_least_one(cores),
        fail_fast: false,
        limits: Limits::default(),
        exceptions: HashMap::new(),
        cache_limit: fbuild_cache::DEFAULT_MAX_SIZE,
        export_binaries: false,
        ignore_filters: false,
        quirks: !args.platforms.no_quirks,
        pch: PchMode::Auto,
        launcher: Vec::new(),
    };
    Ok(Prepared { request, remarks })
}

/// Resolves the boards that were named.
///
/// # Errors
/// An unknown or ambiguous board, an unknown option, a platform that is incomplete.
pub fn boards(
    names: &[String],
    platforms: &PlatformArgs,
    properties: &PropertyArgs,
) -> Result<(Installation, Vec<BoardSpec>), CliError> {
    let installation = places::installation(platforms)?;
    let boards = installed_boards(&installation, names, properties)?;
    Ok((installation, boards))
}

fn installed_boards(
    installation: &Installation,
    names: &[String],
    properties: &PropertyArgs,
) -> Result<Vec<BoardSpec>, CliError> {
    let names: Vec<&str> = split_boards(names);
    if names.is_empty() {
        return Err(CliError::usage(anyhow!("which board?"))
            .hint("for example `--board uno`; `fbuild boards` lists them"));
    }
    let options = BuildOptions {
        build_properties: properties.build_properties.clone(),
        warnings: properties.warnings,
        optimize_for_debug: properties.optimize_for_debug,
        ..BuildOptions::default()
    };
    let mut boards: Vec<BoardSpec> = Vec::new();
    for name in names {
        let fqbn = installation
            .parse_board(name)
            .map_err(|error| missing_platform(error, installation))?;
        if !boards.iter().any(|board| *board.fqbn() == fqbn) {
            boards.push(BoardSpec::resolve(installation, &fqbn, &options)?);
        }
    }
    Ok(boards)
}

fn missing_platform(error: BoardError, installation: &Installation) -> CliError {
    let ambiguous = matches!(error, BoardError::Ambiguous { .. });
    let error = CliError::usage(error);
    if ambiguous {
        return error.hint("give the whole name, for example `--board arduino:avr:uno`");
    }
    if installation.platforms().len() > 0 {
        return error.hint("`fbuild boards` lists the boards that were found");
    }
    error
        .hint("on Debian or Ubuntu: apt-get install gcc-avr avr-libc arduino-core-avr")
        .hint("run `fbuild doctor` to see where it searched")
}

/// Splits `uno,mega`; a comma inside of board options (`nano:cpu=a,b=c`) belongs to them, which shows by the `=` that follows it.
fn split_boards(names: &[String]) -> Vec<&str> {
    let mut boards = Vec::new();
    for name in names {
        let mut start = 0;
        for (at, _) in name.match_indices(',') {
            let next = name[at + 1..].split([',', ':']).next().unwrap_or_default();
            if !next.contains('=') {
                boards.push(&name[start..at]);
                start = at + 1;
            }
        }
        boards.push(&name[start..]);
    }
    boards
        .into_iter()
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect()
}

/// Splits a launcher and its arguments, and finds out whether it is there before it is put in front of hundreds of commands.
fn launcher(text: &str) -> Result<Vec<String>, CliError> {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    match words.first() {
        Some(program) if find_program(program).is_none() => Err(CliError::usage(anyhow!(
            "find the compiler launcher `{program}`: no such program"
        ))),
        _ => Ok(words),
    }
}

/// The library in which all sketches lie is used by itself.
fn library_under_test(found: &Found) -> Option<Utf8PathBuf> {
    let mut libraries = found
        .sketches
        .iter()
        .map(|sketch| enclosing_library(&sketch.dir));
    libraries.find_map(|library| library)
}

fn remarks(found: &Found) -> Vec<String> {
    let duplicates = found.duplicates.iter().map(|twice| {
        format!(
            "`{}` is the same sketch as `{}` and is built once",
            twice.label, twice.first
        )
    });
    let strays = found.strays.iter().map(|dir| {
        format!(
            "ignoring `{dir}`: it has no {}.ino",
            dir.file_name().unwrap_or("NAME")
        )
    });
    let ignored = found
        .ignored
        .iter()
        .map(|path| format!("ignoring `{path}`: it is no sketch"));
    duplicates.chain(strays).chain(ignored).collect()
}

fn utf8(path: &std::ffi::OsString) -> Result<Utf8PathBuf, CliError> {
    Utf8PathBuf::from_os_string(path.clone()).map_err(|path| {
        CliError::usage(anyhow!(
            "the path `{}` is not valid UTF-8",
            path.to_string_lossy()
        ))
    })
}

fn list(paths: &[Utf8PathBuf]) -> String {
    paths
        .iter()
        .map(|path| format!("`{path}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn exactly(asked: Jobs, auto: NonZeroUsize) -> NonZeroUsize {
    match asked {
        Jobs::Exactly(jobs) => at_least_one(jobs),
        Jobs::Auto => auto,
    }
}

fn at_least_one(jobs: usize) -> NonZeroUsize {
    NonZeroUsize::new(jobs).unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boards_are_split_at_commas_that_do_not_separate_options() {
        let check = |names: &[&str], expect: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(split_boards(&names), expect);
        };
        check(&["uno,mega"], &["uno", "mega"]);
        check(&["uno", "mega"], &["uno", "mega"]);
        check(&["a:b:c:x=1,y=2,uno"], &["a:b:c:x=1,y=2", "uno"]);
        check(
            &["nano:cpu=atmega328old,mega:cpu=atmega1280"],
            &["nano:cpu=atmega328old", "mega:cpu=atmega1280"],
        );
        check(&[" uno , ", ""], &["uno"]);
    }
}
