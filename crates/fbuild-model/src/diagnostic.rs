//! Compiler diagnostics, read from the text that gcc prints.
//!
//! One reader for the compiler, the assembler, the linker and the other binutils, because a failing command prints a mixture of them. It
//! reads lines; it does not know which command printed them, and never asks the file system whether a name is a file. What it does not
//! recognise it passes over: the whole text is kept elsewhere and shown.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// The compiler could not go on.
    Fatal,
    /// The translation unit is not valid.
    Error,
    /// Valid, but suspicious.
    Warning,
    /// More about the diagnostic before it.
    Note,
}

impl Severity {
    /// Returns gcc's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fatal => "fatal error",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }

    /// Returns whether the tool failed because of such a diagnostic.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Fatal | Self::Error)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One message of the compiler, assembler or linker.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file it is about, as the tool printed it; empty if it named none.
    pub file: String,
    /// Line, counted from 1; `None` if the tool named none.
    pub line: Option<u32>,
    /// Column, counted from 1; `None` if the tool named none.
    pub column: Option<u32>,
    /// The text after the severity.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    /// Writes the diagnostic as gcc does: `file:line:column: severity: message`, without what is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}:", self.file)?;
            for number in self.line.iter().chain(&self.column) {
                write!(f, "{number}:")?;
            }
            f.write_str(" ")?;
        }
        write!(f, "{}: {}", self.severity, self.message)
    }
}

/// Reads the diagnostics from what gcc, `as`, `ld`, `lto1`, `collect2`, `ar` or `objcopy` printed, in order.
///
/// Colours are removed. Source excerpts, `In file included from` and `In function` lines are no diagnostics of their own.
pub fn parse_gcc(text: &str) -> Vec<Diagnostic> {
    let plain = anstream::adapter::strip_str(text).to_string();
    plain
        .lines()
        .filter_map(|line| parse_line(line.trim_end()))
        .collect()
}

/// Returns the diagnostic that best says why a tool failed: the first error that names a file, else the first error.
///
/// The linker driver's last word (`ld returned 1 exit status`) comes without a file and so is chosen only if there is nothing else.
pub fn root_cause(diagnostics: &[Diagnostic]) -> Option<&Diagnostic> {
    let mut failures = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity.is_failure());
    let first = failures.clone().next();
    failures.find(|failure| !failure.file.is_empty()).or(first)
}

/// What stands between the place and the message. `internal compiler error` and `sorry, unimplemented` end the compilation.
const MARKERS: [(&str, Severity); 10] = [
    ("fatal error: ", Severity::Fatal),
    ("Fatal error: ", Severity::Fatal),
    ("internal compiler error: ", Severity::Fatal),
    ("sorry, unimplemented: ", Severity::Error),
    ("error: ", Severity::Error),
    ("Error: ", Severity::Error),
    ("warning: ", Severity::Warning),
    ("Warning: ", Severity::Warning),
    ("note: ", Severity::Note),
    ("Info: ", Severity::Note),
];

/// How the linker's messages begin, which name no severity.
const LINKER_MESSAGES: [(&str, Severity); 7] = [
    ("undefined reference to ", Severity::Error),
    ("multiple definition of ", Severity::Error),
    ("relocation truncated to fit", Severity::Error),
    ("undefined symbol ", Severity::Error),
    ("first defined here", Severity::Note),
    ("more undefined references to ", Severity::Note),
    ("previous definition here", Severity::Note),
];

/// Programs that print errors without calling them so.
const BINUTILS: [&str; 9] = [
    "ld", "ar", "ranlib", "objcopy", "objdump", "size", "strip", "nm", "as",
];

/// Programs whose messages always name a severity; they are listed so that their names are not taken for files.
const DRIVERS: [&str; 12] = [
    "gcc",
    "g++",
    "cc",
    "c++",
    "cpp",
    "cc1",
    "cc1plus",
    "cc1obj",
    "lto1",
    "collect2",
    "lto-wrapper",
    "gcc-ar",
];

