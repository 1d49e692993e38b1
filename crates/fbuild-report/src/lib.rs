//! Reports: folds over the event stream.
//!
//! [`fold::RunReport`] takes every [`fbuild_model::Event`] of a run; each other module turns the finished fold into one format, as a pure
//! function from the report to text. Nothing here reads a file, a clock or the environment, and nothing prints: the command line tool does
//! that. It does not know how anything is built.

pub mod annotations;
pub mod bench;
pub mod cause_code;
pub mod causes;
pub mod changes;
pub mod compile_sketches;
pub mod fold;
mod grid;
pub mod json;
pub mod junit;
pub mod lines;
pub mod markdown;
pub mod merge;
pub mod messages;
pub mod schema;
pub mod table;
pub mod text;
pub mod tsv;
pub mod verdict;
pub mod warnings;

pub use fold::{Counts, Miss, PlanSummary, RunReport, StageSummary};
pub use verdict::Verdict;
