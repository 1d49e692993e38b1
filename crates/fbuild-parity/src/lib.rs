//! Parity: the firmware made here against that of a reference tool found on the machine.
//!
//! The sketches are built once by [`fbuild_build::run`], as any other run does. Then a [`Reference`] builds each of them by itself, and the two images
//! are compared byte by byte. arduino-cli's image is taken as it is; arduino-builder 1.3.25 compiles and its objects are archived and linked
//! again in the order that arduino-cli has (docs/parity.md). What the reference is known to do differently makes a sketch *not comparable*,
//! never identical; a difference without such a reason is a [`Verdict::Differs`]. The module does not print.

mod arduino_builder;
mod arduino_cli;
mod difference;
mod explain;
mod image;
mod program;
mod reference;
mod relink;

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::mpsc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::outcome::{SketchOutcome, SketchResult};
use fbuild_model::{Command, Event};
use fbuild_platform::BoardSpec;
use fbuild_scan::library::Location;
use fbuild_scan::library::index::Root;
use fbuild_scan::sketch::Sketch;
use fbuild_scan::sketch::find::Requested;
use rayon::prelude::*;

pub use self::difference::{Difference, SectionDifference};
pub use self::image::{Image, ImageError};
pub use self::reference::{Reference, ReferenceError};

use fbuild_build::plan::BuildPlan;
use fbuild_build::plan::planner::Extent;
use fbuild_build::plan::quirks::quirks_applied;
use fbuild_build::request::Request;
use fbuild_build::run::{self, BuildError};
use fbuild_build::services::Services;
use fbuild_build::toolchain::Toolchain;
use fbuild_process::runner::{Output, Runner};

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

/// How one sketch compares on one board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Both images hold the same bytes at the same addresses.
    Identical {
        /// How many bytes.
        bytes: usize,
    },
    /// The images differ and nothing known explains it.
    Differs(Difference),
    /// The reference builds the sketch and we do not.
    OnlyReference {
        /// Our reason.
        reason: String,
    },
    /// The two cannot be compared, or differ for a known reason.
    NotComparable {
        /// Why.
        reason: String,
    },
    /// Neither builds it.
    BothFail {
        /// Our reason.
        reason: String,
    },
}

impl Verdict {
    /// Returns the word for tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identical { .. } => "identical",
            Self::Differs(_) => "differs",
            Self::OnlyReference { .. } => "only the reference builds",
            Self::NotComparable { .. } => "not comparable",
            Self::BothFail { .. } => "both fail",
        }
    }

    /// Returns whether this is a difference without a known reason.
    pub fn is_unexplained(&self) -> bool {
        matches!(self, Self::Differs(_) | Self::OnlyReference { .. })
    }

    /// Returns what is to be said beside the word, in one line.
    pub fn remark(&self) -> String {
        match self {
            Self::Identical { bytes } => format!("{bytes} bytes"),
            Self::Differs(difference) => difference.to_string(),
            Self::OnlyReference { reason }
            | Self::NotComparable { reason }
            | Self::BothFail { reason } => one_line(reason),
        }
    }
}

/// One row of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The board's FQBN as asked for.
    pub board: String,
    /// The sketch's name.
    pub sketch: String,
    /// How it compares.
    pub verdict: Verdict,
}

/// Why there is no comparison at all.
#[derive(Debug, thiserror::Error)]
pub enum ParityError {
    /// Our own build could not be planned or run.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The workers cannot be started.
    #[error("start the workers of the reference")]
    Pool(#[from] rayon::ThreadPoolBuildError),
    /// A folder for the reference cannot be made.
    #[error("make the folder `{path}` for the reference")]
    Folder {
        /// The folder.
        path: Utf8PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// One sketch on one board, as the reference sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    /// The board, with the cures of known faults in it.
    pub spec: &'a BoardSpec,
    /// The FQBN with all options.
    pub fqbn: &'a str,
    /// The sketch.
    pub sketch: &'a Sketch,
    /// Where the reference builds it; does not exist yet.
    pub dir: &'a Utf8Path,
    /// Folders of libraries, then single ones.
    pub libraries: &'a [Root],
    /// `--build-property`.
    pub properties: &'a [String],
    /// The warning level.
    pub warnings: &'a str,
    /// Starts processes.
    pub runner: &'a Runner,
}

/// What we have of one sketch on one board.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ours<'a> {
    /// The plan.
    pub plan: &'a BuildPlan,
    /// The sketch's place in it.
    pub index: usize,
    /// How it ended.
    pub result: &'a SketchResult,
}

impl Ours<'_> {
    fn out_dir(&self) -> &Utf8Path {
        &self.plan.sketches[self.index].out_dir
    }
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
    let specs: HashMap<String, BoardSpec> = request
        .boards
        .iter()
        .map(|board| {
            (
                board.fqbn().to_string(),
                if request.quirks {
                    quirks_applied(board, &tools)
                } else {
                    board.clone()
                },
            )
        })
        .collect();
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
                // Only what somebody may want to look at is kept.
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

/// Runs our own build and keeps how each sketch ended, by its place in the plan.
fn built_here(
    request: &Request,
    services: Services<'_>,
    events: &mpsc::Sender<Event>,
) -> Result<(BuildPlan, HashMap<usize, SketchResult>), BuildError> {
    let plan = run::plan(request, Extent::All, services, events)?;
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
        let built = run::build(request, &plan, services, own).map(drop);
        let _ = listener.join();
        built
    })?;
    let results = results
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok((plan, results))
}

