//! From what was typed to what it means.

use std::num::NonZeroUsize;

use anyhow::anyhow;
use camino::{Utf8Path, Utf8PathBuf};
use fbuild_build::exec::peaks;
use fbuild_build::plan::planner::library_roots;
use fbuild_build::request::{Limits, PchMode, Request};
use fbuild_build::toolchain::find_program;
use fbuild_cache::Cache;
use fbuild_process::memory;
use fbuild_scan::sketch::find::{FindError, Found, Requested, find_sketches};
use globset::{Glob, GlobMatcher};

use crate::args::{BuildArgs, Jobs, PchWhen, SketchArgs};
use crate::config::matches_name;
use crate::error::CliError;
use crate::exit::Exit;
use crate::targets::{self, Targets};
use crate::{boards, output, places, project};

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
    let output_dir = output::dir(args, &request)?;
    output::check(args, &request, &output_dir)?;
    let (framework_jobs, sketch_jobs) = jobs(args);
    let request = Request {
        output_dir,
        framework_jobs: exactly(framework_jobs, request.framework_jobs),
        sketch_jobs: exactly(sketch_jobs, request.sketch_jobs),
        cache_limit: args.what.cache.cache_size,
        fail_fast: args.fail_fast,
        audit: args.audit,
        limits: Limits {
            action_timeout: args.timeout,
            sketch_timeout: args.sketch_timeout,
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
    let (framework_jobs, sketch_jobs) = jobs(args);
    if framework_jobs != Jobs::Auto && sketch_jobs != Jobs::Auto {
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
        (framework_jobs, &mut request.framework_jobs),
        (sketch_jobs, &mut request.sketch_jobs),
    ] {
        if asked == Jobs::Auto {
            *jobs = memory::affordable(free, peak, *jobs);
        }
    }
}

/// Returns the numbers of jobs of both stages as given, `--jobs` being for those that are not.
fn jobs(args: &BuildArgs) -> (Jobs, Jobs) {
    let or_all = |own: Option<Jobs>| own.or(args.jobs).unwrap_or(Jobs::Auto);
    (or_all(args.framework_jobs), or_all(args.sketch_jobs))
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
    let sketchbooks = places::sketchbooks();
    let real: Vec<Utf8PathBuf> = sketchbooks
        .iter()
        .filter_map(|dir| dir.canonicalize_utf8().ok())
        .collect();
    let mut found = find_sketches(&paths, &real).map_err(|error| not_found(error, &paths))?;
    let mut remarks = remarks(&found);
    remarks.extend(select(args, &mut found.sketches));
    if found.sketches.is_empty() {
        return Err(CliError {
            exit: Exit::NoSketch,
            ..CliError::usage(anyhow!(
                "no sketch in {} is selected by --include, --exclude and --partition",
                list(&paths)
            ))
        });
    }
    for sketch in &mut found.sketches {
        let rules = args.rules.iter().filter(|rule| rule.is_for(&sketch.label));
        let libraries = rules.flat_map(|rule| rule.libraries.iter().cloned());
        sketch.further_libraries = libraries.collect();
    }
    let choice = project::choose(
        &found.sketches,
        args.profile.as_deref(),
        !args.boards.is_empty(),
    )?;
    let installation = places::installation_with(&args.platforms, choice.pinned_platforms())?;
    choice.check_platforms(&installation)?;
    let Targets { boards, exceptions } =
        targets::targets(args, &installation, &found.sketches, &choice)?;
    remarks.extend(places::arduino_config_problem());
    remarks.extend(installation.warnings().iter().cloned());
    for board in boards.iter().take(1) {
        for key in boards::unused_properties(&installation, board, &args.properties) {
            remarks.push(format!(
                "build property `{key}`: nothing in the platform of {} uses it",
                board.fqbn()
            ));
        }
    }
    let mut single = comma_list(&args.library);
    let given = library_folders(args, &mut remarks)?;
    let mut folders = given.clone();
    folders.extend(sketchbooks.iter().map(|dir| dir.join("libraries")));
    let profile = choice.libraries(&folders)?;
    if profile.is_some() {
        // A profile names all libraries it needs; what else is installed does not count.
        folders = given;
    }
    // What a profile names beats what else is there, whatever it is called.
    single.extend(profile.into_iter().flatten());
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let request = Request {
        boards,
        sketches: found.sketches,
        libraries: library_roots(&single, &folders),
        output_dir: places::absolute(Utf8Path::new(output::DEFAULT))?,
        cwd: places::absolute(Utf8Path::new("."))?,
        framework_jobs: at_least_one(cores.min(2)),
        sketch_jobs: at_least_one(cores),
        fail_fast: false,
        audit: None,
        limits: Limits::default(),
        exceptions,
        cache_limit: args.cache.cache_size,
        export_binaries: false,
        ignore_filters: false,
        quirks: !args.platforms.no_quirks,
        pch: PchMode::Auto,
        launcher: Vec::new(),
    };
    Ok(Prepared { request, remarks })
}

/// Returns the folders of `--libraries`, and adds a remark for each that is a library itself.
fn library_folders(
    args: &SketchArgs,
    remarks: &mut Vec<String>,
) -> Result<Vec<Utf8PathBuf>, CliError> {
    let folders = comma_list(&args.libraries);
    if let Some(missing) = folders.iter().find(|dir| !dir.is_dir()) {
        return Err(CliError::usage(anyhow!(
            "--libraries {missing}: folder not found"
        )));
    }
    for dir in &folders {
        if dir.join("library.properties").is_file() {
            remarks.push(format!(
                "--libraries {dir}: this folder is a library itself; for one library use --library"
            ));
        }
    }
    Ok(folders)
}

/// Keeps the sketches that `--include`, `--exclude` and `--partition` select, and returns a remark for each pattern that matches none.
fn select(args: &SketchArgs, sketches: &mut Vec<Requested>) -> Vec<String> {
    let matchers = |globs: &[Glob]| globs.iter().map(Glob::compile_matcher).collect::<Vec<_>>();
    let (include, exclude) = (matchers(&args.include), matchers(&args.exclude));
    let is_match = |globs: &[GlobMatcher], sketch: &Requested| {
        globs.iter().any(|glob| matches_name(glob, &sketch.label))
    };
    let idle = include.iter().map(|glob| ("--include", glob));
    let idle = idle.chain(exclude.iter().map(|glob| ("--exclude", glob)));
    let idle = idle.filter(|(_, glob)| {
        !sketches
            .iter()
            .any(|sketch| matches_name(glob, &sketch.label))
    });
    let remarks = idle
        .map(|(option, glob)| format!("{option} {}: no sketch matches", glob.glob()))
        .collect();
    sketches.retain(|sketch| {
        (include.is_empty() || is_match(&include, sketch)) && !is_match(&exclude, sketch)
    });
    if let Some(partition) = args.partition {
        let mut place = 0;
        sketches.retain(|sketch| {
            place += 1;
            partition.has(place - 1, &sketch.label)
        });
    }
    remarks
}

fn not_found(error: FindError, paths: &[Utf8PathBuf]) -> CliError {
    let is_empty = matches!(error, FindError::Empty { .. });
    let error = CliError::usage(error);
    let platformio = paths
        .iter()
        .find(|path| path.join("platformio.ini").is_file());
    let error = match platformio {
        Some(path) => error
            .hint(format!("`{path}` is a PlatformIO project, which fbuild does not build: run `pio run -d {path}`"))
            .hint("for fbuild, put the program into a sketch: a folder such as Blink/ with Blink.ino in it"),
        None => error,
    };
    match is_empty {
        true => CliError {
            exit: Exit::NoSketch,
            ..error
        },
        false => error,
    }
}

/// Splits lists such as `a,b`, as arduino-cli does; a folder whose name has a comma is itself.
fn comma_list(paths: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    let split = |path: &Utf8PathBuf| match path.exists() {
        true => vec![path.clone()],
        false => path.as_str().split(',').map(Utf8PathBuf::from).collect(),
    };
    paths.iter().flat_map(split).collect()
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
