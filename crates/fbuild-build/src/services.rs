//! What a run works with, handed to every part of it.

use std::sync::Arc;

use fbuild_cache::Cache;
use fbuild_process::runner::Runner;
use fbuild_process::stop::Stop;
use fbuild_remote::Remote;

/// What a run works with.
#[derive(Debug, Clone, Copy)]
pub struct Services<'a> {
    /// The store of results.
    pub cache: &'a Cache,
    /// Starts the processes.
    pub runner: &'a Runner,
    /// Whether to go on.
    pub stop: &'a Stop,
    /// The server that has results of other machines.
    pub remote: Option<&'a Arc<Remote>>,
}
