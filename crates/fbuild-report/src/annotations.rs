//! What GitHub Actions reads from standard output (formats section 6): annotations, log groups, and keeping everything else from being read.
//!
//! The runner takes a line that begins, after white space, with `::name` for a command, and one that contains `##[name` anywhere. What a
//! compiler prints quotes the source, so anybody who can open a pull request chooses such lines. Two barriers stand against that, either
//! of which is enough: the text is put between `::stop-commands::TOKEN` and `::TOKEN::`, with a token that the author of the source cannot
//! know, and every line that looks like a command is made to look otherwise.

use camino::Utf8Path;
use fbuild_model::Untrusted;
use fbuild_model::outcome::SketchOutcome;
use fbuild_model::untrusted::no_workflow_commands;

use crate::causes::{Cause, causes, listed};
use crate::fold::RunReport;
use crate::text::one_line;

/// GitHub shows no more of one kind per step.
pub const MOST: usize = 10;

/// How many sketches an annotation names.
const MOST_NAMES: usize = 20;

/// Returns one `::error` line per root cause, at most [`MOST`]; if there are more causes, the last line says how many are not shown.
///
/// Causes that hit more sketches come first. Files within `workspace` (the checkout, `$GITHUB_WORKSPACE`) are named relative to it, which
/// is what makes GitHub show the annotation beside the line.
pub fn render(report: &RunReport, workspace: Option<&Utf8Path>) -> String {
    let mut causes = causes(report);
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.results.len()));
    let shown = if causes.len() > MOST {
        MOST - 1
    } else {
        causes.len()
    };
    let mut text: String = causes[..shown]
        .iter()
        .map(|cause| annotation(cause, workspace))
        .collect();
    if causes.len() > shown {
        let rest = causes.len() - shown;
        text.push_str(&format!("::error title=fbuild::{rest} more root causes are not shown here; the log has all of them\n"));
    }
    text
}

/// Returns a log group with the tool's whole output for each failed sketch, and one for each shared piece that failed.
///
/// `token` as for [`bracketed`].
pub fn groups(report: &RunReport, token: &str) -> String {
    let several_boards = report.several_boards();
    let own = report
        .results()
        .iter()
        .filter_map(|result| match &result.outcome {
            SketchOutcome::Failed(failure) => {
                let board = if several_boards {
                    format!(" on {}", result.board)
                } else {
                    String::new()
                };
                Some((
                    format!("{}{board}: {} failed", result.sketch, failure.phase),
                    failure,
                ))
            }
            _ => None,
        });
    let causes = causes(report);
    let shared = causes.iter().filter_map(|cause| {
        let by = cause.by?;
        let title = format!(
            "{by}: {} failed, needed by {} sketches",
            cause.failure.phase,
            cause.sketches().len()
        );
        Some((title, cause.failure))
    });
    own.chain(shared)
        .map(|(title, failure)| {
            let output = if failure.output.is_empty() {
                &failure.message
            } else {
                &failure.output
            };
            group(&title, output, token)
        })
        .collect()
}

/// Returns `text` as the body of a log group that can be folded, safe to print, with its line ends.
///
/// `token` is what ends the bracket around the text: random, and different in every run.
pub fn group(title: &str, text: &str, token: &str) -> String {
    format!(
        "::group::{}\n{}::endgroup::\n",
        escape_message(&one_line(title)),
        bracketed(text, token)
    )
}

/// Returns `text` so that no line of it can be read as a workflow command, and commands are off while it is printed.
///
/// `token` is what switches them on again: random, and different in every run. Ends in a line end.
pub fn bracketed(text: &str, token: &str) -> String {
    let mut body = Untrusted(text).workflow();
    if !body.is_empty() && !body.ends_with('\n') {
        body.push('\n');
    }
    format!("::stop-commands::{token}\n{body}::{token}::\n")
}

/// Returns `text` with a blank put into everything that could be read as a workflow command; nothing else is changed.
///
/// `::add-mask::x` at the beginning of a line becomes `: :add-mask::x`, and `##[error]` anywhere `## [error]`. A lone carriage return ends
/// a line too, because the runner reads it so.
pub fn neutral(text: &str) -> String {
    no_workflow_commands(text)
}

fn annotation(cause: &Cause<'_>, workspace: Option<&Utf8Path>) -> String {
    let mut properties = Vec::new();
    if let Some(diagnostic) = cause
        .diagnostic
        .filter(|diagnostic| !diagnostic.file.is_empty())
    {
        properties.push(("file", relative(&diagnostic.file, workspace).to_owned()));
        properties.extend(diagnostic.line.map(|line| ("line", line.to_string())));
        properties.extend(diagnostic.column.map(|column| ("col", column.to_string())));
    }
    let (sketches, boards) = (cause.sketches(), cause.boards());
    let hit = match (cause.by, sketches.as_slice()) {
        (Some(by), _) => by.to_owned(),
        (None, [one]) => (*one).to_owned(),
        (None, several) => format!("{} sketches", several.len()),
    };
    properties.push((
        "title",
        one_line(&format!("{hit}: {} failed", cause.failure.phase)),
    ));
    let message = format!(
        "{}\n{} {} on {}",
        cause.message(),
        if cause.by.is_some() {
            "needed by"
        } else {
            "in"
        },
        listed(&sketches, MOST_NAMES),
        listed(&boards, MOST_NAMES)
    );
    let properties: Vec<String> = properties
        .into_iter()
        .map(|(name, value)| format!("{name}={}", escape_property(&value)))
        .collect();
    format!(
        "::error {}::{}\n",
        properties.join(","),
        escape_message(&message)
    )
}

fn relative<'a>(file: &'a str, workspace: Option<&Utf8Path>) -> &'a str {
    workspace
        .and_then(|workspace| Utf8Path::new(file).strip_prefix(workspace).ok())
        .map_or(file, Utf8Path::as_str)
}

/// Escapes the text after a command's last `::`.
fn escape_message(text: &str) -> String {
    let text = Untrusted(text).terminal();
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace("##[", "## [")
}

/// Escapes the value of a command's property.
fn escape_property(text: &str) -> String {
    escape_message(text).replace(':', "%3A").replace(',', "%2C")
}
