//! The fold: events in, one [`RunReport`] out.
//!
//! The report keeps what some format shows and nothing else; commands, for example, are shown while they happen and not kept. The fold is
//! total: it accepts any sequence of events, also one that ends in the middle, because an interrupted run is reported as well.

use std::time::Duration;

use fbuild_model::Event;
use fbuild_model::cost::Cost;
use fbuild_model::event::{
    ActionEnding, ActionReport, Audit, RemoteUse, SharedLibrary, SharedWarnings, StageReport,
};
use fbuild_model::fingerprint::MissReason;
use fbuild_model::outcome::{SketchOutcome, SketchResult, Stage};

/// Everything that is known of a run, as far as it got.
#[derive(Debug, Clone, Default)]
pub struct RunReport {
    /// The boards' FQBNs, in the order of the request. One is there twice if rules add definitions for some sketches.
    pub boards: Vec<String>,
    /// Number of sketches per board.
    pub sketches_per_board: usize,
    /// Number of pairs of board and sketch that were not requested.
    pub unrequested: usize,
    /// Width of stage 1.
    pub framework_jobs: usize,
    /// Width of stage 2.
    pub sketch_jobs: usize,
    /// What planning found; `None` until it ended.
    pub plan: Option<PlanSummary>,
    /// Stage 1: what sketches share.
    pub shared: StageSummary,
    /// Stage 2: what belongs to one sketch.
    pub sketch: StageSummary,
    /// Actions whose result was not in the cache, in the order in which they ended.
    pub misses: Vec<Miss>,
    /// What became of the compiles that should use a precompiled header.
    pub pch: PchUse,
    /// What the remote cache was used for, if there is one.
    pub remote: Option<RemoteUse>,
    /// What became of making cached results again; `None` unless that was requested.
    pub audit: Option<Audit>,
    /// What the compiler warned about in core and libraries.
    pub shared_warnings: Vec<SharedWarnings>,
    /// Warnings about the run as a whole.
    pub warnings: Vec<String>,
    /// The error that ended the run before all sketches had been worked on.
    pub error: Option<String>,
    /// Time from start to end; `None` until the run ended.
    pub duration: Option<Duration>,
    results: Vec<SketchResult>,
    /// The position in the request of each of `results`, ascending.
    positions: Vec<usize>,
}

/// What planning found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanSummary {
    /// Time it took.
    pub duration: Duration,
    /// What its processes cost.
    pub cost: Cost,
    /// What each library is shared as.
    pub libraries: Vec<SharedLibrary>,
    /// Number of shared actions.
    pub shared_actions: usize,
    /// Translation units that the compiler had to preprocess, with the reason.
    pub fallbacks: Vec<String>,
}

/// One stage, as far as it got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageSummary {
    /// How far it got.
    pub progress: Progress,
    /// Number of actions (stage 1) or sketches (stage 2).
    pub total: usize,
    /// Time from its first piece of work to its last; zero until it ended.
    pub wall: Duration,
    /// What its processes cost; `peak_memory` is that of the largest child.
    pub cost: Cost,
    /// Actions whose result was found in the cache.
    pub hits: usize,
    /// Actions that ran.
    pub ran: usize,
    /// Actions that ran and failed.
    pub failed: usize,
    /// The cache key. Stage 1 only.
    pub key: Option<String>,
}

/// How far a stage got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// Nothing of it began.
    #[default]
    Waiting,
    /// It began and, as far as the events say, did not end.
    Running,
    /// It ended.
    Ended,
}

/// An action that had to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// The stage it belongs to.
    pub stage: Stage,
    /// Its label.
    pub label: String,
    /// Why there was no result.
    pub reason: MissReason,
}

/// Compiles that should use a precompiled header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PchUse {
    /// Those that did.
    pub used: usize,
    /// Those that did not: the header could not be made, or the compiler refused it. They took longer and are no worse.
    pub not_used: usize,
}

/// How many sketches ended how, over all boards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sketches that were asked for.
    pub requested: usize,
    /// Sketches with firmware.
    pub built: usize,
    /// Those of `built` that came from the cache without a process.
    pub cached: usize,
    /// Sketches in which something of their own failed.
    pub failed: usize,
    /// Sketches for which something shared failed.
    pub blocked: usize,
    /// Sketches that a rule in the tree leaves out.
    pub skipped: usize,
    /// Sketches that were not started because an earlier failure ended the run.
    pub not_run: usize,
    /// Sketches that the user interrupted.
    pub cancelled: usize,
}

