//! One sketch on one board, from its folder to its generated C++ and its libraries.
//!
//! Drafts are made in parallel and know nothing of each other; what they share is put together by [`crate::plan::planner`].

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp::{SourceFile, SourceTree};
use fbuild_model::diagnostic;
use fbuild_model::outcome::{Failure, Phase, SkipRule};
use fbuild_platform::{HookPoint, RecipeError};
use fbuild_scan::library::discovery::{Discovery, DiscoveryError, Missing, discover};
use fbuild_scan::library::{Library, Precompiled};
use fbuild_scan::prototypes::insert_prototypes;
use fbuild_scan::sketch::Sketch;
use fbuild_scan::sketch::merge::{self, Staged};

use crate::exec::place;
use crate::incremental::record::{Record, RecordKey};
use crate::plan::board::Board;
use crate::plan::device;
use crate::plan::generated_dir;
use crate::plan::hook_made::{self, HookMade};
use crate::plan::hooks::{FirstHooks, build_in_place};
use crate::plan::layout;
use crate::plan::outward_links;
use crate::plan::preprocessor::ScanServices;
use crate::plan::sketch_libraries::Usable;
use fbuild_model::error_chain;
use fbuild_process::runner::Runner;

/// A sketch that can be compiled.
#[derive(Debug)]
pub struct PreparedSketch<'a> {
    /// Its libraries and include directories.
    pub discovery: Discovery,
    /// All generated files, the final C++ first.
    pub generated: Vec<Arc<SourceFile>>,
    /// Remarks for the log.
    pub remarks: Vec<String>,
    /// Where it is recorded what becomes of it.
    pub record: Option<RecordKey>,
    /// Its translation units, relative to `OUT/sketch`, in link order.
    pub units: Vec<Utf8PathBuf>,
    /// The board as it is for this sketch, where that is not the board of all sketches.
    pub board: Option<Arc<Board<'a>>>,
}

/// A sketch that cannot be compiled.
#[derive(Debug)]
pub struct Unprepared {
    /// Why not.
    pub failure: Failure,
    /// Remarks for the log.
    pub remarks: Vec<String>,
    /// The header that is in no library, if that is why.
    pub missing: Option<Box<Missing>>,
}

impl Unprepared {
    /// Makes the outcome of a failure without a tool's output.
    pub fn new(phase: Phase, message: String) -> Self {
        let failure = Failure::new(phase, message);
        Self::from(failure)
    }
}

impl From<Failure> for Unprepared {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            remarks: Vec::new(),
            missing: None,
        }
    }
}

/// What is needed to draft.
#[derive(Debug, Clone, Copy)]
pub struct SketchContext<'b, 'a> {
    /// The board.
    pub board: &'b Board<'a>,
    /// The libraries that the sketch may use.
    pub libraries: Usable<'b>,
    /// The files, and what asks the compiler.
    pub services: ScanServices<'a>,
    /// Runs the platform's first hooks.
    pub runner: &'b Runner,
    /// What the first hooks printed that ran already.
    pub hooks: &'b FirstHooks,
}

/// What became of one sketch before anything is shared.
#[derive(Debug)]
pub(crate) enum Prepared<'a> {
    /// It can be compiled; with a warning about its rules.
    Ready(Box<PreparedSketch<'a>>, Option<String>),
    /// It cannot.
    Unprepared(Unprepared),
    /// A rule leaves it out.
    Skipped(SkipRule),
    /// It is not to be built for this board.
    NotRequested,
    /// It was built in an earlier run; with a warning about its rules.
    UpToDate(Box<Record>, Option<String>),
}

impl Prepared<'_> {
    /// The run was stopped before the sketch was looked at.
    pub(crate) fn stopped() -> Self {
        Self::Unprepared(Unprepared::new(Phase::Scan, "interrupted".to_owned()))
    }
}

