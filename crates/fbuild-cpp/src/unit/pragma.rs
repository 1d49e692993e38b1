//! `#pragma` and `_Pragma`.

use super::Unit;
use super::contexts::List;
use crate::define::Shape;
use crate::lex::Lexer;
use crate::stop::Stop;
use crate::symbol::{Symbol, Symbols};
use crate::token::{Kind, Token};

impl Unit<'_> {
    /// Executes a pragma, from a directive or from `_Pragma`.
    pub(super) fn pragma(&mut self, tokens: &[Token], operator: bool) -> Result<(), Stop> {
        let name = |at: usize| tokens.get(at).and_then(|token| token.name());
        let mut obeyed = true;
        match (name(0), name(1)) {
            (Some(Symbol::ONCE), _) => self.once(),
            (Some(Symbol::PUSH_MACRO), _) => {
                if let Some(name) = macro_name(tokens) {
                    self.macros.push(name);
                }
            }
            (Some(Symbol::POP_MACRO), _) => {
                if let Some(name) = macro_name(tokens) {
                    match self.macros.pop(name) {
                        Some(Some(definition)) if definition.shape == Shape::Builtin => {
                            return Err(self.unsupported("pop_macro of a computed macro"));
                        }
                        Some(Some(definition)) => self.define(&definition),
                        Some(None) => self.macros.undefine(name),
                        None => {}
                    }
                }
            }
            (Some(Symbol::GCC), Some(Symbol::POISON)) => {
                for token in &tokens[2..] {
                    match token.name() {
                        Some(name) => self.macros.poison(name),
                        None => self.error("invalid #pragma GCC poison directive"),
                    }
                }
            }
            (Some(Symbol::GCC), Some(Symbol::DEPENDENCY)) => {
                return Err(self.unsupported("#pragma GCC dependency"));
            }
            (Some(Symbol::GCC), Some(Symbol::ERROR)) => {
                let text = tokens
                    .get(2)
                    .map(|token| String::from_utf8_lossy(token.spelling()))
                    .unwrap_or_default();
                self.error(&format!("#pragma GCC error {text}"));
            }
            (Some(Symbol::GCC), Some(Symbol::SYSTEM_HEADER)) => {
                let included = self.frames.len() > 1;
                if let Some(frame) = self.frames.last_mut() {
                    frame.system |= included;
                }
            }
            (Some(Symbol::GCC), Some(Symbol::WARNING)) => {}
            _ => obeyed = false,
        }
        // gcc writes only the pragmas that are left to the compiler proper.
        if !obeyed && self.printing() {
            let line = self.presumed_line(if operator {
                self.at.spot.line
            } else {
                self.at.line
            });
            let file = self.file_name();
            if let Some(printer) = &mut self.printer {
                printer.directive("#pragma", tokens, &file, line);
                if operator {
                    printer.resume(&file, line);
                }
            }
        }
        Ok(())
    }

    /// Marks the current file as one to be read once only.
    fn once(&mut self) {
        if let Some(frame) = self.frames.last() {
            self.reads.mark_once(&frame.file);
        }
    }

    /// Executes `_Pragma("…")`. Returns false if no parenthesis follows.
    pub(super) fn pragma_operator(&mut self) -> Result<bool, Stop> {
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
        let mode = self.task.dialect.mode;
        let tokens = Lexer::new(&plain, 0, mode).rest(&mut Symbols::open(), false);
        if self.task.effort.full || self.printing() {
            self.pragma(&tokens, true)?;
        }
        self.contexts.push(List::Owned(Box::default()));
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

/// Returns the macro named by `push_macro("name")`.
fn macro_name(tokens: &[Token]) -> Option<Symbol> {
    let [_, open, text, close, ..] = tokens else {
        return None;
    };
    if open.kind != Kind::OpenParen || text.kind != Kind::Str || close.kind != Kind::CloseParen {
        return None;
    }
    let text = text.spelling();
    Some(Symbol::of(text[1..text.len() - 1].trim_ascii()))
}
