//! Whether an earlier build is still current: build records, the input snapshot they depend on, and the scans that belong to it.
//!
//! This module decides from contents only. It does not know how a plan is made or run.

pub mod record;
pub(crate) mod scan_cache;
pub mod snapshot;
