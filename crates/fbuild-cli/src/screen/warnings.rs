//! The compilers' warnings of a run: each place once, by the part of the program that it is in.
//!
//! A header of a library warns in every sketch that includes it, on every board; people want to read it once.

use std::collections::HashSet;

use fbuild_model::Diagnostic;
use fbuild_model::outcome::SketchResult;
use fbuild_report::RunReport;

use super::names::Names;
use crate::args::DenyWarnings;

/// How many parts the summary names.
const MOST_NAMES: usize = 6;

/// The part of the program that a warning is in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A library, by name.
    Library(String),
    /// A sketch, by label.
    Sketch(String),
    /// The core, the variant or the toolchain.
    Core,
}

/// Warnings, each place once.
#[derive(Debug, Default)]
pub struct Warnings<'a> {
    all: Vec<(Part, &'a Diagnostic)>,
}

impl<'a> Warnings<'a> {
    /// Collects the warnings of a run: those of libraries and core, then those of sketches in the order of the request.
    pub fn of(report: &'a RunReport) -> Self {
        let mut seen = HashSet::new();
        let mut all = Vec::new();
        for shared in &report.shared_warnings {
            let part = match shared.part.strip_prefix("library ") {
                Some(name) => Part::Library(name.to_owned()),
                None => Part::Core,
            };
            let new = shared.warnings.iter().filter(|found| seen.insert(*found));
            all.extend(new.map(|found| (part.clone(), found)));
        }
        for result in report.results() {
            let new = result.warnings.iter().filter(|found| seen.insert(*found));
            all.extend(new.map(|found| (part_of(result, found), found)));
        }
        Self { all }
    }

    /// Returns the warnings.
    pub fn iter(&self) -> impl Iterator<Item = &'a Diagnostic> {
        self.all.iter().map(|(_, found)| *found)
    }

    /// Returns how many there are in each part: `2 in library W1, 1 in sketch Warn`; `None` if there are none.
    pub fn summary(&self, names: &Names) -> Option<String> {
        let mut parts: Vec<(&Part, usize)> = Vec::new();
        for (part, _) in &self.all {
            match parts.iter_mut().find(|(known, _)| *known == part) {
                Some((_, number)) => *number += 1,
                None => parts.push((part, 1)),
            }
        }
        parts.sort();
        let shown = parts
            .iter()
            .take(MOST_NAMES)
            .map(|(part, number)| match part {
                Part::Library(name) => format!("{number} in library {name}"),
                Part::Sketch(label) => format!("{number} in sketch {}", names.sketch(label)),
                Part::Core => format!("{number} in the core"),
            });
        let mut text = shown.collect::<Vec<_>>().join(", ");
        if parts.len() > MOST_NAMES {
            let rest: usize = parts[MOST_NAMES..].iter().map(|(_, number)| number).sum();
            text.push_str(&format!(", {rest} in {} more", parts.len() - MOST_NAMES));
        }
        (!text.is_empty()).then_some(text)
    }

    /// Returns how many of them are not allowed.
    pub fn denied(&self, deny: DenyWarnings) -> usize {
        let counts = |part: &Part| match deny {
            DenyWarnings::All => true,
            DenyWarnings::Sketch => matches!(part, Part::Sketch(_)),
            DenyWarnings::Library => matches!(part, Part::Library(_)),
        };
        self.all.iter().filter(|(part, _)| counts(part)).count()
    }
}

/// A sketch's own translation units also include the headers of libraries and of the core.
fn part_of(result: &SketchResult, found: &Diagnostic) -> Part {
    let file = camino::Utf8Path::new(&found.file);
    let library = result
        .libraries
        .iter()
        .find(|library| file.starts_with(&library.dir));
    match library {
        Some(library) => Part::Library(library.name.clone()),
        None if found.file.is_empty() || file.starts_with(&result.dir) => {
            Part::Sketch(result.sketch.clone())
        }
        None => Part::Core,
    }
}
