//! The three forms of a summary.

use std::fmt::Write as _;

use super::{PhaseSummary, PhaseVerdict, Spread, Summary};
use crate::schema;
use crate::table::Column::{Number, Text};
use crate::table::{Table, escape};

/// The form to write a summary in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table for people.
    Markdown,
    /// Columns for a spreadsheet.
    Tsv,
    /// [`schema::bench::Summary`].
    Json,
}

/// Returns the summary in a form.
pub fn render(summary: &Summary, format: Format) -> String {
    match format {
        Format::Markdown => markdown(summary),
        Format::Tsv => tsv(summary),
        Format::Json => json(summary),
    }
}

fn markdown(summary: &Summary) -> String {
    let columns = [
        Text("phase"),
        Number("seconds"),
        Number("baseline"),
        Number("difference"),
        Text("verdict"),
    ];
    let shown = if summary.compared { columns.len() } else { 2 };
    let mut table = Table::new(columns.into_iter().take(shown));
    for phase in &summary.phases {
        let cells = [
            escape(&phase.name),
            cell(phase.current),
            cell(phase.baseline),
            difference(phase),
            phase.verdict.map_or("", PhaseVerdict::name).to_owned(),
        ];
        table.row(cells.into_iter().take(shown));
    }
    let mut text = table.into_text();
    if let Some(threshold) = summary.threshold.filter(|_| summary.compared) {
        let sentence = if summary.exceeded() {
            "A phase is"
        } else {
            "No phase is"
        };
        let _ = writeln!(
            text,
            "\n{sentence} more than {threshold} % slower than the baseline."
        );
    }
    if !summary.notes.is_empty() {
        text.push_str("\nNotes:\n\n");
        for note in &summary.notes {
            let _ = writeln!(
                text,
                "- {}: {} ({})",
                escape(&note.name),
                escape(&note.text),
                escape(&note.file)
            );
        }
    }
    text
}

/// Writes the median, and with several runs how far they spread.
fn cell(spread: Option<Spread>) -> String {
    match spread {
        None => String::new(),
        Some(Spread {
            median, runs: 1, ..
        }) => format!("{median:.3}"),
        Some(Spread {
            median,
            minimum,
            maximum,
            ..
        }) => format!("{median:.3} ({minimum:.3}–{maximum:.3})"),
    }
}

fn difference(phase: &PhaseSummary) -> String {
    match (phase.difference(), phase.difference_percent()) {
        (Some(seconds), Some(percent)) => format!("{seconds:+.3} ({percent:+.1} %)"),
        (Some(seconds), None) => format!("{seconds:+.3}"),
        (None, _) => String::new(),
    }
}

/// Writes columns; without a baseline they begin like a phase file, so that the result can be read as one.
fn tsv(summary: &Summary) -> String {
    let mut text = if summary.compared {
        "phase\tseconds\tminimum\tmaximum\truns\tbaseline\tbaseline_minimum\tbaseline_maximum\tbaseline_runs\tdifference\tpercent\tverdict\n".to_owned()
    } else if summary
        .phases
        .iter()
        .all(|phase| phase.current.is_none_or(|spread| spread.runs == 1))
    {
        let seconds = |spread: Option<Spread>| spread.map_or(0.0, |spread| spread.median);
        let rows = summary
            .phases
            .iter()
            .map(|phase| format!("{}\t{:.3}\n", phase.name, seconds(phase.current)));
        let notes = summary
            .notes
            .iter()
            .map(|note| format!("{}\t{}\n", note.name, note.text));
        return rows
            .chain(notes)
            .fold(format!("{}\n", crate::tsv::HEADER), |text, row| text + &row);
    } else {
        "phase\tseconds\tminimum\tmaximum\truns\n".to_owned()
    };
    let columns = |spread: Option<Spread>| match spread {
        None => "\t\t\t".to_owned(),
        Some(spread) => {
            format!(
                "{:.3}\t{:.3}\t{:.3}\t{}",
                spread.median, spread.minimum, spread.maximum, spread.runs
            )
        }
    };
    for phase in &summary.phases {
        let _ = write!(text, "{}\t{}", phase.name, columns(phase.current));
        if summary.compared {
            let seconds = phase
                .difference()
                .map(|seconds| format!("{seconds:.3}"))
                .unwrap_or_default();
            let percent = phase
                .difference_percent()
                .map(|percent| format!("{percent:.1}"))
                .unwrap_or_default();
            let verdict = phase.verdict.map_or("", PhaseVerdict::name);
            let _ = write!(
                text,
                "\t{}\t{seconds}\t{percent}\t{verdict}",
                columns(phase.baseline)
            );
        }
        text.push('\n');
    }
    text
}

fn json(summary: &Summary) -> String {
    let spread = |spread: Spread| schema::bench::Spread {
        median: spread.median,
        minimum: spread.minimum,
        maximum: spread.maximum,
        runs: spread.runs as u64,
    };
    let document = schema::bench::Summary {
        schema: crate::json::schema_of(schema::BENCH_NAME),
        threshold_percent: summary.threshold,
        exceeded: summary.exceeded(),
        phases: summary
            .phases
            .iter()
            .map(|phase| schema::bench::Phase {
                name: phase.name.clone(),
                current: phase.current.map(spread),
                baseline: phase.baseline.map(spread),
                difference: phase.difference().map(milliseconds),
                difference_percent: phase
                    .difference_percent()
                    .map(|percent| (percent * 10.0).round() / 10.0),
                verdict: phase.verdict.map(|verdict| verdict.name().to_owned()),
            })
            .collect(),
        notes: summary
            .notes
            .iter()
            .map(|note| schema::bench::Note {
                file: note.file.clone(),
                name: note.name.clone(),
                text: note.text.clone(),
            })
            .collect(),
    };
    let mut text =
        serde_json::to_string_pretty(&document).expect("the wire types have only string keys");
    text.push('\n');
    text
}

/// Rounds to milliseconds, which is what phase files have.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
