//! What comments in a source ask for.
//!
//!     // fake: fail TEXT             the compile fails with an error at this line
//!     // fake: warn TEXT             it gives a warning at this line
//!     // fake: sleep SECONDS         it takes this long
//!     // fake: barrier N NAME        it waits until N callers have come to NAME; fails after 20 seconds
//!     // fake: hold NAME             it waits until the test opens the gate NAME; fails after 20 seconds
//!     // fake: flood MEGABYTES        it writes so much to standard error
//!     // fake: fork SECONDS           it leaves a process behind that holds its pipes
//!     // fake: crash                 it is ended by a signal
//!     // fake: size FLASH RAM        the firmware has this size
//!
//! With `link-` in front (`link-fail`, `link-sleep` …) the link does it; with `preprocess-` in front, preprocessing.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::record;

const PATIENCE: Duration = Duration::from_secs(20);

/// One request, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// `fail`, `link-sleep` …
    pub(crate) verb: String,
    /// The rest of the comment.
    pub(crate) text: String,
    /// `FILE:LINE`, with the source's `#line` directives taken into account.
    pub(crate) place: String,
}

/// Reads the requests of a source.
pub(crate) fn requests(path: &str, text: &str) -> Vec<Request> {
    let (mut file, mut line) = (path.to_owned(), 0_usize);
    let mut found = Vec::new();
    for source_line in text.lines() {
        line += 1;
        if let Some((number, name)) = line_directive(source_line) {
            line = number.saturating_sub(1);
            file = name.unwrap_or(file);
            continue;
        }
        let Some((_, request)) = source_line.split_once("// fake: ") else {
            continue;
        };
        let (verb, text) = request
            .trim()
            .split_once(' ')
            .unwrap_or((request.trim(), ""));
        found.push(Request {
            verb: verb.to_owned(),
            text: text.to_owned(),
            place: format!("{file}:{line}"),
        });
    }
    found
}

/// Reads `#line 3 "file"`.
pub(crate) fn line_directive(line: &str) -> Option<(usize, Option<String>)> {
    let rest = line.trim_start().strip_prefix("#line ")?.trim();
    let (number, name) = rest.split_once(' ').unwrap_or((rest, ""));
    let name = name
        .trim()
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'));
    // The directive escapes quotes and backslashes in a name.
    let name = name.map(|name| name.replace("\\\"", "\"").replace("\\\\", "\\"));
    Some((number.parse().ok()?, name))
}

/// Does what the requests with this prefix ask for. An error is what the tool prints before it fails.
pub(crate) fn obey(requests: &[Request], prefix: &str) -> Result<(), String> {
    for request in requests {
        let Some(verb) = request.verb.strip_prefix(prefix) else {
            continue;
        };
        let words: Vec<&str> = request.text.split_whitespace().collect();
        match (verb, words.as_slice()) {
            ("fail", _) => return Err(format!("{}:1: error: {}\n", request.place, request.text)),
            ("warn", _) => eprintln!("{}:1: warning: {}", request.place, request.text),
            ("sleep", [seconds]) => {
                thread::sleep(Duration::from_secs_f64(seconds.parse().unwrap_or(0.0)))
            }
            ("barrier", [number, name]) => barrier(number.parse().unwrap_or(1), name)?,
            ("hold", [name]) => hold(name)?,
            ("flood", [megabytes]) => flood(megabytes.parse().unwrap_or(1)),
            ("fork", [seconds]) => fork(seconds)?,
            ("crash", _) => std::process::abort(),
            _ => {}
        }
    }
    Ok(())
}

fn flood(megabytes: usize) {
    let block = "a line that says nothing, again and again\n".repeat(1 << 20 >> 5);
    let mut stream = std::io::stderr().lock();
    // A reader that has gone away is no fault of this tool.
    let _ = (0..megabytes).try_for_each(|_| stream.write_all(&block.as_bytes()[..1 << 20]));
}

fn fork(seconds: &str) -> Result<(), String> {
    let child = std::process::Command::new("sleep").arg(seconds).spawn();
    child
        .map(drop)
        .map_err(|error| format!("error: fork: {error}\n"))
}

fn barrier(number: usize, name: &str) -> Result<(), String> {
    let Some(dir) = record::dir().map(|dir| dir.join("barriers").join(name)) else {
        return Ok(());
    };
    let arrive = || {
        fs::create_dir_all(&dir)?;
        fs::write(dir.join(std::process::id().to_string()), "")
    };
    arrive().map_err(|error| format!("error: barrier {name}: {error}\n"))?;
    let arrived = || fs::read_dir(&dir).map_or(0, Iterator::count);
    wait_until(|| arrived() >= number)
        .map_err(|()| format!("error: barrier {name}: {} of {number} arrived\n", arrived()))
}

fn hold(name: &str) -> Result<(), String> {
    let Some(dir) = record::dir() else {
        return Ok(());
    };
    let _ = fs::write(dir.join(format!("held-{name}")), "");
    let gate = dir.join(format!("gate-{name}"));
    wait_until(|| Path::new(&gate).exists())
        .map_err(|()| format!("error: gate {name} was not opened\n"))
}

fn wait_until(done: impl Fn() -> bool) -> Result<(), ()> {
    let began = Instant::now();
    while !done() {
        if began.elapsed() > PATIENCE {
            return Err(());
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
