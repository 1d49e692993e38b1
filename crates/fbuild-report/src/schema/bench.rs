//! The wire types of `fbuild bench-summary --format json`.

use serde::{Deserialize, Serialize};

use super::Schema;

/// The whole summary.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Which format this is: [`super::BENCH_NAME`].
    pub schema: Schema,
    /// How much slower a phase may be, in percent, as asked for.
    pub threshold_percent: Option<f64>,
    /// Whether a phase is slower than that.
    pub exceeded: bool,
    /// One entry per phase.
    pub phases: Vec<Phase>,
    /// Rows whose value is not a number.
    pub notes: Vec<Note>,
}

/// One phase.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// The new side; `null` if only the baseline has the phase.
    pub current: Option<Spread>,
    /// The old side; `null` if only the new side has the phase.
    pub baseline: Option<Spread>,
    /// Median less median, in seconds.
    pub difference: Option<f64>,
    /// The same in percent of the baseline; `null` if that is zero.
    pub difference_percent: Option<f64>,
    /// `same`, `faster`, `slower`, `new` or `gone`; `null` without a baseline.
    pub verdict: Option<String>,
}

/// Several measurements of one phase, in seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The smallest.
    pub minimum: f64,
    /// The largest.
    pub maximum: f64,
    /// How many there are.
    pub runs: u64,
}

/// A row whose value is not a number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Note {
    /// The file it stands in.
    pub file: String,
    /// The first column.
    pub name: String,
    /// The second column.
    pub text: String,
}
