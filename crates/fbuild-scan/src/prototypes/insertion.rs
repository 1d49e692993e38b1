//! Where the block of prototypes goes, and the block itself.
//!
//! Specification 4.2.7 and 4.2.8. Knows candidates and rows of the merged text, not how the candidates were chosen.

use super::Prototype;
use super::candidates::Candidate;
use super::sketch_text::{Original, SketchText, quote};
use super::tagger::{Tag, TagKind};

/// The line of the main file before which the block goes; `None` if the main file has no function.
pub(super) fn insertion_line(
    candidates: &[Candidate],
    tags: &[Tag],
    text: &SketchText,
) -> Option<u32> {
    let first_function = candidates
        .iter()
        .find(|candidate| candidate.origin.file == 0)
        .map(|candidate| candidate.origin.line);
    let pointer = first_pointer_use(candidates, tags, text);
    match (first_function, pointer) {
        (Some(function), Some(pointer)) => Some(function.min(pointer)),
        (function, pointer) => function.or(pointer),
    }
}

/// The first tagged line of the main file that has `&f` or `(f)` for a candidate `f` defined elsewhere.
fn first_pointer_use(candidates: &[Candidate], tags: &[Tag], text: &SketchText) -> Option<u32> {
    tags.iter()
        .filter(|tag| tag.kind != TagKind::Struct)
        .find_map(|tag| {
            let origin = text.origin(tag.line).filter(|origin| origin.file == 0)?;
            let code = text.line(tag.line);
            candidates
                .iter()
                .any(|candidate| {
                    candidate.origin != origin
                        && (code.contains(&format!("&{}", candidate.name))
                            || code.contains(&format!("({})", candidate.name)))
                })
                .then_some(origin.line)
        })
}

/// The rows of the merged text with the block inserted.
pub(super) fn with_block(
    rows: &[&str],
    originals: &[Original<'_>],
    prototypes: &[Prototype],
    line: Option<u32>,
) -> String {
    let mut block: Vec<String> = Vec::new();
    for prototype in prototypes
        .iter()
        .filter(|prototype| !prototype.text.contains('='))
    {
        block.push(format!(
            "#line {} {}",
            prototype.line,
            quote(&prototype.file)
        ));
        block.push(prototype.text.clone());
    }
    let Some(first) = prototypes.first() else {
        return rows.join("\n");
    };
    let row = match line {
        Some(line) => {
            block.push(format!("#line {line} {}", quote(&first.file)));
            originals
                .first()
                .map_or(0, |main| (main.first_row + line as usize).saturating_sub(1))
        }
        None => originals
            .first()
            .map_or(0, |main| main.first_row.saturating_sub(1)),
    };
    let row = row.min(rows.len());
    let mut all: Vec<&str> = Vec::with_capacity(rows.len() + block.len());
    all.extend(&rows[..row]);
    all.extend(block.iter().map(String::as_str));
    all.extend(&rows[row..]);
    all.join("\n")
}
