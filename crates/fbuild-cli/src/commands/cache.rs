//! `fbuild cache`.
use crate::args::{CacheArgs, CacheCommand};
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
/// Looks at the cache.
pub fn run(_command: &CacheCommand, _cache: &CacheArgs, _printer: &Printer) -> Result<Exit, CliError> {
    Err(CliError::usage(anyhow::anyhow!("not built yet")))
}
