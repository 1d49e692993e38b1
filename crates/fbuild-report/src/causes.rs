//! Root causes: the failures of a run, each once, with the sketches and boards it hit.
//!
//! A typo in a library's header fails every sketch that includes it, on every board. People want to read it once, and GitHub shows only ten
//! annotations, so everything that lists failures for people folds them here.

use std::collections::HashMap;

use fbuild_model::diagnostic::{Diagnostic, root_cause};
use fbuild_model::outcome::{Failure, SketchOutcome, SketchResult};

use crate::fold::RunReport;

/// One root cause.
#[derive(Debug, Clone)]
pub struct Cause<'a> {
    /// The first failure with this cause.
    pub failure: &'a Failure,
    /// The shared piece that failed; `None` if it was the sketch's own.
    pub by: Option<&'a str>,
    /// The diagnostic that says why; `None` if no tool said anything that was understood.
    pub diagnostic: Option<&'a Diagnostic>,
    /// The results it explains, in the order of the request; never empty.
    pub results: Vec<&'a SketchResult>,
}

impl Cause<'_> {
    /// Returns the one line that says what is wrong.
    pub fn message(&self) -> &str {
        self.diagnostic
            .map_or(&self.failure.message, |diagnostic| &diagnostic.message)
    }

    /// Returns the file, with its line where that is known; `None` if no tool named one.
    pub fn place(&self) -> Option<String> {
        let diagnostic = self.diagnostic.filter(|found| !found.file.is_empty())?;
        Some(match diagnostic.line {
            Some(line) => format!("{}:{line}", diagnostic.file),
            None => diagnostic.file.clone(),
        })
    }

    /// Returns the sketches it hit, each once, in the order of the request.
    pub fn sketches(&self) -> Vec<&str> {
        unique(self.results.iter().map(|result| result.sketch.as_str()))
    }

    /// Returns the boards it hit, each once, in the order of the request.
    pub fn boards(&self) -> Vec<&str> {
        unique(self.results.iter().map(|result| result.board.as_str()))
    }
}

/// Returns the root causes of the failed and blocked sketches, in the order in which the request meets them.
///
/// Two failures have the same cause if their [`key`]s agree.
pub fn causes(report: &RunReport) -> Vec<Cause<'_>> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    let mut known: HashMap<(&str, Option<u32>, &str), usize> = HashMap::new();
    for result in report.results() {
        let (failure, by) = match &result.outcome {
            SketchOutcome::Failed(failure) => (failure, None),
            SketchOutcome::Blocked { by, failure } => (failure, Some(by.as_str())),
            _ => continue,
        };
        let diagnostic = root_cause(&failure.diagnostics);
        let key = key(failure);
        let at = *known.entry(key).or_insert(causes.len());
        match causes.get_mut(at) {
            Some(cause) => cause.results.push(result),
            None => causes.push(Cause {
                failure,
                by,
                diagnostic,
                results: vec![result],
            }),
        }
    }
    causes
}

/// Returns what two failures with the same cause have in common: file, line and message of the first error, or, without one, the phase and
/// what was said. A header that is missing is the same cause wherever it is included.
pub fn key(failure: &Failure) -> (&str, Option<u32>, &str) {
    match root_cause(&failure.diagnostics) {
        Some(found) if found.message.ends_with(": No such file or directory") => {
            ("", None, &found.message)
        }
        Some(found) => (&found.file, found.line, &found.message),
        None if failure.output.is_empty() => (failure.phase.name(), None, &failure.message),
        None => (failure.phase.name(), None, &failure.output),
    }
}

/// Returns `names` joined by commas, at most `most` of them, and how many more there are.
pub fn listed(names: &[&str], most: usize) -> String {
    let mut text = names[..names.len().min(most)].join(", ");
    if names.len() > most {
        text.push_str(&format!(" and {} more", names.len() - most));
    }
    text
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = std::collections::HashSet::new();
    names.filter(|name| seen.insert(*name)).collect()
}
