//! Enough of a preprocessor for test sources: includes, conditions, object-like macros in conditions.
//!
//! Text is passed through unexpanded. Line markers are written as gcc writes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::args::Args;
use crate::script;

/// A preprocessed source.
#[derive(Debug, Default)]
pub(crate) struct Expanded {
    /// With line markers.
    pub(crate) text: String,
    /// Without them.
    pub(crate) plain: String,
    /// Every file read, the source first, each once.
    pub(crate) files: Vec<String>,
}

struct State<'a> {
    args: &'a Args,
    macros: BTreeMap<String, String>,
    once: BTreeSet<String>,
    out: Expanded,
}

/// Preprocesses `source`. The error is what gcc would print.
pub(crate) fn expand(source: &str, args: &Args) -> Result<Expanded, String> {
    let mut macros = BTreeMap::new();
    for define in &args.defines {
        let (name, value) = define.split_once('=').unwrap_or((define, "1"));
        macros.insert(name.to_owned(), value.to_owned());
    }
    for (name, value) in PREDEFINED {
        macros.insert(name.to_owned(), value.to_owned());
    }
    let mut state = State {
        args,
        macros,
        once: BTreeSet::new(),
        out: Expanded::default(),
    };
    // The source is the first file, also if something is included before it.
    state.out.files.push(source.to_owned());
    for header in &args.preincluded {
        state.file(header, 1)?;
    }
    state.file(source, 0)?;
    Ok(state.out)
}

/// What the compiler predefines.
pub(crate) const PREDEFINED: [(&str, &str); 5] = [
    ("__FAKE__", "1"),
    ("__GNUC__", "5"),
    ("__GNUC_MINOR__", "4"),
    ("__cplusplus", "201103L"),
    ("__AVR__", "1"),
];

