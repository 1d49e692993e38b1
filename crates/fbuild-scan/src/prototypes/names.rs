//! Finds uses of functions as values in a line of source, in one pass whatever their number.

use std::collections::HashMap;

use super::sketch_text::Origin;

/// A set of function names, each with the places where functions of that name are defined, as a tree of bytes.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Child nodes by parent and byte; the root is node 0.
    children: HashMap<(usize, u8), usize>,
    /// Where the functions are defined whose names end at a node.
    origins: HashMap<usize, Vec<Origin>>,
}

impl Names {
    pub(super) fn new<'a>(functions: impl Iterator<Item = (&'a str, Origin)>) -> Self {
        let mut names = Self::default();
        for (name, origin) in functions {
            let node = name.bytes().fold(0, |node, byte| {
                let fresh = names.children.len() + 1;
                *names.children.entry((node, byte)).or_insert(fresh)
            });
            names.origins.entry(node).or_default().push(origin);
        }
        names
    }

    /// True if `line`, which is at `here`, has `&f` or `(f)` for a function `f` that is not defined there.
    ///
    /// As with the Arduino tools `&f` also matches the start of a longer name, and comments and strings count.
    pub(super) fn are_used_as_pointers(&self, line: &str, here: Origin) -> bool {
        let bytes = line.as_bytes();
        bytes.iter().enumerate().any(|(at, byte)| match byte {
            b'&' => self.matches(&bytes[at + 1..], here, false),
            b'(' => self.matches(&bytes[at + 1..], here, true),
            _ => false,
        })
    }

    fn matches(&self, text: &[u8], here: Origin, closed: bool) -> bool {
        let mut node = 0;
        for (at, byte) in text.iter().enumerate() {
            super::work::done(1);
            match self.children.get(&(node, *byte)) {
                Some(child) => node = *child,
                None => return false,
            }
            let ends = !closed || text.get(at + 1) == Some(&b')');
            let is_elsewhere = |origins: &Vec<Origin>| origins.iter().any(|origin| *origin != here);
            if ends && self.origins.get(&node).is_some_and(is_elsewhere) {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, Origin};

    #[test]
    fn addresses_and_lone_arguments_are_uses() {
        let at = |line| Origin { file: 0, line };
        let names = Names::new([("cb", at(9)), ("cb2", at(7)), ("operator +", at(5))].into_iter());
        for (line, here, expected) in [
            ("T a(cb);", 1, true),
            ("T a(cb, 1);", 1, false),
            ("T a( cb);", 1, false),
            ("T a(&cb, 1);", 1, true),
            ("int a = b &cbx;", 1, true),
            ("int a = &c;", 1, false),
            ("void cb() { a(cb); }", 9, false),
            ("void cb() { a(cb2); }", 9, true),
            ("T a = { cb, cb2 };", 1, false),
            ("", 1, false),
            ("&", 1, false),
        ] {
            assert_eq!(
                names.are_used_as_pointers(line, at(here)),
                expected,
                "{line}"
            );
        }
    }
}
