//! The lines of a source file before which something can be declared.
//!
//! Where the Arduino tools would insert into a comment or a class, the insertion is moved to such a line: what they build does not
//! depend on it, and what they cannot build may then build here (semantics 4.3, p43).

use std::collections::BTreeSet;

use super::characters::{Characters, is_space};

/// One-based numbers of the lines that start outside braces, comments and statements.
pub(super) fn statement_starts(lines: &[&str]) -> BTreeSet<u32> {
    let text = lines.join("\n");
    let mut input = Characters::new(&text);
    let mut starts = BTreeSet::from([1]);
    let mut depth = 0u64;
    let mut complete = true;
    while let Some(symbol) = input.next() {
        if symbol == u16::from(b'\n') {
            if complete && depth == 0 {
                starts.insert(u32::try_from(input.line() + 2).unwrap_or(u32::MAX));
            }
        } else if !is_space(symbol) {
            complete = symbol == u16::from(b';') || symbol == u16::from(b'}');
            if symbol == u16::from(b'{') {
                depth += 1;
            } else if symbol == u16::from(b'}') {
                depth = depth.saturating_sub(1);
            }
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::statement_starts;

    #[test]
    fn only_lines_between_declarations_are_starts() {
        let cases: [(&[&str], &[u32]); 6] = [
            (&["int a;", "int b;"], &[1, 2]),
            (&["int a", "= 3;", "int b;"], &[1, 3]),
            (&["/* a;", "b; */", "int c;"], &[1, 3]),
            (&["struct S {", "int a;", "};", "int b;"], &[1, 4]),
            (&["#define X \\", "  int", "X a;"], &[1, 3]),
            (&["// a", "", "int a; // b {", "int c;"], &[1, 2, 3, 4]),
        ];
        for (lines, expected) in cases {
            let found: Vec<u32> = statement_starts(lines).into_iter().collect();
            assert_eq!(found, expected, "{lines:?}");
        }
    }
}
