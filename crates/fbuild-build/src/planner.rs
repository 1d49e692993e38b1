//! From a request to a plan.
//!
//! Sketches are drafted in parallel; then one pass (`assembly`) puts together what they share, in the order of the request, so that the
//! plan does not depend on which draft was ready first.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::outcome::{Phase, SkipRule};
use fbuild_platform::BoardSpec;
use fbuild_scan::find::Requested;
use fbuild_scan::index::Root;
use fbuild_scan::library::{Library, LibraryError, Location};
use fbuild_scan::tree::SourceTree;
use rayon::prelude::*;

use crate::assembly::Assembly;
use crate::board::Board;
use crate::device;
use crate::draft::{Desk, Draft, Undrafted, draft};
use crate::execute::chain;
use crate::layout;
use crate::plan::BuildPlan;
use crate::preamble::Preambles;
use crate::preprocessor::{Fallbacks, Means};
use crate::request::Request;
use crate::runner::Runner;
use crate::skip::{self, Ruling};
use crate::stop::Stop;
use crate::toolchain::{ToolError, Toolchain};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A tool is not there.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A library that was named is none.
    #[error(transparent)]
    Library(LibraryError),
    /// A platform cannot be used.
    #[error("use the platform of `{board}`: {problem}")]
    Platform {
        /// The board's FQBN.
        board: String,
        /// What is wrong.
        problem: String,
    },
}

/// Makes the plan; `boards` are the request's with quirks cured. Drafting uses the current rayon pool.
///
/// # Errors
/// If a tool is missing or a platform cannot be used: nothing could be built.
pub fn plan(
    request: &Request,
    boards: &[BoardSpec],
    tools: &Toolchain<'_>,
    tree: &SourceTree,
    runner: &Runner,
    stop: &Stop,
) -> Result<BuildPlan, PlanError> {
    let fallbacks = Fallbacks::default();
    let means = Means {
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
    let library = request
        .library_under_test
        .as_deref()
        .and_then(|dir| Library::load(dir, Location::Explicit).ok());
    let mut assembly = Assembly::new(tools);
    for (spec, board_dir) in boards.iter().zip(layout::board_dirs(&fqbns)) {
        let board = Board::new(
            spec,
            request.output_dir.join(board_dir),
            &request.libraries,
            tools,
            means,
        )?;
        assembly.warn(
            spec.warnings()
                .iter()
                .chain(board.index.warnings())
                .cloned(),
        );
        if !board.unscanned {
            let lack = device::unknown(&board.recipes, board.cxx(), tree, "");
            assembly.warn(
                lack.map(|lack| format!("{}: {lack}", board.fqbn))
                    .into_iter(),
            );
        }
        let prepare = |(requested, place): (&Requested, &Utf8PathBuf)| {
            let desk = Desk {
                board: &board,
                tree,
                runner,
            };
            let library = library
                .as_ref()
                .filter(|library| requested.dir.starts_with(&library.real_dir));
            if stop.may_start() {
                prepare(request, requested, desk, library, &board.dir.join(place))
            } else {
                Prepared::stopped()
            }
        };
        let drafts = request
            .sketches
            .par_iter()
            .zip(&places)
            .map(prepare)
            .collect();
        let first = assembly.board(&board, request, &places, drafts)?;
        Preambles::new(&board, request.pch, tools, tree).add(assembly.plan(), first);
    }
    let mut plan = assembly.finish();
    plan.warnings
        .extend(tools.lacking().into_iter().map(|program| {
        format!(
            "`{program}` is not installed; what needs it is shown without libraries and prototypes"
        )
    }));
    let (notes, cost) = fallbacks.take();
    plan.fallbacks = notes;
    plan.cost = tools.cost().plus(cost);
    Ok(plan)
}

/// What became of one sketch before anything is shared.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// It can be compiled; with a warning about its rules.
    Drafted(Box<Draft>, Option<String>),
    /// It cannot.
    Undrafted(Undrafted),
    /// A rule leaves it out.
    Skipped(SkipRule),
}

impl Prepared {
    fn stopped() -> Self {
        Self::Undrafted(Undrafted::new(Phase::Scan, "interrupted".to_owned()))
    }
}

fn prepare(
    request: &Request,
    requested: &Requested,
    desk: Desk<'_>,
    library: Option<&Library>,
    out_dir: &Utf8Path,
) -> Prepared {
    let sketch = match &requested.sketch {
        Ok(sketch) => sketch,
        Err(error) => return Prepared::Undrafted(Undrafted::new(Phase::Load, chain(error))),
    };
    let mut warning = None;
    if !request.ignore_filters {
        match skip::decide(sketch, desk.board.spec, library, desk.tree) {
            Ruling::Build(note) => warning = note,
            Ruling::Skip(rule) => return Prepared::Skipped(rule),
        }
    }
    match draft(sketch, desk, out_dir) {
        Ok(draft) => Prepared::Drafted(Box::new(draft), warning),
        Err(undrafted) => Prepared::Undrafted(undrafted),
    }
}

/// Returns the library roots in the order in which they are searched: single libraries, then folders of libraries.
pub fn library_roots(single: &[Utf8PathBuf], folders: &[Utf8PathBuf]) -> Vec<Root> {
    let single = single.iter().map(Root::library);
    single
        .chain(folders.iter().map(|dir| Root::folder(dir, Location::User)))
        .collect()
}
