//! The part of the preprocessor's output that comes from the sketch's own files, and the sketch's original lines.
//!
//! Semantics 4.2.2: functions in headers never count. Knows line markers and `#line` directives, nothing of C++.

use camino::{Utf8Path, Utf8PathBuf};

/// Where a line of the filtered text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// Index into the sketch's files.
    pub(super) file: usize,
    /// One-based line.
    pub(super) line: u32,
}

/// Preprocessed text of the sketch's own files, without line markers.
#[derive(Debug, Default)]
pub(super) struct SketchText {
    pub(super) text: String,
    origins: Vec<Origin>,
    /// Byte offset of each line in `text`.
    starts: Vec<usize>,
}

impl SketchText {
    /// Keeps the lines of `preprocessed` that its line markers attribute to one of `files`.
    pub(super) fn new(preprocessed: &str, files: &[Utf8PathBuf]) -> Self {
        let mut kept = Self::default();
        let mut origin = None;
        for line in preprocessed.lines() {
            if let Some(marker) = line_marker(line) {
                match marker.file {
                    Some(file) => {
                        origin =
                            files
                                .iter()
                                .position(|sketch| *sketch == file)
                                .map(|file| Origin {
                                    file,
                                    line: marker.line,
                                });
                    }
                    None => {
                        if let Some(origin) = &mut origin {
                            origin.line = marker.line;
                        }
                    }
                }
            } else if let Some(origin) = &mut origin {
                kept.origins.push(*origin);
                kept.starts.push(kept.text.len());
                kept.text.push_str(line);
                kept.text.push('\n');
                origin.line = origin.line.saturating_add(1);
            }
        }
        kept
    }

    /// Where line `index` (zero-based) of the text comes from.
    pub(super) fn origin(&self, index: usize) -> Option<Origin> {
        self.origins.get(index).copied()
    }

    /// Line `index` (zero-based) of the text, without its line end.
    pub(super) fn line(&self, index: usize) -> &str {
        let Some(&start) = self.starts.get(index) else {
            return "";
        };
        let end = self
            .starts
            .get(index + 1)
            .copied()
            .unwrap_or(self.text.len());
        self.text[start..end].trim_end_matches('\n')
    }
}

struct LineMarker {
    line: u32,
    file: Option<Utf8PathBuf>,
}

/// Reads `# 12 "file" flags`, `#line 12 "file"` or `#line 12`.
fn line_marker(line: &str) -> Option<LineMarker> {
    let rest = line.strip_prefix('#')?.trim_start_matches([' ', '\t']);
    let (rest, is_directive) = match rest.strip_prefix("line") {
        Some(rest) if rest.starts_with([' ', '\t']) => (rest.trim_start_matches([' ', '\t']), true),
        _ => (rest, false),
    };
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = rest[..digits].parse().ok()?;
    let rest = rest[digits..].trim_start_matches([' ', '\t']);
    match rest.strip_prefix('"') {
        Some(quoted) => Some(LineMarker {
            line: number,
            file: Some(unquote(quoted)?),
        }),
        None if is_directive => Some(LineMarker {
            line: number,
            file: None,
        }),
        None => None,
    }
}

