//! What a build leaves behind besides firmware: result lines, reports, the closing list of failures.

use camino::Utf8Path;
use fbuild_build::plan::BuildPlan;
use fbuild_build::request::Request;
use fbuild_build::run;
use fbuild_build::services::Services;
use fbuild_model::outcome::{SketchOutcome, Stage};
use fbuild_report::causes::{causes, listed};
use fbuild_report::{RunReport, annotations, lines};

use crate::args::{BuildArgs, MessageFormat};
use crate::error::CliError;
use crate::exit::Exit;
use crate::hints::hint;
use crate::printer::{Printer, Tone, Verbosity};
use crate::reports::Reports;
use crate::units::{count, seconds};

/// Prints the plan's commands or writes the compilation database, and runs nothing.
///
/// # Errors
/// If there is no plan.
pub fn plan_only(
    args: &BuildArgs,
    request: &Request,
    means: Services<'_>,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let (events, _inbox) = std::sync::mpsc::channel();
    let plan = run::preview(request, means, &events)?;
    plan.warnings
        .iter()
        .for_each(|warning| printer.warning(warning));
    if args.dry_run {
        for line in fbuild_build::plan::dry_run::lines(&plan) {
            printer.data(&(line + "\n"));
        }
    }
    if args.only_compilation_database {
        let path = args
            .compile_commands
            .clone()
            .unwrap_or_else(|| request.output_dir.join("compile_commands.json"));
        write_compile_commands(&path, &plan)?;
        printer.status(Tone::Good, "Wrote", path.as_str());
    }
    Ok(Exit::Success)
}

/// Writes the compilation database of a plan.
///
/// # Errors
/// If the file cannot be written.
pub fn write_compile_commands(path: &Utf8Path, plan: &BuildPlan) -> Result<(), CliError> {
    let text = fbuild_build::plan::compile_commands::render(plan);
    fbuild_build::exec::place::write_if_changed(path, text.as_bytes())?;
    Ok(())
}

/// Prints the failures and result lines, writes the reports, and prints the summary last.
///
/// Returns whether every report was written; one that was not is an error line.
pub fn write(
    args: &BuildArgs,
    report: &RunReport,
    reports: &mut Reports,
    printer: &Printer,
) -> bool {
    let human = args.message_format == MessageFormat::Human && !reports.take_stdout();
    // GitHub's runner reads commands from both streams; standard output may be for a program.
    let command = |text: String| match human {
        true => printer.data(&text),
        false if text.is_empty() => {}
        false => printer.text(&text),
    };
    if printer.on_github {
        command(annotations::groups(report, &token()));
    } else {
        failures(report, printer);
    }
    if human {
        let text = lines::render(report);
        printer.data(&if printer.on_github {
            annotations::neutral(&text)
        } else {
            text
        });
    }
    if printer.on_github {
        let workspace = crate::env::get(crate::env::GITHUB_WORKSPACE);
        command(annotations::render(
            report,
            workspace.as_deref().map(Utf8Path::new),
        ));
    }
    let errors = reports.write(report);
    for error in &errors {
        printer.error(&format!("{error:#}"), &[]);
    }
    // An error that ended the run is shown by the caller, as the last line.
    if report.error.is_none() {
        summary(report, printer);
    }
    errors.is_empty()
}

/// How many sketches of one cause are named.
const MOST_NAMES: usize = 6;

/// Shows each root cause once, whole, with the sketches it hit.
fn failures(report: &RunReport, printer: &Printer) {
    for cause in causes(report) {
        let sketches = listed(&cause.sketches(), MOST_NAMES);
        let boards = if report.several_boards() {
            format!(" on {}", cause.boards().join(", "))
        } else {
            String::new()
        };
        let by = cause
            .by
            .map(|by| format!("{by}, needed by "))
            .unwrap_or_default();
        printer.status(Tone::Bad, "Failure", &format!("{by}{sketches}{boards}"));
        printer.text(if cause.failure.output.trim().is_empty() {
            &cause.failure.message
        } else {
            &cause.failure.output
        });
        hint(cause.failure)
            .into_iter()
            .for_each(|hint| printer.hint(&hint));
        if let Some(log) = cause.results.first().and_then(|result| result.log.as_ref()) {
            printer.text(&format!("log: {log}"));
        }
    }
}

fn summary(report: &RunReport, printer: &Printer) {
    let counts = report.counts();
    let parts = [
        (counts.built, "built"),
        (counts.failed, "failed"),
        (counts.blocked, "blocked"),
        (counts.skipped, "skipped"),
        (counts.not_run, "not run"),
        (counts.cancelled, "cancelled"),
    ];
    let text: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    let took = report
        .duration
        .map(|duration| format!(" in {}", seconds(duration)))
        .unwrap_or_default();
    let cached = if counts.cached > 0 {
        format!(" ({} cached)", counts.cached)
    } else {
        String::new()
    };
    let bad = report.results().iter().any(|result| {
        !matches!(
            result.outcome,
            SketchOutcome::Built(_) | SketchOutcome::Skipped(_)
        )
    });
    let tone = if bad { Tone::Bad } else { Tone::Good };
    let text = if text.is_empty() {
        "no sketches".to_owned()
    } else {
        text.join(", ")
    };
    printer.status(
        tone,
        "Summary",
        &format!(
            "{}: {text}{cached}{took}",
            count(counts.requested, "sketch", "sketches")
        ),
    );
    let preambles = report.preambles;
    if preambles.not_used > 0 || printer.verbosity == Verbosity::Verbose && preambles.used > 0 {
        let all = preambles.used + preambles.not_used;
        let text = format!(
            "{} of {} used the precompiled preamble",
            preambles.used,
            count(all, "compile", "compiles")
        );
        printer.status(Tone::Plain, "Preambles", &text);
    }
    if printer.verbosity == Verbosity::Verbose {
        for stage in [Stage::Shared, Stage::Sketch] {
            let stage_report = report.stage(stage);
            let text = format!(
                "wall {}, cpu {}, largest process {} MB",
                seconds(stage_report.wall),
                seconds(stage_report.cost.cpu),
                stage_report.cost.peak_memory >> 20
            );
            printer.status(Tone::Plain, stage.name(), &text);
        }
    }
}

/// Returns a word that nobody who wrote a source could know.
fn token() -> String {
    let mut hasher =
        std::hash::BuildHasher::build_hasher(&std::collections::hash_map::RandomState::new());
    std::hash::Hasher::write_u32(&mut hasher, std::process::id());
    format!("fbuild-{:016x}", std::hash::Hasher::finish(&hasher))
}
