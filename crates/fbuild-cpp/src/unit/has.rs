//! `__has_attribute` and the other operators that tell what the compiler has, and `__has_include` where it is one of them.

use super::Unit;
use crate::answers::{is_qualified_name, likely};
use crate::stop::{Stop, Unsupported};
use crate::symbol::Symbol;
use crate::token::{Kind, Token};

impl Unit<'_> {
    /// Returns the value of an operator with its operand, which follows.
    pub(super) fn has(&mut self, operator: Symbol) -> Result<Token, Stop> {
        let operator = operator.display();
        let malformed = || format!("`{operator}` without an operand in parentheses");
        let mut name = String::new();
        let mut nested = false;
        loop {
            let token = self.get()?;
            match token.kind {
                Kind::Padding | Kind::Comment => {}
                Kind::OpenParen if !nested => nested = true,
                Kind::CloseParen if nested && !name.is_empty() => break,
                Kind::Name | Kind::Scope | Kind::Colon if nested => {
                    name.push_str(&String::from_utf8_lossy(token.spelling()));
                }
                _ => return Err(self.unsupported(&malformed())),
            }
            self.spend(1 + name.len())?;
        }
        if !is_qualified_name(&name) {
            return Err(self.unsupported(&malformed()));
        }
        let question = format!("{operator}({name})");
        if let Some(number) = self.task.dialect.answers.get(&question) {
            return Ok(Token::new(Kind::Number, number.text()));
        }
        let text = self.frames.last().map(|frame| frame.file.bytes());
        let names = text.map(|text| likely(&text)).unwrap_or_default();
        // The compiler would replace the name of a macro.
        let names = names
            .iter()
            .filter(|name| !self.macros.is_defined(Symbol::of(name.as_bytes())))
            .map(|name| format!("{operator}({name})"))
            .filter(|other| *other != question);
        let questions = std::iter::once(question.clone()).chain(names).collect();
        match self.unsupported(&format!("`{question}`, which only the compiler knows")) {
            Stop::Unsupported(stop) => Err(Stop::Unsupported(Unsupported { questions, ..stop })),
            other => Err(other),
        }
    }

    /// Evaluates `__has_include` as a macro that is computed.
    pub(super) fn has_include_builtin(&mut self, next: bool) -> Result<Token, Stop> {
        if !self.in_directive {
            return Err(self.unsupported("`__has_include` outside of a directive"));
        }
        match self.has_include(next)? {
            Some(found) => Ok(Token::new(Kind::Number, if found { b"1" } else { b"0" })),
            None => Err(self.unsupported("malformed `__has_include`")),
        }
    }
}
