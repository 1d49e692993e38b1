//! The phase TSV of formats section 2.
//!
//! Several steps of a job append to one file, so what is rendered here is the text to append, and what is read here may contain rows of
//! others. A row whose value is not a number is not a phase but a note; the run's own note says how many sketches were asked for and how
//! they ended.

use std::time::Duration;

use crate::fold::{Counts, Progress, RunReport, StageSummary};
use crate::text::one_line;

/// The first line of every file.
pub const HEADER: &str = "phase\tseconds";

/// One row of a phase file.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The phase, or the note's subject.
    pub name: String,
    /// What it took, or what the note says.
    pub value: Value,
}

/// The second column of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A time in seconds, finite and not negative.
    Seconds(f64),
    /// Any other text.
    Note(String),
}

/// Why a text is not a phase TSV. The file's name is the caller's to add.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}: `{text}`")]
pub struct TsvError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: TsvProblem,
    /// The line's text.
    pub text: String,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TsvProblem {
    /// The file is empty, or begins with something else than the header.
    #[error("expected the header `phase<TAB>seconds`")]
    NoHeader,
    /// Not two columns.
    #[error("expected a name, one tab and a value")]
    NotTwoColumns,
    /// The first column is empty.
    #[error("the name is empty")]
    NoName,
    /// A number of seconds below zero.
    #[error("a phase cannot take less than no time")]
    Negative,
}

/// Returns the rows of a run: `plan`, `stage1_archives`, `stage2_sketches`, and the note `sketches`.
///
/// A stage that never began in a run that ended took no time; one that was interrupted has no row, because its time is not known.
pub fn rows(report: &RunReport) -> Vec<Row> {
    let ended = report.duration.is_some();
    let stage_time = |stage: &StageSummary| match stage.progress {
        Progress::Ended => Some(stage.wall),
        Progress::Waiting if ended => Some(Duration::ZERO),
        Progress::Waiting | Progress::Running => None,
    };
    let phases = [
        ("plan", report.plan.as_ref().map(|plan| plan.duration)),
        ("stage1_archives", stage_time(&report.shared)),
        ("stage2_sketches", stage_time(&report.sketch)),
    ];
    let row = |name: &str, value| Row {
        name: name.to_owned(),
        value,
    };
    let mut rows: Vec<Row> = phases
        .into_iter()
        .filter_map(|(name, time)| time.map(|time| row(name, Value::Seconds(time.as_secs_f64()))))
        .collect();
    let counts = report.counts();
    if counts.requested > 0 {
        rows.push(row("sketches", Value::Note(tally(&counts))));
    }
    rows
}

/// Returns the text to append to a file that contains `existing` so far: the header if that is empty, then the run's rows.
pub fn render(report: &RunReport, existing: &str) -> String {
    append(&rows(report), existing)
}

/// Returns the text to append to a file that contains `existing` so far so that it has also `rows`.
///
/// Seconds have three decimals. Tabs and line ends within a name or note become blanks, a note that reads as a number is put in
/// parentheses, and a row without a name is left out: nobody could read it.
pub fn append(rows: &[Row], existing: &str) -> String {
    let mut text = String::new();
    if existing.trim().is_empty() {
        text.push_str(HEADER);
        text.push('\n');
    } else if !existing.ends_with('\n') {
        text.push('\n');
    }
    for Row { name, value } in rows {
        let name = one_line(name);
        if name.is_empty() {
            continue;
        }
        let value = match value {
            Value::Seconds(seconds) => format!("{seconds:.3}"),
            Value::Note(note) => match one_line(note) {
                number if number.parse::<f64>().is_ok() => format!("({number})"),
                note => note,
            },
        };
        text.push_str(&format!("{name}\t{value}\n"));
    }
    text
}

/// Reads a phase file. Blank lines and repeated headers are passed over.
///
/// # Errors
///
/// The first line that is neither a header, nor blank, nor a row of two columns; and a file without a header.
pub fn parse(text: &str) -> Result<Vec<Row>, TsvError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows = Vec::new();
    let mut header_seen = false;
    let mut last = 1;
    for (number, line) in (1..).zip(text.lines()) {
        last = number;
        if line.trim().is_empty() {
            continue;
        }
        if line.trim_end() == HEADER {
            header_seen = true;
            continue;
        }
        let error = |problem| TsvError {
            line: number,
            problem,
            text: line.to_owned(),
        };
        if !header_seen {
            return Err(error(TsvProblem::NoHeader));
        }
        rows.push(parse_row(line).map_err(error)?);
    }
    if header_seen {
        Ok(rows)
    } else {
        Err(TsvError {
            line: last,
            problem: TsvProblem::NoHeader,
            text: String::new(),
        })
    }
}

fn parse_row(line: &str) -> Result<Row, TsvProblem> {
    let (name, value) = line.split_once('\t').ok_or(TsvProblem::NotTwoColumns)?;
    if value.contains('\t') {
        return Err(TsvProblem::NotTwoColumns);
    }
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() {
        return Err(TsvProblem::NoName);
    }
    let value = match value.parse::<f64>() {
        Ok(seconds) if seconds < 0.0 => return Err(TsvProblem::Negative),
        Ok(seconds) if seconds.is_finite() => Value::Seconds(seconds),
        _ => Value::Note(value.to_owned()),
    };
    Ok(Row {
        name: name.to_owned(),
        value,
    })
}

/// Says how many sketches were asked for and how they ended; the numbers after the colon add up to the first.
pub fn tally(counts: &Counts) -> String {
    let ended = counts.built
        + counts.failed
        + counts.blocked
        + counts.skipped
        + counts.not_run
        + counts.cancelled;
    let optional = [
        (counts.blocked, "blocked"),
        (counts.not_run, "not run"),
        (counts.cancelled, "cancelled"),
        (counts.requested.saturating_sub(ended), "unknown"),
    ];
    let mut text = format!(
        "{} requested: {} built, {} failed, {} skipped",
        counts.requested, counts.built, counts.failed, counts.skipped
    );
    for (number, word) in optional.into_iter().filter(|(number, _)| *number > 0) {
        text.push_str(&format!(", {number} {word}"));
    }
    text
}
