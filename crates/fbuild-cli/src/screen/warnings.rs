//! How many warnings a run has, in words, and how many of them are not allowed.

use fbuild_report::warnings::{Part, Warnings};

use super::names::Names;
use crate::args::DenyWarnings;

/// How many parts the summary names.
const MOST_NAMES: usize = 6;

/// Returns how many there are in each part: `2 in library W1, 1 in sketch Warn`; `None` if there are none.
pub fn summary(warnings: &Warnings<'_>, names: &Names) -> Option<String> {
    let parts = warnings.counts();
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
pub fn denied(warnings: &Warnings<'_>, deny: DenyWarnings) -> usize {
    let counts = |part: &Part| match deny {
        DenyWarnings::All => true,
        DenyWarnings::Sketch => matches!(part, Part::Sketch(_)),
        DenyWarnings::Library => matches!(part, Part::Library(_)),
    };
    warnings.iter().filter(|(part, _)| counts(part)).count()
}
