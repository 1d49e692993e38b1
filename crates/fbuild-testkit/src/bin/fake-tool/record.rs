//! Writes down every call: a line when it begins, a line when it ends.
//!
//! Fields are separated by U+001F, arguments by U+001E. A line is one write to a file opened for appending, so calls do not mix.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// A call that has begun.
pub(crate) struct Call {
    id: String,
}

/// Returns the directory in which calls are recorded and barriers stand, if a test asked for it.
pub(crate) fn dir() -> Option<PathBuf> {
    std::env::var_os("FAKE_TOOL_DIR").map(PathBuf::from)
}

/// Writes down that a call begins.
pub(crate) fn begin(tool: &str, role: &str, argv: &[String]) -> Call {
    let id = format!("{}-{}", std::process::id(), now());
    write(&[
        "begin",
        &id,
        &now().to_string(),
        tool,
        role,
        &argv.join("\u{1e}"),
    ]);
    Call { id }
}

impl Call {
    /// Writes down that the call ends.
    pub(crate) fn end(self, code: u8) {
        write(&["end", &self.id, &now().to_string(), &code.to_string()]);
    }
}

/// Microseconds since 1970.
fn now() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_micros())
}

fn write(fields: &[&str]) {
    let Some(dir) = dir() else { return };
    let line = fields.join("\u{1f}").replace('\n', " ") + "\n";
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(dir.join("calls"));
    if let Ok(mut file) = file {
        let _ = file.write_all(line.as_bytes());
    }
}