/// Empties the reference's folder and returns the folders of libraries for it.
///
/// A reference that knows no single libraries gets a folder with links to them. We then take them by the same links: `__FILE__` carries a
/// library's path into the bytes.
fn prepare(root: &Utf8Path, own: &mut [Root]) -> Result<Vec<Root>, ParityError> {
    let linked = root.join("libraries");
    let folder = |source: std::io::Error| ParityError::Folder {
        path: root.to_owned(),
        source,
    };
    if root.exists() {
        fs_err::remove_dir_all(root).map_err(folder)?;
    }
    fs_err::create_dir_all(&linked).map_err(folder)?;
    let mut theirs: Vec<Root> = own
        .iter()
        .filter(|root| !root.is_library() && root.dir().is_dir())
        .cloned()
        .collect();
    for single in own.iter_mut().filter(|root| root.is_library()) {
        let link = linked.join(single.dir().file_name().unwrap_or("library"));
        // Of two single libraries of one name the first counts, here and there.
        if !link.exists() && single.dir().is_dir() {
            std::os::unix::fs::symlink(single.dir(), &link).map_err(folder)?;
            *single = Root::library(link);
        }
    }
    theirs.push(Root::folder(linked, Location::User));
    Ok(theirs)
}

/// Gives each sketch that a library contains a folder of libraries for the reference, in which this one is alone, and returns it by sketch.
///
/// The sketch itself takes the library by the link in that folder, as in [`prepare`].
fn link_enclosing(
    root: &Utf8Path,
    sketches: &mut [Requested],
) -> Result<Vec<Option<Root>>, ParityError> {
    let mut folders = Vec::new();
    let mut links: HashMap<Utf8PathBuf, Utf8PathBuf> = HashMap::new();
    for sketch in sketches {
        let Some(library) = &sketch.library else {
            folders.push(None);
            continue;
        };
        let link = match links.get(library) {
            Some(link) => link.clone(),
            None => {
                let folder = root.join("enclosing").join(links.len().to_string());
                let link = folder.join(library.file_name().unwrap_or("library"));
                let made = fs_err::create_dir_all(&folder)
                    .and_then(|()| fs_err::os::unix::fs::symlink(library, &link));
                made.map_err(|source| ParityError::Folder {
                    path: folder,
                    source,
                })?;
                links.insert(library.clone(), link.clone());
                link
            }
        };
        let folder = link.parent().unwrap_or(root);
        folders.push(Some(Root::folder(folder, Location::User)));
        sketch.library = Some(link);
    }
    Ok(folders)
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
        Err(reference::NotBuilt::Incomparable(reason)) => return Verdict::NotComparable { reason },
        Err(reference::NotBuilt::Failed(reason)) => {
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

/// Runs a command of the reference; what it printed is the error if it fails.
pub(crate) fn checked(runner: &Runner, command: &Command) -> Result<Output, String> {
    let output = runner
        .run(command)
        .map_err(|error| fbuild_model::error_chain(&error))?;
    match output.failure() {
        None => Ok(output),
        Some(failure) => {
            let (all, errors) = (
                output.text(),
                String::from_utf8_lossy(&output.stderr).into_owned(),
            );
            let telling = all.lines().find(|line| {
                ["error:", "undefined reference", "overflowed"]
                    .iter()
                    .any(|word| line.contains(word))
            });
            let last = errors.lines().rfind(|line| !line.trim().is_empty());
            Err(telling.or(last).unwrap_or(&failure).trim().to_owned())
        }
    }
}

/// Joins the lines of a text and bounds it.
fn one_line(text: &str) -> String {
    let joined = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ");
    match joined.char_indices().nth(300) {
        Some((at, _)) => format!("{}…", &joined[..at]),
        None => joined,
    }
}
