//! From a request to a plan.
//!
//! Sketches are drafted in parallel; then one pass (`assembly`) puts together what they share, in the order of the request, so that the
//! plan does not depend on which draft was ready first.

use std::collections::HashSet;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp::SourceTree;
use fbuild_model::Digest;
use fbuild_model::outcome::Phase;
use fbuild_platform::BoardSpec;
use fbuild_scan::library::Location;
use fbuild_scan::library::index::Root;
use fbuild_scan::sketch::Sketch;
use fbuild_scan::sketch::find::Requested;
use fbuild_scan::sources::Depth;
use rayon::prelude::*;

use crate::incremental::record::{Record, Records};
use crate::incremental::scan_cache::ScanCache;
use crate::incremental::snapshot::InputSnapshot;
use crate::plan::board::Board;
use crate::plan::board_key::board_key;
use crate::plan::builder::PlanBuilder;
use crate::plan::device;
use crate::plan::error::PlanError;
use crate::plan::hooks::FirstHooks;
use crate::plan::layout;
use crate::plan::pch::PchPass;
use crate::plan::prepared::{Prepared, SketchContext, Unprepared, prepare_sketch};
use crate::plan::preprocessor::{Fallbacks, ScanServices};
use crate::plan::skip::{self, Ruling};
use crate::plan::{BuildPlan, SketchEntry, SketchWork};
use crate::request::{Exception, Request};
use crate::toolchain::Toolchain;
use fbuild_model::error_chain;
use fbuild_process::runner::Runner;
use fbuild_process::stop::Stop;

/// Whether sketches that are up to date are planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything is planned.
    All,
    /// What is up to date by the records of earlier runs is not planned.
    NotUpToDate,
}

/// Makes the plan; `boards` are the request's with quirks cured. Drafting uses the current rayon pool.
///
/// # Errors
/// If a tool is missing or a platform cannot be used: nothing could be built.
pub fn plan(
    request: &Request,
    boards: &[BoardSpec],
    tools: &Toolchain<'_>,
    runner: &Runner,
    stop: &Stop,
    extent: Extent,
) -> Result<BuildPlan, PlanError> {
    let tree = SourceTree::new();
    let hooks = match tools.is_for_preview() {
        true => FirstHooks::for_preview(),
        false => FirstHooks::default(),
    };
    let plan = attempt(
        request,
        boards,
        tools,
        (&tree, &hooks),
        runner,
        stop,
        extent,
    )?;
    if plan.disturbs_what_is_up_to_date() {
        // An archive would be replaced that sketches not planned were linked with. Planned together, they get archives side by side.
        let tree = SourceTree::new();
        return attempt(
            request,
            boards,
            tools,
            (&tree, &hooks),
            runner,
            stop,
            Extent::All,
        );
    }
    Ok(plan)
}

fn attempt(
    request: &Request,
    boards: &[BoardSpec],
    tools: &Toolchain<'_>,
    (tree, hooks): (&SourceTree, &FirstHooks),
    runner: &Runner,
    stop: &Stop,
    extent: Extent,
) -> Result<BuildPlan, PlanError> {
    let fallbacks = Fallbacks::default();
    let services = ScanServices {
        tree,
        runner,
        cache: tools.cache(),
        fallbacks: &fallbacks,
    };
    let fqbns: Vec<String> = boards
        .iter()
        .map(|board| board.fqbn().to_string())
        .collect();
    let dirs: Vec<Utf8PathBuf> = request
        .sketches
        .iter()
        .map(|sketch| sketch.dir.clone())
        .collect();
    let names = layout::sketch_names(&dirs, &request.cwd);
    let places = layout::sketch_dirs(&names, &dirs);
    let mut builder = PlanBuilder::new(tools);
    let mut records = Records::new(tools.cache(), tree);
    let mut snapshot = InputSnapshot::default();
    let mut scan_cache = ScanCache::default();
    for (board_index, (spec, board_dir)) in
        boards.iter().zip(layout::board_dirs(&fqbns)).enumerate()
    {
        let mut board = Board::new(
            spec,
            request.output_dir.join(board_dir),
            (&request.libraries, &request.sketches),
            tools,
            services,
        )?;
        board.record_base = board_key(&board, tools);
        builder.warn(
            spec.warnings()
                .iter()
                .chain(board.libraries.common().warnings())
                .cloned(),
        );
        if !board.unscanned {
            let lack = device::unknown(&board.recipes, board.cxx(), tree, "");
            builder.warn(
                lack.map(|lack| format!("{}: {lack}", board.fqbn))
                    .into_iter(),
            );
        }
        let out_dirs: Vec<Utf8PathBuf> = places.iter().map(|place| board.dir.join(place)).collect();
        let known = match (extent, board.record_base) {
            // An export is made by stage 2.
            (Extent::NotUpToDate, Some(base)) if !request.export_binaries => {
                let sketches = sketches_for_records(&board, base, &request.sketches);
                records.up_to_date(base, &board.memos(), &sketches, &out_dirs)
            }
            _ => vec![None; request.sketches.len()],
        };
        let exceptions: Vec<Option<&Exception>> = (0..request.sketches.len())
            .map(|index| request.exceptions.get(&(board_index, index)))
            .collect();
        let mut to_build = known.iter().zip(&exceptions);
        if to_build.any(|(known, exception)| known.is_none() && exception.is_none()) {
            // Before they are listed to be compiled: a source that appears in between is one that the next run notices.
            for dir in &board.base_dirs {
                snapshot.add_sources(dir, Depth::Recursive);
            }
        }
        let prepare = |(index, known): (usize, Option<Record>)| {
            match exceptions[index] {
                None => {}
                Some(Exception::NotRequested) => return Prepared::NotRequested,
                Some(Exception::Skipped(rule)) => return Prepared::Skipped(rule.clone()),
            }
            let (requested, out_dir) = (&request.sketches[index], &out_dirs[index]);
            if !stop.may_start() {
                return Prepared::stopped();
            }
            let libraries = match board.libraries.of(requested) {
                Ok(libraries) => libraries,
                Err(problem) => {
                    return Prepared::Unprepared(Unprepared::new(Phase::Load, problem));
                }
            };
            let context = SketchContext {
                board: &board,
                libraries,
                tree,
                runner,
                hooks,
            };
            prepare(request, requested, context, out_dir, known)
        };
        let prepared = known.into_par_iter().enumerate().map(prepare).collect();
        let first = builder.board(&board, request, out_dirs, prepared)?;
        PchPass::new(&board, request.pch, tools, tree).add(builder.plan(), first);
        follow(&board, &builder.plan().sketches[first..], &mut snapshot);
        if let Some(base) = board.record_base {
            scan_cache.add(base, &board.memos(), tree);
        }
    }
    snapshot.add_files(tree.asked());
    let mut plan = builder.finish();
    plan.warnings
        .extend(tools.lacking().into_iter().map(|program| {
        format!(
            "`{program}` is not installed; what needs it is shown without libraries and prototypes"
        )
    }));
    if hooks.left_any_out() {
        plan.warnings.push(
            "the platform's hooks are not run for a preview: files that they generate are not known".to_owned(),
        );
    }
    let (notes, cost) = fallbacks.take();
    // What the compiler looked for in vain when it was asked, it does not tell.
    plan.snapshot = notes.is_empty().then_some(snapshot);
    plan.scan_cache = scan_cache;
    plan.earlier = records.into_snapshots();
    let used: HashSet<Digest> = plan
        .sketches
        .iter()
        .filter_map(|entry| match &entry.work {
            SketchWork::UpToDate(record) => Some(record.snapshot),
            _ => None,
        })
        .collect();
    plan.earlier.retain(|(digest, _)| used.contains(digest));
    plan.fallbacks = notes;
    plan.cost = tools.cost().plus(cost);
    Ok(plan)
}

