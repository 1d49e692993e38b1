//! `fbuild parity`: our firmware beside that of a reference tool.

use std::collections::HashMap;
use std::sync::mpsc;

use anyhow::anyhow;
use camino::Utf8Path;
use fbuild_model::{Event, Untrusted};
use fbuild_parity::{Check, Question, Reference};
use fbuild_platform::Installation;
use fbuild_report::table::{Column, Table, escape};

use crate::args::BuildArgs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output;
use crate::places;
use crate::printer::{Printer, Tone, Verbosity};
use crate::request::{Prepared, bound_jobs, prepare};
use crate::session::{self, Session};

/// Builds with both tools, compares, and prints a row per sketch. Exit status 1 if a difference is not explained.
///
/// # Errors
/// A wrong command line, no reference tool, a board that cannot be built at all.
pub fn run(
    args: &BuildArgs,
    reference: Option<&Utf8Path>,
    markdown: bool,
    printer: &Printer,
) -> Result<Exit, CliError> {
    if args.dry_run || args.only_compilation_database || args.show_properties.is_some() {
        return Err(CliError::usage(anyhow!(
            "`fbuild parity` builds and compares; it has no --dry-run, --only-compilation-database or --show-properties"
        ))
        .hint("use them with `fbuild build`"));
    }
    let Prepared {
        mut request,
        remarks,
    } = prepare(args)?;
    if printer.verbosity > Verbosity::Quiet {
        remarks.iter().for_each(|remark| printer.warning(remark));
    }
    output::refuse_links(&request)?;
    // The outputs of both sides stand apart from those of other commands.
    request.output_dir = request.output_dir.join("parity");
    output::refuse_links(&request)?;
    let cache = session::open_cache(args, &request)?;
    bound_jobs(args, &mut request, &cache);
    let session = Session::for_build(cache, &request, session::remote(&args.remote)?)?;
    let reference = Reference::find(reference, &session.runner).map_err(|error| {
        CliError::usage(error)
            .hint("on Debian or Ubuntu: apt-get install arduino-builder arduino-ctags")
            .hint("name one with --reference")
    })?;
    printer.status(
        Tone::Plain,
        "Reference",
        &format!("{} ({})", reference.program, reference.version),
    );
    let installation = places::installation(&args.what.platforms)?;
    let question = Question {
        complete_fqbns: complete_fqbns(&request.boards, &installation),
        request,
        reference: &reference,
        build_properties: args.what.properties.build_properties.clone(),
        warnings: args.what.properties.warnings.name().to_owned(),
    };
    let (events, inbox) = mpsc::channel();
    let tell = |check: &Check| show(check, printer);
    let checks = std::thread::scope(|scope| {
        scope.spawn(|| {
            for event in inbox {
                if let Event::Warning(warning) = event {
                    printer.warning(&warning);
                }
            }
        });
        let events = events;
        fbuild_parity::run(question, session.services(), &events, &tell)
    })?;
    printer.data(&if markdown {
        table(&checks, &reference)
    } else {
        lines(&checks)
    });
    let unexplained = summarise(&checks, printer);
    Ok(if session.stop.is_cancelled() {
        Exit::Interrupted
    } else if unexplained == 0 {
        Exit::Success
    } else {
        Exit::SketchFailed
    })
}

/// Writes out every option of every board: arduino-builder knows no defaults.
fn complete_fqbns(
    boards: &[fbuild_platform::BoardSpec],
    installation: &Installation,
) -> HashMap<String, String> {
    let complete = |board: &fbuild_platform::BoardSpec| {
        let fqbn = board.fqbn();
        let entry = installation
            .boards()
            .find(|entry| entry.fqbn == fqbn.base());
        let menus = entry.map(|entry| entry.menus).unwrap_or_default();
        let options = menus.iter().map(|menu| {
            let given = fqbn
                .options
                .iter()
                .find(|(option, _)| *option == menu.option);
            format!(
                "{}={}",
                menu.option,
                given.map_or(menu.default.as_str(), |(_, value)| value)
            )
        });
        let options: Vec<String> = options.collect();
        let complete = if options.is_empty() {
            fqbn.base()
        } else {
            format!("{}:{}", fqbn.base(), options.join(","))
        };
        (fqbn.to_string(), complete)
    };
    boards.iter().map(complete).collect()
}

/// Shows one comparison, unless `-q` is given.
fn show(check: &Check, printer: &Printer) {
    if printer.verbosity == Verbosity::Quiet {
        return;
    }
    let tone = match check.verdict.is_unexplained() {
        true => Tone::Bad,
        false => Tone::Good,
    };
    let remark = check.verdict.remark();
    let text = format!("{} {}: {remark}", check.board, check.sketch);
    printer.status(tone, check.verdict.name(), &text);
}

/// Shows how many sketches have which verdict; returns the number of unexplained differences.
fn summarise(checks: &[Check], printer: &Printer) -> usize {
    let unexplained = checks
        .iter()
        .filter(|check| check.verdict.is_unexplained())
        .count();
    let count = |name: &str| {
        checks
            .iter()
            .filter(|check| check.verdict.name() == name)
            .count()
    };
    let summary = format!(
        "{} identical, {} not comparable, {} fail with both, {unexplained} unexplained",
        count("identical"),
        count("not comparable"),
        count("both fail")
    );
    printer.status(
        if unexplained == 0 {
            Tone::Good
        } else {
            Tone::Bad
        },
        "Compared",
        &summary,
    );
    unexplained
}

/// A line per sketch, fields separated by tabs.
fn lines(checks: &[Check]) -> String {
    checks
        .iter()
        .map(|check| {
            format!(
                "{}\t{}\t{}\t{}\n",
                check.verdict.name(),
                check.board,
                Untrusted(&check.sketch).terminal_line(),
                Untrusted(&check.verdict.remark()).terminal_line()
            )
        })
        .collect()
}

/// A row per sketch, a column per board; what is not identical is explained below.
fn table(checks: &[Check], reference: &Reference) -> String {
    let mut boards: Vec<&str> = Vec::new();
    let mut sketches: Vec<&str> = Vec::new();
    for check in checks {
        if !boards.contains(&check.board.as_str()) {
            boards.push(&check.board);
        }
        if !sketches.contains(&check.sketch.as_str()) {
            sketches.push(&check.sketch);
        }
    }
    let mut notes: Vec<String> = Vec::new();
    let mut cell = |board: &str, sketch: &str| {
        let Some(check) = checks
            .iter()
            .find(|check| check.board == board && check.sketch == sketch)
        else {
            return String::new();
        };
        let text = format!("{}: {}", check.verdict.name(), check.verdict.remark());
        if let fbuild_parity::Verdict::Identical { bytes } = check.verdict {
            return bytes.to_string();
        }
        let at = notes
            .iter()
            .position(|note| *note == text)
            .unwrap_or_else(|| {
                notes.push(text);
                notes.len() - 1
            });
        format!("{} ({})", check.verdict.name(), at + 1)
    };
    let mut text = format!(
        "Reference: {}. A number is the size in bytes of an identical image.\n\n",
        reference.version
    );
    let columns = std::iter::once("sketch").chain(boards.iter().copied());
    let mut table = Table::new(columns.map(Column::Text));
    for sketch in sketches {
        let cells = boards.iter().map(|board| cell(board, sketch));
        table.row(std::iter::once(escape(sketch)).chain(cells));
    }
    text.push_str(&table.into_text());
    if !notes.is_empty() {
        text.push('\n');
    }
    for (index, note) in notes.iter().enumerate() {
        text.push_str(&format!("{}. {}\n", index + 1, escape(note)));
    }
    text
}
