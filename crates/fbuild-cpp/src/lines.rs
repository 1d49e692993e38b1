//! A file as directives and the text between them.
//!
//! [`Lines`] is what one file is in one [`Mode`]; it is made once per run and shared by all scans. Conditionals are linked to their next
//! branch, so that skipping a group is one step. Which lines are in force is not known here.

use std::sync::Arc;

use crate::clean::{clean, has_trigraph};
use crate::define::{Macro, without_comments};
use crate::lex::{Lexer, Mode, is_blank, is_name_start};
use crate::symbol::{Symbol, Symbols};
use crate::token::{Kind, TOUCHED, Token};

/// The lines of one file.
#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) items: Box<[Item]>,
    /// The identifiers of all text, by chunk; each once per chunk.
    pub(crate) words: Box<[Symbol]>,
    /// The macro whose definition makes the whole file empty (an include guard).
    pub(crate) guard: Option<Symbol>,
    /// What is wrong with the file as a whole, and in which line.
    pub(crate) problem: Option<(u32, &'static str)>,
    /// Whether text or macros here could be the operand of a `_Pragma` that changes macros.
    pub(crate) pragma_words: bool,
    /// Whether strict ISO modes would read the file differently.
    pub(crate) trigraphs: bool,
}

/// A directive, or the text up to the next one.
#[derive(Debug)]
pub(crate) struct Item {
    /// The line of its beginning, from 1.
    pub(crate) line: u32,
    /// The line of its end; that of the beginning for most directives.
    pub(crate) last_line: u32,
    /// Its place in the clean text.
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    /// Text; its identifiers are this range of [`Lines::words`].
    Text {
        first_word: u32,
        end_word: u32,
        blank: bool,
    },
    Define(Arc<Macro>),
    /// A definition with a literal that an identifier touches: how it is read depends on the macros in force.
    TouchedDefine(Box<[Token]>),
    Undef(Symbol),
    /// `#ifdef`, `#ifndef`.
    Ifdef {
        name: Symbol,
        negated: bool,
        next: u32,
    },
    If {
        tokens: Box<[Token]>,
        next: u32,
    },
    Elif {
        tokens: Box<[Token]>,
        next: u32,
    },
    Else {
        next: u32,
    },
    Endif,
    Include {
        how: How,
        target: Target,
    },
    /// The tokens behind `#pragma`.
    Pragma(Box<[Token]>),
    /// `#line`, or a line marker of preprocessed text.
    Line {
        tokens: Box<[Token]>,
        marker: bool,
    },
    /// `#error`, with its whole text.
    Error(Symbol),
    /// `#ident`, `#sccs`.
    Ident(Box<[Token]>),
    /// `#warning` and the empty directive: nothing that matters.
    Nothing,
    /// Not a directive. In assembler the line is text.
    Unknown(Symbol),
    /// A directive whose meaning is not known here, if it is in force.
    Unsupported(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Include,
    Next,
    Import,
}

#[derive(Debug)]
pub(crate) enum Target {
    Quoted(Symbol),
    Angled(Symbol),
    /// To be expanded first.
    Tokens(Box<[Token]>),
}

impl Lines {
    /// Returns whether a second inclusion adds nothing.
    pub(crate) fn is_guarded(&self) -> bool {
        let once = |item: &Item| matches!(&item.what, What::Pragma(tokens) if tokens.first().and_then(|token| token.name()) == Some(Symbol::ONCE));
        self.guard.is_some() || self.items.iter().any(once)
    }

