//! The one place that starts processes.
//!
//! Callers are pool workers that block until their process has ended; a single thread with a tokio runtime starts, reads and kills. Every
//! process leads a process group of its own, so that the terminal's Ctrl-C does not reach it and that it can be ended together with what it
//! started. Time and memory are the kernel's own accounting of the process and its waited-for children (`wait4`). The runner does not know
//! what a command means and never runs one twice.

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as std_mpsc;
use std::time::Duration;
use std::{io, thread};

use camino::Utf8PathBuf;
use fbuild_model::{Command, Cost};
use tokio::sync::mpsc;

use crate::addresses;
use crate::capture::STDOUT_LIMIT;
use crate::child::{self, Groups, Start};
use crate::limits::Limits;
use crate::stop::Stop;

/// How a process ended.
#[derive(Debug)]
pub struct Output {
    /// Its exit status.
    pub status: ExitStatus,
    /// What it wrote to standard output, whole.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error; of more than 4 MB the beginning, the end, and the number of bytes between.
    pub stderr: Vec<u8>,
    /// What it cost.
    pub cost: Cost,
    /// It failed while the directory for temporary files was full or gone, so it may succeed when it runs again: later processes use the
    /// system's directory.
    pub lost_temporary_files: bool,
}

impl Output {
    /// Returns standard error, then standard output, as text.
    pub fn text(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.stderr).into_owned();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&String::from_utf8_lossy(&self.stdout));
        text
    }

    /// Says how the process ended if it did not succeed: `exit status 1`, `killed by signal 9`.
    pub fn failure(&self) -> Option<String> {
        if self.status.success() {
            return None;
        }
        Some(match (self.status.code(), self.status.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(signal)) => format!("killed by signal {signal}"),
            (None, None) => self.status.to_string(),
        })
    }

    /// Returns whether the process failed because a file system had no room; the text does not say which one.
    fn found_no_room(&self) -> bool {
        String::from_utf8_lossy(&self.stderr).contains("No space left on device")
    }
}

/// Lets glibc's allocator ask the system seldom and for much, which saves compilers and linkers page faults; others do not look at it.
const ALLOCATION: [(&str, &str); 3] = [
    ("MALLOC_MMAP_THRESHOLD_", "1073741824"),
    ("MALLOC_TRIM_THRESHOLD_", "2000000000"),
    ("MALLOC_TOP_PAD_", "16777216"),
];

/// Why a process did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The program could not be started.
    #[error("cannot start `{program}`")]
    Start {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The run was stopped before the process started, or the process was killed because of it.
    #[error("`{program}` was interrupted")]
    Stopped {
        /// The program.
        program: String,
    },
    /// Its output or status could not be read.
    #[error("cannot wait for `{program}`")]
    Wait {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// It was killed at its time limit.
    #[error("`{program}` was killed after {} s (--timeout)", limit.as_secs_f64().ceil())]
    TimedOut {
        /// The program.
        program: String,
        /// The limit.
        limit: Duration,
    },
    /// It was killed because it wrote too much.
    #[error("`{program}` was killed because it wrote more than {} MB to standard output", STDOUT_LIMIT >> 20)]
    TooMuchOutput {
        /// The program.
        program: String,
    },
}

/// How processes are started.
#[derive(Debug, Clone, Default)]
pub struct RunnerOptions {
    /// The directory for temporary files of processes (`TMPDIR`); `None` leaves them where the system has them.
    pub temporary_dir: Option<Utf8PathBuf>,
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
            false => self.options.temporary_dir.as_deref(),
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
        if let Some(dir) = temporary_dir {
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
