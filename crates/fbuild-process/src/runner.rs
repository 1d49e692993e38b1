//! The one place that starts processes.
//!
//! Callers are pool workers that block until their process has ended; a single thread with a tokio runtime spawns, reads the pipes and kills.
//! Every process leads a process group of its own, so that the terminal's Ctrl-C does not reach it and that it can be ended together with
//! what it started. Time and memory are the kernel's own accounting of the process and its waited-for children (`wait4`). The runner does
//! not know what a command means.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc as std_mpsc};
use std::time::{Duration, Instant};
use std::{io, thread};

use camino::Utf8Path;
use fbuild_cache::Scratch;
use fbuild_model::{Command, Cost};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use wait4::Wait4;

use crate::lock::lock;
use crate::stop::Stop;
use crate::temporary;

/// How a process ended.
#[derive(Debug)]
pub struct Output {
    /// Its exit status.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
    /// What it cost.
    pub cost: Cost,
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
    #[error("start `{program}`")]
    Start {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The run was stopped before the process started, or the process was killed because of it.
    #[error("run `{program}`: interrupted")]
    Stopped {
        /// The program.
        program: String,
    },
    /// Its output or status could not be read.
    #[error("wait for `{program}`")]
    Wait {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
}

/// How processes are started.
#[derive(Debug, Clone, Default)]
pub struct RunnerOptions {
    /// The number of workers whose processes are to have their temporary files in memory, if there is room; `None` leaves them where the system
    /// has them.
    pub temporary_in_memory_for: Option<NonZeroUsize>,
}

enum Job {
    Run(Box<Start>),
    FixAddresses(std_mpsc::SyncSender<bool>),
}

struct Start {
    command: std::process::Command,
    program: String,
    reply: std_mpsc::SyncSender<Result<Output, RunError>>,
}

/// Starts processes and waits for them.
#[derive(Debug)]
pub struct Runner {
    jobs: Option<mpsc::UnboundedSender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
    stop: Stop,
    options: RunnerOptions,
    /// The directory for temporary files, made for the first process.
    temporary: OnceLock<Option<Scratch>>,
    /// It filled up or went away, and the system's own is used.
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
            temporary: OnceLock::new(),
            temporary_failed: AtomicBool::new(false),
        })
    }

    /// Starts processes without address randomisation from now on. Returns whether the system allows that; containers may forbid it.
    ///
    /// Some compilers can use a precompiled header only at the address at which it was made (design section 7).
    pub fn fix_addresses(&self) -> bool {
        let (reply, answer) = std_mpsc::sync_channel(1);
        let asked = self
            .jobs
            .as_ref()
            .is_some_and(|jobs| jobs.send(Job::FixAddresses(reply)).is_ok());
        asked && answer.recv().unwrap_or(false)
    }

    /// Runs `command` to its end and returns what it printed and cost. A process that fails is not an error.
    ///
    /// # Errors
    /// If the process could not be started or waited for, or the run was stopped.
    pub fn run(&self, command: &Command) -> Result<Output, RunError> {
        let Some(dir) = self.temporary() else {
            return self.run_with(command, None);
        };
        let output = self.run_with(command, Some(dir))?;
        let is_of_use = dir.exists() && !is_full(&output);
        if output.status.success() || is_of_use {
            return Ok(output);
        }
        self.temporary_failed.store(true, Ordering::Relaxed);
        self.run_with(command, None)
    }

    /// Returns the directory for temporary files as long as it is of use.
    fn temporary(&self) -> Option<&Utf8Path> {
        let make = || temporary::in_memory(self.options.temporary_in_memory_for?);
        let dir = self.temporary.get_or_init(make).as_ref()?;
        (!self.temporary_failed.load(Ordering::Relaxed)).then(|| dir.path())
    }

    fn run_with(&self, command: &Command, temp_dir: Option<&Utf8Path>) -> Result<Output, RunError> {
        let program = command.program.clone();
        let mut child = std::process::Command::new(&command.program);
        child
            .args(&command.args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Messages are parsed, and kept with cached results: they are always in the compiler's own language.
        child.env("LC_ALL", "C").process_group(0);
        for (name, value) in ALLOCATION {
            if std::env::var_os(name).is_none() {
                child.env(name, value);
            }
        }
        if let Some(cwd) = &command.cwd {
            child.current_dir(cwd);
        }
        if let Some(dir) = temp_dir {
            child.env("TMPDIR", dir);
        }
        if self.stop.is_cancelled() {
            return Err(RunError::Stopped { program });
        }
        let (reply, answer) = std_mpsc::sync_channel(1);
        let gone = || RunError::Wait {
            program: command.program.clone(),
            source: io::ErrorKind::BrokenPipe.into(),
        };
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(Job::Run(Box::new(Start {
            command: child,
            program,
            reply,
        })))
        .map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }
}

