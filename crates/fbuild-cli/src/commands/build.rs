//! `fbuild compile-many` and `fbuild build`: the same path through the same code.

use std::sync::mpsc;
use std::time::Instant;

use fbuild_build::plan::planner::{Extent, PlanError};
use fbuild_build::request::Request;
use fbuild_build::run::{self, Means};
use fbuild_build::toolchain::ToolError;
use fbuild_cache::Cache;
use fbuild_model::Event;
use fbuild_process::runner::{Runner, RunnerOptions};
use fbuild_process::stop::Stop;
use fbuild_report::{RunReport, Verdict};

use crate::args::{BuildArgs, MessageFormat};
use crate::commands::doctor::is_avr_of_the_system;
use crate::commands::outputs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::places;
use crate::printer::{Printer, Verbosity};
use crate::progress::Display;
use crate::request::{Prepared, bound_jobs, prepare};

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
    let cache = open_cache(args, &request)?;
    bound_jobs(args, &mut request, &cache);
    let stop = Stop::new();
    listen_for_signals(&stop)?;
    let workers = request.framework_jobs.max(request.sketch_jobs);
    let options = RunnerOptions {
        // A launcher may start a server that lives on, and with it the name of a directory that does not.
        temporary_in_memory_for: request.launcher.is_empty().then_some(workers),
    };
    let runner = Runner::new(stop.clone(), options)?;
    let means = Means {
        cache: &cache,
        runner: &runner,
        stop: &stop,
    };
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
    means: Means<'_>,
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

const OTHER_OUTPUT: &str = "choose another place for firmware and logs with --output-dir";

fn explained(error: run::BuildError) -> CliError {
    match error {
        run::BuildError::Plan(error) => explain_plan(error),
        error @ run::BuildError::OutputDir { .. } => CliError::usage(error).hint(OTHER_OUTPUT),
        error => CliError::usage(error),
    }
}

/// Adds how to get a tool that is missing.
pub fn explain_plan(error: PlanError) -> CliError {
    let avr = matches!(&error, PlanError::Tool(ToolError::NotFound { program }) if is_avr_of_the_system(program));
    let error = CliError::usage(error);
    if avr {
        error.hint("on Debian or Ubuntu: apt-get install gcc-avr avr-libc binutils-avr")
    } else {
        error
    }
}

/// Opens the user's cache, or one for this run alone.
pub fn open_cache(args: &BuildArgs, request: &Request) -> Result<Cache, CliError> {
    if args.no_cache {
        fs_err::create_dir_all(&request.output_dir)
            .map_err(|error| CliError::usage(error).hint(OTHER_OUTPUT))?;
        return Ok(Cache::private_in(&request.output_dir)?);
    }
    let dir = places::cache_dir(&args.what.cache)?;
    Cache::open(&dir).map_err(|error| {
        CliError::usage(error)
            .hint("use another directory with --cache-dir, or none with --no-cache")
    })
}

/// Makes the runner.
pub fn runner(stop: &Stop) -> Result<Runner, CliError> {
    Ok(Runner::new(stop.clone(), RunnerOptions::default())?)
}

/// Ctrl-C ends the run after what is running; a second one, or SIGTERM, ends that too.
pub fn listen_for_signals(stop: &Stop) -> Result<(), CliError> {
    let mut signals = signal_hook::iterator::Signals::new([
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGTERM,
    ])?;
    let stop = stop.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in &mut signals {
                stop.interrupt();
                if signal == signal_hook::consts::SIGTERM {
                    stop.kill();
                }
            }
        })?;
    Ok(())
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
