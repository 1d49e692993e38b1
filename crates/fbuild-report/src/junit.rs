//! JUnit XML, which most continuous-integration services show: a test suite per board, a test case per sketch.
//!
//! A sketch that failed by itself is a failure, one that something shared or the user stopped is an error, and one that a rule or
//! `--fail-fast` left out is skipped.

use fbuild_model::Untrusted;
use fbuild_model::outcome::{SketchOutcome, SketchResult};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::fold::RunReport;

/// Returns the report as XML text.
///
/// # Errors
///
/// If the XML writer fails, which nothing in a report makes it do.
pub fn render(report: &RunReport) -> Result<String, quick_junit::SerializeError> {
    let mut xml = Report::new("fbuild");
    if let Some(duration) = report.duration {
        xml.set_time(duration);
    }
    let mut suites: Vec<(&str, TestSuite)> = Vec::new();
    for result in report.results() {
        let at = suites
            .iter()
            .position(|(board, _)| *board == result.board)
            .unwrap_or_else(|| {
                suites.push((&result.board, TestSuite::new(result.board.as_str())));
                suites.len() - 1
            });
        suites[at].1.add_test_case(case(result));
    }
    for (board, mut suite) in suites {
        for shared in &report.shared_warnings {
            if shared.board == board {
                let name = format!("warnings in {}", shared.part);
                suite.add_property(Property::new(
                    line(&name),
                    shared.warnings.len().to_string(),
                ));
            }
        }
        suite.set_time(
            report
                .results()
                .iter()
                .filter(|result| result.board == board)
                .map(|result| result.duration)
                .sum(),
        );
        xml.add_test_suite(suite);
    }
    // XML itself forbids most control characters, but neither those of the second set nor those for directions.
    Ok(Untrusted(&xml.to_string()?).workflow())
}

fn case(result: &SketchResult) -> TestCase {
    let mut case = TestCase::new(line(&result.sketch), status(&result.outcome));
    case.set_classname(result.board.as_str());
    case.set_time(result.duration);
    if let SketchOutcome::Built(firmware) = &result.outcome
        && let Some(sizes) = firmware.sizes
    {
        case.add_property(Property::new("flash", sizes.flash.used.to_string()));
        if let Some(ram) = sizes.ram {
            case.add_property(Property::new("ram", ram.used.to_string()));
        }
    }
    if !result.warnings.is_empty() {
        case.add_property(Property::new("warnings", result.warnings.len().to_string()));
    }
    if let Some(log) = &result.log {
        case.add_property(Property::new("log", line(log.as_str())));
    }
    case
}

/// Keeps a name on its line, as a reader of XML does with an attribute.
fn line(text: &str) -> String {
    Untrusted(text).terminal_line()
}

fn status(outcome: &SketchOutcome) -> TestCaseStatus {
    let skipped = |message: String| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(message);
        status
    };
    let failure = |kind, kind_name: &str, message: &str, output: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(kind_name).set_message(message);
        if !output.is_empty() {
            status.set_description(output);
        }
        status
    };
    match outcome {
        SketchOutcome::Built(_) => TestCaseStatus::success(),
        SketchOutcome::Failed(why) => failure(
            NonSuccessKind::Failure,
            why.phase.name(),
            &why.message,
            &why.output,
        ),
        SketchOutcome::Blocked { by, failure: why } => failure(
            NonSuccessKind::Error,
            "blocked",
            &format!("{by} failed: {}", why.message),
            &why.output,
        ),
        SketchOutcome::Skipped(rule) => skipped(format!("{} ({})", rule.text, rule.place())),
        SketchOutcome::NotRun => skipped("not run (--fail-fast)".to_owned()),
        SketchOutcome::Cancelled => failure(NonSuccessKind::Error, "cancelled", "cancelled", ""),
    }
}
