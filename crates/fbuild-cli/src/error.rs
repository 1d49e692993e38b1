//! How an error reaches the user: one line with its causes, then hints.

use std::fmt;

use crate::exit::Exit;

/// An error at the rim.
#[derive(Debug)]
pub struct CliError {
    /// The exit code.
    pub exit: Exit,
    /// What went wrong.
    pub source: anyhow::Error,
    /// Ways out.
    pub hints: Vec<String>,
}

impl CliError {
    /// Something about the command line or the set-up.
    pub fn usage(source: impl Into<anyhow::Error>) -> Self {
        Self {
            exit: Exit::Usage,
            source: source.into(),
            hints: Vec::new(),
        }
    }

    /// Adds a way out.
    #[must_use]
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        self.hints.push(text.into());
        self
    }
}

impl<E: Into<anyhow::Error>> From<E> for CliError {
    fn from(source: E) -> Self {
        Self::usage(source)
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Some errors print their cause themselves; it is said once.
        let mut text = self.source.to_string();
        for cause in self.source.chain().skip(1) {
            let cause = cause.to_string();
            if !text.ends_with(&cause) {
                text = format!("{text}: {cause}");
            }
        }
        f.write_str(&text)
    }
}
