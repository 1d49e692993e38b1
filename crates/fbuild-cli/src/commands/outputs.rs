//! What a build leaves behind besides firmware: result lines and reports.

use std::io::Write;

use anyhow::Context as _;
use camino::Utf8Path;
use fbuild_build::exec::place::write_if_changed;
use fbuild_build::plan::compile_commands::Database;
use fbuild_build::plan::{BuildPlan, SketchWork};
use fbuild_build::request::Request;
use fbuild_build::run;
use fbuild_model::input;
use fbuild_report::changes::Change;
use fbuild_report::json::Origin;
use fbuild_report::{RunReport, annotations, lines, markdown};

use crate::args::{BuildArgs, MessageFormat};
use crate::error::CliError;
use crate::exit::Exit;
use crate::hints;
use crate::output;
use crate::printer::{Printer, Tone, Verbosity};
use crate::reports::Reports;
use crate::reports::target::Target;
use crate::screen::{Screen, Strictness};
use crate::session::Inspection;

/// Prints the plan's commands or writes the compilation database. Runs no command of the plan and no hook; compilers are asked what they predefine.
///
/// A dry run writes nothing below the output directory. A compilation database names generated sources, so those are written with it.
///
/// # Errors
/// If there is no plan.
pub fn plan_only(args: &BuildArgs, request: Request, printer: &Printer) -> Result<Exit, CliError> {
    output::refuse_links(&request)?;
    let cache_dir = match args.no_cache || args.clean {
        true => None,
        false => output::inspected_cache_dir(&args.what.cache, &request)?,
    };
    let inspection = Inspection::new(cache_dir)?;
    let output_dir = request.output_dir.clone();
    let mut request = request;
    if args.only_compilation_database {
        output::mark(&output_dir)?;
    } else {
        request.output_dir = inspection.dir()?.join("output");
    }
    let (events, _inbox) = std::sync::mpsc::channel();
    let plan = run::preview(&request, inspection.session.services(), &events)?.plan;
    let warnings = plan.warnings.iter();
    warnings.for_each(|warning| printer.warning(warning));
    if args.dry_run {
        for line in fbuild_build::plan::dry_run::lines(&plan) {
            let line = line.replace(request.output_dir.as_str(), output_dir.as_str());
            printer.data(&(line + "\n"));
        }
    }
    if args.only_compilation_database {
        let usual = || output_dir.join("compile_commands.json");
        let path = args.compile_commands.clone().unwrap_or_else(usual);
        write_compile_commands(&path, &plan)?;
        let wrote = format!("{path}, and generated sources in {output_dir}");
        printer.status(Tone::Good, "Wrote", &wrote);
    }
    let mut exit = Exit::Success;
    for entry in &plan.sketches {
        if let SketchWork::Fail { failure, .. } = &entry.work {
            let text = format!("{} on {}: {}", entry.name, entry.board, failure.message);
            printer.status(Tone::Bad, "Failed", &text);
            exit = Exit::SketchFailed;
        }
    }
    Ok(exit)
}

/// Writes the compilation database of a plan and the headers it refers to.
///
/// # Errors
/// If the file cannot be written.
pub fn write_compile_commands(path: &Utf8Path, plan: &BuildPlan) -> Result<(), CliError> {
    let previous = input::read_text(path).ok();
    let database = Database::new(plan, previous.as_deref());
    for (header, text) in &database.headers {
        write_if_changed(header, text.as_bytes())?;
    }
    let text = database.json();
    if previous.as_ref() != Some(&text) {
        let written = Target::open(path)?.write(&text);
        written.with_context(|| format!("cannot write {path}"))?;
    }
    Ok(())
}

/// Shows the end of a run, prints the result lines and writes the reports; returns the exit code.
pub fn conclude(
    args: &BuildArgs,
    (report, origin): (&RunReport, &Origin),
    reports: &mut Reports,
    screen: &Screen<'_>,
) -> Exit {
    let printer = screen.printer();
    // GitHub's runner reads commands from both streams; standard output may be for a program.
    let for_people = args.message_format != MessageFormat::Json && !reports.take_stdout();
    let commands = |text: String| match for_people {
        true => printer.raw(text.as_bytes()),
        false => printer.raw_beside(&text),
    };
    if printer.on_github {
        commands(annotations::groups(report, &token(), hints::way_out));
    }
    let strictness = Strictness {
        expect_warm: args.expect_warm,
        deny_warnings: args.deny_warnings,
    };
    let changes = reports.changes(report);
    screen.changes(&changes);
    let unmet = screen.close(report, strictness, printer.on_github);
    let quiet = printer.verbosity == Verbosity::Quiet;
    let by_default = !printer.data_is_for_people() && !quiet;
    let wanted = args.message_format == MessageFormat::Lines || by_default;
    if for_people && wanted {
        printer.data(&lines::render(report));
    }
    if printer.on_github {
        let workspace = crate::env::get(crate::env::GITHUB_WORKSPACE);
        let workspace = workspace.as_deref().map(Utf8Path::new);
        commands(annotations::render(report, workspace));
    }
    let mut errors = reports.write(report, origin);
    if printer.on_github {
        errors.extend(step_summary(report, &changes).err());
    }
    for error in &errors {
        printer.error(&format!("{error:#}"), &[]);
    }
    // An error that ended the run is shown by the caller, as the last line.
    if report.error.is_none() {
        screen.summary(report);
    }
    match Exit::of(report.verdict(), args.allow_empty) {
        Exit::Success if unmet.audit => Exit::SketchFailed,
        Exit::Success if unmet.not_warm => Exit::NotWarm,
        Exit::Success if unmet.warned => Exit::SketchFailed,
        Exit::Success if !errors.is_empty() => Exit::Usage,
        exit => exit,
    }
}

/// Appends the summary of the run to the file that GitHub's runner shows on the page of the job.
fn step_summary(report: &RunReport, changes: &[Change<'_>]) -> anyhow::Result<()> {
    let Some(path) = crate::env::get(crate::env::GITHUB_STEP_SUMMARY) else {
        return Ok(());
    };
    let mut options = fs_err::OpenOptions::new();
    let mut file = options.create(true).append(true).open(&path)?;
    file.write_all(markdown::render_with(report, changes).as_bytes())?;
    Ok(())
}

/// Returns a word that nobody who wrote a source could know.
fn token() -> String {
    let mut hasher =
        std::hash::BuildHasher::build_hasher(&std::collections::hash_map::RandomState::new());
    std::hash::Hasher::write_u32(&mut hasher, std::process::id());
    format!("fbuild-{:016x}", std::hash::Hasher::finish(&hasher))
}