/// Undoes gcc's quoting up to the closing quote: backslashes before quotes and backslashes, three octal digits for other bytes.
fn unquote(quoted: &str) -> Option<Utf8PathBuf> {
    let bytes = quoted.as_bytes();
    let mut path = Vec::new();
    let mut at = 0;
    loop {
        match *bytes.get(at)? {
            b'"' => break,
            b'\\' => match bytes.get(at + 1..at + 4) {
                Some(&[a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7']) => {
                    path.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                    at += 4;
                }
                _ => {
                    path.push(*bytes.get(at + 1)?);
                    at += 2;
                }
            },
            byte => {
                path.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(path).ok().map(Utf8PathBuf::from)
}

/// `path` between double quotes, as in a `#line` directive.
pub(super) fn quote(path: &Utf8Path) -> String {
    let mut quoted = String::from("\"");
    for character in path.as_str().chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

/// The original lines of one sketch file.
#[derive(Debug, Default)]
pub(super) struct Original<'a> {
    /// Index in the merged text's rows of the file's first line.
    pub(super) first_row: usize,
    pub(super) lines: Vec<&'a str>,
}

/// Splits the rows of a merged text into its files, which follow one another in the order of `files`, each behind its `#line 1`.
pub(super) fn originals<'a>(rows: &[&'a str], files: &[Utf8PathBuf]) -> Vec<Original<'a>> {
    let mut found: Vec<Original<'a>> = Vec::new();
    for (row, text) in rows.iter().enumerate() {
        let next = files.get(found.len());
        if next.is_some_and(|file| text.strip_prefix("#line 1 ") == Some(quote(file).as_str())) {
            found.push(Original {
                first_row: row + 1,
                lines: Vec::new(),
            });
        } else if let Some(file) = found.last_mut() {
            file.lines.push(text);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Origin, SketchText, originals, quote};
    use camino::Utf8PathBuf;

    fn files() -> Vec<Utf8PathBuf> {
        vec!["/s/s.ino".into(), "/s/b c.ino".into()]
    }

    #[test]
    fn s4_2_2_only_lines_of_the_sketch_are_kept() {
        let text = SketchText::new(
            "x\n# 1 \"/s/s.ino\"\na\n\n# 1 \"/core/Arduino.h\" 1 3\nh\n# 9 \"/s/s.ino\" 2\nb\n#pragma once\n# 1 \"/s/b c.ino\"\nc\n#line 7\nd\n",
            &files(),
        );
        assert_eq!(text.text, "a\n\nb\n#pragma once\nc\nd\n");
        let origins: Vec<_> = (0..6).filter_map(|line| text.origin(line)).collect();
        let expected = [(0, 1), (0, 2), (0, 9), (0, 10), (1, 1), (1, 7)];
        assert_eq!(origins, expected.map(|(file, line)| Origin { file, line }));
        assert_eq!((text.line(2), text.line(5), text.line(6)), ("b", "d", ""));
        assert_eq!(text.origin(6), None);
    }

    #[test]
    fn markers_are_unquoted_as_gcc_quotes() {
        for (marker, path) in [
            ("# 1 \"/s/a\\\\b.ino\"", "/s/a\\b.ino"),
            ("# 1 \"/s/a\\\"b.ino\" 2", "/s/a\"b.ino"),
            ("# 1 \"/s/\\303\\251.ino\"", "/s/é.ino"),
            ("# 1 \"/s/é.ino\"", "/s/é.ino"),
        ] {
            let text = SketchText::new(&format!("{marker}\na\n"), &[path.into()]);
            assert_eq!(text.text, "a\n", "{marker}");
        }
        for other in [
            "# 1 \"/s/s.ino",
            "# x \"/s/s.ino\"",
            "# 1",
            "#line",
            "# 99999999999 \"/s/s.ino\"",
            "# 1 \"\\377\"",
        ] {
            assert_eq!(
                SketchText::new(&format!("{other}\na\n"), &files()).text,
                "",
                "{other}"
            );
        }
    }

    #[test]
    fn the_merged_text_splits_into_its_files() {
        let rows = [
            "#include <Arduino.h>",
            "#line 1 \"/s/s.ino\"",
            "a",
            "b",
            "#line 1 \"/s/b c.ino\"",
            "c",
            "",
        ];
        let found = originals(&rows, &files());
        assert_eq!(
            found.iter().map(|file| file.first_row).collect::<Vec<_>>(),
            [2, 5]
        );
        assert_eq!(found[0].lines, ["a", "b"]);
        assert_eq!(found[1].lines, ["c", ""]);
        assert_eq!(quote("/s/a\"\\b".into()), "\"/s/a\\\"\\\\b\"");
    }
}
