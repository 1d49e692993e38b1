//! Prototype generation: declares a sketch's functions before their first use, exactly as the Arduino tools do.
//!
//! Text in, text out. Specification sections 4.2 and 4.3 are the truth; better prototypes would be other firmware.

mod candidates;
mod characters;
mod comments;
mod insertion;
mod sketch_text;
pub mod tagger;
mod token;

use camino::Utf8PathBuf;

use sketch_text::{SketchText, originals};

/// A declaration to be inserted, for a function that the sketch defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prototype {
    /// The declaration with its modifiers (`static`, `extern "C"`) and a semicolon.
    pub text: String,
    /// The sketch file that defines the function.
    pub file: Utf8PathBuf,
    /// The number for the declaration's `#line` directive.
    pub line: u32,
}

/// The prototypes of the sketch's own functions, in order of definition, and the line of the main file they go before.
fn find(
    preprocessed: &str,
    sketch_files: &[Utf8PathBuf],
    rows: &[&str],
) -> (Vec<Prototype>, Option<u32>) {
    let text = SketchText::new(preprocessed, sketch_files);
    let tags = tagger::tags(&text.text);
    let candidates = candidates::candidates(&tags, &text, &originals(rows, sketch_files));
    let line = insertion::insertion_line(&candidates, &tags, &text);
    let prototypes = candidates
        .into_iter()
        .filter_map(|candidate| {
            Some(Prototype {
                text: candidate.prototype?,
                file: sketch_files.get(candidate.origin.file)?.clone(),
                line: candidate.origin.line,
            })
        })
        .collect();
    (prototypes, line)
}

/// Inserts the prototypes into a merged sketch.
///
/// `merged` is the text of all sketch files with their `#line 1 "path"` directives (specification 4.1); `preprocessed` is what
/// `gcc -E -CC` makes of it, with line markers; `sketch_files` are the absolute paths of the sketch's files, the main file first.
/// Line ends become `\n`. Without prototypes nothing else changes.
pub fn insert_prototypes(merged: &str, preprocessed: &str, sketch_files: &[Utf8PathBuf]) -> String {
    let merged = merged.replace("\r\n", "\n").replace('\r', "\n");
    let rows: Vec<&str> = merged.split('\n').collect();
    let (prototypes, line) = find(preprocessed, sketch_files, &rows);
    if prototypes
        .iter()
        .all(|prototype| prototype.text.contains('='))
    {
        return merged;
    }
    insertion::with_block(&rows, &originals(&rows, sketch_files), &prototypes, line)
}
