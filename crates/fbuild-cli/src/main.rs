//! The `fbuild` command: what was typed becomes a request, what happens becomes text and an exit code.

mod arduino_config;
mod args;
mod boards;
mod commands;
mod config;
mod env;
mod error;
mod exit;
mod hints;
mod output;
mod partition;
mod places;
mod printer;
mod project;
mod reference;
mod reports;
mod request;
mod screen;
mod session;
mod targets;
mod units;

use std::process::ExitCode;

use crate::args::{Command, OutputArgs};
use crate::config::{Parsed, Setting};
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;

fn main() -> ExitCode {
    if commands::completions::answer() {
        return ExitCode::SUCCESS;
    }
    let Parsed { cli, settings } = match config::parse(std::env::args_os().collect()) {
        Ok(parsed) => parsed,
        Err(error) => {
            Printer::new(&OutputArgs::default()).error(&error.to_string(), &error.hints);
            return error.exit.into();
        }
    };
    let printer = Printer::new(&cli.output);
    start_tracing();
    if std::env::var(env::CACHE_DIR).is_ok_and(|value| value.is_empty()) {
        printer.warning("FBUILD_CACHE_DIR is set but empty; the default directory is used");
    }
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        run(cli.command, &settings, &printer)
    }));
    let exit = match outcome {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => {
            printer.error(&error.to_string(), &error.hints);
            error.exit
        }
        // The panic's own message is on standard error already.
        Err(_) => {
            printer.error(
                "this is a bug in fbuild",
                &["please report it with the message above and the command line".to_owned()],
            );
            Exit::Bug
        }
    };
    written(exit, &printer).into()
}

/// An error of standard output is the command's, unless it failed anyway.
fn written(exit: Exit, printer: &Printer) -> Exit {
    let Some(error) = printer.failure() else {
        return exit;
    };
    printer.error(&format!("cannot write to standard output: {error}"), &[]);
    match exit {
        Exit::Success => Exit::Usage,
        exit => exit,
    }
}

fn run(command: Command, settings: &[Setting], printer: &Printer) -> Result<Exit, CliError> {
    match command {
        Command::CompileMany(args) => commands::build::run(&args, printer),
        Command::Build(args) => commands::build::run(&args, printer),
        Command::Boards {
            filter,
            format,
            platforms,
        } => commands::boards::run(filter.as_deref(), &format, &platforms, printer),
        Command::Doctor {
            format,
            platforms,
            cache,
            remote,
        } => commands::doctor::run(&format, &platforms, (&cache, &remote), printer),
        Command::Preprocess(args) => commands::preprocess::run(&args, printer),
        Command::Properties {
            board,
            unexpanded,
            format,
            platforms,
            properties,
        } => commands::properties::run(
            &board,
            !unexpanded,
            &format,
            &platforms,
            &properties,
            printer,
        ),
        Command::Libraries { what, format } => commands::libraries::run(&what, &format, printer),
        Command::Parity {
            build,
            reference,
            markdown,
        } => commands::parity::run(&build, reference.as_deref(), markdown, printer),
        Command::Cache { command, cache } => commands::cache::run(&command, &cache, printer),
        Command::Config(_) => Ok(commands::config::run(settings, printer)),
        Command::Upload(args) => commands::device::upload(&args),
        Command::Monitor(args) => commands::device::monitor(&args),
        Command::Watch(args) => commands::device::watch(&args),
        Command::Board { words } => commands::device::board(&words),
        Command::MergeReports { files, allow_empty } => {
            commands::merge_reports::run(&files, allow_empty, printer)
        }
        Command::BenchSummary(args) => commands::bench_summary::run(&args, printer),
        Command::Schema { name } => {
            let published = fbuild_report::schema::PUBLISHED.iter();
            published
                .filter(|(known, _)| *known == name)
                .for_each(|(_, text)| printer.data(text));
            Ok(Exit::Success)
        }
        Command::Completions { shell } => commands::completions::run(shell, printer),
        Command::Share { dir } => commands::share::run(&dir),
        Command::Reference { page } => {
            printer.data(&reference::page(page));
            Ok(Exit::Success)
        }
    }
}

/// Shows what fbuild notes for its developers, if `FBUILD_LOG` asks for it.
fn start_tracing() {
    if let Some(filter) = env::get(env::LOG) {
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .init();
    }
}
