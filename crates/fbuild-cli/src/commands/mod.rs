//! One module per command.

pub mod bench_summary;
pub mod boards;
pub mod build;
pub mod cache;
pub mod compare;
pub mod completions;
pub mod config;
pub mod device;
pub mod doctor;
pub mod libraries;
pub mod looking;
pub mod merge_reports;
pub mod outputs;
pub mod parity;
pub mod preprocess;
pub mod properties;
pub mod share;