    /// Stands for a file of which nothing is known, and why.
    pub(crate) fn unknown(problem: &'static str) -> Self {
        let mut lines = Self::of(b"", Mode::Cxx);
        lines.problem = Some((1, problem));
        lines
    }

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

/// Finds the include guard: one conditional around everything, without a second branch.
fn guard(items: &[Item]) -> Option<Symbol> {
    let text = |item: &&Item| !matches!(item.what, What::Text { blank: true, .. });
    let first = items.iter().find(text)?;
    let (name, next) = match &first.what {
        What::Ifdef {
            name,
            negated: true,
            next,
        } => (*name, *next),
        What::If { tokens, next } => match **tokens {
            [not, defined, name] if not.kind == Kind::Not && defined.is(Symbol::DEFINED) => {
                (name.word()?, *next)
            }
            [not, defined, open, name, close]
                if not.kind == Kind::Not
                    && defined.is(Symbol::DEFINED)
                    && open.kind == Kind::OpenParen
                    && close.kind == Kind::CloseParen =>
            {
                (name.word()?, *next)
            }
            _ => return None,
        },
        _ => return None,
    };
    let last = items.get(next as usize)?;
    let nothing_behind = !items[next as usize + 1..].iter().any(|item| text(&item));
    (matches!(last.what, What::Endif) && nothing_behind).then_some(name)
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
            // Blanks and comments may stand before a directive.
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

    /// Reads one directive; the lexer stands at its `#`.
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

    fn rest(&mut self, comments: bool) -> Vec<Token> {
        let mut tokens = Vec::new();
        loop {
            let token = self.lexer.token(self.symbols, comments);
            if token.kind == Kind::End {
                return tokens;
            }
            tokens.push(token);
        }
    }

    fn tokens(&mut self) -> Box<[Token]> {
        self.rest(false).into()
    }

    fn read(&mut self, name: Token, start: usize, line: u32) -> What {
        let asm = self.lexer.mode == Mode::Asm;
        if name.kind == Kind::Number && !asm {
            let mut tokens = vec![name];
            tokens.extend(self.rest(false));
            return What::Line {
                tokens: tokens.into(),
                marker: true,
            };
        }
        if name.kind == Kind::End {
            return What::Nothing;
        }
        let Some(symbol) = name.name() else {
            return What::Unknown(self.symbols.intern(name.spelling()));
        };
        match symbol {
            Symbol::DEFINE => {
                let tokens = self.rest(true);
                self.define(&tokens, asm)
            }
            Symbol::UNDEF => match self.tokens().first().and_then(|token| token.name()) {
                Some(name) => What::Undef(name),
                None => What::Unsupported("bad #undef"),
            },
            Symbol::IFDEF | Symbol::IFNDEF => {
                let name = self.tokens().first().and_then(|token| token.name());
                if name.is_none() {
                    self.fail(line, "#ifdef or #ifndef without a name");
                }
                self.open.push((self.items.len(), false));
                What::Ifdef {
                    name: name.unwrap_or(Symbol::EMPTY),
                    negated: symbol == Symbol::IFNDEF,
                    next: 0,
                }
            }
            Symbol::IF => {
                self.open.push((self.items.len(), false));
                What::If {
                    tokens: self.tokens(),
                    next: 0,
                }
            }
            Symbol::ELIF | Symbol::ELSE => {
                let tokens = self.tokens();
                self.branch(symbol == Symbol::ELSE, line);
                if symbol == Symbol::ELSE {
                    What::Else { next: 0 }
                } else {
                    What::Elif { tokens, next: 0 }
                }
            }
            Symbol::ENDIF => {
                self.link(line);
                self.open.pop();
                What::Endif
            }
            Symbol::INCLUDE | Symbol::INCLUDE_NEXT | Symbol::IMPORT => self.include(symbol),
            Symbol::PRAGMA => What::Pragma(self.tokens()),
            Symbol::LINE_DIRECTIVE => What::Line {
                tokens: self.tokens(),
                marker: false,
            },
            Symbol::ERROR => {
                self.rest(false);
                What::Error(self.symbols.intern(&self.lexer.text[start..self.lexer.pos]))
            }
            Symbol::IDENT | Symbol::SCCS => What::Ident(self.tokens()),
            Symbol::WARNING => What::Nothing,
            Symbol::ASSERT | Symbol::UNASSERT => What::Unsupported("assertion"),
            // Directives of later standards: whether they are known depends on the compiler's version.
            Symbol::ELIFDEF | Symbol::ELIFNDEF if !asm => {
                self.fail(line, "#elifdef");
                What::Nothing
            }
            Symbol::EMBED => What::Unsupported("#embed"),
            _ => What::Unknown(symbol),
        }
    }

    fn define(&mut self, tokens: &[Token], asm: bool) -> What {
        if self.pragma_words_possible {
            self.pragma_words |= tokens
                .iter()
                .any(|token| token.kind != Kind::Comment && has_pragma_words(token.spelling()));
        }
        let tokens: Vec<Token> = tokens.iter().map(|token| self.as_block(*token)).collect();
        if tokens.iter().any(|token| token.flags & TOUCHED != 0) {
            return What::TouchedDefine(tokens.into());
        }
        match Macro::parse(&tokens, asm) {
            Ok(definition) => What::Define(Arc::new(definition)),
            Err(problem) => What::Unsupported(problem),
        }
    }

    /// Turns a `//` comment into one that can stand inside a line.
    fn as_block(&mut self, token: Token) -> Token {
        match (token.kind, Symbol(token.value).text().strip_prefix(b"//")) {
            (Kind::Comment, Some(body)) => Token {
                value: self.symbols.intern(&[b"/*", body, b"*/"].concat()).0,
                ..token
            },
            _ => token,
        }
    }

    fn include(&mut self, symbol: Symbol) -> What {
        let how = match symbol {
            Symbol::INCLUDE => How::Include,
            Symbol::INCLUDE_NEXT => How::Next,
            _ => How::Import,
        };
        let before = self.lexer.pos;
        self.lexer.skip_blanks();
        if let Some(name) = self.lexer.header_name(self.symbols) {
            return What::Include {
                how,
                target: Target::Angled(name),
            };
        }
        self.lexer.pos = before;
        let tokens = self.rest(true);
        let tokens = without_comments(&tokens);
        let target = match tokens.first() {
            Some(token) if token.kind == Kind::Str => {
                let text = token.spelling();
                Target::Quoted(self.symbols.intern(&text[1..text.len() - 1]))
            }
            _ => Target::Tokens(tokens.into()),
        };
        What::Include { how, target }
    }

    fn branch(&mut self, is_else: bool, line: u32) {
        if matches!(self.open.last(), Some((_, true))) {
            self.fail(line, "branch behind #else");
        }
        self.link(line);
        let item = self.items.len();
        if let Some(open) = self.open.last_mut() {
            *open = (item, is_else);
        }
    }

    /// Lets the open conditional's latest branch know of the item that comes now.
    fn link(&mut self, line: u32) {
        let here = self.items.len() as u32;
        let Some(&(latest, _)) = self.open.last() else {
            return self.fail(line, "branch or #endif without #if");
        };
        match &mut self.items[latest].what {
            What::Ifdef { next, .. }
            | What::If { next, .. }
            | What::Elif { next, .. }
            | What::Else { next } => *next = here,
            _ => {}
        }
    }
}

fn has_pragma_words(text: &[u8]) -> bool {
    PRAGMA_WORDS
        .iter()
        .any(|word| memchr::memmem::find(text, word).is_some())
}
