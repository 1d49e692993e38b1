//! Parentheses outside a body: parameter lists, declarators, noise, and what follows a parameter list.

use super::statement::{Declaration, Storage};
use super::{Step, Tagger};
use crate::prototypes::characters::starts_name;
use crate::prototypes::token::{Token, TokenKind, Word};

impl Tagger<'_> {
    /// Parentheses outside other parentheses: a parameter list, a declarator or noise.
    pub(super) fn parentheses(&mut self) -> Step<()> {
        if self.statement().before(1) == TokenKind::Nothing {
            return Ok(());
        }
        self.collected = Some("(".to_owned());
        let read = self.inside_parentheses();
        let signature = self.collected.take().unwrap_or_default();
        let found = read?;
        let symbol = self.input.next_solid().0;
        self.input.unread(symbol);
        let next = symbol
            .and_then(|symbol| u8::try_from(symbol).ok())
            .unwrap_or(0);
        let member = self.in_scope();
        let statement = self.statement();
        if found.invalid {
            statement.restart(false);
        } else if found.may_be_name
            && statement.current.is(TokenKind::NameInParentheses)
            && !statement.got_name_in_parentheses
            && (!found.may_be_parameters
                || !statement.qualifying_name
                || next == b'('
                || (next == b'=' && !statement.is_virtual)
                || (!member
                    && statement.declaration == Declaration::None
                    && matches!(next, b',' | b';')))
        {
            statement.current.kind = TokenKind::Name;
            statement.processed_name();
            statement.got_name_in_parentheses = true;
            if !(next == b'(' && found.nested) {
                statement.pointer = found.pointer;
            }
        } else if !statement.got_parameters && found.may_be_parameters {
            statement.got_parameters = true;
            statement.current = Token::default();
            statement.signature = signature;
            self.set(TokenKind::Parameters);
            self.statement().advance();
            if self.statement().storage != Storage::Typedef
                && !matches!(next, b'{' | b';' | b',' | b'=')
            {
                self.after_parameters()?;
            }
        } else {
            statement.current.kind = TokenKind::Nothing;
        }
        Ok(())
    }

    pub(super) fn inside_parentheses(&mut self) -> Step<Parentheses> {
        let mut found = Parentheses {
            may_be_name: true,
            may_be_parameters: true,
            invalid: false,
            pointer: false,
            nested: false,
        };
        let mut depth = 1u32;
        let mut names = 0u32;
        let mut first = true;
        while depth > 0 && found.may_be_name && !found.nested {
            let symbol = self.solid()?;
            self.collect(symbol);
            match u8::try_from(symbol).unwrap_or(0) {
                b'&' | b'*' => {
                    found.pointer = true;
                    if names == 0 {
                        found.may_be_parameters = false;
                    }
                    self.statement().current = Token::default();
                }
                b':' => {}
                b'.' => {
                    found.may_be_name = false;
                    self.ellipsis()?;
                }
                b',' => found.may_be_name = false,
                b'=' => {
                    found.may_be_name = false;
                    if first {
                        found.may_be_parameters = false;
                    }
                }
                b'[' => self.skip_pair(b'[', b']')?,
                b'<' => self.angle_bracket()?,
                b')' => depth -= 1,
                b'(' if first => {
                    found.may_be_name = false;
                    depth = 0;
                    self.parameters_of_macro()?;
                }
                b'(' if self.statement().current.is(TokenKind::NameInParentheses) => {
                    found.nested = !self.pointer_to_function()?;
                }
                b'(' => depth += 1,
                _ if starts_name(symbol) => {
                    names += 1;
                    let mut token = self.read_name(symbol);
                    match token.kind {
                        TokenKind::Name => token.kind = TokenKind::NameInParentheses,
                        TokenKind::Word(Word::Const | Word::Volatile) => {}
                        _ => found.may_be_name = false,
                    }
                    self.statement().current = token;
                }
                _ => {
                    found.may_be_parameters = false;
                    found.may_be_name = false;
                    found.invalid = true;
                }
            }
            first = false;
        }
        if !found.nested {
            for _ in 0..depth {
                self.skip_pair(b'(', b')')?;
            }
        }
        if !found.may_be_name {
            self.statement().current = Token::default();
        }
        Ok(found)
    }

    /// Reads the rest of `...`, if the dot just read begins one.
    fn ellipsis(&mut self) -> Step<()> {
        let dot = u16::from(b'.');
        let second = self.any()?;
        if second != dot {
            self.input.unread(Some(second));
            return Ok(());
        }
        let third = self.any()?;
        if third != dot {
            self.input.unread(Some(third));
            return Ok(());
        }
        for _ in 0..3 {
            self.collect(third);
        }
        Ok(())
    }

    /// Reads the rest of `PROTO((int a))` behind its second parenthesis.
    fn parameters_of_macro(&mut self) -> Step<()> {
        self.collected = Some("(".to_owned());
        self.statement().drop_macro_name();
        self.skip_pair(b'(', b')')?;
        self.skip_pair(b'(', b')')?;
        if let Some(collected) = &mut self.collected {
            collected.pop();
        }
        Ok(())
    }

    /// Reads a parameter such as `(*f)(int)` behind its first parenthesis; returns false, with nothing read, if it is none.
    fn pointer_to_function(&mut self) -> Step<bool> {
        let inner = self.solid()?;
        if inner != u16::from(b'*') {
            self.input.unread(Some(inner));
            self.input.unread(Some(b'('.into()));
            return Ok(false);
        }
        self.skip_pair(b'(', b')')?;
        let after = self.solid()?;
        if after == u16::from(b'(') {
            self.skip_pair(b'(', b')')?;
        } else {
            self.input.unread(Some(after));
        }
        Ok(true)
    }

    /// What is between a parameter list and its body or semicolon.
    pub(super) fn after_parameters(&mut self) -> Step<()> {
        while let Some(symbol) = self.input.next_solid().0 {
            match u8::try_from(symbol).unwrap_or(0) {
                b':' => self.skip_member_initializers()?,
                b'[' => self.skip_pair(b'[', b']')?,
                b'(' => self.skip_pair(b'(', b')')?,
                b'=' | b'{' | b'}' | b';' => {
                    self.input.unread(Some(symbol));
                    break;
                }
                _ if starts_name(symbol) => {
                    let token = self.read_name(symbol);
                    match token.kind {
                        TokenKind::Word(Word::Attribute | Word::Throw) => {
                            self.skip_parentheses()?
                        }
                        TokenKind::Word(Word::Const | Word::Volatile) => {
                            let signature = &mut self.statement().signature;
                            signature.push(' ');
                            signature.push_str(&token.text);
                        }
                        TokenKind::Word(Word::Try) => {}
                        TokenKind::Name if matches!(token.text.as_str(), "final" | "override") => {}
                        _ => {
                            let statement = self.statement();
                            statement.restart(false);
                            statement.current = token;
                            return self.act_on_current();
                        }
                    }
                }
                _ => {}
            }
        }
        self.statement().current.kind = TokenKind::Nothing;
        Ok(())
    }

    pub(super) fn skip_member_initializers(&mut self) -> Step<()> {
        loop {
            let mut symbol = self.solid()?;
            while starts_name(symbol) || symbol == u16::from(b':') {
                if symbol != u16::from(b':') {
                    self.read_name(symbol);
                }
                symbol = self.solid()?;
            }
            if symbol == u16::from(b'<') {
                self.skip_template_arguments()?;
                symbol = self.solid()?;
            }
            if symbol == u16::from(b'(') {
                self.skip_pair(b'(', b')')?;
                symbol = self.solid()?;
            }
            if symbol != u16::from(b',') {
                self.input.unread(Some(symbol));
                return Ok(());
            }
        }
    }
}

/// What parentheses turned out to be.
pub(super) struct Parentheses {
    /// A declarator such as the `(f)` of `int (f)(int)`.
    pub(super) may_be_name: bool,
    pub(super) may_be_parameters: bool,
    /// Neither: the statement is an expression.
    pub(super) invalid: bool,
    pub(super) pointer: bool,
    /// The reading stopped before parentheses behind a name: they may be that name's parameters.
    pub(super) nested: bool,
}
