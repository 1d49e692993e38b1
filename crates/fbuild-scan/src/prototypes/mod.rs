//! Prototype generation: declares a sketch's functions before their first use, exactly as the Arduino tools do.
//!
//! Text in, text out. Semantics 4.2 and 4.3 are the truth; better prototypes would be other firmware.

mod boundaries;
mod candidates;
mod characters;
mod comments;
mod insertion;
mod names;
mod sketch_text;
pub mod tagger;
mod token;
mod work;

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

impl Prototype {
    /// The tools leave out what has a default argument, and recognise it by this sign (semantics 4.2.5 d).
    fn has_equals_sign(&self) -> bool {
        self.text.contains('=')
    }
}

/// Inserts the prototypes into a merged sketch.
///
/// `merged` is the text of all sketch files with their `#line 1 "path"` directives (semantics 4.1); `preprocessed` is what
/// `gcc -E -CC` makes of it, with line markers; `sketch_files` are the absolute paths of the sketch's files, the main file first and
/// then in the order of `merged`. Line ends become `\n`. Without prototypes nothing else changes.
pub fn insert_prototypes(merged: &str, preprocessed: &str, sketch_files: &[Utf8PathBuf]) -> String {
    let merged = merged.replace("\r\n", "\n").replace('\r', "\n");
    let is_quotable = |file: &Utf8PathBuf| !file.as_str().contains('"');
    if !sketch_files.first().is_some_and(is_quotable) {
        return merged;
    }
    let rows: Vec<&str> = merged.split('\n').collect();
    let originals = originals(&rows, sketch_files);
    let text = SketchText::new(preprocessed, sketch_files);
    let tags = tagger::tags(&text.text);
    let candidates = candidates::candidates(&tags, &text, &originals);
    let line = insertion::insertion_line(&candidates, &tags, &text, &originals);
    let prototypes: Vec<Prototype> = candidates
        .into_iter()
        .filter_map(|candidate| {
            Some(Prototype {
                text: candidate.prototype?,
                file: sketch_files.get(candidate.origin.file)?.clone(),
                line: candidate.line,
            })
        })
        .collect();
    if prototypes.iter().all(Prototype::has_equals_sign) {
        return merged;
    }
    insertion::with_block(&rows, &originals, &prototypes, line)
}
