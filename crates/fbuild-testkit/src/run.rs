//! Running the program under test.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::line::ResultLine;
use crate::project::Project;
use crate::redact::redact;

/// How long a run may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// A command line in the making.
#[derive(Debug, Clone)]
pub struct Invocation {
    program: Utf8PathBuf,
    args: Vec<OsString>,
    env: Vec<(String, OsString)>,
    cwd: Utf8PathBuf,
    report: Utf8PathBuf,
    redactions: Vec<(Utf8PathBuf, &'static str)>,
}

impl Invocation {
    pub(crate) fn new(program: &Utf8Path, project: &Project) -> Self {
        let mut env = vec![
            (
                "PATH".to_owned(),
                std::env::var_os("PATH").unwrap_or_default(),
            ),
            ("HOME".to_owned(), project.home().as_str().into()),
            ("LANG".to_owned(), "C.UTF-8".into()),
            (
                "FBUILD_CACHE_DIR".to_owned(),
                project.cache().as_str().into(),
            ),
            (
                "FAKE_TOOL_DIR".to_owned(),
                project.tool_dir().as_str().into(),
            ),
        ];
        if project.hardware().exists() {
            env.push((
                "FBUILD_PLATFORM_PATH".to_owned(),
                project.hardware().as_str().into(),
            ));
        }
        Self {
            program: program.to_owned(),
            args: Vec::new(),
            env,
            cwd: project.root().to_owned(),
            report: project.report_path(),
            redactions: vec![
                (project.root().to_owned(), "[ROOT]"),
                (project.hardware(), "[HARDWARE]"),
                (project.cache(), "[CACHE]"),
                (project.home(), "[HOME]"),
            ],
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Sets the current directory.
    #[must_use]
    pub fn cwd(mut self, dir: impl Into<Utf8PathBuf>) -> Self {
        self.cwd = dir.into();
        self
    }

    /// Puts a program with arguments in front (`strace -f …`).
    #[must_use]
    pub fn under<A: AsRef<OsStr>>(
        mut self,
        wrapper: &str,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        let program = std::mem::replace(&mut self.program, wrapper.into());
        let own: Vec<OsString> = args
            .into_iter()
            .map(|arg| arg.as_ref().to_owned())
            .chain([program.as_str().into()])
            .collect();
        self.args.splice(0..0, own);
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// If the program cannot be started.
    pub fn spawn(self) -> Running {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .current_dir(&self.cwd)
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("start {}: {error}", self.program));
        let stdout = collect(child.stdout.take());
        let stderr = collect(child.stderr.take());
        Running {
            invocation: self,
            child,
            stdout,
            stderr,
        }
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// If it cannot be started or does not end.
    pub fn run(self) -> Run {
        self.spawn().wait()
    }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

/// A run under way.
#[derive(Debug)]
pub struct Running {
    invocation: Invocation,
    child: Child,
    stdout: thread::JoinHandle<Vec<u8>>,
    stderr: thread::JoinHandle<Vec<u8>>,
}

impl Running {
    /// Sends a signal to the program alone.
    ///
    /// # Panics
    /// If the signal cannot be sent.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a process number fits"));
        kill(pid, signal).expect("send a signal");
    }

    /// Returns whether it has ended.
    ///
    /// # Panics
    /// If the system cannot tell.
    pub fn has_ended(&mut self) -> bool {
        self.child
            .try_wait()
            .expect("look at the process")
            .is_some()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If it does not end in two minutes.
    pub fn wait(mut self) -> Run {
        let mut status = None;
        let ended = wait_for(
            || {
                status = self.child.try_wait().expect("look at the process");
                status.is_some()
            },
            PATIENCE,
        );
        if ended.is_err() {
            let _ = self.child.kill();
        }
        let text = |bytes: thread::Result<Vec<u8>>| {
            String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
        };
        let (stdout, stderr) = (text(self.stdout.join()), text(self.stderr.join()));
        let Some(status) = status else {
            panic!(
                "it did not end: {:?}\n{stdout}\n{stderr}",
                self.invocation.args
            )
        };
        Run {
            invocation: self.invocation,
            stdout,
            stderr,
            status,
        }
    }
}

/// A run that has ended.
#[derive(Debug)]
pub struct Run {
    invocation: Invocation,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    status: ExitStatus,
}

impl Run {
    /// Returns its exit code; `None` if a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Returns the signal that ended it.
    pub fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    /// Fails the test unless it ended with this exit code.
    ///
    /// # Panics
    /// If it ended otherwise.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "{}", self.transcript());
        self
    }

    /// Fails the test unless it succeeded.
    ///
    /// # Panics
    /// If it did not.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.expect_code(0)
    }

    /// Fails the test unless standard error contains `text`.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "`{text}` is not on standard error\n{}",
            self.transcript()
        );
        self
    }

    /// Returns everything about the run, for messages of failed tests.
    pub fn transcript(&self) -> String {
        let args = &self.invocation.args;
        format!(
            "{args:?} ended with {}\n--- stdout\n{}--- stderr\n{}---",
            self.status, self.stdout, self.stderr
        )
    }

    /// Returns the result lines on standard output, in order.
    pub fn lines(&self) -> Vec<ResultLine> {
        self.stdout.lines().filter_map(ResultLine::parse).collect()
    }

    /// Returns the result line of one sketch.
    ///
    /// # Panics
    /// If there is not exactly one.
    #[track_caller]
    pub fn line(&self, sketch: &str) -> ResultLine {
        let mut lines = self.lines();
        lines.retain(|line| line.sketch == sketch);
        assert_eq!(lines.len(), 1, "lines of `{sketch}`\n{}", self.transcript());
        lines.remove(0)
    }

    /// Returns the report that the run wrote.
    ///
    /// # Panics
    /// If there is none, or it is not JSON.
    #[track_caller]
    pub fn report(&self) -> Value {
        let text = fs_err::read_to_string(&self.invocation.report)
            .unwrap_or_else(|error| panic!("{error}\n{}", self.transcript()));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    /// Returns name and outcome of every sketch, as the report has them.
    ///
    /// # Panics
    /// If there is no report.
    #[track_caller]
    pub fn outcomes(&self) -> Vec<(String, String)> {
        let report = self.report();
        let sketches = report["sketches"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        sketches
            .iter()
            .map(|sketch| (text(&sketch["name"]), text(&sketch["outcome"])))
            .collect()
    }

    /// Returns the messages of `--message-format json` on standard output.
    ///
    /// # Panics
    /// If a line is not JSON.
    #[track_caller]
    pub fn messages(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }

    /// Returns text without what differs from run to run.
    pub fn redact(&self, text: &str) -> String {
        redact(text, &self.invocation.redactions)
    }
}

/// Waits until `done`; an error if that takes longer than `patience`.
pub(crate) fn wait_for(mut done: impl FnMut() -> bool, patience: Duration) -> Result<(), Duration> {
    let began = Instant::now();
    while !done() {
        if began.elapsed() > patience {
            return Err(began.elapsed());
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