impl State<'_> {
    #[expect(clippy::too_many_lines, reason = "a line of the source is one step")]
    fn file(&mut self, path: &str, depth: usize) -> Result<(), String> {
        if depth > 100 {
            return Err(format!("{path}:1:1: error: #include nested too deeply\n"));
        }
        if self.once.contains(path) {
            return Ok(());
        }
        let bytes = fs::read(path).map_err(|error| {
            format!(
                "fake: error: {path}: {}\ncompilation terminated.\n",
                plain_error(&error)
            )
        })?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if !self.out.files.iter().any(|known| known == path) {
            self.out.files.push(path.to_owned());
        }
        self.out.text.push_str(&format!(
            "# 1 \"{path}\"{}\n",
            if depth > 0 { " 1" } else { "" }
        ));
        let (mut shown, mut number) = (path.to_owned(), 0_usize);
        // For each open condition: whether the current branch is active, and whether one was.
        let mut conditions: Vec<(bool, bool)> = Vec::new();
        for line in text.lines() {
            number += 1;
            if let Some((next, name)) = script::line_directive(line) {
                number = next.saturating_sub(1);
                shown = name.unwrap_or(shown);
                self.out.text.push_str(&format!(
                    "# {next} \"{}\"\n",
                    shown.replace('\\', "\\\\").replace('"', "\\\"")
                ));
                continue;
            }
            let active = conditions.iter().all(|(now, _)| *now);
            let Some(directive) = line.trim_start().strip_prefix('#').map(str::trim_start) else {
                if active {
                    self.out.text.push_str(line);
                    self.out.plain.push_str(line);
                    self.out.plain.push('\n');
                }
                self.out.text.push('\n');
                continue;
            };
            let (word, rest) = split_word(directive);
            match word {
                "ifdef" | "ifndef" => {
                    let now = self.macros.contains_key(split_word(rest).0) == (word == "ifdef");
                    conditions.push((now, now));
                }
                "if" => {
                    let now = active && self.condition(rest, path);
                    conditions.push((now, now));
                }
                "elif" | "else" => {
                    let value = word == "else" || self.condition(rest, path);
                    if let Some((now, before)) = conditions.last_mut() {
                        *now = value && !*before;
                        *before |= *now;
                    }
                }
                "endif" => drop(conditions.pop()),
                _ if !active => {}
                "define" => {
                    let (name, value) = split_word(rest);
                    self.macros.insert(name.to_owned(), value.trim().to_owned());
                }
                "undef" => drop(self.macros.remove(split_word(rest).0)),
                "pragma" if rest.trim() == "once" => drop(self.once.insert(path.to_owned())),
                "error" => {
                    return Err(format!(
                        "{shown}:{number}:2: error: #error {}\n",
                        rest.trim()
                    ));
                }
                "include" => {
                    let name = header(rest);
                    let Some(found) = self.find(&name, rest, path) else {
                        let column = line.find(['<', '"']).unwrap_or(0) + 1;
                        return Err(format!(
                            "{shown}:{number}:{column}: fatal error: {name}: No such file or directory\n {line}\n{}^\ncompilation terminated.\n",
                            " ".repeat(column),
                        ));
                    };
                    self.file(&found, depth + 1)?;
                    self.out
                        .text
                        .push_str(&format!("# {} \"{shown}\" 2\n", number + 1));
                    continue;
                }
                _ => {}
            }
            self.out.text.push('\n');
        }
        Ok(())
    }

    fn find(&self, name: &str, written: &str, from: &str) -> Option<String> {
        let beside = from.rsplit_once('/').map_or(".", |(dir, _)| dir).to_owned();
        let quoted = written.trim_start().starts_with('"');
        let dirs = quoted.then_some(&beside).into_iter().chain(&self.args.dirs);
        dirs.map(|dir| format!("{dir}/{name}"))
            .find(|path| fs::metadata(path).is_ok_and(|meta| meta.is_file()))
    }

    /// `A || B && !C`, where a piece is `defined(X)`, `__has_include(<X>)`, a comparison, a macro or a number.
    fn condition(&self, text: &str, from: &str) -> bool {
        let text = text.split("//").next().unwrap_or_default();
        text.split("||").any(|all| {
            all.split("&&").all(|piece| {
                let piece = piece.trim();
                let (negated, piece) = piece
                    .strip_prefix('!')
                    .map_or((false, piece), |rest| (true, rest.trim()));
                self.holds(piece, from) != negated
            })
        })
    }

    fn holds(&self, piece: &str, from: &str) -> bool {
        let inner = |rest: &str| {
            rest.trim()
                .trim_start_matches('(')
                .trim_end_matches(')')
                .trim()
                .to_owned()
        };
        if let Some(rest) = piece.strip_prefix("defined") {
            return self.macros.contains_key(&inner(rest));
        }
        if let Some(rest) = piece.strip_prefix("__has_include") {
            let written = inner(rest);
            return self.find(&header(&written), &written, from).is_some();
        }
        for (operator, accept) in COMPARISONS {
            if let Some((left, right)) = piece.split_once(operator) {
                return accept(self.number(left), self.number(right));
            }
        }
        self.number(piece) != 0
    }

    fn number(&self, text: &str) -> i64 {
        let text = text.trim().trim_matches(['(', ')']).trim();
        let value = self.macros.get(text).map_or(text, String::as_str);
        value
            .trim()
            .trim_end_matches(['L', 'U', 'l', 'u'])
            .parse()
            .unwrap_or(0)
    }
}

type Compare = fn(i64, i64) -> bool;

const COMPARISONS: [(&str, Compare); 6] = [
    (">=", |left, right| left >= right),
    ("<=", |left, right| left <= right),
    ("==", |left, right| left == right),
    ("!=", |left, right| left != right),
    (">", |left, right| left > right),
    ("<", |left, right| left < right),
];

fn header(written: &str) -> String {
    let written = written.trim();
    let end = if written.starts_with('<') { '>' } else { '"' };
    written
        .get(1..)
        .unwrap_or_default()
        .split(end)
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    text.split_at(end)
}

/// The system's words without the number that Rust adds.
fn plain_error(error: &std::io::Error) -> String {
    error
        .to_string()
        .split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}
