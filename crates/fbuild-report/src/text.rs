//! Text on one line, for every format whose records end at a line end.

/// Returns `text` on one line: control characters count as blanks, and of several blanks one is kept.
///
/// Two blanks separate the columns of a result line, so no column may contain them.
pub fn one_line(text: &str) -> String {
    let words = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}
