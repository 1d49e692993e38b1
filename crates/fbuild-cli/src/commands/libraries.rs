//! `fbuild libraries`: which library each include of a sketch brought in, and why that one.

use fbuild_build::plan::inspect::Look;
use fbuild_model::Untrusted;
use fbuild_model::diagnostic::root_cause;
use fbuild_scan::library::discovery::{Discovery, Missing};
use fbuild_scan::library::resolve::{Candidate, Resolution};

use super::looking;
use crate::args::{FormatArgs, SketchArgs};
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::{Printer, Verbosity};

/// Prints each include with the library chosen and the candidates not chosen, in the order in which they were found.
///
/// # Errors
/// A wrong command line, a missing tool.
pub fn run(args: &SketchArgs, format: &FormatArgs, printer: &Printer) -> Result<Exit, CliError> {
    let looks = looking::looks(args, printer)?;
    if format.is_json() {
        let document =
            serde_json::json!({ "sketches": looks.iter().map(json).collect::<Vec<_>>() });
        printer.json(&document);
        let is_complete = looks.iter().all(|look| look.generated.is_ok());
        return Ok(if is_complete {
            Exit::Success
        } else {
            Exit::SketchFailed
        });
    }
    let mut exit = Exit::Success;
    for (index, look) in looks.iter().enumerate() {
        let mut text = String::new();
        if looks.len() > 1 {
            let gap = if index == 0 { "" } else { "\n" };
            text = format!("{gap}{} on {}\n", line(&look.sketch), look.board);
        }
        match (&look.discovery, &look.missing) {
            (Some(discovery), _) => text.push_str(&found(discovery)),
            (None, Some(missing)) => {
                text.push_str(&resolutions(&missing.so_far.resolutions));
                text.push_str(&not_found(missing, look));
            }
            (None, None) => {}
        }
        printer.data(&text);
        if let Err(failure) = &look.generated {
            // What is missing has just been said; the compiler's own words are for those who ask.
            if look.missing.is_none() || printer.verbosity == Verbosity::Verbose {
                looking::show_failure(look, failure, printer);
            }
            exit = Exit::SketchFailed;
        }
        note_unscanned(look, printer);
    }
    Ok(exit)
}

fn json(look: &Look) -> serde_json::Value {
    let resolutions = match (&look.discovery, &look.missing) {
        (Some(discovery), _) => &discovery.resolutions[..],
        (None, Some(missing)) => &missing.so_far.resolutions[..],
        (None, None) => &[],
    };
    let library = |candidate: &Candidate| {
        let library = &candidate.library;
        serde_json::json!({
            "name": library.name,
            "version": library.version,
            "dir": library.dir.as_str(),
            "reason": candidate.to_string(),
        })
    };
    let includes = resolutions.iter().map(|resolution| {
        serde_json::json!({
            "header": resolution.header,
            "library": library(&resolution.chosen),
            "not_chosen": resolution.others.iter().map(library).collect::<Vec<_>>(),
        })
    });
    serde_json::json!({
        "sketch": look.sketch,
        "board": look.board,
        "includes": includes.collect::<Vec<_>>(),
        "missing": look.missing.as_ref().map(|missing| missing.header.to_string()),
        "error": look.generated.as_ref().err().map(|failure| failure.message.clone()),
    })
}

fn found(discovery: &Discovery) -> String {
    if discovery.resolutions.is_empty() {
        return "no include needs a library\n".to_owned();
    }
    resolutions(&discovery.resolutions)
}

fn resolutions(resolutions: &[Resolution]) -> String {
    resolutions.iter().map(resolution).collect()
}

fn resolution(resolution: &Resolution) -> String {
    let library = &resolution.chosen.library;
    let version = match library.version.as_str() {
        "" => String::new(),
        version => format!(" {version}"),
    };
    let mut text = format!(
        "{}\n  {} in {}\n    {}\n",
        line(&resolution.header),
        line(&format!("{}{version}", library.name)),
        line(library.dir.as_str()),
        resolution.chosen
    );
    for other in &resolution.others {
        let library = &other.library;
        text.push_str(&format!(
            "  not {} in {}\n    {other}\n",
            line(&library.name),
            line(library.dir.as_str())
        ));
    }
    text
}

fn not_found(missing: &Missing, look: &Look) -> String {
    let failure = look.generated.as_ref().err();
    let cause = failure.and_then(|failure| root_cause(&failure.diagnostics));
    // The compiler knows the line; without it the file that was preprocessed is named.
    let place = match cause.map(|cause| (&cause.file, cause.line)) {
        Some((file, Some(line))) => format!("{file}:{line}"),
        _ => missing.source.to_string(),
    };
    let notes = missing.notes();
    let notes = notes.iter().map(|note| format!("    {}\n", line(note)));
    format!(
        "{}\n  in no library; included by {}\n{}",
        line(&missing.header),
        line(&place),
        notes.collect::<String>()
    )
}

/// Keeps a name on its line, wherever the text goes.
fn line(text: &str) -> String {
    Untrusted(text).terminal_line()
}

/// Sources that could not be read through may need more libraries than are shown.
fn note_unscanned(look: &Look, printer: &Printer) {
    let unscanned = look.discovery.iter().flat_map(|found| &found.unscanned);
    for (source, output) in unscanned {
        let first = output.lines().next().unwrap_or_default();
        printer.warning(&format!("`{source}` cannot be preprocessed: {first}"));
    }
}
