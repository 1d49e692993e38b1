//! What is noted about one sketch while it is built: its log, its warnings, what it cost, and what a later run may know of it.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::outcome::{Firmware, SketchOutcome};
use fbuild_model::{Cost, Diagnostic, Digest, Fingerprint, Severity, diagnostic};

use crate::action::{Done, NotDone};
use crate::exec::Executor;
use crate::incremental::record::Record;
use crate::plan::{BuildPlan, SketchEntry, SketchPlan};
use crate::stage::ArchiveSet;
use crate::stage::log::Log;

/// What is noted about a sketch while it is built.
pub struct Trace {
    /// Its log.
    pub log: Log,
    /// Warnings of its own translation units and of its link.
    pub warnings: Vec<Diagnostic>,
    /// What its processes cost.
    pub cost: Cost,
    /// Time that was spent on the sketch before it was its turn.
    pub earlier: Duration,
    /// The firmware's files and their content.
    pub files: Vec<(Utf8PathBuf, Digest)>,
    /// The fingerprints of its results; `None` for one that could not be kept.
    results: Vec<Option<Fingerprint>>,
}

impl Trace {
    /// Starts with an empty log.
    pub fn new(entry: &SketchEntry) -> Self {
        let log = Log::new(&format!("{} for {}", entry.name, entry.board));
        Self {
            log,
            warnings: Vec::new(),
            cost: Cost::default(),
            earlier: Duration::ZERO,
            files: Vec::new(),
            results: Vec::new(),
        }
    }

    /// Notes an action that succeeded.
    pub fn done(&mut self, commands: &[String], done: &Done) {
        self.log.commands(commands, &done.text);
        self.cost = self.cost.plus(done.cost);
        self.results.push(done.kept);
        let found = diagnostic::parse_gcc(&done.text);
        self.warnings.extend(
            found
                .into_iter()
                .filter(|diagnostic| diagnostic.severity == Severity::Warning),
        );
    }

    /// Notes an action that did not succeed and returns the sketch's outcome.
    pub fn not_done(
        &mut self,
        commands: &[String],
        not_done: NotDone,
        executor: &Executor<'_>,
    ) -> SketchOutcome {
        match not_done {
            NotDone::Stopped => stopped(executor),
            NotDone::Failed(failed) => {
                self.log.commands(commands, "");
                self.cost = self.cost.plus(failed.cost);
                SketchOutcome::Failed(failed.failure)
            }
        }
    }

    /// Returns what a later run may know of a sketch that was built; `None` if something it is made of could not be kept, so that the files
    /// that were read may not be those that are known.
    pub fn record(
        &self,
        firmware: &Firmware,
        log: &Utf8Path,
        sketch: &SketchPlan,
        plan: &BuildPlan,
        archives: &ArchiveSet,
    ) -> Option<Record> {
        let used: Option<Vec<Fingerprint>> = self.results.iter().copied().collect();
        let mut linked = Vec::new();
        for &id in std::iter::once(&sketch.core).chain(&sketch.archives) {
            archives.get(id).ok()?.kept()?;
            linked.push(plan.archives[id.index()].path.clone());
        }
        let mut files = self.files.clone();
        files.push((log.to_owned(), Digest::of(self.log.as_str().as_bytes())));
        Some(Record {
            snapshot: Digest::of(b""),
            own: sketch.record?.own(),
            files,
            artifacts: firmware.artifacts.clone(),
            sizes: firmware.sizes,
            log: Some(log.to_owned()),
            warnings: self.warnings.clone(),
            libraries: sketch.libraries.clone(),
            archives: linked,
            used: used?,
        })
    }
}

/// Returns the outcome of a sketch for which nothing more was started.
pub fn stopped(executor: &Executor<'_>) -> SketchOutcome {
    if executor.stop.is_cancelled() {
        SketchOutcome::Cancelled
    } else {
        SketchOutcome::NotRun
    }
}
