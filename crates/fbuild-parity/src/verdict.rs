//! How a comparison ended, in words.

use crate::difference::Difference;

/// How one sketch compares on one board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Both images hold the same bytes at the same addresses.
    Identical {
        /// How many bytes.
        bytes: usize,
    },
    /// The images differ and nothing known explains it.
    Differs(Difference),
    /// The reference builds the sketch and we do not.
    OnlyReference {
        /// Our reason.
        reason: String,
    },
    /// The two cannot be compared, or differ for a known reason.
    NotComparable {
        /// Why.
        reason: String,
    },
    /// Neither builds it.
    BothFail {
        /// Our reason.
        reason: String,
    },
}

impl Verdict {
    /// Returns the word for tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identical { .. } => "identical",
            Self::Differs(_) => "differs",
            Self::OnlyReference { .. } => "only the reference builds",
            Self::NotComparable { .. } => "not comparable",
            Self::BothFail { .. } => "both fail",
        }
    }

    /// Returns whether this is a difference without a known reason.
    pub fn is_unexplained(&self) -> bool {
        matches!(self, Self::Differs(_) | Self::OnlyReference { .. })
    }

    /// Returns what is to be said beside the word, in one line.
    pub fn remark(&self) -> String {
        match self {
            Self::Identical { bytes } => format!("{bytes} bytes"),
            Self::Differs(difference) => difference.to_string(),
            Self::OnlyReference { reason }
            | Self::NotComparable { reason }
            | Self::BothFail { reason } => one_line(reason),
        }
    }
}

/// One row of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The board's FQBN as asked for.
    pub board: String,
    /// The sketch's name.
    pub sketch: String,
    /// How it compares.
    pub verdict: Verdict,
}

/// Joins the lines of a text and bounds it.
fn one_line(text: &str) -> String {
    let joined = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ");
    match joined.char_indices().nth(300) {
        Some((at, _)) => format!("{}…", &joined[..at]),
        None => joined,
    }
}