impl RunReport {
    /// Takes one event in.
    ///
    /// Total: no sequence of events is refused. A second result for the same position replaces the first.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::RunStarted {
                boards,
                sketches,
                unrequested,
                framework_jobs,
                sketch_jobs,
            } => {
                self.boards.clone_from(boards);
                self.sketches_per_board = *sketches;
                self.unrequested = *unrequested;
                self.framework_jobs = *framework_jobs;
                self.sketch_jobs = *sketch_jobs;
            }
            Event::Planned {
                duration,
                cost,
                libraries,
                shared_actions,
                fallbacks,
            } => {
                self.plan = Some(PlanSummary {
                    duration: *duration,
                    cost: *cost,
                    libraries: libraries.clone(),
                    shared_actions: *shared_actions,
                    fallbacks: fallbacks.clone(),
                });
            }
            Event::StageStarted { stage, total } => {
                let summary = self.stage_mut(*stage);
                summary.progress = summary.progress.max(Progress::Running);
                summary.total = *total;
            }
            Event::WorkStarted { .. } => {}
            Event::SharedWarnings(warnings) => self.shared_warnings.push(warnings.clone()),
            Event::ActionFinished(action) => self.action_finished(action),
            Event::SketchFinished { index, result } => self.sketch_finished(*index, result),
            Event::StageFinished(stage) => self.stage_finished(stage),
            Event::RemoteUsed(used) => self.remote = Some(*used),
            Event::Audited(audit) => self.audit = Some(audit.clone()),
            Event::Warning(text) => self.warnings.push(text.clone()),
            Event::RunFinished { duration } => self.duration = Some(*duration),
        }
    }

    /// Notes the error that ended the run.
    pub fn fail(&mut self, message: String) {
        self.error = Some(message);
    }

    /// Returns whether the sketch at a position of the request has a result.
    pub fn has_result(&self, index: usize) -> bool {
        self.positions.binary_search(&index).is_ok()
    }

    /// Returns the results so far, in the order of the request.
    pub fn results(&self) -> &[SketchResult] {
        &self.results
    }

    /// Returns the summary of one stage.
    pub fn stage(&self, stage: Stage) -> &StageSummary {
        match stage {
            Stage::Shared => &self.shared,
            Stage::Sketch => &self.sketch,
        }
    }

    /// Returns how many sketches ended how.
    pub fn counts(&self) -> Counts {
        let pairs = self.boards.len().saturating_mul(self.sketches_per_board);
        let asked = pairs.saturating_sub(self.unrequested);
        let mut counts = Counts {
            requested: asked.max(self.results.len()),
            ..Counts::default()
        };
        for result in &self.results {
            match result.outcome {
                SketchOutcome::Built(_) => {
                    counts.built += 1;
                    counts.cached += usize::from(result.cached);
                }
                SketchOutcome::Failed(_) => counts.failed += 1,
                SketchOutcome::Blocked { .. } => counts.blocked += 1,
                SketchOutcome::Skipped(_) => counts.skipped += 1,
                SketchOutcome::NotRun => counts.not_run += 1,
                SketchOutcome::Cancelled => counts.cancelled += 1,
            }
        }
        counts
    }

    /// Returns the boards' FQBNs, each once, in the order of the request; those that only results name are last.
    pub fn distinct_boards(&self) -> Vec<&str> {
        let requested = self.boards.iter().map(String::as_str);
        let named = self.results.iter().map(|result| result.board.as_str());
        let mut boards = Vec::new();
        for board in requested.chain(named) {
            if !boards.contains(&board) {
                boards.push(board);
            }
        }
        boards
    }

    /// Returns whether the request names more than one board, so that a sketch's name alone does not say which result is meant.
    pub fn several_boards(&self) -> bool {
        self.distinct_boards().len() > 1
    }

    fn stage_mut(&mut self, stage: Stage) -> &mut StageSummary {
        match stage {
            Stage::Shared => &mut self.shared,
            Stage::Sketch => &mut self.sketch,
        }
    }

    fn action_finished(&mut self, action: &ActionReport) {
        let summary = self.stage_mut(action.stage);
        // The report of the whole stage is the authority; until it comes, the actions are added up.
        let open = summary.progress != Progress::Ended;
        match &action.ending {
            ActionEnding::Hit => summary.hits += usize::from(open),
            ActionEnding::Ran {
                reason,
                cost,
                success,
                preamble,
            } => {
                match preamble {
                    Some(true) => self.pch.used += 1,
                    Some(false) => self.pch.not_used += 1,
                    None => {}
                }
                let summary = self.stage_mut(action.stage);
                summary.failed += usize::from(!success);
                if open {
                    summary.ran += 1;
                    summary.cost = summary.cost.plus(*cost);
                }
                self.misses.push(Miss {
                    stage: action.stage,
                    label: action.label.clone(),
                    reason: reason.clone(),
                });
            }
        }
    }

    fn stage_finished(&mut self, report: &StageReport) {
        let summary = self.stage_mut(report.stage);
        summary.progress = Progress::Ended;
        summary.wall = report.wall;
        summary.cost = report.cost;
        summary.hits = report.hits;
        summary.ran = report.ran;
        summary.key.clone_from(&report.key);
    }

    fn sketch_finished(&mut self, index: usize, result: &SketchResult) {
        match self.positions.binary_search(&index) {
            Ok(at) => self.results[at] = result.clone(),
            Err(at) => {
                self.positions.insert(at, index);
                self.results.insert(at, result.clone());
            }
        }
    }
}
