//! The result lines of formats section 1: one per requested sketch, on standard output, after the run.
//!
//! FastLED's wrapper reads them with
//! `^\s+\[(stage1|stage2)\]\s+(OK|FAIL)\s+\(([0-9.]+)s\)\s+(.*?)\s{2}log=(.*?)\s{2}(.*)$`. A skipped sketch is neither built nor failed, and
//! the pattern knows only `OK` and `FAIL`, so its line begins with `[skip]`, which the pattern does not match: a reader that counts
//! firmware counts no firmware that does not exist, and one that counts lines still finds one per sketch.

use camino::Utf8Path;
use fbuild_model::outcome::{SketchOutcome, SketchResult, Stage};

use crate::fold::RunReport;
use crate::text::one_line;

/// Returns the lines of all results, in the order of the request, each with its line end.
pub fn render(report: &RunReport) -> String {
    let several_boards = report.several_boards();
    report
        .results()
        .iter()
        .map(|result| line(result, several_boards, not_run(report)) + "\n")
        .collect()
}

/// Says why sketches were not run: a failure or a limit of failures, or the error that ended the run.
pub fn not_run(report: &RunReport) -> &'static str {
    match report.error {
        Some(_) => "not run",
        None => "not run (--fail-fast)",
    }
}

/// Returns the line of one result, without a line end.
///
/// `not_run` says why a sketch was not run. With `several_boards` the message ends in the board's FQBN, because the sketch's name alone would be ambiguous.
pub fn line(result: &SketchResult, several_boards: bool, not_run: &str) -> String {
    let (stage, word, message) = match &result.outcome {
        SketchOutcome::Built(_) => (Stage::Sketch.name(), "OK", built_message(result)),
        SketchOutcome::Failed(failure) => (
            Stage::Sketch.name(),
            "FAIL",
            format!("{}: {}", failure.phase, failure.message),
        ),
        SketchOutcome::Blocked { by, failure } => (
            Stage::Shared.name(),
            "FAIL",
            format!("{by} failed: {}: {}", failure.phase, failure.message),
        ),
        SketchOutcome::Skipped(rule) => ("skip", "-", format!("{} ({})", rule.text, rule.place())),
        SketchOutcome::NotRun => (Stage::Sketch.name(), "FAIL", not_run.to_owned()),
        SketchOutcome::Cancelled => (Stage::Sketch.name(), "FAIL", "cancelled".to_owned()),
    };
    let mut text = format!(
        "  [{stage}] {word} ({:.2}s) {}  log={}  {}",
        result.duration.as_secs_f64(),
        one_line(&result.sketch),
        result
            .log
            .as_deref()
            .filter(|log| fits(log))
            .map_or("-", Utf8Path::as_str),
        one_line(&message),
    );
    if several_boards {
        text.push_str(&format!(" on {}", one_line(&result.board)));
    }
    text
}

/// Returns whether a reader gets the path back that is written: a path with two blanks in a row would be cut, and name another file.
fn fits(log: &Utf8Path) -> bool {
    let text = log.as_str();
    one_line(text) == text && !text.is_empty()
}

fn built_message(result: &SketchResult) -> String {
    let SketchOutcome::Built(firmware) = &result.outcome else {
        return String::new();
    };
    let mut parts = Vec::new();
    if let Some(sizes) = firmware.sizes {
        parts.push(format!("{} bytes flash", sizes.flash.used));
        parts.extend(sizes.ram.map(|ram| format!("{} bytes RAM", ram.used)));
    } else {
        parts.push("built".to_owned());
    }
    match result.warnings.len() {
        0 => {}
        1 => parts.push("1 warning".to_owned()),
        several => parts.push(format!("{several} warnings")),
    }
    if result.cached {
        parts.push("cached".to_owned());
    }
    parts.join(", ")
}
