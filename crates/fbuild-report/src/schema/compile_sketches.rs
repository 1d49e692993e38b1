//! The wire types of the sketch report of arduino/compile-sketches (formats section 3), in the order of its keys.

use serde::{Deserialize, Serialize};

/// A number, or `"N/A"`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Known<T> {
    /// The number.
    Value(T),
    /// Not applicable.
    Not(NotApplicable),
}

/// The text `N/A`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotApplicable {
    /// The only value.
    #[serde(rename = "N/A")]
    NotApplicable,
}

impl<T: Copy> Known<T> {
    /// Returns the number, if there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Not(_) => None,
        }
    }
}

impl<T> From<Option<T>> for Known<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Not(NotApplicable::NotApplicable), Self::Value)
    }
}

/// One report file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The commit the sketches are of.
    pub commit_hash: String,
    /// Its address.
    pub commit_url: String,
    /// One board per file.
    pub boards: Vec<Board>,
}

/// The sketches of one board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Board {
    /// FQBN.
    pub board: String,
    /// Its sketches.
    pub sketches: Vec<Sketch>,
    /// The range of the sketches' deltas; absent without sketches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<BoardSize>,
    /// The range of the sketches' warning deltas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warnings: Option<BoardWarnings>,
}

/// One sketch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sketch {
    /// Its folder, relative to the workspace.
    pub name: String,
    /// Whether it was built.
    pub compilation_success: bool,
    /// Its two sizes.
    pub sizes: Vec<Size>,
    /// Its warnings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warnings: Option<Warnings>,
}

/// One memory of one sketch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// `flash` or `RAM for global variables`.
    pub name: String,
    /// Bytes available.
    pub maximum: Known<i64>,
    /// Now.
    pub current: Amount,
    /// Before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Amount>,
    /// The difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<Amount>,
}

/// Bytes, and their share of the maximum in percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Amount {
    /// Bytes.
    pub absolute: Known<i64>,
    /// Percent.
    pub relative: Known<f64>,
}

/// The warnings of one sketch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Warnings {
    /// Now.
    pub current: Count,
    /// Before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Count>,
    /// The difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<Count>,
}

/// A number of warnings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Count {
    /// The number.
    pub absolute: Known<i64>,
}

/// One memory over all sketches of a board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoardSize {
    /// `flash` or `RAM for global variables`.
    pub name: String,
    /// Bytes available.
    pub maximum: Known<i64>,
    /// The range of the sketches' deltas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<AmountRange>,
}

/// From the smallest to the largest amount.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AmountRange {
    /// Bytes.
    pub absolute: Range<i64>,
    /// Percent, of the same sketches.
    pub relative: Range<f64>,
}

/// From the smallest to the largest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Range<T> {
    /// The smallest.
    pub minimum: Known<T>,
    /// The largest.
    pub maximum: Known<T>,
}

/// The warnings over all sketches of a board.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BoardWarnings {
    /// The range of the sketches' deltas.
    pub delta: CountRange,
}

/// From the smallest to the largest number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CountRange {
    /// The numbers.
    pub absolute: Range<i64>,
}
