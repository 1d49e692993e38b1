//! A log: every command and what it printed, then the sizes.
//!
//! A log of a build from the cache reads like the log of the build that made the result, so it is the same in every run and is only
//! written where it differs.

use std::fmt::Write;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Sizes;
use fbuild_model::outcome::Failure;

use crate::exec::place::{self, PlaceError};

/// A log in the making.
#[derive(Debug, Clone, Default)]
pub struct Log(String);

impl Log {
    /// Starts a log with a title line.
    pub fn new(title: &str) -> Self {
        Self(format!("# {title}\n"))
    }

    /// Adds a remark.
    pub fn remark(&mut self, text: &str) {
        for line in text.lines() {
            let _ = writeln!(self.0, "# {line}");
        }
    }

    /// Adds commands and what they printed, verbatim.
    pub fn commands(&mut self, commands: &[String], printed: &str) {
        for command in commands {
            let _ = writeln!(self.0, "$ {command}");
        }
        self.text(printed);
    }

    /// Adds a failure: what was printed, then the reason.
    pub fn failure(&mut self, failure: &Failure) {
        self.text(&failure.output);
        let _ = writeln!(self.0, "Error during build: {}", failure.message);
    }

    /// Adds the two size lines of formats section 1.
    pub fn sizes(&mut self, sizes: &Sizes) {
        self.text(&sizes.lines());
    }

    /// Adds text, ending with a line end.
    pub fn text(&mut self, text: &str) {
        self.0.push_str(text);
        if !self.0.ends_with('\n') {
            self.0.push('\n');
        }
    }

    /// Returns the text so far.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Writes the log to `path` unless it says the same already. Returns the path.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Utf8Path) -> Result<Utf8PathBuf, PlaceError> {
        place::write_if_changed(path, self.0.as_bytes())?;
        Ok(path.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use fbuild_model::Usage;
    use fbuild_model::outcome::Phase;

    use super::*;

    #[test]
    fn a_log_reads_as_it_happened() {
        let mut log = Log::new("examples/Blink for arduino:avr:uno");
        log.remark("library Wire 1.0\nlibrary SPI 1.0");
        log.commands(&["avr-g++ -c x.cpp".into()], "x.cpp:1:1: warning: odd");
        log.failure(&Failure {
            phase: Phase::Link,
            message: "no".into(),
            output: "ld: no\n".into(),
            diagnostics: vec![],
        });
        log.sizes(&Sizes {
            flash: Usage {
                used: 924,
                maximum: Some(32256),
            },
            ram: None,
        });
        let expect = "# examples/Blink for arduino:avr:uno\n# library Wire 1.0\n# library SPI 1.0\n$ avr-g++ -c x.cpp\n\
                      x.cpp:1:1: warning: odd\nld: no\nError during build: no\nFlash: 924 bytes / 31.50KB (2.9%)\n";
        assert_eq!(log.as_str(), expect);
    }
}
