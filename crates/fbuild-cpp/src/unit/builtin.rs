//! The macros that are computed: `__FILE__`, `__LINE__`, `_Pragma` and the like.

use super::Unit;
use super::contexts::List;
use crate::interest::{COUNT, Effort};
use crate::stop::Stop;
use crate::symbol::Symbol;
use crate::token::{Kind, Token};

impl Unit<'_> {
    /// Replaces a computed macro by its value. Returns false if the name stays as it is.
    pub(super) fn expand_builtin(&mut self, name: Symbol) -> Result<bool, Stop> {
        let number = |value: u64| Token::new(Kind::Number, value.to_string().as_bytes());
        let token = match name {
            Symbol::FILE => {
                self.findings.uses_path = true;
                text_token(&self.file_name())
            }
            Symbol::BASE_FILE => {
                self.findings.uses_path = true;
                text_token(self.task.source.as_str())
            }
            Symbol::LINE if self.in_directive && self.at.directive_lines > 1 => {
                return Err(self.unsupported("__LINE__ in a directive of several lines"));
            }
            Symbol::LINE => {
                let line = if self.in_directive || self.checking {
                    self.at.line
                } else {
                    self.at.latest.line
                };
                number(u64::from(self.presumed_line(line)))
            }
            Symbol::DATE | Symbol::TIME | Symbol::TIMESTAMP => {
                // The text does not matter, because what depends on it is not kept.
                self.findings.uses_time = true;
                text_token(match name {
                    Symbol::DATE => "Jan  1 1970",
                    Symbol::TIME => "00:00:00",
                    _ => "Thu Jan  1 00:00:00 1970",
                })
            }
            Symbol::INCLUDE_LEVEL => number(self.frames.len().saturating_sub(1) as u64),
            Symbol::COUNTER => {
                let counts_all = self.task.effort.full
                    || (self.printer.is_some() && self.task.effort.interest & COUNT != 0);
                let matters = self.in_directive
                    || (self.printer.is_some()
                        && self.frames.last().is_some_and(|frame| frame.kept));
                if matters && !counts_all {
                    let more = Effort {
                        interest: self.task.effort.interest | COUNT,
                        full: self.printer.is_none(),
                    };
                    return Err(Stop::Again(more));
                }
                self.counter += 1;
                number(self.counter - 1)
            }
            Symbol::HAS_ATTRIBUTE
            | Symbol::HAS_CPP_ATTRIBUTE
            | Symbol::HAS_C_ATTRIBUTE
            | Symbol::HAS_BUILTIN
            | Symbol::HAS_FEATURE
            | Symbol::HAS_EXTENSION => self.has(name)?,
            Symbol::HAS_INCLUDE | Symbol::HAS_INCLUDE_NEXT => {
                self.has_include_builtin(name == Symbol::HAS_INCLUDE_NEXT)?
            }
            Symbol::PRAGMA_OPERATOR => return self.pragma_operator(),
            _ => return Err(self.unsupported(&format!("{}", name.display()))),
        };
        self.contexts.push(List::One(token));
        if self.depth == 0 && !self.in_directive {
            // gcc gives the result the place that reading has come to, behind the arguments of a call around it.
            self.at.result = Some(self.at.latest);
        }
        Ok(true)
    }
}

/// Makes a string literal.
fn text_token(text: &str) -> Token {
    let mut literal = vec![b'"'];
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            literal.push(b'\\');
        }
        literal.push(byte);
    }
    literal.push(b'"');
    Token::new(Kind::Str, &literal)
}
