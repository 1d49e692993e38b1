//! `fbuild preprocess`: the C++ that is compiled for a sketch.

use fbuild_build::plan::inspect::Look;
use fbuild_model::Untrusted;

use super::looking;
use crate::args::SketchArgs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;

/// Prints the generated C++; where there are several, each under a comment that names board and sketch.
///
/// # Errors
/// A wrong command line, a missing tool.
pub fn run(args: &SketchArgs, printer: &Printer) -> Result<Exit, CliError> {
    let looks = looking::looks(args, printer)?;
    let mut exit = Exit::Success;
    for look in &looks {
        match &look.generated {
            Ok(file) => {
                let heading = if looks.len() > 1 {
                    heading(look)
                } else {
                    String::new()
                };
                printer.bytes(heading.as_bytes());
                printer.bytes(&file.bytes());
            }
            Err(failure) => {
                looking::show_failure(look, failure, printer);
                exit = Exit::SketchFailed;
            }
        }
    }
    Ok(exit)
}

fn heading(look: &Look) -> String {
    // On one line: the rest of a name with a line end would be code.
    let named = format!("// {} on {}", look.sketch, look.board);
    Untrusted(&named).terminal_line() + "\n"
}
