//! What is known of the statement being read at one level of braces.

use super::ScopeKind;
use crate::prototypes::token::{Token, TokenKind};

/// How many tokens of a statement are remembered, the current one included; a longer return type is cut at the front.
const REMEMBERED: usize = 15;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Declaration {
    #[default]
    None,
    /// Something with a built-in type, a qualifier or two names.
    Base,
    Class,
    Struct,
    Union,
    Enum,
    Namespace,
    /// `extern "C"`.
    Linkage,
    Ignored,
}

impl Declaration {
    /// Class-like things need a semicolon (or declarators) after their closing brace.
    pub(super) fn scope(self) -> Option<ScopeKind> {
        match self {
            Self::Class => Some(ScopeKind::Class),
            Self::Struct => Some(ScopeKind::Struct),
            Self::Union => Some(ScopeKind::Union),
            Self::Enum => Some(ScopeKind::Enum),
            Self::Namespace => Some(ScopeKind::Namespace),
            Self::None | Self::Base | Self::Linkage | Self::Ignored => None,
        }
    }

    pub(super) fn is_class_like(self) -> bool {
        matches!(self, Self::Class | Self::Struct | Self::Union | Self::Enum)
    }

    pub(super) fn declares_values(self) -> bool {
        self.is_class_like() || self == Self::Base
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Storage {
    #[default]
    Global,
    Static,
    Extern,
    Friend,
    Typedef,
}

/// What is known of the statement being read at one level of braces.
#[derive(Default)]
pub(super) struct Statement {
    pub(super) declaration: Declaration,
    pub(super) storage: Storage,
    pub(super) got_name: bool,
    /// A name that is not just the left side of `::`.
    pub(super) qualifying_name: bool,
    pub(super) got_name_in_parentheses: bool,
    pub(super) got_parameters: bool,
    pub(super) assignment: bool,
    pub(super) not_variable: bool,
    pub(super) is_virtual: bool,
    /// The name stood in parentheses behind a `*` or `&`.
    pub(super) pointer: bool,
    /// `X::` was read in front of the name.
    pub(super) qualified: bool,
    pub(super) signature: String,
    pub(super) current: Token,
    /// Earlier tokens, oldest first.
    pub(super) earlier: Vec<Token>,
}

impl Statement {
    /// The token `back` places before the current one.
    pub(super) fn before(&self, back: usize) -> TokenKind {
        self.token_before(back)
            .map_or(TokenKind::Nothing, |token| token.kind)
    }

    pub(super) fn token_before(&self, back: usize) -> Option<&Token> {
        self.earlier
            .len()
            .checked_sub(back)
            .and_then(|index| self.earlier.get(index))
    }

    pub(super) fn advance(&mut self) {
        let line = self.current.line;
        let done = std::mem::take(&mut self.current);
        self.current.line = line;
        if self.earlier.len() >= REMEMBERED {
            self.earlier.remove(0);
        }
        self.earlier.push(done);
    }

    /// Forgets the statement; after a comma the declaration's kind and storage stay.
    pub(super) fn restart(&mut self, after_comma: bool) {
        let (declaration, storage) = (self.declaration, self.storage);
        let line = self.current.line;
        *self = Self::default();
        self.current.line = line;
        if after_comma {
            self.declaration = declaration;
            self.storage = storage;
        }
    }

    /// What stood before a storage class does not count.
    pub(super) fn start_with(&mut self, storage: Storage) {
        self.restart(false);
        self.storage = storage;
    }

    /// True right behind `extern`.
    pub(super) fn starts_extern(&self) -> bool {
        self.storage == Storage::Extern && self.earlier.is_empty()
    }

    /// In `void f PROTO((int a))` the name in front of the parentheses is a macro's.
    pub(super) fn drop_macro_name(&mut self) {
        if self.before(1) == TokenKind::Name && self.before(2) == TokenKind::Name {
            self.earlier.pop();
        }
    }

    pub(super) fn processed_name(&mut self) {
        if self.got_name && self.declaration == Declaration::None {
            self.declaration = Declaration::Base;
        }
        self.got_name = true;
        self.qualifying_name = true;
    }

    /// The return type in front of the name that is `back` tokens before the current one.
    pub(super) fn return_type(&self, back: usize) -> String {
        let Some(mut end) = self.earlier.len().checked_sub(back) else {
            return String::new();
        };
        while end >= 2 && self.earlier[end - 1].is(TokenKind::DoubleColon) {
            end -= 2;
        }
        if end == 1 && self.earlier[0].is(TokenKind::DoubleColon) {
            end = 0;
        }
        let mut text = String::new();
        for token in &self.earlier[..end] {
            match token.kind {
                TokenKind::CloseBrace => text.clear(),
                TokenKind::Word(_) | TokenKind::Name | TokenKind::NameInParentheses => {
                    if text.ends_with(|end: char| end.is_ascii_alphanumeric() || end == '_') {
                        text.push(' ');
                    }
                    text.push_str(&token.text);
                    if matches!(token.kind, TokenKind::Word(_)) {
                        text.push(' ');
                    }
                }
                TokenKind::DoubleColon => text.push_str("::"),
                TokenKind::Star => text.push('*'),
                TokenKind::Ampersand => text.push('&'),
                _ => {}
            }
        }
        text.truncate(text.trim_end().len());
        text
    }
}
