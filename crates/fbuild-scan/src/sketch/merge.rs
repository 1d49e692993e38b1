//! From a sketch's files to the C++ that is scanned and compiled (semantics 2.1.4 and 4.1).
//!
//! Bytes are passed through: a comment in Latin-1 stays what it is. Prototypes are added later, by [`crate::prototypes`].

use std::sync::{Arc, LazyLock};

use camino::{Utf8Path, Utf8PathBuf};
use regex::bytes::Regex;

use crate::sketch::{Sketch, SketchError};
use fbuild_cpp::{SourceFile, SourceTree};

/// An `#include` of `Arduino.h` at the start of a line, also in a comment (semantics 4.1.1).
static INCLUDES_ARDUINO: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?m-u)^[ \t\n\f\r]*#[ \t\n\f\r]*include[ \t\n\f\r]*[<"]Arduino\.h[>"]"#)
        .expect("the pattern is a constant and a test compiles it")
});

/// A file generated for the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Its place below `{build.path}/sketch`.
    pub relative: Utf8PathBuf,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Returns the merged text `NAME.ino.cpp.merged`: the include of `Arduino.h` if the main file has none, then each sketch text under a
/// `#line` of its own (semantics 4.1). Line ends become LF, byte order marks are removed.
///
/// # Errors
/// A text that cannot be read.
pub fn merged(sketch: &Sketch, tree: &SourceTree) -> Result<Generated, SketchError> {
    let mut out = Vec::new();
    for path in sketch.texts() {
        let file = read(path, tree)?;
        let bytes = file.bytes();
        let text = without_mark(&bytes);
        if path == sketch.main && !INCLUDES_ARDUINO.is_match(text) {
            out.extend_from_slice(b"#include <Arduino.h>\n");
        }
        out.extend_from_slice(line_directive(path).as_bytes());
        push_with_lf(&mut out, text);
        out.push(b'\n');
    }
    let relative = format!("{}.merged", sketch.generated_name()).into();
    Ok(Generated {
        relative,
        bytes: out,
    })
}

/// Returns the copies of the additional files, each with a first line `#line 1 "its origin"` (semantics 2.1.4).
///
/// # Errors
/// A file that cannot be read.
pub fn copies(sketch: &Sketch, tree: &SourceTree) -> Result<Vec<Generated>, SketchError> {
    sketch
        .additional
        .iter()
        .map(|additional| {
            let file = read(&additional.path, tree)?;
            let mut bytes = line_directive(&additional.path).into_bytes();
            bytes.extend_from_slice(without_mark(&file.bytes()));
            Ok(Generated {
                relative: additional.relative.clone(),
                bytes,
            })
        })
        .collect()
}

/// A sketch's generated files, in the tree under the paths at which they will be written.
#[derive(Debug, Clone)]
pub struct Staged {
    /// The merged text.
    pub merged: Arc<SourceFile>,
    /// The copies, in the order of [`Sketch::additional`].
    pub copies: Vec<Arc<SourceFile>>,
    /// What discovery scans: the merged text, then [`Sketch::scanned_units`].
    pub scanned: Vec<Utf8PathBuf>,
}

/// Generates the merged text and the copies from `files` and inserts them into `tree` below `dir` (`{build.path}/sketch`), so that the sketch can be
/// scanned before anything is written.
///
/// # Errors
/// A file that cannot be read.
pub fn stage(
    sketch: &Sketch,
    files: &SourceTree,
    tree: &SourceTree,
    dir: &Utf8Path,
) -> Result<Staged, SketchError> {
    let insert = |file: Generated| tree.insert(&dir.join(file.relative), file.bytes);
    let merged = insert(merged(sketch, files)?);
    let copies = copies(sketch, files)?.into_iter().map(insert).collect();
    let scanned = std::iter::once(merged.path().to_owned())
        .chain(sketch.scanned_units().iter().map(|unit| dir.join(unit)))
        .collect();
    Ok(Staged {
        merged,
        copies,
        scanned,
    })
}

/// Returns `#line 1 "path"` and a line end; backslashes and quotes in the path are escaped.
pub fn line_directive(path: &Utf8Path) -> String {
    format!(
        "#line 1 \"{}\"\n",
        path.as_str().replace('\\', r"\\").replace('"', "\\\"")
    )
}

fn read(path: &Utf8Path, tree: &SourceTree) -> Result<Arc<SourceFile>, SketchError> {
    match tree.read(path) {
        Ok(Some(file)) => Ok(file),
        Ok(None) => Err(SketchError::Absent {
            path: path.to_owned(),
        }),
        Err(error) => Err(SketchError::Read(error)),
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Appends `text` with CRLF and lone CR replaced by LF.
fn push_with_lf(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&byte| byte == b'\r') {
        out.extend_from_slice(&rest[..at]);
        out.push(b'\n');
        rest = &rest[at + 1..];
        rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lf(text: &str) -> String {
        let mut out = Vec::new();
        push_with_lf(&mut out, text.as_bytes());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn s4_1_2_line_ends_become_lf() {
        for (text, expect) in [
            ("", ""),
            ("a\r\nb", "a\nb"),
            ("a\rb\r", "a\nb\n"),
            ("\r\r\n\n\r", "\n\n\n\n"),
            ("é\r\nz", "é\nz"),
        ] {
            assert_eq!(lf(text), expect, "{text:?}");
        }
    }

    #[test]
    fn s4_1_1_what_counts_as_an_include_of_arduino_h() {
        for (text, expect) in [
            ("#include <Arduino.h>", true),
            ("#include \"Arduino.h\"", true),
            ("  #  include<Arduino.h> // first", true),
            ("/*\n#include <Arduino.h>\n*/", true),
            ("#if 0\n\t#include \"Arduino.h\"\n#endif", true),
            ("\r\n#include <Arduino.h>", true),
            ("#include <Arduino.h\"", true),
            ("#include <arduino.h>", false),
            ("// #include <Arduino.h>", false),
            ("#include <ArduinoXh>", false),
            ("#include <My/Arduino.h>", false),
            ("int x; #include <Arduino.h>", false),
        ] {
            assert_eq!(
                INCLUDES_ARDUINO.is_match(text.as_bytes()),
                expect,
                "{text:?}"
            );
        }
    }

    #[test]
    fn s4_1_2_paths_are_escaped() {
        assert_eq!(
            line_directive("/a b/c.ino".into()),
            "#line 1 \"/a b/c.ino\"\n"
        );
        assert_eq!(
            line_directive(r#"/q"uo\te.ino"#.into()),
            "#line 1 \"/q\\\"uo\\\\te.ino\"\n"
        );
    }
}
