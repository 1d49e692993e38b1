//! A run of text, token by token.
//!
//! A [`Cursor`] knows where each token is: its line counts the line ends that were joined, its column begins behind the last of them. It does not
//! know files or macros.

use std::sync::Arc;

use crate::clean::clean;
use crate::lex::Lexer;
use crate::lines::Item;
use crate::mode::{Mode, is_blank};
use crate::symbol::{Symbol, Symbols};
use crate::token::{Kind, LINE_START, SPACE_BEFORE, TOUCHED, Token};

/// A file's clean text, for expansion.
pub(crate) struct Text {
    bytes: Vec<u8>,
    joins: Vec<u32>,
}

impl Text {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let clean = clean(bytes);
        Self {
            bytes: clean.text.into_owned(),
            joins: clean.joins,
        }
    }

    /// Returns all tokens of an item, without comments.
    pub(crate) fn tokens(&self, item: &Item, mode: Mode) -> Vec<Token> {
        let mut symbols = Symbols::open();
        let text = &self.bytes[..item.end as usize];
        let mut lexer = Lexer::new(text, item.start as usize, mode);
        let mut tokens = Vec::new();
        while !lexer.at_end() {
            let token = lexer.token(&mut symbols, false);
            if token.kind == Kind::End {
                lexer.pos += 1;
            } else {
                tokens.push(token);
            }
        }
        tokens
    }
}

/// A place in a file.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spot {
    pub(crate) line: u32,
    pub(crate) column: usize,
}

/// A run of text that is being expanded.
pub(crate) struct Cursor {
    text: Arc<Text>,
    pos: usize,
    end: usize,
    line: u32,
    line_begin: usize,
    /// The next line end that was joined.
    join: usize,
    /// Whether the next token is the first of its line.
    fresh: bool,
}

impl Cursor {
    /// Begins at the beginning of an item.
    pub(crate) fn new(text: Arc<Text>, item: &Item) -> Self {
        Self {
            join: text.joins.partition_point(|&at| at <= item.start),
            text,
            pos: item.start as usize,
            end: item.end as usize,
            line: item.line,
            line_begin: item.start as usize,
            fresh: true,
        }
    }

    /// Reads the next token: `None` at the end. Moves `spot` to the token, or to the last line end before the end. Comments are white space unless
    /// `comments` is set. `is_macro` decides whether an identifier that touches a literal is a suffix.
    pub(crate) fn next(
        &mut self,
        mode: Mode,
        comments: bool,
        is_macro: impl Fn(Symbol) -> bool,
        spot: &mut Option<Spot>,
    ) -> Option<Token> {
        let mut space = 0;
        while self.pos < self.end {
            let before = self.pos;
            let text = &self.text.bytes[..self.end];
            let blanks = text[before..].iter().take_while(|&&b| is_blank(b));
            let start = before + blanks.count();
            let mut lexer = Lexer::new(text, before, mode);
            let mut token = lexer.token(&mut Symbols::open(), true);
            if token.flags & TOUCHED != 0 && !is_macro(Symbol::of(lexer.clone().take_name())) {
                lexer.take_name();
                token.kind = Kind::PrefixedStr;
                token.value = Symbol::of(&text[start..lexer.pos]).0;
            }
            let passed = lexer.pos;
            let ends = memchr::memchr_iter(b'\n', &text[before..passed]).count();
            let last_end = memchr::memrchr(b'\n', &text[..passed]);
            if self.pass_joins(start + 1) > 0 {
                self.line_begin = self.text.joins[self.join - 1] as usize;
            }
            *spot = Some(Spot {
                line: self.line,
                column: start + 1 - self.line_begin,
            });
            if token.kind == Kind::End {
                self.pos = passed + 1;
                self.line += 1;
                self.line_begin = self.pos;
                self.fresh = true;
                space = 0;
                continue;
            }
            self.pass_joins(passed);
            self.line += ends as u32;
            if ends > 0 {
                self.line_begin = last_end.map_or(0, |at| at + 1);
            }
            self.pos = passed;
            if token.kind == Kind::Comment && !comments {
                space = SPACE_BEFORE;
                continue;
            }
            token.flags |= space;
            if std::mem::take(&mut self.fresh) {
                token.flags |= LINE_START;
            }
            return Some(token);
        }
        None
    }

    /// Counts the joined line ends before `pos` as lines; returns their number.
    fn pass_joins(&mut self, pos: usize) -> usize {
        let joins = self.text.joins[self.join..].iter();
        let passed = joins.take_while(|&&at| (at as usize) < pos).count();
        self.join += passed;
        self.line += passed as u32;
        passed
    }
}