/// Generates the C++ of `sketch` below `OUT/sketch` and finds its libraries; the sketch's own files are read from `files`.
///
/// # Errors
/// If a file cannot be read or written, a header is found in no library, or preprocessing fails.
pub fn prepare_sketch<'a>(
    sketch: &Sketch,
    files: &SourceTree,
    context: SketchContext<'_, 'a>,
    out_dir: &Utf8Path,
) -> Result<PreparedSketch<'a>, Unprepared> {
    let SketchContext {
        board,
        services,
        runner,
        ..
    } = context;
    let tree = services.tree;
    let dir = out_dir.join(layout::GENERATED);
    generated_dir::prepare(&dir)
        .map_err(|error| Unprepared::new(Phase::Load, error_chain(&error)))?;
    let staged = merge::stage(sketch, files, tree, &dir)
        .map_err(|error| Unprepared::new(Phase::Load, error_chain(&error)))?;
    let main_path = dir.join(sketch.generated_name());
    let recipes = board.recipes_for(sketch.project_name(), &sketch.dir, out_dir);
    let unexpanded = |error: RecipeError| Unprepared::new(Phase::Hook, error_chain(&error));
    let first = recipes.hooks(HookPoint::Prebuild).map_err(unexpanded)?;
    if !context.hooks.ran(out_dir) {
        remove_leftovers(&staged, &main_path, &dir)?;
        if build_in_place(&recipes).map_err(unexpanded)? {
            outward_links::remove(out_dir)
                .map_err(|error| Unprepared::new(Phase::Load, error_chain(&error)))?;
        }
    }
    let printed = if board.unscanned {
        String::new()
    } else {
        context
            .hooks
            .run(out_dir, &first, runner)
            .map_err(Unprepared::from)?
    };
    for file in std::iter::once(&staged.merged).chain(&staged.copies) {
        write(file)?;
    }
    if board.unscanned {
        return unscanned(sketch, board, tree, staged, &main_path);
    }
    let made = match first.is_empty() {
        true => HookMade::default(),
        false => HookMade::of(sketch, board, &recipes, &dir, services)?,
    };
    let board = made.board.as_deref().unwrap_or(board);
    let mut scanned = staged.scanned.clone();
    scanned.extend(made.sources.iter().map(|unit| dir.join(unit)));
    let discovery = discover(&scanned, board.surroundings(context.libraries.index))
        .map_err(|error| undiscovered(error, board))?;
    let text = final_text(sketch, board, &staged.merged, &discovery)
        .map_err(|output| without_text(output, board, tree))?;
    let main = tree.insert(&main_path, text);
    write(&main)?;
    board.learn_from(&staged.merged, &main, &discovery.include_dirs);
    let mut remarks = remarks(&discovery, board);
    remarks.extend(printed.lines().map(str::to_owned));
    let binaries = |library: &Arc<Library>| library.precompiled != Precompiled::No;
    let record = match board.record_base {
        // Which binaries there are is not asked through the tree.
        Some(base) if !discovery.libraries.iter().any(binaries) => {
            RecordKey::new(context.libraries.record_base(base), sketch, files, out_dir)
        }
        _ => None,
    };
    Ok(PreparedSketch {
        discovery,
        generated: std::iter::once(main).chain(staged.copies).collect(),
        remarks,
        record,
        units: hook_made::units(sketch, made.sources),
        board: made.board,
    })
}

/// Removes copies of files that the sketch no longer has, which would still be found beside its sources. What hooks made they make again.
fn remove_leftovers(
    staged: &Staged,
    main_path: &Utf8Path,
    dir: &Utf8Path,
) -> Result<(), Unprepared> {
    let copies = staged.copies.iter().map(|file| file.path().to_owned());
    let own = copies.chain([
        staged.merged.path().to_owned(),
        main_path.with_extension("preamble.cpp"),
        main_path.to_owned(),
    ]);
    generated_dir::remove_others(dir, own.collect())
        .map_err(|error| Unprepared::new(Phase::Load, error_chain(&error)))
}

/// Says why there is no text to find prototypes in; `output` is what the compiler printed.
fn without_text(output: String, board: &Board<'_>, tree: &SourceTree) -> Unprepared {
    let mut unprepared = Unprepared::new(
        Phase::Scan,
        "preprocessing for prototypes failed".to_owned(),
    );
    match device::unknown(&board.recipes, board.cxx(), tree, &output) {
        Some(lack) => unprepared.failure.message = lack,
        None => unprepared.failure.diagnostics = diagnostic::parse_gcc(&output),
    }
    unprepared.failure.output = output;
    unprepared
}

/// Prepares a sketch for a preview without a compiler.
fn unscanned<'a>(
    sketch: &Sketch,
    board: &Board<'_>,
    tree: &SourceTree,
    staged: Staged,
    main_path: &Utf8Path,
) -> Result<PreparedSketch<'a>, Unprepared> {
    let main = tree.insert(main_path, staged.merged.bytes().to_vec());
    write(&main)?;
    let discovery = Discovery {
        libraries: Vec::new(),
        include_dirs: board.base_dirs.clone(),
        resolutions: Vec::new(),
        unscanned: Vec::new(),
    };
    let remarks = vec![
        "the compiler is not installed: neither libraries nor prototypes are known".to_owned(),
    ];
    Ok(PreparedSketch {
        discovery,
        generated: std::iter::once(main).chain(staged.copies).collect(),
        remarks,
        record: None,
        units: hook_made::units(sketch, Vec::new()),
        board: None,
    })
}

