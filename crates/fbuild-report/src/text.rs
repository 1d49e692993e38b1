//! Text on one line, for every format whose records end at a line end.

use fbuild_model::untrusted::is_active;

/// Returns `text` on one line: control and direction characters count as blanks, and of several blanks one is kept.
///
/// Two blanks separate the columns of a result line, so no column may contain them.
pub fn one_line(text: &str) -> String {
    let words = text
        .split(|c: char| c.is_whitespace() || is_active(c))
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}
