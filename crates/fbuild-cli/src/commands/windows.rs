//! Windows into a build.
use crate::args::{PlatformArgs, PropertyArgs, SketchArgs};
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
/// Prints the generated C++.
pub fn preprocess(_args: &SketchArgs, _printer: &Printer) -> Result<Exit, CliError> {
    Err(CliError::usage(anyhow::anyhow!("not built yet")))
}
/// Prints the properties.
pub fn properties(_board: &str, _expanded: bool, _platforms: &PlatformArgs, _properties: &PropertyArgs, _printer: &Printer) -> Result<Exit, CliError> {
    Err(CliError::usage(anyhow::anyhow!("not built yet")))
}
/// Prints the libraries.
pub fn libraries(_args: &SketchArgs, _printer: &Printer) -> Result<Exit, CliError> {
    Err(CliError::usage(anyhow::anyhow!("not built yet")))
}