fn write(file: &SourceFile) -> Result<(), Unprepared> {
    match place::write_if_changed(file.path(), &file.bytes()) {
        Ok(_) => Ok(()),
        Err(error) => Err(Unprepared::new(Phase::Load, error_chain(&error))),
    }
}

/// Adds the prototypes to the merged text.
fn final_text(
    sketch: &Sketch,
    board: &Board<'_>,
    merged: &SourceFile,
    discovery: &Discovery,
) -> Result<Vec<u8>, String> {
    let files: Vec<Utf8PathBuf> = sketch.texts().map(Utf8Path::to_owned).collect();
    let expanded = board
        .discovery()
        .expanded(merged.path(), &discovery.include_dirs, &files)?;
    let bytes = merged.bytes();
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(insert_prototypes(text, &expanded, &files).into_bytes()),
        Err(_) => {
            // Each byte as one character, so that text in another encoding comes out as it went in. The preprocessed text has lost such
            // bytes, which can only stand in comments and literals, and those do not reach prototypes.
            let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
            let with = insert_prototypes(&text, &expanded, &files);
            Ok(with
                .chars()
                .flat_map(|c| {
                    u8::try_from(u32::from(c))
                        .map_or_else(|_| c.to_string().into_bytes(), |byte| vec![byte])
                })
                .collect())
        }
    }
}

fn undiscovered(error: DiscoveryError, board: &Board<'_>) -> Unprepared {
    let message = error_chain(&error);
    let DiscoveryError::Missing(missing) = error else {
        return Unprepared::new(Phase::Scan, message);
    };
    let output = complaint(&missing, board);
    let mut unprepared =
        Unprepared::new(Phase::Scan, format!("no library has `{}`", missing.header));
    unprepared.failure.diagnostics = diagnostic::parse_gcc(&output);
    // Where was looked belongs to the message: the compiler does not know about libraries.
    let notes = missing.notes();
    let notes = notes.iter().map(|note| format!("note: {note}\n"));
    unprepared.failure.output = output + &notes.collect::<String>();
    unprepared.remarks = remarks(&missing.so_far, board);
    unprepared.missing = Some(missing);
    unprepared
}

/// Returns the compiler's own message about a missing header, so that the log shows what users know.
fn complaint(missing: &Missing, board: &Board<'_>) -> String {
    let asked = || {
        board
            .discovery()
            .complaint(&missing.source, &missing.include_dirs)
    };
    missing.output.clone().or_else(asked).unwrap_or_else(|| {
        format!(
            "{}: fatal error: {}: No such file or directory\n",
            missing.source, missing.header
        )
    })
}

/// Says which libraries were chosen, and what may be wrong with them (specification 5.4.2).
fn remarks(discovery: &Discovery, board: &Board<'_>) -> Vec<String> {
    let mut remarks = Vec::new();
    for resolution in &discovery.resolutions {
        if !resolution.others.is_empty() {
            remarks.push(format!(
                "Multiple libraries were found for \"{}\"",
                resolution.header
            ));
            remarks.push(format!("  Used: {}", resolution.chosen.library.dir));
            remarks.extend(
                resolution
                    .others
                    .iter()
                    .map(|other| format!("  Not used: {}", other.library.dir)),
            );
        }
    }
    for library in &discovery.libraries {
        let legacy = if library.legacy { " (legacy)" } else { "" };
        let version = if library.version.is_empty() {
            String::new()
        } else {
            format!(" at version {}", library.version)
        };
        remarks.push(format!(
            "Using library {}{version} in folder: {}{legacy}",
            library.name, library.dir
        ));
    }
    let more = board
        .spec
        .get("architecture.override_check")
        .unwrap_or_default();
    let more = more
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let accepted: Vec<&str> = std::iter::once(board.spec.architecture())
        .chain(more)
        .collect();
    for library in discovery
        .libraries
        .iter()
        .filter(|library| !library.supports(&accepted))
    {
        remarks.push(format!(
            "WARNING: library {} claims to run on {} architecture(s) and may be incompatible with your current board which runs on {} architecture(s).",
            library.name,
            library.architectures.join(", "),
            accepted.join(", "),
        ));
    }
    remarks
}
