//! What a run works with, handed to every part of it.

use fbuild_cache::Cache;
use fbuild_process::runner::Runner;
use fbuild_process::stop::Stop;

/// What a run works with.
#[derive(Debug, Clone, Copy)]
pub struct Services<'a> {
    /// The store of results.
    pub cache: &'a Cache,
    /// Starts the processes.
    pub runner: &'a Runner,
    /// Whether to go on.
    pub stop: &'a Stop,
}
