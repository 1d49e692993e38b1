//! `fbuild compile-many` and `fbuild build`: the same path through the same code.

use std::sync::mpsc;
use std::time::Instant;

use fbuild_build::plan::planner::Extent;
use fbuild_build::request::Request;
use fbuild_build::run;
use fbuild_build::services::Services;
use fbuild_model::Event;
use fbuild_report::{RunReport, Verdict};

use crate::args::{BuildArgs, MessageFormat};
use crate::commands::outputs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::hints;
use crate::printer::{Printer, Verbosity};
use crate::progress::Display;
use crate::request::{Prepared, bound_jobs, prepare};
use crate::session::{self, Session};

/// Builds, shows what happens, writes the reports.
///
/// # Errors
/// A wrong command line, a missing tool, a report that cannot be written.
pub fn run(args: &BuildArgs, printer: &Printer) -> Result<Exit, CliError> {
    let Prepared {
        mut request,
        remarks,
    } = prepare(args)?;
    outputs::check(args)?;
    if printer.verbosity > Verbosity::Quiet {
        remarks.iter().for_each(|remark| printer.warning(remark));
    }
    let cache = session::open_cache(args, &request)?;
    bound_jobs(args, &mut request, &cache);
    let session = Session::for_build(cache, &request)?;
    let means = session.services();
    if args.dry_run || args.only_compilation_database {
        return outputs::plan_only(args, &request, means, printer);
    }
    let report = follow(args, &request, means, printer)?;
    outputs::write(args, &report, printer)?;
    Ok(exit(args, &report))
}

/// Runs the build in a thread of its own and follows its events in this one.
fn follow(
    args: &BuildArgs,
    request: &Request,
    means: Services<'_>,
    printer: &Printer,
) -> Result<RunReport, CliError> {
    let began = Instant::now();
    let (events, inbox) = mpsc::channel();
    let mut report = RunReport::default();
    let mut display = Display::new(printer, args.explain);
    let mut take = |event: Event, report: &mut RunReport| {
        report.apply(&event);
        display.show(&event, report);
        if args.message_format == MessageFormat::Json {
            printer.data(&fbuild_report::messages::render(&event));
        }
    };
    let built = std::thread::scope(|scope| {
        let builder = scope.spawn(move || -> Result<(), run::BuildError> {
            // A compilation database lists the commands of all sketches.
            let extent = match args.compile_commands {
                Some(_) => Extent::All,
                None => Extent::NotUpToDate,
            };
            let plan = run::plan(request, extent, means, &events)?;
            if let Some(path) = &args.compile_commands {
                outputs::write_compile_commands(path, &plan)
                    .unwrap_or_else(|error| drop(events.send(Event::Warning(error.to_string()))));
            }
            let built = run::build(request, &plan, means, events);
            // The process ends soon, which frees the plan's many pieces faster than one by one.
            std::mem::forget(plan);
            built
        });
        for event in &inbox {
            take(event, &mut report);
        }
        builder
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    for warning in means.cache.take_warnings() {
        take(Event::Warning(warning), &mut report);
    }
    take(
        Event::RunFinished {
            duration: began.elapsed(),
        },
        &mut report,
    );
    built.map_err(explained)?;
    Ok(report)
}

fn explained(error: run::BuildError) -> CliError {
    match error {
        run::BuildError::Plan(error) => hints::plan_error(error),
        error @ run::BuildError::OutputDir { .. } => {
            CliError::usage(error).hint(hints::OTHER_OUTPUT)
        }
        error => CliError::usage(error),
    }
}

fn exit(args: &BuildArgs, report: &RunReport) -> Exit {
    match report.verdict() {
        Verdict::AllSkipped if args.allow_empty => Exit::Success,
        Verdict::NoSketches | Verdict::AllSkipped => Exit::NoSketch,
        Verdict::Cancelled => Exit::Interrupted,
        Verdict::CoreFailed => Exit::CoreFailed,
        Verdict::SomeFailed => Exit::SketchFailed,
        Verdict::Success if args.expect_warm && report.shared.ran > 0 => Exit::NotWarm,
        Verdict::Success => Exit::Success,
    }
}
