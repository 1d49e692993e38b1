//! What a command that starts compilers holds: a cache, a runner, and the switch that stops both.
//!
//! It does not know what is built.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_build::request::Request;
use fbuild_build::services::Services;
use fbuild_cache::Cache;
use fbuild_process::runner::{Runner, RunnerOptions};
use fbuild_process::stop::Stop;
use tempfile::TempDir;

use crate::args::{BuildArgs, CacheArgs};
use crate::error::CliError;
use crate::hints::OTHER_OUTPUT;
use crate::places;

/// The services of one command.
#[derive(Debug)]
pub struct Session {
    /// The store of results and of compilers' answers.
    pub cache: Cache,
    /// Starts processes.
    pub runner: Runner,
    /// Ends the command early.
    pub stop: Stop,
}

impl Session {
    /// Makes the services of a command that writes an output directory; signals end it.
    ///
    /// # Errors
    /// If processes or signals cannot be handled here.
    pub fn for_build(cache: Cache, request: &Request) -> Result<Self, CliError> {
        let workers = request.framework_jobs.max(request.sketch_jobs);
        let options = RunnerOptions {
            // A launcher may start a server that lives on, and with it the name of a directory that does not.
            temporary_in_memory_for: request.launcher.is_empty().then_some(workers),
        };
        let session = Self::new(cache, options)?;
        listen_for_signals(&session.stop)?;
        Ok(session)
    }

    fn new(cache: Cache, options: RunnerOptions) -> Result<Self, CliError> {
        let stop = Stop::new();
        Ok(Self {
            cache,
            runner: Runner::new(stop.clone(), options)?,
            stop,
        })
    }

    /// Returns the services as the build takes them.
    pub fn services(&self) -> Services<'_> {
        Services {
            cache: &self.cache,
            runner: &self.runner,
            stop: &self.stop,
        }
    }
}

/// The services of a command that only inspects, with a temporary directory in place of an output directory.
#[derive(Debug)]
pub struct Inspection {
    /// The services.
    pub session: Session,
    dir: TempDir,
}

impl Inspection {
    /// Opens the cache, or a temporary one where there is none or `args` is `None`, and makes a temporary directory.
    ///
    /// # Errors
    /// If no temporary directory can be made.
    pub fn new(args: Option<&CacheArgs>) -> Result<Self, CliError> {
        let dir = tempfile::Builder::new().prefix("fbuild-").tempdir()?;
        let known = args.and_then(|args| places::cache_dir(args).ok());
        let cache = match known.and_then(|dir| Cache::open(&dir).ok()) {
            Some(cache) => cache,
            None => Cache::private_in(utf8(dir.path())?)?,
        };
        Ok(Self {
            session: Session::new(cache, RunnerOptions::default())?,
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

/// Opens the user's cache, or one for this run alone.
///
/// # Errors
/// If the directory cannot be used.
pub fn open_cache(args: &BuildArgs, request: &Request) -> Result<Cache, CliError> {
    if args.no_cache {
        fs_err::create_dir_all(&request.output_dir)
            .map_err(|error| CliError::usage(error).hint(OTHER_OUTPUT))?;
        return Ok(Cache::private_in(&request.output_dir)?);
    }
    let dir = places::cache_dir(&args.what.cache)?;
    Cache::open(&dir).map_err(|error| {
        CliError::usage(error)
            .hint("use another directory with --cache-dir, or none with --no-cache")
    })
}

/// Ctrl-C ends the run after what is running; a second one, or SIGTERM, ends that too.
fn listen_for_signals(stop: &Stop) -> Result<(), CliError> {
    let mut signals = signal_hook::iterator::Signals::new([
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGTERM,
    ])?;
    let stop = stop.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in &mut signals {
                stop.interrupt();
                if signal == signal_hook::consts::SIGTERM {
                    stop.kill();
                }
            }
        })?;
    Ok(())
}

fn utf8(path: &std::path::Path) -> Result<&Utf8Path, CliError> {
    Utf8Path::from_path(path).ok_or_else(|| {
        let text = format!(
            "cannot use the temporary directory `{}`: its name is not UTF-8",
            path.display()
        );
        CliError::usage(anyhow::anyhow!(text))
    })
}
