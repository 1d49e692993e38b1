//! One sketch on one board: what is compared, what we have of it, and what the reference made.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_build::plan::BuildPlan;
use fbuild_model::Command;
use fbuild_model::outcome::SketchResult;
use fbuild_platform::BoardSpec;
use fbuild_process::runner::{Output, Runner};
use fbuild_scan::library::index::Root;
use fbuild_scan::sketch::Sketch;

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
    /// Returns the directory of its firmware.
    pub(crate) fn out_dir(&self) -> &Utf8Path {
        &self.plan.sketches[self.index].out_dir
    }
}

/// A board's core as the reference compiled it.
#[derive(Debug, Clone)]
pub struct Core {
    /// The archive with its members in sorted order.
    pub archive: Utf8PathBuf,
    /// The variant's objects in order.
    pub variant: Vec<Utf8PathBuf>,
}

/// What a reference made.
#[derive(Debug)]
pub struct Built {
    /// The image; the program stands beside it.
    pub hex: Utf8PathBuf,
    /// The commands it printed, if it is one that is relinked.
    pub printed: Vec<String>,
}

/// Why a reference made nothing that can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotBuilt {
    /// The two tools have other rules here.
    Incomparable(String),
    /// It failed.
    Failed(String),
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
