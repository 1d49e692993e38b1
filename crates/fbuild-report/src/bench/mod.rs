//! `fbuild bench-summary`: phase files of a benchmark job, compared with those of an earlier one.
//!
//! Each file is one run. A phase that occurs several times in one file, because a job built cold and then warm, was measured in different
//! states; its occurrences are phases of their own (`plan`, `plan (2)`), and only files are repetitions.

mod format;

pub use format::{Format, render};

use indexmap::IndexMap;

use crate::tsv::{self, TsvError, Value};

/// Differences below this, in seconds, are those of the clock and the scheduler, never a verdict.
pub const NOISE_SECONDS: f64 = 0.010;

/// How many percent a phase may differ and still be called the same, if nobody asked for a threshold.
pub const SAME_PERCENT: f64 = 5.0;

/// A file is not a phase TSV.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read a phase file: {file}:{}: {}: `{}`", error.line, error.problem, error.text)]
pub struct ReadPhasesError {
    /// The file.
    pub file: String,
    /// The line, and what is wrong with it.
    pub error: TsvError,
}

/// One phase file that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The file's name.
    pub file: String,
    /// Its rows.
    pub rows: Vec<tsv::Row>,
}

/// Several measurements of one phase, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The median; of an even number, the mean of the middle two.
    pub median: f64,
    /// The smallest.
    pub minimum: f64,
    /// The largest.
    pub maximum: f64,
    /// How many there are.
    pub runs: usize,
}

/// What the comparison says about one phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseVerdict {
    /// No slower and no faster than the threshold allows.
    Same,
    /// Less time than before.
    Faster,
    /// More time than before.
    Slower,
    /// The baseline does not have it.
    New,
    /// Only the baseline has it.
    Gone,
}

impl PhaseVerdict {
    /// Returns the word used in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::New => "new",
            Self::Gone => "gone",
        }
    }
}

/// One phase on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseSummary {
    /// Its name.
    pub name: String,
    /// The new side.
    pub current: Option<Spread>,
    /// The old side.
    pub baseline: Option<Spread>,
    /// What the comparison says; `None` without a baseline.
    pub verdict: Option<PhaseVerdict>,
}

impl PhaseSummary {
    /// Returns the difference of the medians in seconds, positive if slower.
    pub fn difference(&self) -> Option<f64> {
        Some(self.current?.median - self.baseline?.median)
    }

    /// Returns the difference in percent of the baseline; `None` if that is zero.
    pub fn difference_percent(&self) -> Option<f64> {
        let before = self.baseline?.median;
        if before > 0.0 {
            Some(self.difference()? * 100.0 / before)
        } else {
            None
        }
    }
}

/// A row whose value is not a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The file it stands in.
    pub file: String,
    /// The first column.
    pub name: String,
    /// The second column.
    pub text: String,
}

/// The summary of all files.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The phases, in the order in which the new side meets them, then those only the baseline has.
    pub phases: Vec<PhaseSummary>,
    /// The notes of the new side.
    pub notes: Vec<Note>,
    /// Whether there is a baseline.
    pub compared: bool,
    /// How much slower a phase may be, in percent, as asked for.
    pub threshold: Option<f64>,
}

impl Summary {
    /// Returns whether a phase is slower than the threshold allows; without a threshold none is.
    pub fn exceeded(&self) -> bool {
        self.threshold.is_some()
            && self
                .phases
                .iter()
                .any(|phase| phase.verdict == Some(PhaseVerdict::Slower))
    }
}

/// Reads one phase file's text.
///
/// # Errors
///
/// If a line is malformed; the error names file and line.
pub fn read(file: &str, text: &str) -> Result<Run, ReadPhasesError> {
    match tsv::parse(text) {
        Ok(rows) => Ok(Run {
            file: file.to_owned(),
            rows,
        }),
        Err(error) => Err(ReadPhasesError {
            file: file.to_owned(),
            error,
        }),
    }
}

/// Compares `current` with `baseline`, which may be empty.
///
/// `threshold` is how much slower a phase may be, in percent; without it [`SAME_PERCENT`] decides the wording and nothing is exceeded.
pub fn summarise(current: &[Run], baseline: &[Run], threshold: Option<f64>) -> Summary {
    let (now, mut before) = (measurements(current), measurements(baseline));
    let compared = !baseline.is_empty();
    let phase = |name: String, current: Option<Spread>, baseline: Option<Spread>| {
        let mut phase = PhaseSummary {
            name,
            current,
            baseline,
            verdict: None,
        };
        phase.verdict = compared.then(|| verdict(&phase, threshold.unwrap_or(SAME_PERCENT)));
        phase
    };
    let mut phases: Vec<PhaseSummary> = Vec::new();
    for (name, values) in now {
        let old = before.shift_remove(&name).and_then(spread);
        phases.push(phase(name, spread(values), old));
    }
    phases.extend(
        before
            .into_iter()
            .map(|(name, values)| phase(name, None, spread(values))),
    );
    let notes = current.iter().flat_map(|run| {
        run.rows.iter().filter_map(|row| match &row.value {
            Value::Note(text) => Some(Note {
                file: run.file.clone(),
                name: row.name.clone(),
                text: text.clone(),
            }),
            Value::Seconds(_) => None,
        })
    });
    Summary {
        phases,
        notes: notes.collect(),
        compared,
        threshold,
    }
}

fn verdict(phase: &PhaseSummary, threshold: f64) -> PhaseVerdict {
    let Some(difference) = phase.difference() else {
        return if phase.current.is_some() {
            PhaseVerdict::New
        } else {
            PhaseVerdict::Gone
        };
    };
    let beyond = phase
        .difference_percent()
        .is_none_or(|percent| percent.abs() > threshold);
    if !beyond || difference.abs() < NOISE_SECONDS {
        PhaseVerdict::Same
    } else if difference > 0.0 {
        PhaseVerdict::Slower
    } else {
        PhaseVerdict::Faster
    }
}

/// Collects the measurements of each phase, in the order in which the phases are met.
fn measurements(runs: &[Run]) -> IndexMap<String, Vec<f64>> {
    let mut phases: IndexMap<String, Vec<f64>> = IndexMap::new();
    for run in runs {
        let mut occurrences: IndexMap<&str, usize> = IndexMap::new();
        for row in &run.rows {
            if let Value::Seconds(seconds) = row.value {
                let occurrence = occurrences.entry(&row.name).or_insert(0);
                *occurrence += 1;
                let name = match *occurrence {
                    1 => row.name.clone(),
                    later => format!("{} ({later})", row.name),
                };
                phases.entry(name).or_default().push(seconds);
            }
        }
    }
    phases
}

fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    let (&minimum, &maximum) = (values.first()?, values.last()?);
    let middle = values.len() / 2;
    let median = if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    };
    Some(Spread {
        median,
        minimum,
        maximum,
        runs: values.len(),
    })
}
