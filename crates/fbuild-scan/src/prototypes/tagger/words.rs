//! Names and reserved words, and what each does to its statement.

use super::statement::{Declaration, Storage};
use super::{Step, Tagger};
use crate::prototypes::characters::{continues_name, is_space, starts_name};
use crate::prototypes::token::{Token, TokenKind, Word, word};

impl Tagger<'_> {
    /// Reads the name or word that starts with `symbol` and lets it act on the statement.
    pub(super) fn name(&mut self, symbol: u16) -> Step<()> {
        let token = self.read_name(symbol);
        self.statement().current = token;
        self.act_on_current()
    }

    pub(super) fn act_on_current(&mut self) -> Step<()> {
        let in_scope = self.in_scope();
        let statement = self.statement();
        let word = match statement.current.kind {
            TokenKind::Name => {
                statement.processed_name();
                return Ok(());
            }
            TokenKind::Word(word) => word,
            _ => return Ok(()),
        };
        match word {
            Word::Attribute => {
                self.skip_parentheses()?;
                self.statement().current = Token::default();
            }
            Word::Catch => {
                self.skip_parentheses()?;
                let symbol = self.solid()?;
                if symbol == u16::from(b'{') {
                    self.skip_pair(b'{', b'}')?;
                } else {
                    self.input.unread(Some(symbol));
                }
            }
            Word::Class => {
                if statement.declaration != Declaration::Enum {
                    statement.declaration = Declaration::Class;
                }
            }
            Word::Const | Word::Volatile | Word::Type => {
                statement.declaration = Declaration::Base;
            }
            Word::Enum => statement.declaration = Declaration::Enum,
            Word::Extern => statement.start_with(Storage::Extern),
            Word::Inline | Word::Typename => statement.current = Token::default(),
            Word::StaticAssert => self.skip_parentheses()?,
            Word::Condition => {
                if self.solid()? == u16::from(b'(') {
                    self.skip_pair(b'(', b')')?;
                }
            }
            Word::Friend => statement.storage = Storage::Friend,
            Word::Ignored => {
                statement.declaration = Declaration::Ignored;
                self.skip_to_one_of(b";")?;
            }
            Word::Namespace => statement.declaration = Declaration::Namespace,
            Word::Operator => self.operator()?,
            Word::Access if !in_scope => {}
            Word::Access => {
                let symbol = self.solid()?;
                if symbol == u16::from(b':') {
                    self.statement().restart(false);
                } else {
                    self.input.unread(Some(symbol));
                }
            }
            Word::Static => {
                statement.start_with(Storage::Static);
                statement.declaration = Declaration::Base;
            }
            Word::Struct => {
                if statement.declaration != Declaration::Enum {
                    statement.declaration = Declaration::Struct;
                }
            }
            Word::Typedef => statement.start_with(Storage::Typedef),
            Word::Union => statement.declaration = Declaration::Union,
            Word::Virtual => statement.is_virtual = true,
            Word::Case | Word::Default | Word::Throw | Word::Try | Word::Other => {}
        }
        Ok(())
    }

    /// Reads a name or word; `first` is its first symbol.
    pub(super) fn read_name(&mut self, first: u16) -> Token {
        let line = self.input.line();
        let mut text = String::new();
        let mut symbol = Some(first);
        if first == u16::from(b'~') {
            text.push('~');
            symbol = self.input.next_solid().0;
        }
        let mut is_first = true;
        while let Some(now) = symbol {
            let Ok(byte) = u8::try_from(now) else { break };
            if !is_first && !continues_name(now) {
                break;
            }
            text.push(char::from(byte));
            if !is_first {
                self.collect(now);
            }
            is_first = false;
            symbol = self.input.next();
        }
        self.input.unread(symbol);
        let kind = word(&text).map_or(TokenKind::Name, TokenKind::Word);
        Token { kind, text, line }
    }

    /// The name of an operator function; the current token is the word `operator`.
    pub(super) fn operator(&mut self) -> Step<()> {
        const SIGNS: &[u8] = b"+-*/%^&|~!=<>,[]";
        let is_sign = |symbol: u16| u8::try_from(symbol).is_ok_and(|byte| SIGNS.contains(&byte));
        let after_keyword = matches!(
            self.statement().before(1),
            TokenKind::Word(Word::Enum | Word::Struct | Word::Union)
        );
        let mut name = self.statement().current.text.clone();
        let mut symbol = self.solid()?;
        if after_keyword {
        } else if symbol == u16::from(b'(') {
            if self.input.next() == Some(u16::from(b')')) {
                name.push(' ');
                symbol = self.solid()?;
                if symbol == u16::from(b'(') {
                    name.push_str("()");
                }
            }
        } else if starts_name(symbol) {
            let mut blank = true;
            loop {
                if is_space(symbol) {
                    blank = true;
                } else {
                    if blank {
                        name.push(' ');
                        blank = false;
                    }
                    name.push(char::from(u8::try_from(symbol).unwrap_or(b'?')));
                }
                symbol = self.any()?;
                if symbol == u16::from(b'(') || symbol == u16::from(b';') {
                    break;
                }
            }
        } else if is_sign(symbol) {
            name.push(' ');
            while is_sign(symbol) {
                name.push(char::from(u8::try_from(symbol).unwrap_or(b'?')));
                symbol = self.any()?;
            }
        }
        self.input.unread(Some(symbol));
        let statement = self.statement();
        statement.current.kind = TokenKind::Name;
        statement.current.text = name;
        statement.processed_name();
        Ok(())
    }
}
