//! How a process ended, or why it did not run to its end.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use fbuild_model::Cost;

use crate::capture::STDOUT_LIMIT;

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
    pub(crate) fn found_no_room(&self) -> bool {
        String::from_utf8_lossy(&self.stderr).contains("No space left on device")
    }
}

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
