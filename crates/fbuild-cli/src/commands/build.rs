//! `fbuild compile-many` and `fbuild build`: the same path through the same code.

use std::sync::mpsc;
use std::time::Instant;

use fbuild_build::output_dir::OutputDirError;
use fbuild_build::plan::planner::Extent;
use fbuild_build::request::{Exception, Request};
use fbuild_build::run;
use fbuild_build::services::Services;
use fbuild_model::outcome::{SketchOutcome, SketchResult};
use fbuild_model::{Event, untrusted};
use fbuild_report::RunReport;
use fbuild_report::cause_code;
use fbuild_report::json::Origin;
use fbuild_report::schema::run::Code;
use fbuild_scan::sketch::find::Requested;

use crate::args::{BuildArgs, DeviceArgs, MessageFormat, ShowProperties};
use crate::commands::{compare, device, outputs};
use crate::config::Rule;
use crate::error::CliError;
use crate::exit::Exit;
use crate::hints;
use crate::output;
use crate::printer::{Printer, Verbosity};
use crate::reports::{Reports, origin};
use crate::request::{Prepared, bound_jobs, prepare};
use crate::screen::Screen;
use crate::session::{self, Session};

/// Builds, shows what happens, and writes the reports, also when the run ends with an error.
///
/// # Errors
/// A wrong command line, a missing tool, a report that cannot be written.
pub fn run(args: &BuildArgs, printer: &Printer) -> Result<Exit, CliError> {
    if args.upload {
        return device::upload(&DeviceArgs {
            board: args.what.boards.first().cloned(),
            port: args.port.clone(),
            rest: (args.what.sketches.iter())
                .map(|sketch| sketch.to_string_lossy().into_owned())
                .collect(),
        });
    }
    if let Some(how @ (ShowProperties::Expanded | ShowProperties::Unexpanded)) =
        args.show_properties
    {
        return show_properties(args, how, printer);
    }
    if args.dry_run || args.only_compilation_database {
        let prepared = prepared(args, printer)?;
        return outputs::plan_only(args, prepared, printer);
    }
    let earlier = args.compare_ref.as_deref();
    let earlier = earlier.map(|revision| compare::baseline(args, revision, printer));
    let mut reports = Reports::open(args, earlier.transpose()?)?;
    let mut report = RunReport::default();
    let mut origin = origin::of_this_run()?;
    let mut screen = Screen::new(printer, args.explain);
    let ended = with_services(args, printer, |request, services| {
        screen.begin(request);
        origin.boards = origin::boards(request);
        follow(args, request, services, &mut screen, (&mut report, &origin))
    });
    if let Err(error) = &ended
        && error.exit != Exit::NoSketch
    {
        report.fail(error.to_string());
    }
    let exit = outputs::conclude(args, (&report, &origin), &mut reports, &screen);
    match ended {
        Err(error) if error.exit == Exit::NoSketch && args.allow_empty => {
            printer.warning(&error.to_string());
            Ok(exit)
        }
        ended => ended.map(|()| exit),
    }
}

/// Understands the command line and shows remarks.
fn prepared(args: &BuildArgs, printer: &Printer) -> Result<Request, CliError> {
    let Prepared { request, remarks } = prepare(args)?;
    if printer.verbosity > Verbosity::Quiet {
        remarks.iter().for_each(|remark| printer.warning(remark));
    }
    Ok(request)
}

