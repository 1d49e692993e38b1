//! The verdict over a run, from which the exit status is chosen.
//!
//! The numbers are the command line tool's; that a run was interrupted or misused before it had sketches is also known only there.

use fbuild_model::outcome::{SketchOutcome, SketchResult};

use crate::fold::RunReport;
use crate::json::counts;
use crate::schema::run;

/// How a run ended as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every sketch was built or skipped, and at least one was built.
    Success,
    /// There was no sketch.
    NoSketches,
    /// There were sketches, and a rule left out every one of them.
    AllSkipped,
    /// Some sketch failed, was blocked or was not run, or the run ended without saying how a sketch ended.
    SomeFailed,
    /// The core failed, so that no sketch could be built on any board.
    CoreFailed,
    /// The user interrupted the run.
    Cancelled,
    /// The command line or the set-up was wrong, and the run ended before its sketches did.
    Error,
}

impl Verdict {
    /// Returns the name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::NoSketches => "no-sketches",
            Self::AllSkipped => "all-skipped",
            Self::SomeFailed => "some-failed",
            Self::CoreFailed => "core-failed",
            Self::Cancelled => "cancelled",
            Self::Error => "error",
        }
    }
}

impl RunReport {
    /// Returns the verdict over the run.
    pub fn verdict(&self) -> Verdict {
        let by_core = |result: &&SketchResult| matches!(&result.outcome, SketchOutcome::Blocked { by, .. } if by == "core");
        let blocked_by_core = self.results().iter().filter(by_core).count();
        of(
            &counts(self.counts()),
            blocked_by_core,
            self.error.is_some(),
        )
    }
}

/// Returns the verdict over the run that a report is of.
pub fn of_document(document: &run::Document) -> Verdict {
    let by_core = |sketch: &&run::Sketch| sketch.blocked_by.as_deref() == Some("core");
    let blocked_by_core = document.sketches.iter().filter(by_core).count();
    of(&document.counts, blocked_by_core, document.error.is_some())
}

fn of(counts: &run::Counts, blocked_by_core: usize, has_error: bool) -> Verdict {
    let blocked_by_core = blocked_by_core as u64;
    if has_error {
        Verdict::Error
    } else if counts.requested == 0 {
        Verdict::NoSketches
    } else if counts.cancelled > 0 {
        Verdict::Cancelled
    } else if counts.skipped == counts.requested {
        Verdict::AllSkipped
    } else if counts.built + counts.skipped == counts.requested {
        Verdict::Success
    } else if blocked_by_core > 0
        && blocked_by_core + counts.skipped + counts.not_run == counts.requested
    {
        Verdict::CoreFailed
    } else {
        Verdict::SomeFailed
    }
}
