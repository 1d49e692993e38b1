//! What a build leaves behind besides firmware: result lines, reports, the closing list of failures.

use std::io::Write;

use anyhow::Context;
use camino::Utf8Path;
use fbuild_build::plan::BuildPlan;
use fbuild_build::request::Request;
use fbuild_build::run;
use fbuild_build::services::Services;
use fbuild_model::outcome::{SketchOutcome, Stage};
use fbuild_report::causes::{causes, listed};
use fbuild_report::{RunReport, annotations, json, junit, lines, tsv};

use crate::args::{BuildArgs, MessageFormat};
use crate::error::CliError;
use crate::exit::Exit;
use crate::hints::hint;
use crate::printer::{Printer, Tone, Verbosity};
use crate::units::{count, seconds};

/// Finds out before the build whether the reports can be written.
///
/// # Errors
/// A report whose directory does not exist.
pub fn check(args: &BuildArgs) -> Result<(), CliError> {
    let files = [
        &args.phase_tsv,
        &args.report,
        &args.report_junit,
        &args.compile_commands,
    ];
    for file in files.into_iter().flatten() {
        let parent = file.parent().filter(|parent| !parent.as_str().is_empty());
        if let Some(parent) = parent.filter(|parent| !parent.is_dir()) {
            return Err(CliError::usage(anyhow::anyhow!(
                "write `{file}`: there is no directory `{parent}`"
            )));
        }
    }
    Ok(())
}

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

/// Prints the result lines and the failures, and writes the reports.
///
/// # Errors
/// If a report cannot be written.
pub fn write(args: &BuildArgs, report: &RunReport, printer: &Printer) -> Result<(), CliError> {
    failures(report, printer);
    if args.message_format == MessageFormat::Human {
        let text = lines::render(report);
        printer.data(&if printer.on_github {
            annotations::neutral(&text)
        } else {
            text
        });
    }
    if printer.on_github {
        printer.data(&annotations::render(
            report,
            crate::env::get(crate::env::GITHUB_WORKSPACE)
                .as_deref()
                .map(Utf8Path::new),
        ));
    }
    if let Some(path) = &args.phase_tsv {
        append(path, |existing| tsv::render(report, existing))?;
    }
    if let Some(path) = &args.report {
        replace(path, &json::render(report))?;
    }
    if let Some(path) = &args.report_junit {
        replace(path, &junit::render(report)?)?;
    }
    if let Some(dir) = &args.report_compile_sketches {
        super::compile_sketches::write(dir, report)?;
    }
    summary(report, printer);
    Ok(())
}

/// How many sketches of one cause are named.
const MOST_NAMES: usize = 6;

/// Shows each root cause once, whole, with the sketches it hit.
fn failures(report: &RunReport, printer: &Printer) {
    if printer.on_github {
        printer.data(&annotations::groups(report, &token()));
        return;
    }
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

/// Appends to a file what `make` returns for its present content.
fn append(path: &Utf8Path, make: impl FnOnce(&str) -> String) -> Result<(), CliError> {
    let existing = match fs_err::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error.into()),
    };
    let mut file = fs_err::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)?;
    file.write_all(make(&existing).as_bytes())?;
    Ok(())
}

/// Writes a file by way of a temporary one.
fn replace(path: &Utf8Path, text: &str) -> Result<(), CliError> {
    fbuild_build::exec::place::write_if_changed(path, text.as_bytes())
        .with_context(|| format!("write `{path}`"))?;
    Ok(())
}

/// Returns a word that nobody who wrote a source could know.
fn token() -> String {
    let mut hasher =
        std::hash::BuildHasher::build_hasher(&std::collections::hash_map::RandomState::new());
    std::hash::Hasher::write_u32(&mut hasher, std::process::id());
    format!("fbuild-{:016x}", std::hash::Hasher::finish(&hasher))
}
