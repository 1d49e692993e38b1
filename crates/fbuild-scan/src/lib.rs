//! Sketches and libraries as sources: loading, merging, prototypes, library discovery, skip rules.
//!
//! The crate reads files (through [`fbuild_cpp::SourceTree`], each once per run) and starts no process: where the compiler must be asked, the
//! caller answers through [`preprocess::Preprocess`]. It does not know boards, recipes, caches or output directories.

pub mod depfile;
pub mod filter;
pub mod library;
pub mod preprocess;
pub mod prototypes;
pub mod sketch;
pub mod sources;
mod walk;

pub use walk::WalkError;
