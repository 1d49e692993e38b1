//! From a file's text to its [`Lines`].
//!
//! The text is read once from front to back: here up to the next directive and through text, in `directive.rs` through a directive.

mod directive;

use crate::clean::{clean, has_trigraph};
use crate::lex::Lexer;
use crate::lines::{Item, Lines, What, guard};
use crate::mode::{Mode, is_blank, is_name_start};
use crate::symbol::{Symbol, Symbols};

impl Lines {
    /// Splits a file.
    pub(crate) fn of(bytes: &[u8], mode: Mode) -> Self {
        let clean = clean(bytes);
        let mut symbols = Symbols::open();
        let mut splitter = Splitter {
            lexer: Lexer::new(&clean.text, 0, mode),
            symbols: &mut symbols,
            joins: &clean.joins,
            join: 0,
            line: 1,
            counted: 0,
            items: Vec::new(),
            words: Vec::new(),
            open: Vec::new(),
            problem: None,
            pragma_words: false,
            pragma_words_possible: PRAGMA_WORDS
                .iter()
                .any(|word| memchr::memmem::find(bytes, word).is_some()),
        };
        if u32::try_from(bytes.len()).is_err() {
            splitter.problem = Some((1, "file of more than 4 GiB"));
        } else {
            splitter.split();
        }
        let Splitter {
            items,
            words,
            problem,
            pragma_words,
            ..
        } = splitter;
        Self {
            guard: guard(&items),
            items: items.into(),
            words: words.into(),
            problem,
            pragma_words,
            trigraphs: has_trigraph(bytes),
        }
    }
}

struct Splitter<'a> {
    lexer: Lexer<'a>,
    symbols: &'a mut Symbols,
    joins: &'a [u32],
    join: usize,
    /// The line at `counted`.
    line: u32,
    counted: usize,
    items: Vec<Item>,
    words: Vec<Symbol>,
    /// The open conditionals: their latest branch, and whether that is `#else`.
    open: Vec<(usize, bool)>,
    problem: Option<(u32, &'static str)>,
    pragma_words: bool,
    /// Whether such words occur at all.
    pragma_words_possible: bool,
}

/// What `_Pragma` would have to say to change what is read.
const PRAGMA_WORDS: [&[u8]; 4] = [b"push_macro", b"pop_macro", b"poison", b"\"once\""];