/// Tells whether a process failed because there was no room for what it wrote; which file it was, it does not tell.
fn is_full(output: &Output) -> bool {
    String::from_utf8_lossy(&output.stderr).contains("No space left on device")
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

/// Process groups that have not been reaped yet, so that their numbers cannot belong to anybody else.
type Groups = Arc<Mutex<HashSet<i32>>>;

async fn serve(mut inbox: mpsc::UnboundedReceiver<Job>, stop: Stop) {
    let groups = Groups::default();
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    loop {
        tokio::select! {
            job = inbox.recv() => match job {
                Some(Job::Run(job)) => start(*job, &groups, &stop),
                // The personality belongs to this thread, which is the one that spawns, and children inherit it.
                Some(Job::FixAddresses(reply)) => drop(reply.send(fix_addresses())),
                None => return,
            },
            _ = tick.tick(), if stop.is_cancelled() => {
                if stop.is_killed() {
                    kill_all(&groups);
                }
            }
            // A cheap look at the flag while nothing else happens; a process that runs does not wake this thread.
            () = tokio::time::sleep(Duration::from_millis(100)), if !stop.is_cancelled() => {}
        }
    }
}

fn start(job: Start, groups: &Groups, stop: &Stop) {
    let Start {
        mut command,
        program,
        reply,
    } = job;
    let began = Instant::now();
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(source) => {
            let _ = reply.send(Err(RunError::Start { program, source }));
            return;
        }
    };
    let group = i32::try_from(child.id()).unwrap_or(i32::MAX);
    lock(groups).insert(group);
    let stdout = child
        .stdout
        .take()
        .and_then(|pipe| tokio::process::ChildStdout::from_std(pipe).ok());
    let stderr = child
        .stderr
        .take()
        .and_then(|pipe| tokio::process::ChildStderr::from_std(pipe).ok());
    let (groups, stop) = (Arc::clone(groups), stop.clone());
    let reaped = tokio::task::spawn_blocking(move || {
        // The number stays reserved until the process is reaped, so it leaves the set of killable groups before that.
        let pid = Pid::from_raw(group);
        let ended = waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
        lock(&groups).remove(&group);
        ended.map_err(io::Error::from)?;
        child.wait4()
    });
    tokio::spawn(async move {
        let (stdout, stderr) = tokio::join!(read_all(stdout), read_all(stderr));
        let result = match reaped.await {
            Ok(Ok(usage)) if stop.is_killed() && usage.status.signal().is_some() => {
                Err(RunError::Stopped { program })
            }
            Ok(Ok(usage)) => stdout
                .and_then(|stdout| stderr.map(|stderr| (stdout, stderr)))
                .map(|(stdout, stderr)| Output {
                    status: usage.status,
                    stdout,
                    stderr,
                    cost: Cost {
                        wall: began.elapsed(),
                        cpu: usage.rusage.utime + usage.rusage.stime,
                        peak_memory: usage.rusage.maxrss,
                        processes: 1,
                    },
                })
                .map_err(|source| RunError::Wait { program, source }),
            Ok(Err(source)) => Err(RunError::Wait { program, source }),
            Err(panic) => Err(RunError::Wait {
                program,
                source: io::Error::other(panic),
            }),
        };
        let _ = reply.send(result);
    });
}

