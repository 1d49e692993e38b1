//! The wire types of everything that is written as JSON.
//!
//! They are apart from the inner types so that a change inside cannot change what other programs read. `docs/json.md` explains every field.
//! Every field is always written (`null` where nothing is known), and every field may be missing when read, because an older version may
//! not have had it.

pub mod bench;
pub mod compile_sketches;
mod findings;
pub mod message;
pub mod run;

use serde::{Deserialize, Serialize};

/// The name in [`Schema::name`].
pub const NAME: &str = "fbuild-run";
/// The name in the first line of `--message-format=json`.
pub const MESSAGES_NAME: &str = "fbuild-messages";
/// The name in the summary of `bench-summary --format json`.
pub const BENCH_NAME: &str = "fbuild-bench";
/// The version in [`Schema::version`], the same for all.
pub const VERSION: &str = "1";

/// Name and version of a format.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Schema {
    /// [`NAME`], [`MESSAGES_NAME`] or [`BENCH_NAME`].
    pub name: String,
    /// [`VERSION`] for what this version writes.
    pub version: String,
}

/// The published JSON Schemas by name.
pub const PUBLISHED: [(&str, &str); 2] = [
    (
        NAME,
        include_str!("../../../../docs/schemas/fbuild-run.json"),
    ),
    (
        "compile-sketches-report",
        include_str!("../../../../docs/schemas/compile-sketches-report.json"),
    ),
];