fn parse_line(line: &str) -> Option<Diagnostic> {
    // Excerpts and continuations are indented.
    if line.is_empty() || line.starts_with(char::is_whitespace) {
        return None;
    }
    let (tool, rest) = match split_tool(line) {
        Some((tool, rest)) => (Some(tool), rest),
        None => (None, line),
    };
    if let Some((place, severity, message)) = split_marker(rest) {
        return Some(diagnostic(place, severity, message));
    }
    for (start, severity) in LINKER_MESSAGES {
        if let Some((place, message)) = split_before(rest, start) {
            return Some(diagnostic(place, severity, message));
        }
    }
    if !tool.is_some_and(|tool| BINUTILS.contains(&tool)) || is_context(rest) {
        return None;
    }
    match rest.split_once(": ") {
        Some((place, message)) if !place.contains(' ') => {
            Some(diagnostic(place, Severity::Error, message))
        }
        _ => Some(diagnostic("", Severity::Error, rest)),
    }
}

/// Returns whether a line of the linker only says where the next one happened.
fn is_context(rest: &str) -> bool {
    let lower = rest.to_ascii_lowercase();
    lower.ends_with(':') && (lower.contains("in function `") || lower.contains("in function '"))
}

/// Splits `/usr/bin/avr-ld: message` into `ld` and `message`; `None` if the line does not begin with the name of a known program.
fn split_tool(line: &str) -> Option<(&'static str, &str)> {
    // The second colon is for a drive letter before the path.
    line.match_indices(':').take(2).find_map(|(at, _)| {
        let path = &line[..at];
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let name = name.strip_suffix(".exe").unwrap_or(name);
        let known = BINUTILS.iter().chain(&DRIVERS).filter(|tool| {
            name == **tool
                || name
                    .strip_suffix(**tool)
                    .is_some_and(|prefix| prefix.ends_with('-'))
        });
        known
            .max_by_key(|tool| tool.len())
            .map(|tool| (*tool, line[at + 1..].trim_start()))
    })
}

/// Splits `place: error: message`; the place is empty if the line begins with the severity.
fn split_marker(line: &str) -> Option<(&str, Severity, &str)> {
    let found = MARKERS.iter().filter_map(|(marker, severity)| {
        split_before(line, marker).map(|(place, rest)| (place, *severity, &rest[marker.len()..]))
    });
    found.min_by_key(|(place, _, _)| place.len())
}

/// Splits a line at the first `: ` that `start` follows; or before `start` if the line begins with it.
fn split_before<'a>(line: &'a str, start: &str) -> Option<(&'a str, &'a str)> {
    if line.starts_with(start) {
        return Some(("", line));
    }
    line.match_indices(start).find_map(|(at, _)| {
        line[..at]
            .strip_suffix(": ")
            .or_else(|| line[..at].strip_suffix(':'))
            .map(|place| (place, &line[at..]))
    })
}

fn diagnostic(place: &str, severity: Severity, message: &str) -> Diagnostic {
    let (file, line, column) = parse_place(place);
    Diagnostic {
        severity,
        file,
        line,
        column,
        message: message.trim().to_owned(),
    }
}

/// Reads `file`, `file:line`, `file:line:column`, `file:(.section+0x1)` and `object:` before any of these.
fn parse_place(place: &str) -> (String, Option<u32>, Option<u32>) {
    let place = place.trim().trim_matches('\'').trim_end_matches(':');
    let place = match place.rsplit_once(":(") {
        Some((file, offset)) if offset.ends_with(')') => file,
        _ => place,
    };
    let (rest, last) = trailing_number(place);
    let (file, line, column) = match last {
        None => (rest, None, None),
        Some(last) => match trailing_number(rest) {
            (file, Some(line)) => (file, Some(line), Some(last)),
            (file, None) => (file, Some(last), None),
        },
    };
    // Debug information makes the linker name the source after the object: `x.a(y.o):y.cpp:3`.
    let file = [".o:", ".o):", ".a:"]
        .iter()
        .filter_map(|end| file.rsplit_once(end))
        .fold(file, |shortest, (_, source)| {
            if source.len() < shortest.len() && !source.is_empty() {
                source
            } else {
                shortest
            }
        });
    // `<artificial>`, `<command-line>` and `<built-in>` are no files.
    let file = if file.starts_with('<') { "" } else { file };
    // gcc counts from 1, but says 0 where it knows no line.
    let known = |number: Option<u32>| number.filter(|number| *number > 0);
    (file.to_owned(), known(line), known(column))
}

fn trailing_number(text: &str) -> (&str, Option<u32>) {
    match text.rsplit_once(':') {
        Some((rest, digits))
            if !rest.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            match digits.parse() {
                Ok(number) => (rest, Some(number)),
                Err(_) => (text, None),
            }
        }
        _ => (text, None),
    }
}