async fn read_all<R: tokio::io::AsyncRead + Unpin>(pipe: Option<R>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

fn kill_all(groups: &Groups) {
    for &group in lock(groups).iter() {
        // A group that has just ended is not an error.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
}

#[cfg(target_os = "linux")]
fn fix_addresses() -> bool {
    use nix::sys::personality::{self, Persona};
    let Ok(current) = personality::get() else {
        return false;
    };
    personality::set(current | Persona::ADDR_NO_RANDOMIZE).is_ok()
        && personality::get().is_ok_and(|now| now.contains(Persona::ADDR_NO_RANDOMIZE))
}

#[cfg(not(target_os = "linux"))]
fn fix_addresses() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runner() -> (Runner, Stop) {
        let stop = Stop::new();
        (
            Runner::new(stop.clone(), RunnerOptions::default()).unwrap(),
            stop,
        )
    }

    fn command(argv: &[&str]) -> Command {
        Command::from_argv(argv.iter().map(|&arg| arg.to_owned())).unwrap()
    }

    #[test]
    fn output_and_status_are_captured() {
        let (runner, _) = runner();
        let output = runner
            .run(&command(&["sh", "-c", "echo out; echo err >&2; exit 3"]))
            .unwrap();
        assert_eq!(
            (output.stdout.as_slice(), output.stderr.as_slice()),
            (&b"out\n"[..], &b"err\n"[..])
        );
        assert_eq!(output.failure().unwrap(), "exit status 3");
        assert_eq!(output.text(), "err\nout\n");
    }

    #[test]
    fn large_output_on_both_pipes_does_not_block() {
        let (runner, _) = runner();
        let script = "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero";
        let output = runner.run(&command(&["sh", "-c", script])).unwrap();
        assert_eq!(
            (output.stdout.len(), output.stderr.len()),
            (300_000, 300_000)
        );
    }

    #[test]
    fn cost_covers_the_whole_tree_of_processes() {
        let (runner, _) = runner();
        // A grandchild that needs 64 MiB and some time.
        let script = "head -c 67108864 /dev/zero | tail -c 67108864 | wc -c";
        let output = runner
            .run(&command(&["sh", "-c", &format!("sh -c '{script}'")]))
            .unwrap();
        assert_eq!(output.stdout, b"67108864\n");
        assert!(output.cost.peak_memory > 60 << 20, "{:?}", output.cost);
        assert!(output.cost.cpu > Duration::ZERO && output.cost.processes == 1);
    }

    #[test]
    fn children_know_how_to_allocate_and_speak_the_compilers_language() {
        let (runner, _) = runner();
        let script =
            "echo $LC_ALL $MALLOC_TOP_PAD_ $MALLOC_TRIM_THRESHOLD_ $MALLOC_MMAP_THRESHOLD_";
        let output = runner.run(&command(&["sh", "-c", script])).unwrap();
        let own: Vec<String> =
            std::iter::once("C".to_owned())
                .chain(ALLOCATION.iter().rev().map(|(name, value)| {
                    std::env::var(name).unwrap_or_else(|_| (*value).to_owned())
                }))
                .collect();
        assert_eq!(output.text().trim(), own.join(" "));
    }

    #[test]
    fn a_directory_for_temporary_files_that_fails_is_given_up() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        let with_dir = || {
            let mut runner = Runner::new(Stop::new(), RunnerOptions::default()).unwrap();
            runner.temporary = OnceLock::from(Some(Scratch::swept_in(dir).unwrap()));
            let path = runner.temporary().unwrap().to_owned();
            (runner, path)
        };
        let run = |runner: &Runner, script: &str| {
            runner.run(&command(&["sh", "-c", script])).unwrap().text()
        };
        let system = std::env::var("TMPDIR").unwrap_or_default();
        let told = |text: String| text.trim().to_owned();

        let (runner, dir) = with_dir();
        assert_eq!(told(run(&runner, "echo $TMPDIR")), dir.as_str());
        assert_eq!(told(run(&runner, "echo $TMPDIR; exit 1")), dir.as_str());
        let full = format!(
            "echo $TMPDIR; test \"$TMPDIR\" != {dir} || {{ echo x.s: No space left on device >&2; exit 1; }}"
        );
        assert_eq!(told(run(&runner, &full)), system);
        assert_eq!(told(run(&runner, "echo $TMPDIR")), system);

        let (runner, dir) = with_dir();
        let removed =
            format!("echo $TMPDIR; test \"$TMPDIR\" != {dir} || {{ rm -r {dir}; exit 1; }}");
        assert_eq!(told(run(&runner, &removed)), system);
    }

    #[test]
    fn a_missing_program_is_named() {
        let (runner, _) = runner();
        let error = runner.run(&command(&["/no/such/compiler"])).unwrap_err();
        assert_eq!(error.to_string(), "start `/no/such/compiler`");
    }

    #[test]
    fn every_child_leads_its_own_process_group() {
        let (runner, _) = runner();
        let output = runner
            .run(&command(&["sh", "-c", "ps -o pgid= -p $$; echo $$"]))
            .unwrap();
        let text = output.text();
        let numbers: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(numbers[0], numbers[1]);
    }

    #[test]
    fn killing_reaches_grandchildren_and_nothing_starts_afterwards() {
        let (runner, stop) = runner();
        let sleeper = command(&["sh", "-c", "sleep 600 & wait"]);
        let began = Instant::now();
        thread::scope(|scope| {
            let running = scope.spawn(|| runner.run(&sleeper));
            thread::sleep(Duration::from_millis(200));
            stop.kill();
            assert!(matches!(
                running.join().unwrap(),
                Err(RunError::Stopped { .. })
            ));
        });
        assert!(began.elapsed() < Duration::from_secs(60));
        assert!(matches!(
            runner.run(&command(&["true"])),
            Err(RunError::Stopped { .. })
        ));
    }

    #[test]
    fn an_interrupt_lets_running_processes_end() {
        let (runner, stop) = runner();
        thread::scope(|scope| {
            let running =
                scope.spawn(|| runner.run(&command(&["sh", "-c", "sleep 0.4; echo done"])));
            thread::sleep(Duration::from_millis(100));
            stop.interrupt();
            assert_eq!(running.join().unwrap().unwrap().stdout, b"done\n");
        });
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn addresses_are_fixed_where_the_system_allows_it() {
        let (runner, _) = runner();
        if !runner.fix_addresses() {
            eprintln!(
                "skipped: this system does not let a process switch address randomisation off"
            );
            return;
        }
        let personality = runner
            .run(&command(&["cat", "/proc/self/personality"]))
            .unwrap()
            .text();
        let flags = u32::from_str_radix(personality.trim(), 16).unwrap();
        assert_eq!(flags & 0x0004_0000, 0x0004_0000);
        let own = fs_err::read_to_string("/proc/self/personality").unwrap();
        assert_eq!(
            u32::from_str_radix(own.trim(), 16).unwrap() & 0x0004_0000,
            0,
            "only children are concerned"
        );
    }
}
