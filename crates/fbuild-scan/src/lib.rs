//! From sketch text and headers to C++ and libraries.
//!
//! The crate reads files (through [`tree::SourceTree`], each once per run) and never starts a process: where the compiler must be asked, the
//! caller answers through [`preprocess::Preprocess`]. It does not know boards, recipes, caches or output directories.

pub mod cpp;
pub mod depfile;
pub mod discovery;
pub mod find;
pub mod index;
pub mod library;
pub mod memo;
pub mod merge;
pub mod missing;
pub mod precompiled;
pub mod preprocess;
pub mod project;
pub mod prototypes;
pub mod resolve;
pub mod sketch;
pub mod skip;
pub mod sources;
pub mod tree;
mod walk;

pub use walk::WalkError;
