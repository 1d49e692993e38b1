//! What the commands that only look share: a request whose files go to a temporary directory, and what they found.
//!
//! Nothing is written below the current directory. The cache is used for what compilers once answered; without one they are asked again.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_build::plan::inspect::{self, Look};
use fbuild_build::run::Means;
use fbuild_cache::Cache;
use fbuild_model::Failure;
use fbuild_process::runner::Runner;
use fbuild_process::stop::Stop;
use tempfile::TempDir;

use super::build;
use crate::args::{CacheArgs, SketchArgs};
use crate::error::CliError;
use crate::places;
use crate::printer::{Printer, Tone, Verbosity};
use crate::request::{Prepared, prepare_sketches};

/// What it takes to ask a compiler something.
#[derive(Debug)]
pub struct Bench {
    /// Keeps the answers.
    pub cache: Cache,
    /// Starts the compiler.
    pub runner: Runner,
    /// Says when to end.
    pub stop: Stop,
    dir: TempDir,
}

impl Bench {
    /// Opens the cache, or a passing one where there is none or `args` is `None`, and makes a temporary directory.
    ///
    /// # Errors
    /// If there is no place for temporary files.
    pub fn new(args: Option<&CacheArgs>) -> Result<Self, CliError> {
        let dir = tempfile::Builder::new().prefix("fbuild-").tempdir()?;
        let known = args.and_then(|args| places::cache_dir(args).ok());
        let cache = match known.and_then(|dir| Cache::open(&dir).ok()) {
            Some(cache) => cache,
            None => Cache::private_in(utf8(dir.path())?)?,
        };
        let stop = Stop::new();
        Ok(Self {
            cache,
            runner: build::runner(&stop)?,
            stop,
            dir,
        })
    }

    /// Returns the temporary directory.
    ///
    /// # Errors
    /// If its name is not UTF-8.
    pub fn dir(&self) -> Result<Utf8PathBuf, CliError> {
        Ok(utf8(self.dir.path())?.to_owned())
    }
}

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
    let bench = Bench::new(Some(&args.cache))?;
    request.output_dir = bench.dir()?;
    let means = Means {
        cache: &bench.cache,
        runner: &bench.runner,
        stop: &bench.stop,
    };
    inspect::look(&request, means).map_err(build::explain_plan)
}

/// Shows why a sketch could not be looked at.
pub fn show_failure(look: &Look, failure: &Failure, printer: &Printer) {
    let cause = format!("{} on {}: {}", look.sketch, look.board, failure.message);
    printer.status(Tone::Bad, "Failed", &cause);
    if !failure.output.trim().is_empty() {
        printer.text(&failure.output);
    }
}

fn utf8(path: &std::path::Path) -> Result<&Utf8Path, CliError> {
    Utf8Path::from_path(path).ok_or_else(|| {
        let text = format!(
            "use the temporary directory `{}`: its name is not UTF-8",
            path.display()
        );
        CliError::usage(anyhow::anyhow!(text))
    })
}
