//! Runs of text as tokens: for output, or only to see what they expand to.

use std::sync::Arc;

use crate::builtin::interest_of;
use crate::clean::clean;
use crate::file::CHANGED;
use crate::lex::{Lexer, is_blank};
use crate::lines::{Item, What};
use crate::symbol::{Symbol, Symbols};
use crate::token::{Kind, LINE_START, SPACE_BEFORE, TOUCHED, Token};
use crate::unit::{Base, Spot, Stop, Unit};

/// A file's clean text, for expansion.
pub(crate) struct Text {
    bytes: Vec<u8>,
    joins: Vec<u32>,
}

/// A run of text that is being expanded.
pub(crate) struct Cursor {
    text: Arc<Text>,
    pos: usize,
    end: usize,
    line: u32,
    line_begin: usize,
    join: usize,
    fresh: bool,
}

impl Unit<'_> {
    /// Expands a run of text only to see what it expands to.
    pub(crate) fn check(&mut self, item: &Item, interest: u8) -> Result<(), Stop> {
        if interest & interest_of(Symbol::PRAGMA_OPERATOR) != 0 {
            self.pragma_text = true;
        }
        if interest & self.wanted() == 0 {
            return Ok(());
        }
        let Some(text) = self.text_of_frame()? else {
            return Ok(());
        };
        let mut tokens = Vec::new();
        {
            let mut symbols = Symbols::open();
            let mut lexer = Lexer::new(
                &text.bytes[..item.end as usize],
                item.start as usize,
                self.dialect.mode,
            );
            while !lexer.at_end() {
                let token = lexer.token(&mut symbols, false);
                if token.kind == Kind::End {
                    lexer.pos += 1;
                } else {
                    tokens.push(token);
                }
            }
        }
        let base = std::mem::replace(&mut self.base, Base::Tokens(tokens, 0));
        let prevent = std::mem::take(&mut self.prevent);
        let errors = self.errors.len();
        self.checking = true;
        while self.get()?.kind != Kind::End {}
        self.checking = false;
        self.prevent = prevent;
        // A call that reaches beyond this run of text is taken for one that uses what it may use.
        if self.errors.len() > errors {
            self.errors.truncate(errors);
            self.uses_path |= interest & interest_of(Symbol::FILE) != 0;
            self.uses_time |= interest & interest_of(Symbol::DATE) != 0;
        }
        self.base = base;
        Ok(())
    }

    /// Returns the clean text of the file that is being read. Its lines were split before, so it must not have changed since.
    pub(crate) fn text_of_frame(&mut self) -> Result<Option<Arc<Text>>, Stop> {
        let Some(frame) = self.frames.last_mut() else {
            return Ok(None);
        };
        if let Some(text) = &frame.text {
            return Ok(Some(Arc::clone(text)));
        }
        let Some(bytes) = frame.file.same_bytes() else {
            return Err(self.unsupported(CHANGED));
        };
        let clean = clean(&bytes);
        let text = Arc::new(Text {
            bytes: clean.text.into_owned(),
            joins: clean.joins,
        });
        frame.text = Some(Arc::clone(&text));
        Ok(Some(text))
    }

    /// Prepares the run of text that was just met for expansion, if it is to be expanded.
    pub(crate) fn start_text(&mut self) -> Result<(), Stop> {
        let Some(frame) = self.frames.last() else {
            return Ok(());
        };
        let lines = Arc::clone(&frame.lines);
        let item = &lines.items[frame.item - 1];
        let What::Text {
            first_word,
            end_word,
            blank,
        } = item.what
        else {
            return Ok(());
        };
        if !blank
            && !frame.kept
            && let Some(printer) = &mut self.printer
        {
            printer.passes(frame.system);
        }
        let words = &lines.words[first_word as usize..end_word as usize];
        self.check_poison(words.iter().copied());
        if !self.reads_text() {
            let interest = words.iter().fold(0, |all, word| {
                all | self.interests.get(word.index()).copied().unwrap_or(0)
            });
            if interest & self.effort.interest != 0 {
                let depth = self.frames.len();
                self.check(item, interest)?;
                debug_assert_eq!(depth, self.frames.len());
            }
            return Ok(());
        }
        let Some(text) = self.text_of_frame()? else {
            return Ok(());
        };
        let join = text.joins.partition_point(|&at| at <= item.start);
        self.cursor = Some(Cursor {
            text,
            pos: item.start as usize,
            end: item.end as usize,
            line: item.line,
            line_begin: item.start as usize,
            join,
            fresh: true,
        });
        Ok(())
    }

    pub(crate) fn cursor_token(&mut self) -> Result<Option<Token>, Stop> {
        let mode = self.dialect.mode;
        let mut space = 0;
        loop {
            let Some(cursor) = &mut self.cursor else {
                return Ok(None);
            };
            if cursor.pos >= cursor.end {
                self.cursor = None;
                return Ok(None);
            }
            let mut lexer = Lexer::new(&cursor.text.bytes[..cursor.end], cursor.pos, mode);
            let before = cursor.pos;
            let mut token = lexer.token(&mut Symbols::open(), true);
            let blanks = cursor.text.bytes[before..]
                .iter()
                .take_while(|&&b| is_blank(b))
                .count();
            if token.flags & TOUCHED != 0 {
                let name = lexer.clone().take_name();
                if self
                    .macros
                    .get(Symbol::of(name).index())
                    .is_none_or(Option::is_none)
                {
                    lexer.take_name();
                    let text = &cursor.text.bytes[before + blanks..lexer.pos];
                    token = Token {
                        kind: Kind::PrefixedStr,
                        value: Symbol::of(text).0,
                        ..token
                    };
                }
            }
            let passed = lexer.pos;
            let joins_until = |cursor: &Cursor, pos: usize| {
                cursor.text.joins[cursor.join..]
                    .iter()
                    .take_while(|&&at| at as usize <= pos)
                    .count()
            };
            let joined = joins_until(cursor, before + blanks);
            cursor.join += joined;
            cursor.line += joined as u32;
            if joined > 0 {
                cursor.line_begin = cursor.text.joins[cursor.join - 1] as usize;
            }
            let column = before + blanks + 1 - cursor.line_begin;
            self.line = cursor.line;
            self.spot = Spot {
                line: cursor.line,
                column,
            };
            self.latest = self.spot;
            if token.kind == Kind::End {
                cursor.pos = passed + 1;
                cursor.line += 1;
                cursor.line_begin = cursor.pos;
                cursor.fresh = true;
                space = 0;
                continue;
            }
            let ends = memchr::memchr_iter(b'\n', &cursor.text.bytes[before..passed]).count();
            let joined = cursor.text.joins[cursor.join..]
                .iter()
                .take_while(|&&at| (at as usize) < passed)
                .count();
            cursor.join += joined;
            cursor.line += (ends + joined) as u32;
            if ends > 0 {
                cursor.line_begin =
                    memchr::memrchr(b'\n', &cursor.text.bytes[..passed]).map_or(0, |at| at + 1);
            }
            cursor.pos = passed;
            self.spend(1)?;
            token.flags |= space;
            if token.kind == Kind::Comment && self.printer.is_none() {
                space = SPACE_BEFORE;
                continue;
            }
            if let Some(cursor) = &mut self.cursor
                && std::mem::take(&mut cursor.fresh)
            {
                token.flags |= LINE_START;
                if self.collecting > 0 {
                    token.flags |= SPACE_BEFORE;
                }
            }
            return Ok(Some(token));
        }
    }

    /// Returns whether the current file's text is expanded, and not only looked through.
    ///
    /// When text is printed, that of the source itself is expanded also where a `#line` gives it to a file that is not kept: an error there
    /// is an error of the source.
    fn reads_text(&self) -> bool {
        let own = self.printer.is_some() && self.frames.len() == 1;
        self.effort.full || own || self.frames.last().is_some_and(|frame| frame.kept)
    }

    /// Makes the text of an assembler line that is no directive part of what is read.
    pub(crate) fn read_as_text(&mut self, item: &Item) -> Result<(), Stop> {
        if !self.reads_text() {
            return Ok(());
        }
        let Some(text) = self.text_of_frame()? else {
            return Ok(());
        };
        let join = text.joins.partition_point(|&at| at <= item.start);
        let (pos, end) = (item.start as usize, item.end as usize);
        self.cursor = Some(Cursor {
            text,
            pos,
            end,
            line: item.line,
            line_begin: pos,
            join,
            fresh: true,
        });
        Ok(())
    }
}
