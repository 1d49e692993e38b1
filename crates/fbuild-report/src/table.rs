//! Markdown tables and the text in their cells. It does not know what a table is about.

use crate::text::one_line;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// Text, left-aligned.
    Text(&'a str),
    /// Numbers, right-aligned.
    Number(&'a str),
}

/// A Markdown table with one header row.
#[derive(Debug, Clone)]
pub struct Table {
    text: String,
    header: usize,
}

impl Table {
    /// Returns an empty table. Headers and cells are Markdown: text of others goes through [`escape`] or [`code`] first.
    pub fn new<'a>(columns: impl IntoIterator<Item = Column<'a>>) -> Self {
        let (mut header, mut rule) = ("|".to_owned(), "|".to_owned());
        for column in columns {
            let (name, dashes) = match column {
                Column::Text(name) => (name, "---|"),
                Column::Number(name) => (name, "--:|"),
            };
            let gap = if name.is_empty() { "" } else { " " };
            header.push_str(&format!("{gap}{name} |"));
            rule.push_str(dashes);
        }
        let text = format!("{header}\n{rule}\n");
        Self {
            header: text.len(),
            text,
        }
    }

    /// Adds a row of cells.
    pub fn row<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.text.push('|');
        for cell in cells {
            self.text.push_str(&format!(" {} |", cell.as_ref()));
        }
        self.text.push('\n');
    }

    /// Returns whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.text.len() == self.header
    }

    /// Returns the Markdown text, with a line end after each row.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// Returns `text` for a table cell: on one line, without markup, HTML or links to people.
pub fn escape(text: &str) -> String {
    let text = one_line(text);
    let mut safe = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            // A backslash does not keep GitHub from making a mention or a reference of what follows.
            '@' => safe.push_str("&#64;"),
            '#' => safe.push_str("&#35;"),
            // Within a word an underscore is no markup, and names of phases stay readable.
            '_' if before.is_alphanumeric()
                && rest.peek().is_some_and(|next| next.is_alphanumeric()) =>
            {
                safe.push('_')
            }
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '$' => safe.extend(['\\', c]),
            c => safe.push(c),
        }
        before = c;
    }
    safe
}

/// Returns `text` as code in a table cell.
pub fn code(text: &str) -> String {
    // Within backticks a table still ends its cell at `|`, and backticks end the code; HTML has neither problem.
    let mut safe = String::new();
    for c in one_line(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '|' | '`' | '*' | '_' | '\\' | '[' | ']' | '~' | '@' | '#' | '$' => {
                safe.push_str(&format!("&#{};", u32::from(c)));
            }
            c => safe.push(c),
        }
    }
    format!("<code>{safe}</code>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_header_a_rule_and_rows() {
        let mut table = Table::new([Column::Text("phase"), Column::Number("seconds")]);
        assert!(table.is_empty());
        table.row(["plan", "0.100"]);
        assert!(!table.is_empty());
        assert_eq!(
            table.into_text(),
            "| phase | seconds |\n|---|--:|\n| plan | 0.100 |\n"
        );
    }
}
