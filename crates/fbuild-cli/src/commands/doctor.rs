//! `fbuild doctor`.
use crate::args::{CacheArgs, PlatformArgs};
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
/// Says what was found.
pub fn run(_platforms: &PlatformArgs, _cache: &CacheArgs, _printer: &Printer) -> Result<Exit, CliError> {
    Err(CliError::usage(anyhow::anyhow!("not built yet")))
}
