//! The JSON report: from the fold to the wire types of [`crate::schema`], and to text.

use std::time::Duration;

use camino::Utf8Path;
use fbuild_model::cost::Cost;
use fbuild_model::diagnostic::{Diagnostic, Severity};
use fbuild_model::event::{Audit, AuditDifference, RemoteUse, SharedWarnings};
use fbuild_model::outcome::{SketchOutcome, SketchResult, Stage};
use fbuild_model::size::Usage;
use fbuild_model::untrusted;

use crate::cause_code;
use crate::fold::{Counts, PlanSummary, Progress, RunReport};
use crate::schema::{self, run};

/// What a report says about a run beside its events.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// How the run was started; paths below its directory are written relative to that.
    pub invocation: run::Invocation,
    /// What the boards were built with.
    pub boards: Vec<run::Board>,
}

impl Origin {
    /// Returns a path as it is written.
    fn path(&self, path: &Utf8Path) -> String {
        let dir = &self.invocation.dir;
        let relative = path.strip_prefix(dir).ok().filter(|_| !dir.is_empty());
        match relative {
            Some(here) if here.as_str().is_empty() => ".".to_owned(),
            Some(below) => below.to_string(),
            None => path.to_string(),
        }
    }
}

/// Returns the report as JSON text, indented by two, ending in a line end.
pub fn render(report: &RunReport, origin: &Origin) -> String {
    text(&document(report, origin))
}

/// Returns a report's wire types as [`render`] does.
pub fn text(document: &run::Document) -> String {
    let mut text =
        serde_json::to_string_pretty(document).expect("the wire types have only string keys");
    text.push('\n');
    untrusted::json(&text)
}

/// Returns what a remote cache was used for as wire types.
pub(crate) fn remote_use(used: RemoteUse) -> run::RemoteUse {
    run::RemoteUse {
        hits: used.hits,
        misses: used.misses,
        uploads: used.uploads,
        bytes_down: used.bytes_down,
        bytes_up: used.bytes_up,
        seconds: seconds(used.waited),
    }
}

/// Returns the report as wire types.
pub fn document(report: &RunReport, origin: &Origin) -> run::Document {
    run::Document {
        schema: schema_of(schema::NAME),
        tool: run::Tool {
            name: "fbuild".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        invocation: origin.invocation.clone(),
        boards: origin.boards.clone(),
        request: run::Request {
            boards: owned(report.distinct_boards()),
            sketches_per_board: report.sketches_per_board as u64,
            framework_jobs: report.framework_jobs as u64,
            sketch_jobs: report.sketch_jobs as u64,
        },
        verdict: report.verdict().name().to_owned(),
        error: report.error.clone(),
        seconds: report.duration.map(seconds),
        counts: counts(report.counts()),
        plan: report.plan.as_ref().map(plan),
        remote: report.remote.map(remote_use),
        stages: [Stage::Shared, Stage::Sketch]
            .map(|name| stage(report, name))
            .into(),
        sketches: report
            .results()
            .iter()
            .map(|result| sketch(result, origin))
            .collect(),
        misses: report
            .misses
            .iter()
            .map(|miss| run::Miss {
                stage: miss.stage.name().to_owned(),
                label: miss.label.clone(),
                reason: miss.reason.to_string(),
            })
            .collect(),
        preambles: run::Preambles {
            used: report.pch.used as u64,
            not_used: report.pch.not_used as u64,
        },
        audit: report.audit.as_ref().map(audit),
        shared_warnings: report
            .shared_warnings
            .iter()
            .map(|shared| shared_warnings(shared, origin))
            .collect(),
        warnings: report.warnings.clone(),
    }
}

fn owned(texts: Vec<&str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}

/// Returns the warnings of a shared part as wire types.
pub(crate) fn shared_warnings(shared: &SharedWarnings, origin: &Origin) -> run::SharedWarnings {
    let warnings = shared.warnings.iter();
    run::SharedWarnings {
        board: shared.board.clone(),
        part: shared.part.clone(),
        warnings: warnings.map(|found| diagnostic(found, origin)).collect(),
    }
}

/// Returns an audit as reports have it.
pub(crate) fn audit(audit: &Audit) -> run::Audit {
    let difference = |difference: &AuditDifference| run::AuditDifference {
        label: difference.label.clone(),
        output: difference.output.clone(),
        cached: difference.cached.map(|digest| digest.to_string()),
        rebuilt: difference.rebuilt.map(|digest| digest.to_string()),
    };
    run::Audit {
        hits: audit.hits as u64,
        rebuilt: audit.rebuilt as u64,
        differences: audit.differences.iter().map(difference).collect(),
    }
}

/// Returns the name and version of a format of ours.
pub(crate) fn schema_of(name: &str) -> schema::Schema {
    schema::Schema {
        name: name.to_owned(),
        version: schema::VERSION.to_owned(),
    }
}

/// Returns a duration in seconds, rounded to microseconds so that the text stays short.
pub(crate) fn seconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e6
}

