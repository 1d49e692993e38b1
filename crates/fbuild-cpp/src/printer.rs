//! Expanded tokens as text, spaced as gcc spaces them.

use std::sync::Arc;

use crate::token::{Kind, LINE_START, NOWHERE, SYSTEM, Token};

/// The most empty lines that are written before a line marker is shorter.
const MAX_EMPTY_LINES: u32 = 8;

/// The text written so far.
#[derive(Default)]
pub(crate) struct Printer {
    text: Vec<u8>,
    /// The line that is being written, in the numbers of `file`.
    line: u32,
    file: Option<Arc<str>>,
    /// Whether the line has text.
    written: bool,
    before: Option<Token>,
    source: Option<Token>,
    /// Whether literals can have identifiers as suffixes.
    suffixes: bool,
    /// Whether the token before comes from a system header.
    system: bool,
}

impl Printer {
    /// `suffixes`: whether literals can have identifiers as suffixes.
    pub(crate) fn new(suffixes: bool) -> Self {
        Self {
            suffixes,
            ..Self::default()
        }
    }

    pub(crate) fn into_text(mut self) -> String {
        if self.written {
            self.text.push(b'\n');
        }
        String::from_utf8(self.text)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    /// Goes to a line: by line ends if it is near, else by a marker.
    /// Returns whether a marker was written.
    fn go_to(&mut self, file: &Arc<str>, line: u32) -> bool {
        if self.written {
            self.text.push(b'\n');
            self.line += 1;
            self.written = false;
        }
        let same = self.file.as_ref() == Some(file);
        let near = same && line >= self.line && line < self.line + MAX_EMPTY_LINES;
        if near {
            self.text
                .extend(std::iter::repeat_n(b'\n', (line - self.line) as usize));
        } else {
            let name = file.replace('\\', "\\\\").replace('"', "\\\"");
            self.text
                .extend_from_slice(format!("# {line} \"{name}\"\n").as_bytes());
            self.file = Some(Arc::clone(file));
        }
        self.line = line;
        !near
    }

    /// Begins a line with a token in `column`. Returns whether a marker was written.
    pub(crate) fn begin_line(&mut self, file: &Arc<str>, line: u32, column: usize) -> bool {
        let marked = self.go_to(file, line);
        self.before = None;
        self.source = None;
        self.text
            .extend(std::iter::repeat_n(b' ', column.saturating_sub(2)));
        self.written = true;
        marked
    }

    fn space(&mut self) {
        self.text.push(b' ');
        self.written = true;
    }

    /// Writes a token at a line and column, which are those of the call if it comes from a macro. `apart`: padding came before it.
    pub(crate) fn token(
        &mut self,
        token: Token,
        apart: bool,
        file: &Arc<str>,
        line: u32,
        column: usize,
    ) {
        let mut marked = false;
        if apart || token.spaced() {
            let source = if apart {
                self.source.unwrap_or(token)
            } else {
                token
            };
            let joins = apart
                && self
                    .before
                    .is_some_and(|before| before.would_join(token, self.suffixes));
            if line != self.line {
                // The end of a call whose arguments go on for lines: the output catches up.
                marked = self.begin_line(file, line, column);
                self.space();
            } else if source.spaced()
                || joins
                || (apart && self.before.is_none() && token.kind == Kind::Hash)
            {
                self.space();
            }
        }
        let system = token.flags & SYSTEM != 0;
        if system != self.system && token.flags & NOWHERE == 0 && !marked {
            // gcc marks where the text of system headers begins and ends, because it warns less there; the markers end the line.
            self.begin_line(file, line, column);
            self.system = system;
        }
        let spelling = token.spelling();
        self.text.extend_from_slice(spelling);
        self.written = true;
        self.before = Some(token);
        self.source = None;
        if matches!(token.kind, Kind::Comment | Kind::PrefixedStr) {
            self.line += memchr::memchr_iter(b'\n', spelling).count() as u32;
        }
    }

    /// Takes note of padding.
    pub(crate) fn padding(&mut self, token: Token) {
        if self
            .source
            .is_none_or(|source| !source.spaced() && token.value == 0)
        {
            self.source = (token.value != 0).then_some(token);
        }
    }

    /// Takes note of text that is not written.
    pub(crate) fn passes(&mut self, system: bool) {
        self.system = system;
    }

    /// Goes on in a line behind a directive written in its midst.
    pub(crate) fn resume(&mut self, file: &Arc<str>, line: u32) {
        self.go_to(file, line);
    }

    /// Writes a directive on a line of its own.
    pub(crate) fn directive(&mut self, name: &str, tokens: &[Token], file: &Arc<str>, line: u32) {
        self.go_to(file, line);
        self.text.extend_from_slice(name.as_bytes());
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
