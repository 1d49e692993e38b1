//! One child process: how it is started, limited, read and waited for.

use std::collections::HashSet;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc as std_mpsc};
use std::time::{Duration, Instant};

use fbuild_model::Cost;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, getrlimit, kill_process_group, setrlimit,
    waitid,
};
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, ChildStdout};
use wait4::{ResUse, Wait4};

use crate::capture::{HeadAndTail, STDOUT_LIMIT};
use crate::limits::Limits;
use crate::lock::lock;
use crate::output::{Output, RunError};
use crate::stop::Stop;

/// How long a process that has ended is waited for because one that it started still holds its output open.
const HELD_OPEN: Duration = Duration::from_secs(1);

/// Process groups that have not been reaped yet, so that their numbers cannot belong to other processes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Groups(Arc<Mutex<HashSet<Pid>>>);

impl Groups {
    pub(crate) fn kill_all(&self) {
        lock(&self.0).iter().copied().for_each(kill);
    }

    fn kill(&self, group: Pid) {
        if lock(&self.0).contains(&group) {
            kill(group);
        }
    }
}

fn kill(group: Pid) {
    // A group that has just ended is not an error.
    let _ = kill_process_group(group, Signal::KILL);
}

/// A process to start, and where its result is wanted.
pub(crate) struct Start {
    pub(crate) command: Command,
    pub(crate) program: String,
    pub(crate) limits: Limits,
    pub(crate) reply: std_mpsc::SyncSender<Result<Output, RunError>>,
}

/// Starts a process and sends what becomes of it.
pub(crate) fn start(job: Start, groups: &Groups, stop: &Stop) {
    let Start {
        mut command,
        program,
        limits,
        reply,
    } = job;
    limit_child(&mut command, limits.memory);
    let began = Instant::now();
    let running = command
        .spawn()
        .and_then(|child| Running::new(child, groups.clone()));
    let running = match running {
        Ok(running) => running,
        Err(source) => {
            let _ = reply.send(Err(RunError::Start { program, source }));
            return;
        }
    };
    let stop = stop.clone();
    tokio::spawn(async move {
        let _ = reply.send(running.finish(program, limits, began, &stop).await);
    });
}

/// Makes the child end with this process, and limits its address space in bytes.
#[expect(
    unsafe_code,
    reason = "code between fork and exec may only make system calls"
)]
fn limit_child(command: &mut Command, memory: Option<u64>) {
    #[cfg(target_os = "linux")]
    let parent = rustix::process::getpid();
    let prepare = move || {
        if let Some(bytes) = memory {
            // A limit that the process has itself cannot be raised.
            let own = getrlimit(Resource::As).maximum;
            let bytes = own.map_or(bytes, |own| own.min(bytes));
            let limit = Rlimit {
                current: Some(bytes),
                maximum: Some(bytes),
            };
            setrlimit(Resource::As, limit)?;
        }
        #[cfg(target_os = "linux")]
        {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            // The signal is not sent for a parent that ended before it was asked for.
            if rustix::process::getppid() != Some(parent) {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
        Ok(())
    };
    // SAFETY: the closure makes system calls only; it neither allocates nor takes locks.
    unsafe { command.pre_exec(prepare) };
}

struct Running {
    child: Child,
    group: Pid,
    groups: Groups,
    stdout: ChildStdout,
    stderr: ChildStderr,
}

impl Running {
    fn new(mut child: Child, groups: Groups) -> io::Result<Self> {
        let group = Pid::from_child(&child);
        lock(&groups.0).insert(group);
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let piped = || io::Error::other("the output is not a pipe");
        Ok(Self {
            child,
            group,
            groups,
            stdout: ChildStdout::from_std(stdout.ok_or_else(piped)?)?,
            stderr: ChildStderr::from_std(stderr.ok_or_else(piped)?)?,
        })
    }

    async fn finish(
        self,
        program: String,
        limits: Limits,
        began: Instant,
        stop: &Stop,
    ) -> Result<Output, RunError> {
        let Self {
            child,
            group,
            groups,
            stdout,
            stderr,
        } = self;
        let out = Arc::new(Mutex::new(Vec::new()));
        let err = Arc::new(Mutex::new(HeadAndTail::default()));
        let flooded = Arc::new(AtomicBool::new(false));
        let read_out = tokio::spawn({
            let (out, flooded, groups) = (Arc::clone(&out), Arc::clone(&flooded), groups.clone());
            read(stdout, move |bytes| {
                let mut out = lock(&out);
                if out.len() + bytes.len() <= STDOUT_LIMIT {
                    out.extend_from_slice(bytes);
                } else if !flooded.swap(true, Ordering::Relaxed) {
                    groups.kill(group);
                }
            })
        });
        let read_err = tokio::spawn({
            let err = Arc::clone(&err);
            read(stderr, move |bytes| lock(&err).push(bytes))
        });

        let mut reaped = tokio::task::spawn_blocking({
            let groups = groups.clone();
            move || reap(child, group, &groups)
        });
        let mut timed_out = None;
        let usage = match limits.time {
            None => reaped.await,
            Some(limit) => match tokio::time::timeout(limit, &mut reaped).await {
                Ok(usage) => usage,
                Err(_) => {
                    groups.kill(group);
                    timed_out = Some(limit);
                    reaped.await
                }
            },
        };
        let (stop_out, stop_err) = (read_out.abort_handle(), read_err.abort_handle());
        let both = async { tokio::join!(read_out, read_err) };
        if tokio::time::timeout(HELD_OPEN, both).await.is_err() {
            stop_out.abort();
            stop_err.abort();
        }

        let usage = match usage {
            Ok(Ok(usage)) => usage,
            Ok(Err(source)) => return Err(RunError::Wait { program, source }),
            Err(panic) => {
                let source = io::Error::other(panic);
                return Err(RunError::Wait { program, source });
            }
        };
        if flooded.load(Ordering::Relaxed) {
            return Err(RunError::TooMuchOutput { program });
        }
        if let Some(limit) = timed_out {
            return Err(RunError::TimedOut { program, limit });
        }
        if stop.is_killed() && usage.status.signal().is_some() {
            return Err(RunError::Stopped { program });
        }
        let stdout = std::mem::take(&mut *lock(&out));
        let stderr = std::mem::take(&mut *lock(&err)).finish();
        Ok(Output {
            status: usage.status,
            stdout,
            stderr,
            cost: cost(&usage, began),
            lost_temporary_files: false,
        })
    }
}

async fn read<R: tokio::io::AsyncRead + Unpin>(mut pipe: R, mut keep: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 64 << 10];
    // A pipe that cannot be read is at its end.
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        keep(&buffer[..count]);
    }
}

fn reap(mut child: Child, group: Pid, groups: &Groups) -> io::Result<ResUse> {
    // The number stays reserved until the process is reaped, so it leaves the set of killable groups before that.
    let ended = loop {
        match waitid(
            WaitId::Pid(group),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        ) {
            Err(rustix::io::Errno::INTR) => {}
            other => break other,
        }
    };
    lock(&groups.0).remove(&group);
    ended?;
    child.wait4()
}

fn cost(usage: &ResUse, began: Instant) -> Cost {
    Cost {
        wall: began.elapsed(),
        cpu: usage.rusage.utime + usage.rusage.stime,
        peak_memory: usage.rusage.maxrss,
        processes: 1,
    }
}
