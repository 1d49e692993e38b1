//! The job summary in Markdown, for `$GITHUB_STEP_SUMMARY` and for people who paste a result somewhere.

use std::fmt::Write as _;

use fbuild_model::outcome::{SketchOutcome, SketchResult};
use fbuild_model::size::Usage;

use crate::causes::{causes, listed};
use crate::fold::RunReport;
use crate::tsv::{self, Value};

/// GitHub refuses a summary of more than one mebibyte; this leaves room for what other steps say.
pub const MOST_BYTES: usize = 900 * 1024;

/// How many sketches the list of failures names per cause.
const MOST_NAMES: usize = 10;

/// Returns the summary: counts, root causes, sizes, skipped sketches, phases.
///
/// A section that would make the text larger than [`MOST_BYTES`] is left out, and the text says so.
pub fn render(report: &RunReport) -> String {
    let sections = [
        failures(report),
        sizes(report),
        skipped(report),
        warnings(report),
        phases(report),
    ];
    let mut text = heading(report);
    let mut left_out = false;
    for section in sections {
        if text.len() + section.len() > MOST_BYTES {
            left_out = true;
        } else {
            text.push_str(&section);
        }
    }
    if left_out {
        text.push_str(
            "\nSome sections are too large to be shown here; the report file has everything.\n",
        );
    }
    text
}

fn heading(report: &RunReport) -> String {
    let boards: Vec<String> = report.boards.iter().map(|board| code(board)).collect();
    let time = report
        .duration
        .map(|time| format!(" in {:.1} s", time.as_secs_f64()))
        .unwrap_or_default();
    format!(
        "### fbuild: {}\n\n{}{time}.\n",
        boards.join(", "),
        tsv::tally(&report.counts())
    )
}

fn failures(report: &RunReport) -> String {
    let causes = causes(report);
    if causes.is_empty() {
        return String::new();
    }
    let mut text = "\n| failure | where | sketches | boards |\n|---|---|---|---|\n".to_owned();
    for cause in causes {
        let place = cause
            .diagnostic
            .filter(|diagnostic| !diagnostic.file.is_empty())
            .map(|diagnostic| {
                let line = diagnostic
                    .line
                    .map(|line| format!(":{line}"))
                    .unwrap_or_default();
                code(&format!("{}{line}", diagnostic.file))
            });
        let by = cause
            .by
            .map(|by| format!("{}: ", escape(by)))
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "| {by}{}: {} | {} | {} | {} |",
            cause.failure.phase,
            escape(cause.message()),
            place.unwrap_or_default(),
            escape(&listed(&cause.sketches(), MOST_NAMES)),
            escape(&listed(&cause.boards(), MOST_NAMES)),
        );
    }
    text
}

fn sizes(report: &RunReport) -> String {
    let rows: String = report.results().iter().filter_map(size_row).collect();
    if rows.is_empty() {
        return rows;
    }
    folded(
        &format!("{} sketches built", report.counts().built),
        &format!("| sketch | board | flash | RAM | seconds |\n|---|---|--:|--:|--:|\n{rows}"),
    )
}

fn size_row(result: &SketchResult) -> Option<String> {
    let SketchOutcome::Built(firmware) = &result.outcome else {
        return None;
    };
    let usage = |usage: Option<Usage>| {
        usage.map_or_else(String::new, |usage| match usage.percent() {
            Some(percent) => format!("{} ({percent:.1} %)", usage.used),
            None => usage.used.to_string(),
        })
    };
    Some(format!(
        "| {} | {} | {} | {} | {:.2} |\n",
        escape(&result.sketch),
        escape(&result.board),
        usage(firmware.sizes.map(|sizes| sizes.flash)),
        usage(firmware.sizes.and_then(|sizes| sizes.ram)),
        result.duration.as_secs_f64(),
    ))
}

fn skipped(report: &RunReport) -> String {
    let mut rows = String::new();
    for result in report.results() {
        if let SketchOutcome::Skipped(rule) = &result.outcome {
            let line = rule.line.map(|line| format!(":{line}")).unwrap_or_default();
            let _ = writeln!(
                rows,
                "| {} | {} | {} | {} |",
                escape(&result.sketch),
                escape(&result.board),
                code(&rule.text),
                code(&format!("{}{line}", rule.file)),
            );
        }
    }
    if rows.is_empty() {
        return rows;
    }
    let title = format!("{} sketches skipped", report.counts().skipped);
    folded(
        &title,
        &format!("| sketch | board | rule | where |\n|---|---|---|---|\n{rows}"),
    )
}

fn warnings(report: &RunReport) -> String {
    let rows: String = report
        .warnings
        .iter()
        .map(|warning| format!("- {}\n", escape(warning)))
        .collect();
    if rows.is_empty() {
        rows
    } else {
        format!("\nWarnings:\n\n{rows}")
    }
}

fn phases(report: &RunReport) -> String {
    let rows: String = tsv::rows(report)
        .into_iter()
        .filter_map(|row| match row.value {
            Value::Seconds(seconds) => Some(format!("| {} | {seconds:.3} |\n", row.name)),
            Value::Note(_) => None,
        })
        .collect();
    if rows.is_empty() {
        rows
    } else {
        format!("\n| phase | seconds |\n|---|--:|\n{rows}")
    }
}

fn folded(title: &str, body: &str) -> String {
    format!("\n<details><summary>{title}</summary>\n\n{body}\n</details>\n")
}

/// Returns `text` so that it stands in a table cell as it is: on one line, without markup, HTML or links to people.
pub(crate) fn escape(text: &str) -> String {
    let text = crate::lines::one_line(text);
    let mut safe = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            // A backslash does not keep GitHub from making a mention or a reference of what follows.
            '@' => safe.push_str("&#64;"),
            '#' => safe.push_str("&#35;"),
            // Within a word an underscore is no markup, and names of phases stay readable.
            '_' if before.is_alphanumeric()
                && rest.peek().is_some_and(|next| next.is_alphanumeric()) =>
            {
                safe.push('_')
            }
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '$' => safe.extend(['\\', c]),
            c => safe.push(c),
        }
        before = c;
    }
    safe
}

/// Returns `text` as code in a table cell.
fn code(text: &str) -> String {
    let text = crate::lines::one_line(text);
    // Within backticks a table still ends its cell at `|`, and backticks end the code; HTML has neither problem.
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let text: String = text
        .chars()
        .map(|c| match c {
            '|' | '`' | '*' | '_' | '\\' | '[' | ']' | '~' | '@' | '#' | '$' => {
                format!("&#{};", u32::from(c))
            }
            c => c.to_string(),
        })
        .collect();
    format!("<code>{text}</code>")
}
