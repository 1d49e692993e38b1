//! Where the block of prototypes goes, and the block itself.
//!
//! Semantics 4.2.7 and 4.2.8. Knows candidates and rows of the merged text, not how the candidates were chosen.

use super::Prototype;
use super::boundaries::statement_starts;
use super::candidates::Candidate;
use super::names::Names;
use super::sketch_text::{Original, SketchText, quote};
use super::tagger::{ScopeKind, Tag, TagKind};

/// The line of the main file before which the block goes; `None` if nothing in the main file asks for it.
pub(super) fn insertion_line(
    candidates: &[Candidate],
    tags: &[Tag],
    text: &SketchText,
    originals: &[Original<'_>],
) -> Option<u32> {
    let main = originals.first().map_or(&[][..], |main| &main.lines);
    let starts = statement_starts(main);
    let function = candidates
        .iter()
        .find(|candidate| candidate.origin.file == 0)
        .map(|candidate| {
            // The line above a return type that has a line of its own may be the middle of something.
            let may_break = candidate.line != candidate.origin.line
                && candidate.line > 0
                && !starts.contains(&candidate.line);
            candidate.line + u32::from(may_break)
        });
    let pointer = first_pointer_use(candidates, tags, text).map(|(line, in_class)| {
        if in_class {
            starts.range(..=line).next_back().copied().unwrap_or(line)
        } else {
            line
        }
    });
    match (function, pointer) {
        (Some(function), Some(pointer)) => Some(function.min(pointer)),
        (function, pointer) => function.or(pointer),
    }
}

/// The first tagged line of the main file that has `&f` or `(f)` for a candidate `f` defined elsewhere, and whether its tag is a member's.
fn first_pointer_use(
    candidates: &[Candidate],
    tags: &[Tag],
    text: &SketchText,
) -> Option<(u32, bool)> {
    let names = Names::new(
        candidates
            .iter()
            .map(|candidate| (candidate.name.as_str(), candidate.origin)),
    );
    let mut last = None;
    tags.iter()
        .filter(|tag| tag.kind != TagKind::Struct)
        .find_map(|tag| {
            let origin = text.origin(tag.line).filter(|origin| origin.file == 0)?;
            if last.replace(tag.line) == Some(tag.line) {
                return None;
            }
            let in_class = matches!(tag.scope, Some(ScopeKind::Class | ScopeKind::Struct));
            names
                .are_used_as_pointers(text.line(tag.line), origin)
                .then_some((origin.line, in_class))
        })
}

/// The rows of the merged text with the block inserted.
///
/// Without a line the block goes behind the added `#include <Arduino.h>` or, if the main file has it itself, behind the main file.
pub(super) fn with_block(
    rows: &[&str],
    originals: &[Original<'_>],
    prototypes: &[Prototype],
    line: Option<u32>,
) -> String {
    let (Some(first), Some(main)) = (prototypes.first(), originals.first()) else {
        return rows.join("\n");
    };
    let mut block: Vec<String> = Vec::new();
    for prototype in prototypes
        .iter()
        .filter(|prototype| !prototype.has_equals_sign())
    {
        let directive = format!("#line {} {}", prototype.line, quote(&prototype.file));
        block.push(directive);
        block.push(prototype.text.clone());
    }
    let row = match line {
        Some(line) => {
            block.push(format!("#line {line} {}", quote(&first.file)));
            (main.first_row + line as usize).saturating_sub(1)
        }
        None if main.first_row > 1 => main.first_row - 1,
        None => main.first_row + main.lines.len(),
    };
    let row = row.min(rows.len());
    let mut all: Vec<&str> = Vec::with_capacity(rows.len() + block.len());
    all.extend(&rows[..row]);
    all.extend(block.iter().map(String::as_str));
    all.extend(&rows[row..]);
    all.join("\n")
}
