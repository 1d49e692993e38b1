//! Short names of sketches and boards: what tells them apart.
//!
//! It does not know results.

use std::collections::HashMap;

use fbuild_build::request::Request;

/// Names longer than this do not widen the column.
const WIDEST: usize = 32;

/// Names are not cut below this.
const NARROWEST: usize = 12;

/// The columns of sizes and time, with the blanks before them.
const FIXED: usize = 44;

/// The short names of one request.
#[derive(Debug, Default)]
pub struct Names {
    sketches: HashMap<String, String>,
    boards: HashMap<String, String>,
    /// Width of the column of sketches.
    pub width: usize,
    /// Width of the column of boards; 0 if there is only one.
    pub board_width: usize,
}

impl Names {
    /// Finds the short names for a request.
    ///
    /// Rows have `room` columns, if they have an edge.
    pub fn new(request: &Request, room: Option<usize>) -> Self {
        let labels = request.sketches.iter().map(|sketch| sketch.label.clone());
        let fqbns = request.boards.iter().map(|board| board.fqbn().to_string());
        let mut names = Self::of(labels.collect(), fqbns.collect());
        if let Some(room) = room {
            let boards = names.board_width + if names.has_boards() { 2 } else { 0 };
            let left = room.saturating_sub(FIXED + boards).max(NARROWEST);
            names.width = names.width.min(left);
        }
        names
    }

    fn of(labels: Vec<String>, fqbns: Vec<String>) -> Self {
        let sketches = shortened(labels, |label, parts| last_parts(label, '/', parts));
        let boards = shortened(fqbns, |fqbn, parts| last_of_fqbn(fqbn, parts));
        let width = widest(&sketches).min(WIDEST);
        let board_width = if boards.len() > 1 { widest(&boards) } else { 0 };
        Self {
            sketches,
            boards,
            width,
            board_width,
        }
    }

    /// Returns the short name of a sketch.
    pub fn sketch<'a>(&'a self, label: &'a str) -> &'a str {
        self.sketches.get(label).map_or(label, String::as_str)
    }

    /// Returns the short name of a board.
    pub fn board<'a>(&'a self, fqbn: &'a str) -> &'a str {
        self.boards.get(fqbn).map_or(fqbn, String::as_str)
    }

    /// Returns whether there is more than one board.
    pub fn has_boards(&self) -> bool {
        self.board_width > 0
    }
}

fn widest(names: &HashMap<String, String>) -> usize {
    let widths = names.values().map(|name| console::measure_text_width(name));
    widths.max().unwrap_or(0)
}

/// Gives each name the shortest form, by number of `parts`, that no other name has.
fn shortened(
    names: Vec<String>,
    part: impl for<'a> Fn(&'a str, usize) -> &'a str,
) -> HashMap<String, String> {
    let mut short = HashMap::new();
    let mut open = names;
    open.sort();
    open.dedup();
    let mut parts = 1;
    while !open.is_empty() {
        let mut users: HashMap<&str, usize> = HashMap::new();
        for name in &open {
            *users.entry(part(name, parts)).or_default() += 1;
        }
        let taken = |name: &str| short.values().any(|known: &String| known == name);
        let unique = |name: &String| {
            let form = part(name, parts);
            form == name || (users[form] == 1 && !taken(form))
        };
        let (done, rest): (Vec<String>, Vec<String>) = open.iter().cloned().partition(unique);
        for name in done {
            let form = part(&name, parts).to_owned();
            short.insert(name, form);
        }
        open = rest;
        parts += 1;
    }
    short
}

fn last_parts(text: &str, separator: char, parts: usize) -> &str {
    let mut ends = text.rmatch_indices(separator);
    ends.nth(parts - 1).map_or(text, |(at, _)| &text[at + 1..])
}

/// `vendor:arch:uno:cpu=x` becomes `uno:cpu=x`, then `arch:uno:cpu=x`.
fn last_of_fqbn(fqbn: &str, parts: usize) -> &str {
    let starts = fqbn.match_indices(':').map(|(at, _)| at + 1).take(2);
    let starts: Vec<usize> = starts.collect();
    match starts.len().checked_sub(parts) {
        Some(index) => &fqbn[starts[index]..],
        None => fqbn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_short_as_they_can_be_told_apart() {
        let text = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let names = Names::of(
            text(&["x/Blink", "x/a/Same", "x/b/Same", "x/Lib/examples/Demo"]),
            text(&[
                "arduino:avr:uno",
                "arduino:avr:nano:cpu=old",
                "arduino:sam:due",
                "other:avr:due",
            ]),
        );
        for (label, expect) in [
            ("x/Blink", "Blink"),
            ("x/a/Same", "a/Same"),
            ("x/b/Same", "b/Same"),
            ("x/Lib/examples/Demo", "Demo"),
            ("unknown/Name", "unknown/Name"),
        ] {
            assert_eq!(names.sketch(label), expect);
        }
        for (fqbn, expect) in [
            ("arduino:avr:uno", "uno"),
            ("arduino:avr:nano:cpu=old", "nano:cpu=old"),
            ("arduino:sam:due", "sam:due"),
            ("other:avr:due", "avr:due"),
        ] {
            assert_eq!(names.board(fqbn), expect);
        }
        assert_eq!((names.width, names.board_width), (6, 12));
        let one = Names::of(text(&["a"]), text(&["arduino:avr:uno"]));
        assert!(!one.has_boards());
    }
}
