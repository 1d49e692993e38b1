//! From sketch text and headers to C++ and libraries.
//!
//! The crate reads files (through [`tree::SourceTree`], each once per run) and never starts a process: where the compiler must be asked, the
//! caller answers through [`preprocess::Preprocess`]. It does not know boards, recipes, caches or output directories.

pub mod preprocess;
pub mod prototypes;
pub mod tree;
