//! The compilers' warnings of a run: each place once, by the part of the program that it is in.
//!
//! A header of a library warns in every sketch that includes it, on every board; people want to read it once.

use std::collections::HashSet;

use camino::Utf8Path;
use fbuild_model::Diagnostic;
use fbuild_model::outcome::SketchResult;

use crate::fold::RunReport;

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

    /// Returns the warnings with the parts that they are in.
    pub fn iter(&self) -> impl Iterator<Item = (&Part, &'a Diagnostic)> {
        self.all.iter().map(|(part, found)| (part, *found))
    }

    /// Returns how many there are in each part: libraries, then sketches, then the core.
    pub fn counts(&self) -> Vec<(&Part, usize)> {
        let mut parts: Vec<(&Part, usize)> = Vec::new();
        for (part, _) in &self.all {
            match parts.iter_mut().find(|(known, _)| *known == part) {
                Some((_, number)) => *number += 1,
                None => parts.push((part, 1)),
            }
        }
        parts.sort();
        parts
    }
}

/// A sketch's own translation units also include the headers of libraries and of the core.
fn part_of(result: &SketchResult, found: &Diagnostic) -> Part {
    let file = Utf8Path::new(&found.file);
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
