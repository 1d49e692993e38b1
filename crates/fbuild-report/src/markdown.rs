//! The job summary in Markdown, for `$GITHUB_STEP_SUMMARY` and for people who paste a result somewhere.

use fbuild_model::outcome::{SketchOutcome, SketchResult, Stage};
use fbuild_model::size::Usage;

use crate::causes::{causes, listed};
use crate::changes::Change;
use crate::fold::RunReport;
use crate::grid::grid;
use crate::table::Column::{Number, Text};
use crate::table::{Table, code, escape};
use crate::tsv::{self, Value};
use crate::warnings::{Part, Warnings};

/// GitHub refuses a summary of more than one mebibyte; this leaves room for what other steps say.
pub const MOST_BYTES: usize = 900 * 1024;

/// How many sketches the list of failures names per cause.
const MOST_NAMES: usize = 10;

/// How many of the slowest sketches are listed.
const MOST_SLOW: usize = 5;

/// How many of the compilers' warnings are listed.
const MOST_WARNINGS: usize = 50;

/// Returns the summary: counts, root causes, sizes, skipped sketches, phases.
///
/// A section that would make the text larger than [`MOST_BYTES`] is left out, and the text says so.
pub fn render(report: &RunReport) -> String {
    render_with(report, &[])
}

/// Returns the summary with a table of what changed since an earlier run.
pub fn render_with(report: &RunReport, changes: &[Change<'_>]) -> String {
    let sections = [
        failures(report),
        changed(changes),
        section("", grid(report, changes)),
        sizes(report),
        slowest(report),
        skipped(report),
        compiler_warnings(report),
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
    let boards = report.distinct_boards();
    let boards: Vec<String> = boards.into_iter().map(code).collect();
    let time = report
        .duration
        .map(|time| format!(" in {:.1} s", time.as_secs_f64()))
        .unwrap_or_default();
    format!(
        "### fbuild: {}\n\n{}{time}.{}\n",
        boards.join(", "),
        tsv::tally(&report.counts()),
        from_the_cache(report)
    )
}

/// Says how much of the work the cache spared; nothing where there was none.
fn from_the_cache(report: &RunReport) -> String {
    let shared = report.stage(Stage::Shared);
    let all = shared.hits + shared.ran;
    let counts = report.counts();
    if all == 0 && counts.built == 0 {
        return String::new();
    }
    format!(
        " From the cache: {} of {all} files of core and libraries, {} of {} sketches.",
        shared.hits, counts.cached, counts.built
    )
}

fn slowest(report: &RunReport) -> String {
    let mut table = Table::new([Text("sketch"), Text("board"), Number("seconds")]);
    let mut results: Vec<&SketchResult> = report.results().iter().collect();
    results.retain(|result| !result.cached && !result.duration.is_zero());
    results.sort_by_key(|result| std::cmp::Reverse(result.duration));
    for result in results.into_iter().take(MOST_SLOW) {
        table.row([
            escape(&result.sketch),
            escape(&result.board),
            format!("{:.2}", result.duration.as_secs_f64()),
        ]);
    }
    section("slowest sketches", table)
}

fn failures(report: &RunReport) -> String {
    let mut table = Table::new(["failure", "where", "sketches", "boards"].map(Text));
    for cause in causes(report) {
        let place = cause.place().map(|place| code(&place));
        let by = cause
            .by
            .map(|by| format!("{}: ", escape(by)))
            .unwrap_or_default();
        table.row([
            format!("{by}{}: {}", cause.failure.phase, escape(cause.message())),
            place.unwrap_or_default(),
            escape(&listed(&cause.sketches(), MOST_NAMES)),
            escape(&listed(&cause.boards(), MOST_NAMES)),
        ]);
    }
    section("", table)
}

fn changed(changes: &[Change<'_>]) -> String {
    let mut table = Table::new([
        Text("sketch"),
        Text("board"),
        Text("memory"),
        Number("before"),
        Number("now"),
        Number("bytes"),
    ]);
    for change in changes {
        let sign = if change.now < change.before { '-' } else { '+' };
        table.row([
            escape(change.sketch),
            escape(change.board),
            change.memory.to_owned(),
            change.before.to_string(),
            change.now.to_string(),
            format!("{sign}{}", change.now.abs_diff(change.before)),
        ]);
    }
    section("", table)
}

fn sizes(report: &RunReport) -> String {
    let mut table = Table::new([
        Text("sketch"),
        Text("board"),
        Number("flash"),
        Number("RAM"),
        Number("seconds"),
    ]);
    for result in report.results() {
        if let SketchOutcome::Built(firmware) = &result.outcome {
            table.row([
                escape(&result.sketch),
                escape(&result.board),
                usage(firmware.sizes.map(|sizes| sizes.flash)),
                usage(firmware.sizes.and_then(|sizes| sizes.ram)),
                format!("{:.2}", result.duration.as_secs_f64()),
            ]);
        }
    }
    section(&format!("{} sketches built", report.counts().built), table)
}

fn usage(usage: Option<Usage>) -> String {
    usage.map_or_else(String::new, |usage| match usage.percent() {
        Some(percent) => format!("{} ({percent:.1} %)", usage.used),
        None => usage.used.to_string(),
    })
}

fn skipped(report: &RunReport) -> String {
    let mut table = Table::new(["sketch", "board", "rule", "where"].map(Text));
    for result in report.results() {
        if let SketchOutcome::Skipped(rule) = &result.outcome {
            table.row([
                escape(&result.sketch),
                escape(&result.board),
                code(&rule.text),
                code(&rule.place()),
            ]);
        }
    }
    section(
        &format!("{} sketches skipped", report.counts().skipped),
        table,
    )
}

fn compiler_warnings(report: &RunReport) -> String {
    let mut table = Table::new(["warning", "in", "where"].map(Text));
    let all = Warnings::of(report);
    for (part, found) in all.iter().take(MOST_WARNINGS) {
        let part = match part {
            Part::Library(name) => format!("library {name}"),
            Part::Sketch(label) => label.clone(),
            Part::Core => "core".to_owned(),
        };
        let place = match found.line {
            Some(line) => format!("{}:{line}", found.file),
            None => found.file.clone(),
        };
        table.row([escape(&found.message), escape(&part), code(&place)]);
    }
    let number = all.iter().count();
    let title = match number > MOST_WARNINGS {
        true => format!("{number} compiler warnings, the first {MOST_WARNINGS}"),
        false => format!("{number} compiler warnings"),
    };
    section(&title, table)
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
    let mut table = Table::new([Text("phase"), Number("seconds")]);
    for row in tsv::rows(report) {
        if let Value::Seconds(seconds) = row.value {
            table.row([row.name, format!("{seconds:.3}")]);
        }
    }
    section("", table)
}

/// Returns a table, folded below `title` if there is one; nothing if it has no rows.
fn section(title: &str, table: Table) -> String {
    match (table.is_empty(), title) {
        (true, _) => String::new(),
        (false, "") => format!("\n{}", table.into_text()),
        (false, title) => format!(
            "\n<details><summary>{title}</summary>\n\n{}\n</details>\n",
            table.into_text()
        ),
    }
}