impl Splitter<'_> {
    fn split(&mut self) {
        while !self.lexer.at_end() {
            self.text();
            if !self.lexer.at_end() {
                self.directive();
            }
            if let Some(problem) = self.lexer.problem.take() {
                let line = self.line_at(self.lexer.pos);
                self.fail(line, problem);
            }
        }
        if let Some(&(item, _)) = self.open.last() {
            self.fail(self.items[item].line, "unterminated conditional");
        }
    }

    fn fail(&mut self, line: u32, problem: &'static str) {
        self.problem.get_or_insert((line, problem));
    }

    /// Returns the line of a place behind all places asked for before.
    fn line_at(&mut self, pos: usize) -> u32 {
        let ends = memchr::memchr_iter(b'\n', &self.lexer.text[self.counted.min(pos)..pos]).count();
        let joins = self.joins[self.join..]
            .iter()
            .take_while(|&&at| (at as usize) < pos)
            .count();
        self.join += joins;
        self.line += (ends + joins) as u32;
        self.counted = pos.max(self.counted);
        self.line
    }

    /// Reads text up to the next directive's `#`.
    fn text(&mut self) {
        let start = self.lexer.pos;
        let line = self.line_at(start);
        let first_word = self.words.len();
        let mut blank = true;
        self.symbols.next_chunk();
        let mut line_start = start;
        'lines: while !self.lexer.at_end() {
            line_start = self.lexer.pos;
            // Blanks and comments may come before a directive.
            loop {
                self.lexer.skip_blanks();
                match (self.lexer.peek(0), self.lexer.peek(1)) {
                    (b'/', b'*') => self.lexer.skip_comment(),
                    (b'#', _) => break 'lines,
                    (b'%', b':') if self.lexer.mode != Mode::Asm && self.lexer.peek(2) != b'%' => {
                        break 'lines;
                    }
                    _ => break,
                }
            }
            self.text_line(&mut blank);
            line_start = self.lexer.pos;
        }
        let end = if self.lexer.text[line_start..self.lexer.pos]
            .iter()
            .all(|&b| is_blank(b))
        {
            line_start
        } else {
            self.lexer.pos
        };
        if end > start {
            let last_line = self.line_at(end);
            let what = What::Text {
                first_word: first_word as u32,
                end_word: self.words.len() as u32,
                blank,
            };
            self.items.push(Item {
                line,
                last_line,
                start: start as u32,
                end: end as u32,
                what,
            });
        }
    }

    /// Reads the rest of a text line, and further lines if a comment or raw string goes on there.
    fn text_line(&mut self, blank: &mut bool) {
        loop {
            let lexer = &mut self.lexer;
            let byte = lexer.peek(0);
            let start = lexer.pos;
            match byte {
                b'\n' => {
                    lexer.pos = (lexer.pos + 1).min(lexer.text.len());
                    return;
                }
                b' ' | b'\t' | b'\x0b' | b'\x0c' | 0 => {
                    lexer.pos += 1;
                    continue;
                }
                b'/' if lexer.peek(1) == b'/' => {
                    lexer.skip_line();
                    continue;
                }
                b'/' if lexer.peek(1) == b'*' => {
                    lexer.skip_comment();
                    continue;
                }
                b'"' | b'\'' => {
                    lexer.skip_quoted(byte);
                }
                b'0'..=b'9' => lexer.skip_number(),
                b'.' if lexer.peek(1).is_ascii_digit() => lexer.skip_number(),
                _ if is_name_start(byte, lexer.mode) => {
                    let name = lexer.take_name();
                    match lexer.literal_prefix(name) {
                        Some((true, _)) => lexer.skip_raw(),
                        Some((false, quote)) => {
                            lexer.skip_quoted(quote);
                        }
                        None => {
                            let symbol = self.symbols.intern(name);
                            if self.symbols.first_in_chunk(symbol) {
                                self.words.push(symbol);
                            }
                        }
                    }
                }
                _ => lexer.pos += 1,
            }
            if self.pragma_words_possible {
                self.pragma_words |= has_pragma_words(&self.lexer.text[start..self.lexer.pos]);
            }
            *blank = false;
        }
    }

    /// Reads one directive; the lexer is at its `#`.
    fn directive(&mut self) {
        let start = self.lexer.pos;
        let line = self.line_at(start);
        self.lexer.pos += if self.lexer.peek(0) == b'#' { 1 } else { 2 };
        let name = self.lexer.token(self.symbols, false);
        let what = self.read(name, start, line);
        // What is left of the line is lexed too, because a comment that begins there may end lines later.
        self.rest(false);
        let end = self.lexer.pos;
        let last_line = self.line_at(end);
        self.lexer.pos = (end + 1).min(self.lexer.text.len());
        if last_line > line
            && memchr::memchr(b'\n', &self.lexer.text[start..end]).is_some()
            && self.has_multiline_raw(start, end)
        {
            self.fail(line, "raw string over several lines in a directive");
        }
        self.items.push(Item {
            line,
            last_line,
            start: start as u32,
            end: end as u32,
            what,
        });
    }

    /// Tells whether the directive may hold a raw string with a line end in it (rare, so without precision).
    fn has_multiline_raw(&self, start: usize, end: usize) -> bool {
        memchr::memmem::find(&self.lexer.text[start..end], b"R\"").is_some()
    }
}

fn has_pragma_words(text: &[u8]) -> bool {
    PRAGMA_WORDS
        .iter()
        .any(|word| memchr::memmem::find(text, word).is_some())
}
