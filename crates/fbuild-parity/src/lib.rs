//! Parity: the firmware made here against that of a reference tool found on the machine.
//!
//! The sketches are built once by [`fbuild_build::run`], as any other run does. Then a [`Reference`] builds each of them by itself, and the two images
//! are compared byte by byte. arduino-cli's image is taken as it is; arduino-builder 1.3.25 compiles and its objects are archived and linked
//! again in the order that arduino-cli has (docs/parity.md). What the reference is known to do differently makes a sketch *not comparable*,
//! never identical; a difference without such a reason is a [`Verdict::Differs`]. The module does not print.

mod arduino_builder;
mod arduino_cli;
mod case;
mod difference;
mod error;
mod explain;
mod folders;
mod image;
mod program;
mod reference;
mod relink;
mod used_libraries;
mod verdict;

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::mpsc;

use fbuild_model::Event;
use fbuild_model::outcome::{SketchOutcome, SketchResult};
use fbuild_platform::BoardSpec;
use fbuild_scan::library::index::Root;
use rayon::prelude::*;

pub use self::difference::{Difference, SectionDifference};
pub use self::error::ParityError;
pub use self::image::{Image, ImageError};
pub use self::reference::{Reference, ReferenceError};
pub use self::verdict::{Check, Verdict};

use self::case::{Case, NotBuilt, Ours};
use self::folders::{link_enclosing, prepare};
use fbuild_build::plan::BuildPlan;
use fbuild_build::plan::planner::Extent;
use fbuild_build::plan::quirks::quirks_applied;
use fbuild_build::request::Request;
use fbuild_build::run::{self, BuildError};
use fbuild_build::services::Services;
use fbuild_build::toolchain::Toolchain;

/// What is compared, and with what.
#[derive(Debug)]
pub struct Question<'a> {
    /// The sketches and boards; its output directory holds both sides' files.
    pub request: Request,
    /// The reference tool.
    pub reference: &'a Reference,
    /// Per FQBN of the request the FQBN with every option written out: arduino-builder knows no defaults (docs/parity.md).
    pub complete_fqbns: HashMap<String, String>,
    /// `--build-property`, in the order given.
    pub build_properties: Vec<String>,
    /// The name of the warning level.
    pub warnings: String,
}

/// Builds everything here, then with the reference, and compares. Gives one row per (board, sketch) in the order of the request.
///
/// `progress` is called with every row as soon as it is known, in no particular order; `events` sees the events of our own build.
///
/// # Errors
/// If our own build cannot be run at all, or folders cannot be made.
pub fn run(
    mut question: Question<'_>,
    services: Services<'_>,
    events: &mpsc::Sender<Event>,
    progress: &(dyn Fn(&Check) + Sync),
) -> Result<Vec<Check>, ParityError> {
    let root = question.request.output_dir.join("reference");
    let libraries = prepare(&root, &mut question.request.libraries)?;
    let own = link_enclosing(&root, &mut question.request.sketches)?;
    let request = &question.request;
    let (plan, results) = built_here(request, services, events)?;
    let tools = Toolchain::new(services.cache, services.runner);
    let specs = specs(request, &tools);
    let session = reference::Session::new(question.reference, root.clone());
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(request.sketch_jobs.get())
        .build()?;
    let checks = pool.install(|| {
        (0..plan.sketches.len())
            .into_par_iter()
            .map(|index| {
                let entry = &plan.sketches[index];
                let dir = root.join(
                    entry
                        .out_dir
                        .strip_prefix(&request.output_dir)
                        .unwrap_or(&entry.out_dir),
                );
                // The plan leaves out what is not built for a board, so positions in it are not those of the request.
                let mut requested = request.sketches.iter().zip(&own);
                let requested = requested.find(|(sketch, _)| sketch.dir == entry.dir);
                let sketch = requested.map(|(requested, _)| &requested.sketch);
                let own = requested.and_then(|(_, own)| own.as_ref());
                let libraries: Vec<Root> = libraries.iter().chain(own).cloned().collect();
                let ours = results.get(&index).map(|result| Ours {
                    plan: &plan,
                    index,
                    result,
                });
                let verdict = match (ours, sketch, specs.get(&entry.board)) {
                    (Some(ours), Some(Ok(sketch)), Some(spec)) => {
                        let fqbn = question
                            .complete_fqbns
                            .get(&entry.board)
                            .unwrap_or(&entry.board);
                        let (properties, warnings) = (
                            question.build_properties.as_slice(),
                            question.warnings.as_str(),
                        );
                        let case = Case {
                            spec,
                            fqbn,
                            sketch,
                            dir: &dir,
                            libraries: &libraries,
                            properties,
                            warnings,
                            runner: services.runner,
                        };
                        compared(&session, &case, ours)
                    }
                    (_, Some(Err(error)), _) => Verdict::NotComparable {
                        reason: format!("it is no sketch: {error}"),
                    },
                    _ => Verdict::NotComparable {
                        reason: "the run was stopped".to_owned(),
                    },
                };
                // What differs is kept for inspection.
                if matches!(verdict, Verdict::Identical { .. }) {
                    let _ = fs_err::remove_dir_all(&dir);
                }
                let check = Check {
                    board: entry.board.clone(),
                    sketch: entry.name.clone(),
                    verdict,
                };
                progress(&check);
                check
            })
            .collect()
    });
    Ok(checks)
}