pub(crate) fn counts(counts: Counts) -> run::Counts {
    run::Counts {
        requested: counts.requested as u64,
        built: counts.built as u64,
        cached: counts.cached as u64,
        failed: counts.failed as u64,
        blocked: counts.blocked as u64,
        skipped: counts.skipped as u64,
        not_run: counts.not_run as u64,
        cancelled: counts.cancelled as u64,
    }
}

pub(crate) fn plan(plan: &PlanSummary) -> run::Plan {
    run::Plan {
        seconds: seconds(plan.duration),
        cost: cost(plan.cost),
        shared_actions: plan.shared_actions as u64,
        libraries: plan
            .libraries
            .iter()
            .map(|library| run::SharedLibrary {
                board: library.board.clone(),
                name: library.name.clone(),
                variants: library.variants as u64,
                sketches: library.sketches as u64,
            })
            .collect(),
        fallbacks: plan.fallbacks.clone(),
    }
}

fn stage(report: &RunReport, stage: Stage) -> run::Stage {
    let summary = report.stage(stage);
    run::Stage {
        name: stage.name().to_owned(),
        complete: summary.progress == Progress::Ended,
        total: summary.total as u64,
        seconds: seconds(summary.wall),
        cost: cost(summary.cost),
        hits: summary.hits as u64,
        ran: summary.ran as u64,
        failed: summary.failed as u64,
        key: summary.key.clone(),
    }
}

pub(crate) fn cost(cost: Cost) -> run::Cost {
    run::Cost {
        wall_seconds: seconds(cost.wall),
        cpu_seconds: seconds(cost.cpu),
        peak_memory: cost.peak_memory,
        processes: u64::from(cost.processes),
    }
}

pub(crate) fn sketch(result: &SketchResult, origin: &Origin) -> run::Sketch {
    let failure = result.outcome.failure();
    let all = |found: &[Diagnostic]| found.iter().map(|one| diagnostic(one, origin)).collect();
    let firmware = match &result.outcome {
        SketchOutcome::Built(firmware) => Some(firmware),
        _ => None,
    };
    let sizes = firmware.and_then(|firmware| firmware.sizes);
    run::Sketch {
        board: result.board.clone(),
        name: result.sketch.clone(),
        dir: origin.path(&result.dir),
        outcome: result.outcome.name().to_owned(),
        phase: failure.map(|failure| failure.phase.name().to_owned()),
        cause: failure.map(cause_code::code),
        message: failure.map(|failure| failure.message.clone()),
        blocked_by: match &result.outcome {
            SketchOutcome::Blocked { by, .. } => Some(by.clone()),
            _ => None,
        },
        skip: match &result.outcome {
            SketchOutcome::Skipped(rule) => Some(run::Skip {
                rule: rule.text.clone(),
                file: origin.path(&rule.file),
                line: rule.line,
            }),
            _ => None,
        },
        diagnostics: failure
            .map(|failure| all(&failure.diagnostics))
            .unwrap_or_default(),
        log: result.log.as_ref().map(|log| origin.path(log)),
        artifacts: firmware
            .into_iter()
            .flat_map(|firmware| &firmware.artifacts)
            .map(|file| origin.path(file))
            .collect(),
        flash: sizes.map(|sizes| memory(sizes.flash)),
        ram: sizes.and_then(|sizes| sizes.ram).map(memory),
        warnings: all(&result.warnings),
        seconds: seconds(result.duration),
        cost: cost(result.cost),
        cached: result.cached,
        libraries: result
            .libraries
            .iter()
            .map(|library| run::Library {
                name: library.name.clone(),
                version: library.version.clone(),
                dir: origin.path(&library.dir),
            })
            .collect(),
    }
}

fn memory(usage: Usage) -> run::Memory {
    run::Memory {
        used: usage.used,
        maximum: usage.maximum,
    }
}

pub(crate) fn diagnostic(diagnostic: &Diagnostic, origin: &Origin) -> run::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Fatal => "fatal",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    run::Diagnostic {
        severity: severity.to_owned(),
        message: diagnostic.message.clone(),
        file: origin.path(Utf8Path::new(&diagnostic.file)),
        line: diagnostic.line,
        column: diagnostic.column,
    }
}
