//! Sizes compared with those of an earlier JSON report.
//!
//! The module does not know where the report comes from.

use std::collections::HashMap;
use std::fmt;

use fbuild_model::outcome::SketchOutcome;

use crate::fold::RunReport;
use crate::schema::{self, run};

/// A text is not a report to compare with.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is not JSON of this shape.
    #[error("not a JSON report of fbuild")]
    Shape(#[from] serde_json::Error),
    /// It says that it is something else.
    #[error("not a JSON report of fbuild: its schema is `{name}`, version `{version}`")]
    Schema {
        /// Its name.
        name: String,
        /// Its version.
        version: String,
    },
}

/// A memory of which one sketch needs more or less than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change<'a> {
    /// The sketch's name.
    pub sketch: &'a str,
    /// FQBN.
    pub board: &'a str,
    /// `flash` or `RAM`.
    pub memory: &'static str,
    /// Bytes before.
    pub before: u64,
    /// Bytes now.
    pub now: u64,
}

impl fmt::Display for Change<'_> {
    /// Writes `4970 → 5012 B (+42)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.now < self.before { '-' } else { '+' };
        let difference = self.now.abs_diff(self.before);
        write!(f, "{} → {} B ({sign}{difference})", self.before, self.now)
    }
}

/// Reads a report to compare with.
///
/// # Errors
/// If the text is not a JSON report of this version.
pub fn parse(text: &str) -> Result<run::Document, BaselineError> {
    let document: run::Document = serde_json::from_str(text)?;
    let schema::Schema { name, version } = &document.schema;
    if name == schema::NAME && version == schema::VERSION {
        return Ok(document);
    }
    Err(BaselineError::Schema {
        name: name.clone(),
        version: version.clone(),
    })
}

/// Returns what changed since `baseline`, in the order of the request. Sketches that have sizes in one of the two only are left out.
pub fn changes<'a>(report: &'a RunReport, baseline: &run::Document) -> Vec<Change<'a>> {
    let known = baseline.sketches.iter();
    let known: HashMap<(&str, &str), &run::Sketch> = known
        .map(|sketch| ((sketch.name.as_str(), sketch.board.as_str()), sketch))
        .collect();
    let mut changes = Vec::new();
    for result in report.results() {
        let SketchOutcome::Built(firmware) = &result.outcome else {
            continue;
        };
        let (sketch, board) = (result.sketch.as_str(), result.board.as_str());
        let (Some(sizes), Some(before)) = (firmware.sizes, known.get(&(sketch, board))) else {
            continue;
        };
        for (memory, before, now) in [
            ("flash", &before.flash, Some(sizes.flash)),
            ("RAM", &before.ram, sizes.ram),
        ] {
            let Some((before, now)) = before.as_ref().zip(now) else {
                continue;
            };
            if before.used != now.used {
                changes.push(Change {
                    sketch,
                    board,
                    memory,
                    before: before.used,
                    now: now.used,
                });
            }
        }
    }
    changes
}
