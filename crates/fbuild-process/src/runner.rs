//! The one place that starts processes.
//!
//! Callers are pool workers that block until their process has ended; a single thread with a tokio runtime starts, reads and kills. Every
//! process leads a process group of its own, so that the terminal's Ctrl-C does not reach it and that it can be ended together with what it
//! started. Time and memory are the kernel's own accounting of the process and its waited-for children (`wait4`). The runner does not know
//! what a command means and never runs one twice.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc as std_mpsc};
use std::time::Duration;
use std::{fmt, io, thread};

use camino::Utf8PathBuf;
use fbuild_model::Command;
use tokio::sync::mpsc;

use crate::addresses;
use crate::child::{self, Groups, Start};
use crate::limits::Limits;
pub use crate::output::{Output, RunError};
use crate::stop::Stop;

/// Lets glibc's allocator ask the system seldom and for much, which saves compilers and linkers page faults; others do not look at it.
const ALLOCATION: [(&str, &str); 3] = [
    ("MALLOC_MMAP_THRESHOLD_", "1073741824"),
    ("MALLOC_TRIM_THRESHOLD_", "2000000000"),
    ("MALLOC_TOP_PAD_", "16777216"),
];

/// A directory that is made when the first process starts.
#[derive(Clone)]
pub struct TemporaryDir(Arc<dyn Fn() -> Option<Utf8PathBuf> + Send + Sync>);

impl TemporaryDir {
    /// Takes a function that makes the directory when it is called first, and returns the same one from then on; `None` if there is none.
    pub fn new(make: impl Fn() -> Option<Utf8PathBuf> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }
}

impl fmt::Debug for TemporaryDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TemporaryDir")
    }
}

/// How processes are started.
#[derive(Debug, Clone, Default)]
pub struct RunnerOptions {
    /// The directory for temporary files of processes (`TMPDIR`); `None` leaves them where the system has them.
    pub temporary_dir: Option<TemporaryDir>,
    /// What each process may use.
    pub limits: Limits,
}

enum Job {
    Run(Box<Start>),
    FixAddresses(std_mpsc::SyncSender<bool>),
}

/// Starts processes and waits for them.
#[derive(Debug)]
pub struct Runner {
    jobs: Option<mpsc::UnboundedSender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
    stop: Stop,
    options: RunnerOptions,
    /// The directory for temporary files filled up or went away, and the system's own is used.
    temporary_failed: AtomicBool,
}

impl Runner {
    /// Starts the runner's thread.
    ///
    /// # Errors
    /// If the thread or its event loop cannot be made.
    pub fn new(stop: Stop, options: RunnerOptions) -> io::Result<Self> {
        let (jobs, inbox) = mpsc::unbounded_channel();
        let (ready, started) = std_mpsc::sync_channel(1);
        let watched = stop.clone();
        let thread = thread::Builder::new()
            .name("runner".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                match runtime {
                    Ok(runtime) => {
                        let _ = ready.send(Ok(()));
                        runtime.block_on(serve(inbox, watched));
                    }
                    Err(error) => {
                        let _ = ready.send(Err(error));
                    }
                }
            })?;
        started.recv().map_err(io::Error::other)??;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            stop,
            options,
            temporary_failed: AtomicBool::new(false),
        })
    }

    /// Returns what each process may use.
    pub fn limits(&self) -> Limits {
        self.options.limits
    }

    /// Starts processes without address randomisation from now on. Returns whether the system allows that; containers may forbid it.
    ///
    /// Some compilers can use a precompiled header only at the address at which it was made.
    pub fn fix_addresses(&self) -> bool {
        let (reply, answer) = std_mpsc::sync_channel(1);
        let asked = self
            .jobs
            .as_ref()
            .is_some_and(|jobs| jobs.send(Job::FixAddresses(reply)).is_ok());
        asked && answer.recv().unwrap_or(false)
    }

    /// Runs `command` to its end within the runner's limits. A process that fails is not an error.
    ///
    /// # Errors
    /// If the process could not be started or waited for, exceeded a limit, or the run was stopped.
    pub fn run(&self, command: &Command) -> Result<Output, RunError> {
        self.run_within(command, self.options.limits)
    }

    /// Runs `command` to its end within `limits`. A process that fails is not an error.
    ///
    /// # Errors
    /// If the process could not be started or waited for, exceeded a limit, or the run was stopped.
    pub fn run_within(&self, command: &Command, limits: Limits) -> Result<Output, RunError> {
        let program = command.program.clone();
        let temporary_dir = match self.temporary_failed.load(Ordering::Relaxed) {
            true => None,
            false => self
                .options
                .temporary_dir
                .as_ref()
                .and_then(|dir| (dir.0)()),
        };
        let mut child = std::process::Command::new(&command.program);
        child
            .args(&command.args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Messages are parsed, and kept with cached results: they are always in the compiler's own language.
        std::os::unix::process::CommandExt::process_group(child.env("LC_ALL", "C"), 0);
        for (name, value) in ALLOCATION {
            if std::env::var_os(name).is_none() {
                child.env(name, value);
            }
        }
        if let Some(cwd) = &command.cwd {
            child.current_dir(cwd);
        }
        if let Some(dir) = &temporary_dir {
            child.env("TMPDIR", dir);
        }
        let mut output = self.wait(child, program, limits)?;
        if let (false, Some(dir)) = (output.status.success(), temporary_dir)
            && (output.found_no_room() || !dir.exists())
        {
            self.temporary_failed.store(true, Ordering::Relaxed);
            output.lost_temporary_files = true;
        }
        Ok(output)
    }

    fn wait(
        &self,
        command: std::process::Command,
        program: String,
        limits: Limits,
    ) -> Result<Output, RunError> {
        if self.stop.is_cancelled() {
            return Err(RunError::Stopped { program });
        }
        let (reply, answer) = std_mpsc::sync_channel(1);
        let ended = || RunError::Wait {
            program: program.clone(),
            source: io::ErrorKind::BrokenPipe.into(),
        };
        let jobs = self.jobs.as_ref().ok_or_else(ended)?;
        jobs.send(Job::Run(Box::new(Start {
            command,
            program: program.clone(),
            limits,
            reply,
        })))
        .map_err(|_| ended())?;
        answer.recv().map_err(|_| ended())?
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // Closing the channel ends the thread's loop.
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(mut inbox: mpsc::UnboundedReceiver<Job>, stop: Stop) {
    let groups = Groups::default();
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    loop {
        tokio::select! {
            job = inbox.recv() => match job {
                Some(Job::Run(job)) => child::start(*job, &groups, &stop),
                // The personality belongs to this thread, which is the one that starts processes, and children inherit it.
                Some(Job::FixAddresses(reply)) => drop(reply.send(addresses::fix())),
                None => return,
            },
            _ = tick.tick(), if stop.is_cancelled() => {
                if stop.is_killed() {
                    groups.kill_all();
                }
            }
            // A cheap look at the flag while nothing else happens; a process that runs does not wake this thread.
            () = tokio::time::sleep(Duration::from_millis(100)), if !stop.is_cancelled() => {}
        }
    }
}
