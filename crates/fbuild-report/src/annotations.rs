//! What GitHub Actions reads from standard output (formats section 6): annotations, log groups, and keeping everything else from being read.
//!
//! The runner takes a line that begins, after white space, with `::name` for a command, and one that contains `##[name` anywhere. What a
//! compiler prints quotes the source, so anybody who can open a pull request chooses such lines. Two barriers stand against that, either
//! of which is enough: the text is put between `::stop-commands::TOKEN` and `::TOKEN::`, with a token that the author of the source cannot
//! know, and every line that looks like a command is made to look otherwise.

use camino::Utf8Path;
use fbuild_model::outcome::Failure;
use fbuild_model::untrusted::no_workflow_commands;
use fbuild_model::{Diagnostic, Untrusted};

use crate::causes::{Cause, causes, listed};
use crate::fold::RunReport;
use crate::text::one_line;
use crate::warnings::{Part, Warnings};

/// GitHub shows no more of one kind per step.
pub const MOST: usize = 10;

/// How many sketches an annotation names.
const MOST_NAMES: usize = 20;

/// Returns one `::error` line per root cause, at most [`MOST`]; if there are more causes, the last line says how many are not shown. Then the
/// same for warnings.
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
    text.push_str(&warnings(report, workspace));
    text
}

/// Returns one `::warning` line per place that a compiler warned about, at most [`MOST`]; the last line says how many are not shown.
fn warnings(report: &RunReport, workspace: Option<&Utf8Path>) -> String {
    let all = Warnings::of(report);
    let number = all.iter().count();
    let shown = if number > MOST { MOST - 1 } else { number };
    let mut text: String = all
        .iter()
        .take(shown)
        .map(|(part, found)| {
            let mut properties = place(found, workspace);
            properties.push((
                "title",
                one_line(&match part {
                    Part::Library(name) => format!("library {name}"),
                    Part::Sketch(label) => label.clone(),
                    Part::Core => "core".to_owned(),
                }),
            ));
            command("warning", properties, &found.message)
        })
        .collect();
    if number > shown {
        let rest = number - shown;
        text.push_str(&format!("::warning title=fbuild::{rest} more warnings are not shown here; the log has all of them\n"));
    }
    text
}

/// Returns a log group for each root cause: the tool's whole output, what `help` says is the way out, and where the log is.
///
/// `token` as for [`bracketed`].
pub fn groups(
    report: &RunReport,
    token: &str,
    help: impl Fn(&Failure) -> Option<String>,
) -> String {
    let several_boards = report.several_boards();
    let group_of = |cause: &Cause<'_>| {
        let failure = cause.failure;
        let sketches = listed(&cause.sketches(), MOST_NAMES);
        let mut title = match cause.by {
            Some(by) => format!("{by}: {} failed, needed by {sketches}", failure.phase),
            None => format!("{sketches}: {} failed", failure.phase),
        };
        if several_boards {
            title.push_str(&format!(" on {}", listed(&cause.boards(), MOST_NAMES)));
        }
        let mut text = match failure.output.is_empty() {
            true => failure.message.clone(),
            false => failure.output.clone(),
        };
        let log = cause.results.first().and_then(|result| result.log.as_ref());
        let help = help(failure).map(|help| format!("help: {help}"));
        for line in help.into_iter().chain(log.map(|log| format!("log: {log}"))) {
            text.truncate(text.trim_end_matches('\n').len());
            text.push_str(&format!("\n{line}\n"));
        }
        group(&title, &text, token)
    };
    causes(report).iter().map(group_of).collect()
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
    let mut properties = cause
        .diagnostic
        .map_or_else(Vec::new, |found| place(found, workspace));
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
    command("error", properties, &message)
}

/// Returns where a message belongs; nothing if the tool named no file.
fn place(found: &Diagnostic, workspace: Option<&Utf8Path>) -> Vec<(&'static str, String)> {
    if found.file.is_empty() {
        return Vec::new();
    }
    let file = ("file", relative(&found.file, workspace).to_owned());
    let line = found.line.map(|line| ("line", line.to_string()));
    let column = found.column.map(|column| ("col", column.to_string()));
    [file].into_iter().chain(line).chain(column).collect()
}

fn command(name: &str, properties: Vec<(&str, String)>, message: &str) -> String {
    let properties: Vec<String> = properties
        .into_iter()
        .map(|(name, value)| format!("{name}={}", escape_property(&value)))
        .collect();
    format!(
        "::{name} {}::{}\n",
        properties.join(","),
        escape_message(message)
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
