//! What a command that starts compilers holds: a cache, a runner, and the switch that stops both.
//!
//! It does not know what is built.

use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_build::exec::temporary;
use fbuild_build::request::Request;
use fbuild_build::services::Services;
use fbuild_cache::{Cache, Scratch};
use fbuild_process::limits::Limits;
use fbuild_process::memory;
use fbuild_process::runner::{Runner, RunnerOptions, TemporaryDir};
use fbuild_process::stop::Stop;
use fbuild_remote::Remote;
use tempfile::TempDir;

use crate::args::BuildArgs;
use crate::args::remote::RemoteArgs;
use crate::error::CliError;
use crate::exit::{self, Exit};
use crate::hints::OTHER_OUTPUT;
use crate::output;

/// The services of one command.
#[derive(Debug)]
pub struct Session {
    /// The store of results and of compilers' answers.
    pub cache: Cache,
    /// Starts processes.
    pub runner: Runner,
    /// The server that has results of other machines.
    pub remote: Option<Arc<Remote>>,
    /// Ends the command early.
    pub stop: Stop,
    /// Where processes put their temporary files; removed at the end.
    _temporary: Option<Scratch>,
}

impl Session {
    /// Makes the services of a command that writes an output directory; signals end it.
    ///
    /// # Errors
    /// If processes or signals cannot be handled here.
    pub fn for_build(
        cache: Cache,
        request: &Request,
        remote: Option<Arc<Remote>>,
    ) -> Result<Self, CliError> {
        let workers = request.framework_jobs.max(request.sketch_jobs);
        let made: OnceLock<Option<Scratch>> = OnceLock::new();
        let temporary_dir = TemporaryDir::new(move || {
            let dir = made.get_or_init(|| temporary::in_memory(workers));
            dir.as_ref().map(|dir| dir.path().to_owned())
        });
        let options = RunnerOptions {
            // A launcher may start a server that outlives this run and would keep the name of the directory.
            temporary_dir: request.launcher.is_empty().then_some(temporary_dir),
            limits: Limits {
                time: Some(request.limits.action_timeout),
                memory: Some(
                    request
                        .limits
                        .process_memory
                        .unwrap_or_else(|| memory_share(workers)),
                ),
            },
        };
        let session = Self {
            remote,
            ..Self::new(cache, options)?
        };
        listen_for_signals(&session.stop)?;
        Ok(session)
    }

    fn new(cache: Cache, options: RunnerOptions) -> Result<Self, CliError> {
        let stop = Stop::new();
        Ok(Self {
            cache,
            runner: Runner::new(stop.clone(), options)?,
            stop,
            remote: None,
            _temporary: None,
        })
    }

    /// Returns the services as the build takes them.
    pub fn services(&self) -> Services<'_> {
        Services {
            cache: &self.cache,
            runner: &self.runner,
            stop: &self.stop,
            remote: self.remote.as_ref(),
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
    /// Opens the cache in `cache_dir`, or a temporary one where that is `None` or cannot be used, and makes a temporary directory.
    ///
    /// # Errors
    /// If no temporary directory can be made.
    pub fn new(cache_dir: Option<Utf8PathBuf>) -> Result<Self, CliError> {
        let dir = tempfile::Builder::new().prefix("fbuild-").tempdir()?;
        let cache = match cache_dir.and_then(|dir| Cache::open(&dir).ok()) {
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

/// Returns a client of the remote cache that the user named. Nothing is sent yet.
///
/// # Errors
/// If an option, a certificate or a key cannot be used.
pub fn remote(args: &RemoteArgs) -> Result<Option<Arc<Remote>>, CliError> {
    let options = args.options().map_err(CliError::usage)?;
    let client = options.map(Remote::new).transpose();
    Ok(client.map_err(CliError::usage)?.map(Arc::new))
}

/// Opens the user's cache, or one for this run alone.
///
/// # Errors
/// If the directory cannot be used.
pub fn open_cache(args: &BuildArgs, request: &Request) -> Result<Cache, CliError> {
    if args.no_cache || args.clean {
        fs_err::create_dir_all(&request.output_dir)
            .map_err(|error| CliError::usage(error).hint(OTHER_OUTPUT))?;
        return Ok(Cache::private_in(&request.output_dir)?);
    }
    let dir = output::cache_dir(&args.what.cache, request)?;
    Cache::open_or_private(&dir, &request.output_dir).map_err(|error| {
        CliError::usage(error)
            .hint("use another directory with --cache-dir, or none with --no-cache")
    })
}

/// The address space of one process, in bytes, unless `--memory-limit` sets it: the share of a worker in what is free, and enough for any
/// compiler where little is.
fn memory_share(workers: NonZeroUsize) -> u64 {
    const ENOUGH: u64 = 4 << 30;
    let free = memory::free(Utf8Path::new("/")).unwrap_or(0);
    (free / workers.get() as u64).max(ENOUGH)
}

/// How long a run may take to end after its processes were killed.
const LAST_GRACE: Duration = Duration::from_millis(1500);

/// Ctrl-C lets what is running end; a second one, or SIGTERM, SIGHUP or SIGQUIT, kills it, and ends this program soon after in any case.
fn listen_for_signals(stop: &Stop) -> Result<(), CliError> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT])?;
    let stop = stop.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in &mut signals {
                stop.interrupt();
                if signal != SIGINT {
                    stop.kill();
                }
                if stop.is_killed() {
                    std::thread::sleep(LAST_GRACE);
                    exit::now(Exit::Interrupted);
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
