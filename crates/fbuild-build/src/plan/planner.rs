//! From a request to a plan.
//!
//! Sketches are prepared in parallel; then one pass (the plan builder) puts together what they share, in the order of the request, so that the
//! plan does not depend on which sketch was ready first.

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
use crate::plan::planned::{Planned, Snapshots};
use crate::plan::prepared::{Prepared, SketchContext, Unprepared, prepare_sketch};
use crate::plan::preprocessor::{Fallbacks, ScanServices};
use crate::plan::skip::{self, Ruling};
use crate::plan::{BuildPlan, SketchEntry, SketchWork};
use crate::request::{Exception, Request};
use crate::services::Services;
use crate::toolchain::Toolchain;
use fbuild_model::error_chain;

/// Whether sketches that are up to date are planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything is planned.
    All,
    /// What is up to date by the records of earlier runs is not planned.
    NotUpToDate,
}

/// Makes the plan; `boards` are the request's with quirks cured. Runs in the current rayon pool.
///
/// # Errors
/// If a tool is missing or a platform cannot be used: nothing could be built.
pub fn plan(
    request: &Request,
    boards: &[BoardSpec],
    tools: &Toolchain<'_>,
    services: Services<'_>,
    extent: Extent,
) -> Result<Planned, PlanError> {
    let hooks = match tools.is_for_preview() {
        true => FirstHooks::for_preview(),
        false => FirstHooks::default(),
    };
    let attempt = |extent: Extent| {
        let attempt = Attempt {
            request,
            tools,
            services,
            extent,
            hooks: &hooks,
            tree: SourceTree::new(),
            fallbacks: Fallbacks::default(),
        };
        attempt.plan(boards)
    };
    let planned = attempt(extent)?;
    if planned.disturbs_what_is_up_to_date() {
        // An archive would be replaced that sketches not planned were linked with. Planned together, they get archives side by side.
        return attempt(Extent::All);
    }
    Ok(planned)
}

/// One pass over all boards.
struct Attempt<'a> {
    request: &'a Request,
    tools: &'a Toolchain<'a>,
    services: Services<'a>,
    extent: Extent,
    hooks: &'a FirstHooks,
    tree: SourceTree,
    fallbacks: Fallbacks,
}

/// What planning noted for later runs, and what it knows of earlier ones.
struct Notes<'a> {
    records: Records<'a>,
    snapshot: InputSnapshot,
    scan_cache: ScanCache,
}