/// Returns the boards by FQBN, with the cures of known faults in them.
fn specs(request: &Request, tools: &Toolchain<'_>) -> HashMap<String, BoardSpec> {
    let spec = |board: &BoardSpec| match request.quirks {
        true => quirks_applied(board, tools),
        false => board.clone(),
    };
    let boards = request.boards.iter();
    boards
        .map(|board| (board.fqbn().to_string(), spec(board)))
        .collect()
}

/// Runs our own build and keeps how each sketch ended, by its place in the plan.
fn built_here(
    request: &Request,
    services: Services<'_>,
    events: &mpsc::Sender<Event>,
) -> Result<(BuildPlan, HashMap<usize, SketchResult>), BuildError> {
    let planned = run::plan(request, Extent::All, services, events)?;
    let (own, inbox) = mpsc::channel();
    let results = Mutex::new(HashMap::new());
    std::thread::scope(|scope| {
        let listener = scope.spawn(|| {
            for event in inbox {
                if let Event::SketchFinished { index, result } = &event {
                    results
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .insert(*index, (**result).clone());
                }
                let _ = events.send(event);
            }
        });
        let built = run::build(request, &planned, services, own).map(drop);
        let _ = listener.join();
        built
    })?;
    let results = results
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok((planned.plan, results))
}

/// Lets the reference build one sketch and compares.
fn compared(session: &reference::Session<'_>, case: &Case<'_>, ours: Ours<'_>) -> Verdict {
    if let SketchOutcome::Skipped(rule) = &ours.result.outcome {
        return Verdict::NotComparable {
            reason: format!("skipped: {}", rule.text),
        };
    }
    let theirs = match session.build(case, ours) {
        Ok(theirs) => theirs,
        Err(NotBuilt::Incomparable(reason)) => return Verdict::NotComparable { reason },
        Err(NotBuilt::Failed(reason)) => {
            return match our_failure(ours.result) {
                Some(own) => Verdict::BothFail { reason: own },
                None => Verdict::NotComparable {
                    reason: format!("the reference does not build it: {reason}"),
                },
            };
        }
    };
    if let Some(reason) = our_failure(ours.result) {
        return Verdict::OnlyReference { reason };
    }
    let name = case.sketch.project_name();
    let (our_hex, their_hex) = (
        ours.out_dir().join(format!("{name}.hex")),
        theirs.hex.clone(),
    );
    let difference = match difference::between(&our_hex, &their_hex) {
        Ok(None) => {
            return Verdict::Identical {
                bytes: Image::read(&our_hex)
                    .map(|image| image.len())
                    .unwrap_or_default(),
            };
        }
        Ok(Some(difference)) => difference,
        Err(error) => {
            return Verdict::NotComparable {
                reason: error.to_string(),
            };
        }
    };
    match session.explained(case, ours, &theirs) {
        Some(reason) => Verdict::NotComparable { reason },
        None => Verdict::Differs(difference),
    }
}

/// Returns why we did not build it; `None` if we did.
fn our_failure(result: &SketchResult) -> Option<String> {
    match &result.outcome {
        SketchOutcome::Built(_) => None,
        SketchOutcome::Failed(failure) | SketchOutcome::Blocked { failure, .. } => {
            let first = failure
                .diagnostics
                .first()
                .map(|diagnostic| diagnostic.message.clone());
            Some(format!(
                "{}: {}",
                failure.phase,
                first.unwrap_or_else(|| failure.message.clone())
            ))
        }
        other => Some(other.name().to_owned()),
    }
}
