//! What a build would compile and which libraries it would take, without building.
//!
//! The same board, discovery and prototypes as in a build (`draft`); only the rules that leave sketches out are not asked, because
//! who looks at a sketch wants to see it.

use std::sync::Arc;

use fbuild_cpp::{SourceFile, SourceTree};
use fbuild_model::outcome::{Failure, Phase};
use fbuild_platform::BoardSpec;
use fbuild_scan::library::discovery::{Discovery, Missing};
use fbuild_scan::sketch::find::Requested;

use crate::plan::PlanError;
use crate::plan::board::Board;
use crate::plan::hooks::FirstHooks;
use crate::plan::prepared::{PreparedSketch, SketchContext, Unprepared, prepare_sketch};
use crate::plan::preprocessor::{self, Fallbacks};
use crate::plan::quirks::quirks_applied;
use crate::request::Request;
use crate::services::Services;
use crate::toolchain::Toolchain;
use fbuild_model::error_chain;

/// One sketch on one board.
#[derive(Debug)]
pub struct Look {
    /// The board's FQBN.
    pub board: String,
    /// The sketch's name, as in a build.
    pub sketch: String,
    /// The generated C++, or why there is none.
    pub generated: Result<Arc<SourceFile>, Failure>,
    /// Its libraries, if all headers were found.
    pub discovery: Option<Discovery>,
    /// The header that no library has, with the libraries found before it.
    pub missing: Option<Box<Missing>>,
}

/// Looks at every sketch on every board, in the order of the request.
///
/// Generated files are written below the request's output directory.
///
/// # Errors
/// If a tool is missing or a platform cannot be used.
pub fn look(request: &Request, services: Services<'_>) -> Result<Vec<Look>, PlanError> {
    let tree = SourceTree::new();
    let tools = Toolchain::new(services.cache, services.runner);
    let fallbacks = Fallbacks::default();
    let shared = preprocessor::ScanServices {
        tree: &tree,
        tools: &tools,
        fallbacks: &fallbacks,
    };
    let hooks = FirstHooks::default();
    let mut looks = Vec::new();
    for (board_index, spec) in request.boards.iter().enumerate() {
        let cured: BoardSpec = if request.quirks {
            quirks_applied(spec, &tools)
        } else {
            spec.clone()
        };
        let dir = request.output_dir.join(board_index.to_string());
        let board = Board::new(&cured, dir, (&request.libraries, &request.sketches), shared)?;
        for (index, requested) in request.sketches.iter().enumerate() {
            if request.exceptions.contains_key(&(board_index, index)) {
                continue;
            }
            if !services.stop.may_start() {
                return Ok(looks);
            }
            let place = board.dir.join(index.to_string());
            let prepared = board.libraries.of(requested);
            let prepared = prepared
                .map_err(|problem| Unprepared::new(Phase::Load, problem))
                .and_then(|libraries| {
                    let context = SketchContext {
                        board: &board,
                        libraries,
                        services: shared,
                        runner: services.runner,
                        hooks: &hooks,
                    };
                    match &requested.sketch {
                        Ok(sketch) => prepare_sketch(sketch, &tree, context, &place),
                        Err(error) => Err(Unprepared::new(Phase::Load, error_chain(error))),
                    }
                });
            looks.push(look_at(&board, requested, prepared));
        }
    }
    Ok(looks)
}

fn look_at(
    board: &Board<'_>,
    requested: &Requested,
    prepared: Result<PreparedSketch<'_>, Unprepared>,
) -> Look {
    let (generated, discovery, missing) = match prepared {
        Ok(prepare_sketch) => {
            let nothing =
                || Unprepared::new(Phase::Scan, "nothing was generated".to_owned()).failure;
            (
                prepare_sketch
                    .generated
                    .into_iter()
                    .next()
                    .ok_or_else(nothing),
                Some(prepare_sketch.discovery),
                None,
            )
        }
        Err(unprepared) => (Err(unprepared.failure), None, unprepared.missing),
    };
    Look {
        board: board.fqbn.clone(),
        sketch: requested.label.clone(),
        generated,
        discovery,
        missing,
    }
}
