//! Text from outside, and the forms in which it may be shown.
//!
//! Sources, file names, properties of platforms and the output of compilers are written by others. [`Untrusted`] has one method per sink, and
//! everything that is shown goes through one of them. It does not know what the text means.

use std::fmt::Write;

/// Text that was written by others.
#[derive(Debug, Clone, Copy)]
pub struct Untrusted<'a>(pub &'a str);

impl Untrusted<'_> {
    /// Returns the text for a terminal: without colours, other control and direction characters spelled out (`\u{202e}`). Line ends and tabs
    /// stay.
    pub fn terminal(self) -> String {
        let mut safe = String::with_capacity(self.0.len());
        let mut rest = self.0;
        while let Some(c) = rest.chars().next() {
            if let Some(length) = colour(rest) {
                rest = &rest[length..];
                continue;
            }
            if rest.starts_with("\r\n") {
                // A compiler on Windows ends its lines so.
            } else if is_spelled_out(c) {
                let _ = write!(safe, "{}", c.escape_unicode());
            } else {
                safe.push(c);
            }
            rest = &rest[c.len_utf8()..];
        }
        safe
    }

    /// Returns the text for one line of a terminal: as [`Self::terminal`], line ends and tabs as blanks.
    pub fn terminal_line(self) -> String {
        self.terminal().replace(['\n', '\t'], " ")
    }

    /// Returns the text for the log of a GitHub runner: as [`Self::terminal`], and nothing in it is a workflow command.
    pub fn workflow(self) -> String {
        no_workflow_commands(&self.terminal())
    }
}

/// Returns `text` with a blank put into everything that could be read as a workflow command; nothing else is changed.
///
/// `::add-mask::x` at the beginning of a line becomes `: :add-mask::x`, and `##[error]` anywhere `## [error]`. A lone carriage return ends
/// a line too, because the runner reads it so.
pub fn no_workflow_commands(text: &str) -> String {
    let text = text.replace("##[", "## [");
    let mut safe = String::with_capacity(text.len());
    for line in text.split_inclusive(['\n', '\r']) {
        // Everything invisible counts as white space here, whatever the runner removes.
        let command = line.trim_start_matches(|c: char| !c.is_ascii_graphic());
        if let Some(rest) = command.strip_prefix("::") {
            safe.push_str(&line[..line.len() - command.len()]);
            safe.push_str(": :");
            safe.push_str(rest);
        } else {
            safe.push_str(line);
        }
    }
    safe
}

/// Returns JSON text that says the same with nothing in it that a terminal or a GitHub runner acts on.
///
/// JSON has such characters only inside of strings, where each can be written as an escape.
pub fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.replace("##[", "#\\u0023[").chars() {
        if is_spelled_out(c) {
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Returns the length of the colour sequence at the beginning of `text`, as compilers write it (`ESC [ 01;31 m`, `ESC [ K`).
fn colour(text: &str) -> Option<usize> {
    let sequence = text.strip_prefix("\u{1b}[")?;
    let end = sequence.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    sequence[end..].starts_with(['m', 'K']).then_some(end + 3)
}

fn is_spelled_out(c: char) -> bool {
    !matches!(c, '\n' | '\t') && is_active(c)
}

/// Returns whether a character controls a terminal or changes the direction of text.
pub fn is_active(c: char) -> bool {
    match c {
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' => true,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_no_control_characters() {
        for (text, expect) in [
            ("plain\n\tindented\n", "plain\n\tindented\n"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}[01;31m\u{1b}[Kerror", "error"),
            ("beep\u{7}", "beep\\u{7}"),
            ("\u{1b}]0;title\u{7}x", "\\u{1b}]0;title\\u{7}x"),
            ("\u{1b}[2J\u{1b}[", "\\u{1b}[2J\\u{1b}["),
            ("over\rwritten", "over\\u{d}written"),
            ("windows\r\n", "windows\n"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("c1 \u{9b}31m", "c1 \\u{9b}31m"),
            ("ü ✓", "ü ✓"),
        ] {
            assert_eq!(Untrusted(text).terminal(), expect, "{text:?}");
        }
        assert_eq!(Untrusted("a\nb\tc").terminal_line(), "a b c");
    }

    #[test]
    fn no_line_is_a_workflow_command() {
        for (text, expect) in [
            ("::error::x", ": :error::x"),
            ("a\n \u{200b}::error::x\n", "a\n \u{200b}: :error::x\n"),
            ("x ##[error]y", "x ## [error]y"),
            ("\u{1b}[0m::error::x", ": :error::x"),
        ] {
            assert_eq!(Untrusted(text).workflow(), expect, "{text:?}");
        }
    }

    #[test]
    fn json_keeps_its_meaning() {
        let safe = json("\"##[error]\u{202e}\u{7f}\u{9b}ü\"");
        assert_eq!(safe, r##""#\u0023[error]\u202e\u007f\u009bü""##);
    }
}
