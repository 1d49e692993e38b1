//! The merged text of a sketch, taken apart again: the files it is made of and the prototypes that were added.
//!
//! An editor sees the `.ino` files and not the merged text, so it needs the prototypes separately. Reads text only.

use std::collections::HashSet;

use camino::Utf8Path;

/// A merged text.
#[derive(Debug)]
pub struct Merged<'a> {
    /// The sketch's files, in the order in which they are merged.
    pub files: Vec<String>,
    /// The added prototypes.
    prototypes: Vec<&'a str>,
    /// The rows of the files.
    rows: Vec<&'a str>,
}

impl<'a> Merged<'a> {
    /// Takes a text apart at its `#line` directives.
    pub fn read(text: &'a str) -> Self {
        let mut parts: Vec<(String, Vec<&str>)> = Vec::new();
        for row in text.lines() {
            match (line_directive(row), parts.last_mut()) {
                (Some(file), _) => parts.push((file, Vec::new())),
                (None, Some((_, rows))) => rows.push(row),
                // What is before the first directive is the added `#include <Arduino.h>`.
                (None, None) => {}
            }
        }
        let mut merged = Self {
            files: Vec::new(),
            prototypes: Vec::new(),
            rows: Vec::new(),
        };
        for (file, rows) in parts {
            match rows[..] {
                [only] if only.ends_with(';') && only.contains('(') => {
                    merged.prototypes.push(only);
                }
                _ => {
                    if !merged.files.contains(&file) {
                        merged.files.push(file);
                    }
                    merged.rows.extend(rows);
                }
            }
        }
        merged
    }

    /// Returns a header with the sketch's includes and the prototypes of functions that are used before they are defined, so far as they
    /// need no type of the sketch; `None` if there is no such function.
    pub fn header(&self, sketch_dir: &Utf8Path) -> Option<String> {
        let own_types = self.own_types();
        let is_needed = |prototype: &&str| {
            let Some(name) = name(prototype) else {
                return false;
            };
            let mut others = words(prototype).filter(|word| *word != name);
            let mut uses = self
                .rows
                .iter()
                .filter(|row| words(row).any(|word| word == name));
            // The first row that has the name is the definition, unless the function is used before.
            let is_defined_first = uses.next().is_some_and(|row| is_start_of(row, prototype));
            !is_defined_first && !others.any(|word| own_types.contains(word))
        };
        let needed: Vec<&str> = self.prototypes.iter().copied().filter(is_needed).collect();
        if needed.is_empty() {
            return None;
        }
        let mut text =
            String::from("// Made by fbuild for editors.\n#pragma once\n#include <Arduino.h>\n");
        for include in self.includes(sketch_dir) {
            text.push_str(&include);
            text.push('\n');
        }
        for prototype in needed {
            text.push_str(prototype);
            text.push('\n');
        }
        Some(text)
    }

    /// Returns the `#include` lines that no condition encloses; quoted names of the sketch's files become whole paths.
    fn includes(&self, sketch_dir: &Utf8Path) -> Vec<String> {
        let mut depth = 0usize;
        let mut includes = Vec::new();
        for row in &self.rows {
            let Some(directive) = row.trim_start().strip_prefix('#') else {
                continue;
            };
            let directive = directive.trim_start();
            if directive.starts_with("if") {
                depth += 1;
            } else if directive.starts_with("endif") {
                depth = depth.saturating_sub(1);
            } else if depth == 0
                && let Some(what) = directive.strip_prefix("include")
            {
                let quoted = what
                    .trim()
                    .strip_prefix('"')
                    .and_then(|rest| rest.split('"').next());
                let own = quoted
                    .map(|name| sketch_dir.join(name))
                    .filter(|path| path.is_file());
                includes.push(match own {
                    Some(path) => format!("#include \"{path}\""),
                    None => (*row).to_owned(),
                });
            }
        }
        includes
    }

    /// Returns the names of types and macros that the sketch itself defines.
    fn own_types(&self) -> HashSet<&'a str> {
        let mut types = HashSet::new();
        for row in &self.rows {
            let all: Vec<&str> = words(row).collect();
            for pair in all.windows(2) {
                let introduces = [
                    "struct", "class", "union", "enum", "using", "define", "typedef", "typename",
                ];
                if introduces.contains(&pair[0]) {
                    types.insert(pair[1]);
                }
            }
            // `typedef int Name;` and the end of `typedef struct { … } Name;`.
            let ends_type = all.first() == Some(&"typedef") || row.trim_start().starts_with('}');
            if ends_type && row.trim_end().ends_with(';') {
                types.extend(all.last());
            }
        }
        // Words that introduce a type can follow one another (`typedef struct`, `enum class`).
        [
            "struct", "class", "union", "enum", "const", "unsigned", "int", "char", "uint8_t",
        ]
        .iter()
        .for_each(|word| {
            types.remove(word);
        });
        types
    }
}

/// Returns the file of a `#line NUMBER "FILE"`.
fn line_directive(row: &str) -> Option<String> {
    let rest = row.strip_prefix("#line ")?;
    let (_, quoted) = rest.split_once(" \"")?;
    let file = quoted.strip_suffix('"')?;
    Some(file.replace("\\\"", "\"").replace("\\\\", "\\"))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    text.split(move |char: char| !is_word(char))
        .filter(|word| !word.is_empty())
}

/// Returns the name of the function that a prototype declares.
fn name(prototype: &str) -> Option<&str> {
    words(prototype.split('(').next()?).last()
}

/// Returns whether a row begins with the words of a prototype up to its parameters.
fn is_start_of(row: &str, prototype: &str) -> bool {
    let head = prototype.split('(').next().unwrap_or_default();
    row.contains('(') && words(row.split('(').next().unwrap_or_default()).eq(words(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"#include <Arduino.h>
#line 1 "/s/S/S.ino"
#include <Servo.h>
#ifdef X
#include <Never.h>
#endif
struct Point { int x; };
#line 6 "/s/S/S.ino"
void setup();
#line 9 "/s/S/S.ino"
void late(Servo &servo);
#line 10 "/s/S/S.ino"
void own(Point p);
#line 1 "/s/S/Tab.ino"
int early(int);
#line 6 "/s/S/S.ino"
void setup() {
  late(s); own(p); early(1);
}
void late(Servo &servo) {}
void own(Point p) {}
#line 1 "/s/S/Tab.ino"
int early(int) {
}
"#;

    #[test]
    fn files_are_in_order_and_prototypes_apart() {
        let merged = Merged::read(TEXT);
        assert_eq!(merged.files, ["/s/S/S.ino", "/s/S/Tab.ino"]);
        assert_eq!(merged.prototypes.len(), 4);
    }

    #[test]
    fn the_header_has_what_is_used_before_it_is_defined() {
        let header = Merged::read(TEXT).header("/s/S".into()).unwrap();
        assert!(header.ends_with(
            "#include <Arduino.h>\n#include <Servo.h>\nvoid late(Servo &servo);\nint early(int);\n"
        ), "{header}");
        let plain = "#line 1 \"/A.ino\"\n#line 1 \"/A.ino\"\nvoid setup();\n#line 1 \"/A.ino\"\nvoid setup() {}\n\n";
        assert_eq!(Merged::read(plain).header("/".into()), None);
    }
}
