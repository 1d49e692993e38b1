//! One directive, as far as its own text tells what it means.

use std::sync::Arc;

use super::{Splitter, has_pragma_words};
use crate::define::{Macro, without_comments};
use crate::lines::{How, Target, What};
use crate::mode::Mode;
use crate::symbol::Symbol;
use crate::token::{Kind, TOUCHED, Token};

impl Splitter<'_> {
    pub(super) fn rest(&mut self, comments: bool) -> Vec<Token> {
        self.lexer.rest(self.symbols, comments)
    }

    fn tokens(&mut self) -> Box<[Token]> {
        self.rest(false).into()
    }

    pub(super) fn read(&mut self, name: Token, start: usize, line: u32) -> What {
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

    /// Turns a `//` comment into one that can be inside a line.
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
