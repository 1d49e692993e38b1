//! The text of `fbuild doctor`: headings, lines below them, and marks that do not rely on colour.

use anstyle::{AnsiColor, Style};

/// A text in the making.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// Starts a part.
    pub fn heading(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let bold = Style::new().bold();
        self.text.push_str(&format!("{bold}{text}{bold:#}\n"));
    }

    /// Adds a finding.
    pub fn line(&mut self, text: &str) {
        self.text.push_str(&format!("  {text}\n"));
    }

    /// Adds a finding that is as it should be.
    pub fn good(&mut self, text: &str) {
        self.marked("ok", AnsiColor::Green, text);
    }

    /// Adds a finding that needs the user.
    pub fn bad(&mut self, text: &str) {
        self.marked("problem", AnsiColor::Red, text);
    }

    /// Returns the text.
    pub fn text(self) -> String {
        self.text
    }

    fn marked(&mut self, word: &str, colour: AnsiColor, text: &str) {
        let style = Style::new().bold().fg_color(Some(colour.into()));
        // A message of several lines stays below its mark.
        let text = text.trim_end().replace('\n', "\n      ");
        self.text
            .push_str(&format!("    {style}{word}{style:#}: {text}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_apart_and_messages_indented() {
        let mut page = Page::default();
        page.heading("A");
        page.line("one");
        page.heading("B");
        page.bad("first\nsecond\n");
        let plain = anstream::adapter::strip_str(&page.text()).to_string();
        assert_eq!(plain, "A\n  one\n\nB\n    problem: first\n      second\n");
    }
}
