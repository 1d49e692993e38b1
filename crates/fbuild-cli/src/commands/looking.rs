//! What the commands that only inspect sketches share: how a sketch is read, and how it is shown that one cannot be.
//!
//! Nothing is written below the current directory.

use fbuild_build::plan::inspect::{self, Look};
use fbuild_model::Failure;

use crate::args::SketchArgs;
use crate::error::CliError;
use crate::printer::{Printer, Tone, Verbosity};
use crate::request::{Prepared, prepare_sketches};
use crate::session::Inspection;
use crate::{hints, output};

/// Looks at every sketch on every board.
///
/// # Errors
/// A wrong command line, a missing tool.
pub fn looks(args: &SketchArgs, printer: &Printer) -> Result<Vec<Look>, CliError> {
    let Prepared {
        mut request,
        remarks,
    } = prepare_sketches(args)?;
    if printer.verbosity > Verbosity::Quiet {
        remarks.iter().for_each(|remark| printer.warning(remark));
    }
    let inspection = Inspection::new(output::inspected_cache_dir(&args.cache, &request)?)?;
    request.output_dir = inspection.dir()?;
    inspect::look(&request, inspection.session.services()).map_err(hints::plan_error)
}

/// Shows why a sketch could not be looked at.
pub fn show_failure(look: &Look, failure: &Failure, printer: &Printer) {
    let cause = format!("{} on {}: {}", look.sketch, look.board, failure.message);
    printer.status(Tone::Bad, "Failed", &cause);
    if !failure.output.trim().is_empty() {
        printer.text(&failure.output);
    }
}