/// Returns with each sketch that can be loaded what its records have in common with others.
fn sketches_for_records<'r>(
    board: &Board<'_>,
    base: Digest,
    sketches: &'r [Requested],
) -> Vec<Option<(&'r Sketch, Digest)>> {
    let base_of = |requested: &'r Requested| {
        let sketch = requested.sketch.as_ref().ok()?;
        let libraries = board.libraries.of(requested).ok()?;
        Some((&**sketch, libraries.record_base(base)))
    };
    sketches.iter().map(base_of).collect()
}

fn prepare(
    request: &Request,
    requested: &Requested,
    context: SketchContext<'_>,
    out_dir: &Utf8Path,
    known: Option<Record>,
) -> Prepared {
    let sketch = match &requested.sketch {
        Ok(sketch) => sketch,
        Err(error) => {
            return Prepared::Unprepared(Unprepared::new(Phase::Load, error_chain(error)));
        }
    };
    // Apart from the tree of what is scanned: a change of one sketch's own files concerns no other sketch.
    let files = SourceTree::new();
    let mut warning = None;
    if !request.ignore_filters {
        let library = context.libraries.own.map(Arc::as_ref);
        match skip::decide(sketch, context.board.spec, library, &files) {
            Ruling::Build(note) => warning = note,
            Ruling::Skip(rule) => return Prepared::Skipped(rule),
        }
    }
    if let Some(record) = known {
        return Prepared::UpToDate(Box::new(record), warning);
    }
    match prepare_sketch(sketch, &files, context, out_dir) {
        Ok(prepare_sketch) => Prepared::Ready(Box::new(prepare_sketch), warning),
        Err(unprepared) => Prepared::Unprepared(unprepared),
    }
}

/// Adds to the trail what planning asked about folders: the sources of the libraries used, and what was not there.
fn follow(board: &Board<'_>, sketches: &[SketchEntry], snapshot: &mut InputSnapshot) {
    let planned = sketches.iter().filter_map(|entry| match &entry.work {
        SketchWork::Build(sketch) => Some(&sketch.libraries),
        _ => None,
    });
    let used: HashSet<&Utf8Path> = planned
        .flatten()
        .map(|library| library.dir.as_path())
        .collect();
    for library in board
        .libraries
        .all()
        .filter(|library| used.contains(library.dir.as_path()))
    {
        // Listed once and remembered, so this is what was compiled.
        let Ok(sources) = library.scanned_sources() else {
            continue;
        };
        for set in library.source_sets() {
            let in_set = sources.iter().filter(|file| match set.depth {
                Depth::Recursive => file.starts_with(&set.dir),
                Depth::Flat => file.parent() == Some(&set.dir),
            });
            snapshot.add_listed(&set.dir, set.depth, in_set.map(Utf8PathBuf::as_path));
        }
    }
    snapshot.add_files(board.absent().map(|path| (path.into_string(), None)));
}

/// Returns the library roots in the order in which they are searched: single libraries, then folders of libraries.
pub fn library_roots(single: &[Utf8PathBuf], folders: &[Utf8PathBuf]) -> Vec<Root> {
    let single = single.iter().map(Root::library);
    single
        .chain(folders.iter().map(|dir| Root::folder(dir, Location::User)))
        .collect()
}
