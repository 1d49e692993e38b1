//! The includes with which a generated source begins.
//!
//! Only includes, `#line` directives, comments and blank lines count as the beginning; anything else ends it. Text in, text out.

use camino::Utf8Path;

/// One include of the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// The header as written.
    pub header: String,
    /// Whether it is in quotes, so that the source's own directory is searched first.
    pub quoted: bool,
    /// The offset behind its line.
    end: usize,
    /// File and number of the line that follows, as the compiler counts them; `None` before the first `#line`.
    next: Option<(String, u32)>,
}

/// The includes of the beginning, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    /// The includes.
    pub includes: Vec<Include>,
}

/// Reads the beginning of a source. `None` if it does not begin with an include, or in a way that is not understood.
pub fn prefix(source: &str) -> Option<Prefix> {
    let mut includes = Vec::new();
    let mut place: Option<(String, u32)> = None;
    let mut in_comment = false;
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        at += line.len();
        if let Some((_, number)) = &mut place {
            *number += 1;
        }
        // A continued line could hide a directive.
        if line.trim_end_matches(['\r', '\n']).ends_with('\\') {
            break;
        }
        let Some(code) = without_comments(line, &mut in_comment) else {
            break;
        };
        let code = code.trim();
        if code.is_empty() {
            continue;
        }
        let Some(directive) = code.strip_prefix('#').map(str::trim_start) else {
            break;
        };
        if let Some(rest) = directive.strip_prefix("line ") {
            place = Some(line_directive(rest)?);
        } else if let Some(rest) = directive.strip_prefix("include") {
            let Some((header, quoted)) = header(rest.trim()) else {
                break;
            };
            if in_comment {
                break;
            }
            includes.push(Include {
                header,
                quoted,
                end: at,
                next: place.clone(),
            });
        } else {
            break;
        }
    }
    (!includes.is_empty()).then_some(Prefix { includes })
}

impl Prefix {
    /// Returns `source`, whose beginning this is, with its first `length` includes replaced by one of `preamble`. `None` if there are not
    /// so many.
    pub fn replace(&self, source: &str, length: usize, pch: &Utf8Path) -> Option<String> {
        let last = self.includes.get(length.checked_sub(1)?)?;
        let mut text = include_line(pch.as_str());
        if let Some((file, number)) = &last.next {
            text.push_str(&format!("#line {number} \"{file}\"\n"));
        }
        text.push_str(source.get(last.end..)?);
        Some(text)
    }
}

/// Returns the include directive of a path, or of a header of the system written as `<header>`.
pub fn include_line(header: &str) -> String {
    if header.starts_with('<') {
        format!("#include {header}\n")
    } else {
        format!("#include \"{header}\"\n")
    }
}

/// Removes comments from a line. `None` if it has a quote or a comment that is not the whole of what follows, which is left to the compiler.
fn without_comments(line: &str, in_comment: &mut bool) -> Option<String> {
    let mut code = String::new();
    let mut rest = line;
    loop {
        if *in_comment {
            match rest.find("*/") {
                None => return Some(code),
                Some(end) => {
                    *in_comment = false;
                    code.push(' ');
                    rest = &rest[end + 2..];
                }
            }
        }
        let block = rest.find("/*");
        match (block, rest.find("//")) {
            (None, None) => return Some(code + rest),
            (block, Some(line)) if block.is_none_or(|block| line < block) => {
                // `#include <a//b>` is no comment.
                if rest[..line].contains(['<', '"'])
                    && !rest[..line].contains(['>'])
                    && rest[..line].matches('"').count() != 2
                {
                    return None;
                }
                return Some(code + &rest[..line]);
            }
            (Some(block), _) => {
                code.push_str(&rest[..block]);
                *in_comment = true;
                rest = &rest[block + 2..];
            }
            (None, Some(_)) => return None,
        }
    }
}

/// Reads the header of an include; `None` for an include of a macro.
fn header(text: &str) -> Option<(String, bool)> {
    let (close, quoted) = match text.chars().next()? {
        '<' => ('>', false),
        '"' => ('"', true),
        _ => return None,
    };
    let (header, rest) = text[1..].split_once(close)?;
    (rest.trim().is_empty() && !header.is_empty()).then(|| (header.to_owned(), quoted))
}

/// Reads `12 "file"`; the file keeps its escapes.
fn line_directive(text: &str) -> Option<(String, u32)> {
    let (number, file) = text.trim().split_once(' ')?;
    let file = file.trim().strip_prefix('"')?.strip_suffix('"')?;
    Some((file.to_owned(), number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(source: &str) -> Vec<String> {
        prefix(source)
            .map(|prefix| {
                prefix
                    .includes
                    .into_iter()
                    .map(|include| include.header)
                    .collect()
            })
            .unwrap_or_default()
    }

    #[test]
    fn the_beginning_ends_at_the_first_other_thing() {
        let check = |source: &str, expect: &[&str]| assert_eq!(headers(source), expect, "{source}");
        check(
            "#include <A.h>\n#line 1 \"x.ino\"\n// text\n\n/* a\n b */ #include \"B.h\" // c\nint x;\n#include <C.h>\n",
            &["A.h", "B.h"],
        );
        check("#define X\n#include <A.h>\n", &[]);
        check("#include <A.h>\n#define X\n#include <B.h>\n", &["A.h"]);
        check(
            "#include <A.h>\n#ifdef X\n#include <B.h>\n#endif\n",
            &["A.h"],
        );
        check("#include MACRO\n", &[]);
        check(
            "#include <A.h>\n# include  <sub/B.h>\n",
            &["A.h", "sub/B.h"],
        );
        check(
            "#include <A.h>\n// continued \\\n#include <B.h>\n",
            &["A.h"],
        );
        check(
            "#include <A.h>\n/* #include <B.h>\n*/\n#include <C.h>\n",
            &["A.h", "C.h"],
        );
        check("#include <A.h> int x;\n", &[]);
        check("#include <A.h>\n#line X\n#include <B.h>\n", &[]);
        check("", &[]);
    }

    #[test]
    fn the_rest_keeps_its_lines() {
        let source = "#include <Arduino.h>\n#line 1 \"/s/x.ino\"\n// text\n#include <B.h>\nint x = __LINE__;\n";
        let prefix = prefix(source).unwrap();
        let path = Utf8Path::new("/p/preamble.h");
        assert_eq!(
            prefix.replace(source, 2, path).unwrap(),
            "#include \"/p/preamble.h\"\n#line 3 \"/s/x.ino\"\nint x = __LINE__;\n"
        );
        let one = prefix.replace(source, 1, path).unwrap();
        assert_eq!(
            one,
            "#include \"/p/preamble.h\"\n#line 1 \"/s/x.ino\"\n// text\n#include <B.h>\nint x = __LINE__;\n"
        );
        assert_eq!(prefix.replace(source, 3, path), None);
        assert_eq!(prefix.replace(source, 0, path), None);
    }
}
