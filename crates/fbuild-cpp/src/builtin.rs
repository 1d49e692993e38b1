//! The macros that are computed: `__FILE__`, `__LINE__`, `_Pragma` and the like.

use crate::expand::Context;
use crate::symbol::Symbol;
use crate::token::{Kind, Token};
use crate::unit::{Effort, Stop, Unit};

/// Depends on the paths of files.
pub(crate) const PATH: u8 = 1;
/// Depends on the time.
pub(crate) const TIME: u8 = 2;
/// May execute a pragma.
pub(crate) const PRAGMA: u8 = 4;
/// Counts.
pub(crate) const COUNT: u8 = 8;

/// Returns what makes a name interesting even in text that is not expanded.
pub(crate) fn interest_of(name: Symbol) -> u8 {
    match name {
        Symbol::FILE | Symbol::BASE_FILE => PATH,
        Symbol::DATE | Symbol::TIME | Symbol::TIMESTAMP => TIME,
        Symbol::PRAGMA_OPERATOR => PRAGMA,
        Symbol::COUNTER => COUNT,
        _ => 0,
    }
}

impl Unit<'_> {
    /// Replaces a computed macro by what it stands for. Returns false if the name stays as it is.
    pub(crate) fn expand_builtin(&mut self, name: Symbol) -> Result<bool, Stop> {
        let number = |value: u64| Token {
            kind: Kind::Number,
            flags: 0,
            value: Symbol::of(value.to_string().as_bytes()).0,
        };
        let token = match name {
            Symbol::FILE => {
                self.uses_path = true;
                text_token(&self.file_name())
            }
            Symbol::BASE_FILE => {
                self.uses_path = true;
                text_token(self.source.as_str())
            }
            Symbol::LINE if self.in_directive && self.directive_lines > 1 => {
                return Err(self.unsupported("__LINE__ in a directive of several lines"));
            }
            Symbol::LINE => {
                let line = if self.in_directive || self.checking {
                    self.line
                } else {
                    self.latest.line
                };
                number(u64::from(self.presumed_line(line)))
            }
            Symbol::DATE | Symbol::TIME | Symbol::TIMESTAMP => {
                // The text does not matter, because what depends on it is not kept.
                self.uses_time = true;
                text_token(match name {
                    Symbol::DATE => "Jan  1 1970",
                    Symbol::TIME => "00:00:00",
                    _ => "Thu Jan  1 00:00:00 1970",
                })
            }
            Symbol::INCLUDE_LEVEL => number(self.frames.len().saturating_sub(1) as u64),
            Symbol::COUNTER => {
                let counts_all = self.effort.full
                    || (self.printer.is_some() && self.effort.interest & COUNT != 0);
                let matters = self.in_directive
                    || (self.printer.is_some()
                        && self.frames.last().is_some_and(|frame| frame.kept));
                if matters && !counts_all {
                    let more = Effort {
                        interest: self.effort.interest | COUNT,
                        full: self.printer.is_none(),
                    };
                    return Err(Stop::Again(more));
                }
                self.counter += 1;
                number(self.counter - 1)
            }
            Symbol::PRAGMA_OPERATOR => return self.pragma_operator(),
            _ => return Err(self.unsupported(&format!("{}", name.display()))),
        };
        self.contexts.push(Context::one(token));
        if self.depth == 0 && !self.in_directive {
            // gcc gives the result the place that reading has come to, behind the arguments of a call around it.
            self.result_spot = Some(self.latest);
        }
        Ok(true)
    }

    /// Executes `_Pragma("…")`. Returns false if no parenthesis follows.
    fn pragma_operator(&mut self) -> Result<bool, Stop> {
        if self.in_directive {
            return Ok(false);
        }
        let open = self.next_solid()?;
        let text = self.next_solid()?;
        let close = self.next_solid()?;
        if open.kind != Kind::OpenParen
            || !matches!(text.kind, Kind::Str | Kind::PrefixedStr)
            || close.kind != Kind::CloseParen
        {
            self.error("_Pragma takes a parenthesized string literal");
            return Err(self.unsupported("_Pragma without a string"));
        }
        let text = text.spelling();
        let inner = text
            .iter()
            .position(|&b| b == b'"')
            .map_or(&[][..], |at| &text[at + 1..text.len() - 1]);
        let mut plain = Vec::with_capacity(inner.len());
        let mut escaped = false;
        for &byte in inner {
            if byte == b'\\' && !escaped {
                escaped = true;
                continue;
            }
            if escaped && byte != b'"' && byte != b'\\' {
                plain.push(b'\\');
            }
            escaped = false;
            plain.push(byte);
        }
        let tokens = self.lex_line(&plain);
        if self.effort.full || self.printing() {
            self.pragma(&tokens, true)?;
        }
        self.contexts.push(Context::empty());
        Ok(true)
    }

    /// Reads the next token that is neither padding nor a comment.
    fn next_solid(&mut self) -> Result<Token, Stop> {
        let in_args = std::mem::replace(&mut self.in_args, true);
        let token = loop {
            let token = self.get()?;
            if !matches!(token.kind, Kind::Padding | Kind::Comment) {
                break token;
            }
        };
        self.in_args = in_args;
        Ok(token)
    }
}

/// Makes a string literal.
pub(crate) fn text_token(text: &str) -> Token {
    let mut literal = vec![b'"'];
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            literal.push(b'\\');
        }
        literal.push(byte);
    }
    literal.push(b'"');
    Token {
        kind: Kind::Str,
        flags: 0,
        value: Symbol::of(&literal).0,
    }
}