/// Understands the command line, opens the cache and calls `act`.
///
/// # Errors
/// Everything that is wrong with the command line or the directories, and as `act`.
pub fn with_services<T>(
    args: &BuildArgs,
    printer: &Printer,
    act: impl FnOnce(&Request, Services<'_>) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let mut request = prepared(args, printer)?;
    output::refuse_links(&request)?;
    if args.clean {
        output::clean(&request.output_dir)?;
    }
    output::mark(&request.output_dir).map_err(|error| error.hint(hints::OTHER_OUTPUT))?;
    let cache = session::open_cache(args, &request)?;
    bound_jobs(args, &mut request, &cache);
    let remote = session::remote(&args.remote)?;
    let session = Session::for_build(cache, &request, remote)?;
    act(&request, session.services())
}

/// Prints the properties of each board of the sketches, as `fbuild properties` does.
fn show_properties(
    args: &BuildArgs,
    how: ShowProperties,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let Prepared { request, .. } = prepare(args)?;
    for board in &request.boards {
        let pairs = board.properties(how == ShowProperties::Expanded);
        let lines = pairs.iter().map(|(key, value)| format!("{key}={value}\n"));
        printer.data(&lines.collect::<String>());
    }
    Ok(Exit::Success)
}

/// Runs the build in a thread of its own and follows its events in this one.
fn follow(
    args: &BuildArgs,
    request: &Request,
    services: Services<'_>,
    screen: &mut Screen<'_>,
    (report, origin): (&mut RunReport, &Origin),
) -> Result<(), CliError> {
    let began = Instant::now();
    let printer = screen.printer();
    let verbose = printer.verbosity == Verbosity::Verbose;
    let (events, inbox) = mpsc::channel();
    let mut take = |event: Event, report: &mut RunReport| {
        let event = with_overflow_allowed(event, &args.what.rules);
        report.apply(&event);
        screen.show(&event, report);
        if args.message_format == MessageFormat::Json {
            let line = untrusted::json(&fbuild_report::messages::render(&event, origin));
            printer.raw(line.as_bytes());
        }
    };
    let built = std::thread::scope(|scope| {
        let builder = scope.spawn(move || -> Result<(), run::BuildError> {
            // A compilation database and `-v` need the commands of all sketches.
            let extent = match (&args.compile_commands, verbose) {
                (None, false) => Extent::NotUpToDate,
                _ => Extent::All,
            };
            let planned = run::plan(request, extent, services, &events)?;
            if let Some(path) = &args.compile_commands {
                outputs::write_compile_commands(path, &planned.plan)
                    .unwrap_or_else(|error| drop(events.send(Event::Warning(error.to_string()))));
            }
            let built = run::build(request, &planned, services, events);
            // The process ends soon, which frees the plan's many pieces faster than one by one.
            std::mem::forget(planned);
            built
        });
        for event in &inbox {
            take(event, report);
        }
        builder
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    for unfinished in unfinished(request, services, report) {
        take(unfinished, report);
    }
    for warning in services.cache.take_warnings() {
        take(Event::Warning(warning), report);
    }
    take(
        Event::RunFinished {
            duration: began.elapsed(),
        },
        report,
    );
    built.map_err(explained)
}

/// Turns a failure by size into a skip where a rule of `fbuild.toml` allows it.
fn with_overflow_allowed(event: Event, rules: &[Rule]) -> Event {
    let Event::SketchFinished { index, mut result } = event else {
        return event;
    };
    let too_big = matches!(&result.outcome, SketchOutcome::Failed(failure)
        if matches!(cause_code::code(failure), Code::Overflow { .. } | Code::TooLarge));
    let mut own = rules.iter().filter(|rule| rule.is_for(&result.sketch));
    if too_big && let Some(rule) = own.find_map(Rule::allows_overflow) {
        result.outcome = SketchOutcome::Skipped(rule);
    }
    Event::SketchFinished { index, result }
}

/// Returns an end for each requested sketch that the builder did not end, which happens only when it stopped with an error.
fn unfinished(request: &Request, services: Services<'_>, report: &RunReport) -> Vec<Event> {
    let outcome = if services.stop.is_cancelled() {
        SketchOutcome::Cancelled
    } else {
        SketchOutcome::NotRun
    };
    let is_requested = |pair: (usize, usize)| {
        !matches!(request.exceptions.get(&pair), Some(Exception::NotRequested))
    };
    let pairs = request.boards.iter().enumerate().flat_map(|(at, board)| {
        let fqbn = board.fqbn().to_string();
        let sketches = request.sketches.iter().enumerate();
        sketches
            .filter(move |(index, _)| is_requested((at, *index)))
            .map(move |(_, sketch)| (fqbn.clone(), sketch))
    });
    let missing = pairs
        .enumerate()
        .filter(|(index, _)| !report.has_result(*index));
    let end = |(index, (board, sketch)): (usize, (String, &Requested))| Event::SketchFinished {
        index,
        result: Box::new(SketchResult::without_work(
            board,
            sketch.label.clone(),
            sketch.dir.clone(),
            outcome.clone(),
        )),
    };
    missing.map(end).collect()
}

fn explained(error: run::BuildError) -> CliError {
    match error {
        run::BuildError::Plan(error) => hints::plan_error(error),
        error @ run::BuildError::OutputDir(OutputDirError::Unusable { .. }) => {
            CliError::usage(error).hint(hints::OTHER_OUTPUT)
        }
        error => CliError::usage(error),
    }
}