impl Attempt<'_> {
    fn plan(self, boards: &[BoardSpec]) -> Result<Planned, PlanError> {
        let identities: Vec<String> = boards.iter().map(BoardSpec::identity).collect();
        let sketches = self.request.sketches.iter();
        let dirs: Vec<Utf8PathBuf> = sketches.map(|sketch| sketch.dir.clone()).collect();
        let names = layout::sketch_names(&dirs, &self.request.cwd);
        let places = layout::sketch_dirs(&names, &dirs);
        let mut builder = PlanBuilder::new(self.tools);
        let mut notes = Notes {
            records: Records::new(self.services.cache, &self.tree),
            snapshot: InputSnapshot::default(),
            scan_cache: ScanCache::default(),
        };
        let dirs = layout::board_dirs(&identities);
        for (index, (spec, dir)) in boards.iter().zip(dirs).enumerate() {
            let dir = self.request.output_dir.join(dir);
            let out_dirs = places.iter().map(|place| dir.join(place)).collect();
            let board = self.board(spec, dir, &mut builder)?;
            self.sketches((index, &board), out_dirs, &mut builder, &mut notes)?;
        }
        notes.snapshot.add_files(self.tree.asked());
        Ok(self.finished(builder.finish(), notes))
    }

    fn scan_services(&self) -> ScanServices<'_> {
        ScanServices {
            tree: &self.tree,
            tools: self.tools,
            fallbacks: &self.fallbacks,
        }
    }

    /// Loads what belongs to a board.
    fn board<'s>(
        &'s self,
        spec: &'s BoardSpec,
        dir: Utf8PathBuf,
        builder: &mut PlanBuilder<'_>,
    ) -> Result<Board<'s>, PlanError> {
        let services = self.scan_services();
        let sources = (
            self.request.libraries.as_slice(),
            self.request.sketches.as_slice(),
        );
        let mut board = Board::new(spec, dir, sources, services)?;
        board.record_base = board_key(&board, self.tools);
        builder.warn(
            spec.warnings()
                .iter()
                .chain(board.libraries.common().warnings())
                .cloned(),
        );
        if !board.unscanned {
            let lack = device::unknown(&board.recipes, board.cxx(), &self.tree, "");
            builder.warn(
                lack.map(|lack| format!("{}: {lack}", board.fqbn))
                    .into_iter(),
            );
        }
        Ok(board)
    }

    /// Prepares the sketches of a board in parallel and adds them to the plan.
    fn sketches<'s>(
        &'s self,
        (board_index, board): (usize, &Board<'s>),
        out_dirs: Vec<Utf8PathBuf>,
        builder: &mut PlanBuilder<'_>,
        notes: &mut Notes<'_>,
    ) -> Result<(), PlanError> {
        let request = self.request;
        let known = match (self.extent, board.record_base) {
            // An export is made by stage 2.
            (Extent::NotUpToDate, Some(base)) if !request.export_binaries => {
                let sketches = sketches_for_records(board, base, &request.sketches);
                notes
                    .records
                    .up_to_date(base, &board.memos(), &sketches, &out_dirs)
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
                notes.snapshot.add_sources(dir, Depth::Recursive);
            }
        }
        let prepare = |(index, known): (usize, Option<Record>)| match exceptions[index] {
            None => self.prepare(board, &request.sketches[index], &out_dirs[index], known),
            Some(Exception::NotRequested) => Prepared::NotRequested,
            Some(Exception::Skipped(rule)) => Prepared::Skipped(rule.clone()),
        };
        let prepared = known.into_par_iter().enumerate().map(prepare).collect();
        let first = builder.board(board, request, out_dirs, prepared)?;
        PchPass::new(board, request.pch, self.tools, &self.tree).add(builder.plan(), first);
        follow(
            board,
            &builder.plan().sketches[first..],
            &mut notes.snapshot,
        );
        if let Some(base) = board.record_base {
            notes.scan_cache.add(base, &board.memos(), &self.tree);
        }
        Ok(())
    }

    fn prepare<'s>(
        &'s self,
        board: &Board<'s>,
        requested: &Requested,
        out_dir: &Utf8Path,
        known: Option<Record>,
    ) -> Prepared<'s> {
        if !self.services.stop.may_start() {
            return Prepared::stopped();
        }
        let libraries = match board.libraries.of(requested) {
            Ok(libraries) => libraries,
            Err(problem) => {
                return Prepared::Unprepared(Unprepared::new(Phase::Load, problem));
            }
        };
        let context = SketchContext {
            board,
            libraries,
            services: self.scan_services(),
            runner: self.services.runner,
            hooks: self.hooks,
        };
        prepare(self.request, requested, context, out_dir, known)
    }

    /// Adds what is known of the plan's making.
    fn finished(&self, mut plan: BuildPlan, notes: Notes<'_>) -> Planned {
        let lacking = self.tools.lacking().into_iter();
        plan.warnings.extend(lacking.map(|program| {
            format!(
                "`{program}` is not installed; what needs it is shown without libraries and prototypes"
            )
        }));
        if self.hooks.left_any_out() {
            plan.warnings.push(
                "the platform's hooks are not run for a preview: files that they generate are not known".to_owned(),
            );
        }
        let up_to_date = plan.sketches.iter().filter_map(|entry| match &entry.work {
            SketchWork::UpToDate(record) => Some(record.snapshot),
            _ => None,
        });
        let used: HashSet<Digest> = up_to_date.collect();
        let mut earlier = notes.records.into_snapshots();
        earlier.retain(|(digest, _)| used.contains(digest));
        let (fallbacks, cost) = self.fallbacks.take();
        Planned {
            snapshot: Snapshots {
                // The compiler does not report the headers that it looked for and did not find.
                own: fallbacks.is_empty().then_some(notes.snapshot),
                scan_cache: notes.scan_cache,
                earlier,
            },
            plan,
            fallbacks,
            cost: self.tools.cost().plus(cost),
        }
    }
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

fn prepare<'s>(
    request: &Request,
    requested: &Requested,
    context: SketchContext<'_, 's>,
    out_dir: &Utf8Path,
    known: Option<Record>,
) -> Prepared<'s> {
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

/// Adds to the snapshot the sources of the libraries used, and the files that were looked for and are absent.
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
