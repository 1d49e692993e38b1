//! The wire types of what a run found beside the outcomes of its sketches.

use serde::{Deserialize, Serialize};

use super::run::Diagnostic;

/// Cached results that were made again and compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Audit {
    /// Results that the run took from the cache.
    pub hits: u64,
    /// Those that were made again.
    pub rebuilt: u64,
    /// Outputs that differ.
    pub differences: Vec<AuditDifference>,
}

/// An output that differs from what its action makes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditDifference {
    /// The action's label.
    pub label: String,
    /// The name of the output.
    pub output: String,
    /// The digest of the cached output, if there is one.
    pub cached: Option<String>,
    /// The digest of the output that was made again, if it was made.
    pub rebuilt: Option<String>,
}

/// The compiler's warnings about a shared part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SharedWarnings {
    /// The board's FQBN.
    pub board: String,
    /// `core`, or `library NAME`.
    pub part: String,
    /// The warnings.
    pub warnings: Vec<Diagnostic>,
}
