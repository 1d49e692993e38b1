//! Expanded tokens as text, spaced as gcc spaces them.

use super::symbol::Symbol;
use super::token::{Kind, LINE_START, Token};
use super::unit::{Stop, Unit};

/// The most empty lines that are written before a line marker is shorter.
const MAX_EMPTY_LINES: u32 = 8;

/// The text written so far.
#[derive(Default)]
pub(crate) struct Printer {
    text: Vec<u8>,
    /// The line that is being written, in the numbers of `file`.
    line: u32,
    file: Option<std::sync::Arc<str>>,
    /// Whether the line has text.
    written: bool,
    before: Option<Token>,
    source: Option<Token>,
}

impl Printer {
    pub(crate) fn into_text(mut self) -> String {
        if self.written {
            self.text.push(b'\n');
        }
        String::from_utf8(self.text)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    /// Goes to a line: by line ends if it is near, else by a marker.
    fn go_to(&mut self, file: &std::sync::Arc<str>, line: u32) {
        if self.written {
            self.text.push(b'\n');
            self.line += 1;
            self.written = false;
        }
        let same = self.file.as_ref() == Some(file);
        if same && line >= self.line && line < self.line + MAX_EMPTY_LINES {
            self.text
                .extend(std::iter::repeat_n(b'\n', (line - self.line) as usize));
        } else {
            let name = file.replace('\\', "\\\\").replace('"', "\\\"");
            self.text
                .extend_from_slice(format!("# {line} \"{name}\"\n").as_bytes());
            self.file = Some(std::sync::Arc::clone(file));
        }
        self.line = line;
    }

    fn begin_line(&mut self, file: &std::sync::Arc<str>, line: u32, column: usize) {
        self.go_to(file, line);
        self.before = None;
        self.source = None;
        self.text
            .extend(std::iter::repeat_n(b' ', column.saturating_sub(2)));
        self.written = true;
    }

    fn space(&mut self) {
        self.text.push(b' ');
        self.written = true;
    }

    fn token(&mut self, token: Token) {
        let spelling = token.spelling();
        self.text.extend_from_slice(spelling);
        self.written = true;
        self.before = Some(token);
        self.source = None;
        if matches!(token.kind, Kind::Comment | Kind::PrefixedStr) {
            self.line += memchr::memchr_iter(b'\n', spelling).count() as u32;
        }
    }

    /// Writes a pragma on a line of its own.
    pub(crate) fn pragma(&mut self, tokens: &[Token], file: &std::sync::Arc<str>, line: u32) {
        self.go_to(file, line);
        self.text.extend_from_slice(b"#pragma");
        for token in tokens {
            if token.spaced() || token.flags & LINE_START != 0 || token == &tokens[0] {
                self.text.push(b' ');
            }
            self.text.extend_from_slice(token.spelling());
        }
        self.text.push(b'\n');
        self.line += 1;
        self.written = false;
    }
}

impl Unit<'_> {
    /// Expands everything and writes what belongs to the files to keep.
    pub(crate) fn print_all(&mut self) -> Result<(), Stop> {
        let mut apart = false;
        loop {
            let from_base = self.contexts.is_empty();
            let token = self.get()?;
            match token.kind {
                Kind::End => return Ok(()),
                Kind::Padding if self.printing() => {
                    apart = true;
                    self.padding(token, from_base);
                }
                _ if self.printing() => {
                    self.print(token, apart);
                    apart = false;
                }
                _ => apart = false,
            }
        }
    }

    /// Takes note of padding; a macro's name that begins a line begins it in the output.
    fn padding(&mut self, token: Token, from_base: bool) {
        if from_base && self.call_starts_line {
            self.call_starts_line = false;
            self.start_line(self.call_line, self.call_column);
        }
        let Some(printer) = &mut self.printer else {
            return;
        };
        if printer
            .source
            .is_none_or(|source| !source.spaced() && token.value == 0)
        {
            printer.source = (token.value != 0).then_some(token);
        }
    }

    fn start_line(&mut self, line: u32, column: usize) {
        let (file, line) = (self.file_name(), self.presumed_line(line));
        if let Some(printer) = &mut self.printer {
            printer.begin_line(&file, line, column);
        }
    }

    fn print(&mut self, token: Token, apart: bool) {
        if token.flags & LINE_START != 0 && self.contexts.is_empty() {
            self.start_line(self.token_line, self.column);
        }
        let line = if self.contexts.is_empty() {
            self.token_line
        } else {
            self.call_line
        };
        let (file, presumed) = (self.file_name(), self.presumed_line(line));
        let Some(printer) = &mut self.printer else {
            return;
        };
        if apart {
            let source = printer.source.unwrap_or(token);
            let joins = printer
                .before
                .is_some_and(|before| before.would_join(token));
            if source.spaced() || joins || (printer.before.is_none() && token.kind == Kind::Hash) {
                printer.space();
            }
        } else if token.spaced() {
            if presumed != printer.line {
                printer.begin_line(&file, presumed, 0);
            }
            printer.space();
        }
        printer.token(token);
    }

    /// Turns a `//` comment into one that can stand inside a line.
    pub(crate) fn block_comment(&self, comment: Token) -> Token {
        match Symbol(comment.value).text().strip_prefix(b"//") {
            Some(body) => Token {
                value: Symbol::of(&[b"/*", body, b"*/"].concat()).0,
                ..comment
            },
            None => comment,
        }
    }
}
