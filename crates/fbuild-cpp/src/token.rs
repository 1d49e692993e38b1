//! Preprocessing tokens.
//!
//! A [`Token`] is eight bytes: its kind, flags and one number (the symbol of its spelling, or which parameter it stands for). What a token
//! looks like and which two tokens need a space between them is decided here. The module does not know macros or files.

use crate::symbol::Symbol;

/// What a token is. Operators that can be followed by `=` come first, up to [`Kind::LAST_EQ`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Kind {
    Eq,
    Not,
    Greater,
    Less,
    Plus,
    Minus,
    Mult,
    Div,
    Mod,
    And,
    Or,
    Xor,
    Rshift,
    Lshift,
    Compl,
    AndAnd,
    OrOr,
    Query,
    Colon,
    Comma,
    OpenParen,
    CloseParen,
    EqEq,
    NotEq,
    GreaterEq,
    LessEq,
    PlusEq,
    MinusEq,
    MultEq,
    DivEq,
    ModEq,
    AndEq,
    OrEq,
    XorEq,
    RshiftEq,
    LshiftEq,
    Hash,
    Paste,
    OpenSquare,
    CloseSquare,
    OpenBrace,
    CloseBrace,
    Semicolon,
    Ellipsis,
    PlusPlus,
    MinusMinus,
    Deref,
    Dot,
    Scope,
    DerefStar,
    DotStar,
    /// An identifier; `value` is its symbol. The kinds from here on have a spelling of their own.
    Name,
    Number,
    Char,
    PrefixedChar,
    Str,
    PrefixedStr,
    Comment,
    Other,
    /// In a macro's body: the parameter with the number `value`.
    Param,
    /// Nothing, but possibly a space: the place where an expansion begins or ends. `value` 0 has no source token.
    Padding,
    /// The end of the line, the argument or the file.
    End,
}

impl Kind {
    pub(crate) const LAST_EQ: Self = Self::Lshift;
}

const SPELLINGS: [&str; 51] = [
    "=", "!", ">", "<", "+", "-", "*", "/", "%", "&", "|", "^", ">>", "<<", "~", "&&", "||", "?",
    ":", ",", "(", ")", "==", "!=", ">=", "<=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=",
    ">>=", "<<=", "#", "##", "[", "]", "{", "}", ";", "...", "++", "--", "->", ".", "::", "->*",
    ".*",
];

/// There is white space before the token.
pub(crate) const SPACE_BEFORE: u16 = 1;
/// The token is the first of its line.
pub(crate) const LINE_START: u16 = 2;
/// The identifier must not be expanded any more.
pub(crate) const NO_EXPAND: u16 = 4;
/// In a macro's body: `##` stood behind the token.
pub(crate) const PASTE_RIGHT: u16 = 8;
/// In a macro's body: `#` stood before the parameter.
pub(crate) const STRINGIFY: u16 = 16;
/// A C++ operator written as a word (`and`), spelled by `value`.
pub(crate) const NAMED: u16 = 32;
/// An operator written as a digraph (`<:`), spelled by `value`.
pub(crate) const DIGRAPH: u16 = 64;

/// The token was written in a system header.
pub(crate) const SYSTEM: u16 = 128;

/// The token was written by the compiler: it belongs to no file.
pub(crate) const NOWHERE: u16 = 256;
/// In C++, a literal that the next token, an identifier, touches. It is its suffix unless it is a macro.
pub(crate) const TOUCHED: u16 = 512;

/// One preprocessing token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) flags: u16,
    pub(crate) value: u32,
}

impl Token {
    pub(crate) const END: Self = Self {
        kind: Kind::End,
        flags: 0,
        value: 0,
    };
    /// Padding without a source token: keeps two tokens apart where joining would change them.
    pub(crate) const AVOID_PASTE: Self = Self {
        kind: Kind::Padding,
        flags: 0,
        value: 0,
    };

    /// A token without flags.
    pub(crate) fn new(kind: Kind, spelling: &[u8]) -> Self {
        Self {
            kind,
            flags: 0,
            value: Symbol::of(spelling).0,
        }
    }

    /// Padding in place of the white space before `source`.
    pub(crate) fn padding(source: Self) -> Self {
        Self {
            kind: Kind::Padding,
            flags: source.flags & SPACE_BEFORE,
            value: 1,
        }
    }

    /// Tells whether there is white space before the token.
    pub(crate) fn spaced(self) -> bool {
        self.flags & SPACE_BEFORE != 0
    }

    /// Returns the symbol of an identifier.
    pub(crate) fn name(self) -> Option<Symbol> {
        (self.kind == Kind::Name).then_some(Symbol(self.value))
    }

    /// Tells whether the token is the identifier `name`.
    pub(crate) fn is(self, name: Symbol) -> bool {
        self.kind == Kind::Name && self.value == name.0
    }

    /// Returns the symbol under which `#ifdef`, `#define` and the like know the token: also that of a named operator.
    pub(crate) fn word(self) -> Option<Symbol> {
        (self.kind == Kind::Name || self.flags & NAMED != 0).then_some(Symbol(self.value))
    }

    /// Returns how the token is written.
    pub(crate) fn spelling(self) -> &'static [u8] {
        if self.flags & (NAMED | DIGRAPH) != 0 {
            return Symbol(self.value).text();
        }
        match SPELLINGS.get(self.kind as usize) {
            Some(text) => text.as_bytes(),
            None if matches!(self.kind, Kind::Param | Kind::Padding | Kind::End) => b"",
            None => Symbol(self.value).text(),
        }
    }

    /// Tells whether `self` directly followed by `next` would read as other tokens, so that a space must be written between them.
    /// `suffixes`: whether literals can have identifiers as suffixes.
    pub(crate) fn would_join(self, next: Self, suffixes: bool) -> bool {
        let first = if self.flags & NAMED != 0 {
            Kind::Name
        } else {
            self.kind
        };
        let second = if next.flags & NAMED != 0 {
            Kind::Name
        } else {
            next.kind
        };
        let c = if (second as usize) < SPELLINGS.len() {
            next.spelling()[0]
        } else {
            0
        };
        if first <= Kind::LAST_EQ && c == b'=' {
            return true;
        }
        match first {
            Kind::Greater => c == b'>',
            Kind::Less => matches!(c, b'<' | b'%' | b':'),
            Kind::Plus => c == b'+',
            Kind::Minus => matches!(c, b'-' | b'>'),
            Kind::Div => matches!(c, b'/' | b'*'),
            Kind::Mod => matches!(c, b':' | b'%'),
            Kind::And => c == b'&',
            Kind::Or => c == b'|',
            Kind::Colon => matches!(c, b':' | b'>'),
            Kind::Deref => c == b'*',
            Kind::Dot => matches!(c, b'.' | b'%') || second == Kind::Number,
            Kind::Hash => matches!(c, b'#' | b'%'),
            Kind::Name => match second {
                Kind::Name | Kind::Char | Kind::Str => true,
                Kind::Number => next
                    .spelling()
                    .iter()
                    .all(|&b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$'),
                _ => false,
            },
            Kind::Number => {
                matches!(second, Kind::Number | Kind::Name) || matches!(c, b'.' | b'+' | b'-')
            }
            Kind::Str | Kind::PrefixedStr => suffixes && second == Kind::Name,
            Kind::Other => self.spelling().first() == Some(&b'\\') && second == Kind::Name,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(kind: Kind, text: &str) -> Token {
        Token::new(kind, text.as_bytes())
    }

    #[test]
    fn a_token_is_small() {
        assert_eq!(size_of::<Token>(), 8);
    }

    #[test]
    fn operators_spell_themselves() {
        let spell = |kind| {
            Token {
                kind,
                flags: 0,
                value: 0,
            }
            .spelling()
        };
        for (kind, text) in [
            (Kind::Eq, "="),
            (Kind::Lshift, "<<"),
            (Kind::EqEq, "=="),
            (Kind::LshiftEq, "<<="),
            (Kind::Paste, "##"),
            (Kind::Ellipsis, "..."),
            (Kind::DotStar, ".*"),
            (Kind::Padding, ""),
        ] {
            assert_eq!(spell(kind), text.as_bytes(), "{kind:?}");
        }
        assert_eq!(token(Kind::Name, "setup").spelling(), b"setup");
        let and = Token {
            kind: Kind::AndAnd,
            flags: NAMED,
            value: Symbol::AND.0,
        };
        assert_eq!(
            (and.spelling(), and.word(), and.name()),
            (&b"and"[..], Some(Symbol::AND), None)
        );
    }

    #[test]
    fn tokens_that_would_join_need_a_space() {
        let (name, number) = (token(Kind::Name, "x"), token(Kind::Number, "1"));
        let op = |kind| Token {
            kind,
            flags: 0,
            value: 0,
        };
        let text = token(Kind::Str, "\"s\"");
        assert!(text.would_join(name, true) && !text.would_join(name, false));
        for (first, second, expect) in [
            (name, name, true),
            (name, number, true),
            (name, token(Kind::Number, "1.5"), false),
            (number, name, true),
            (number, op(Kind::Minus), true),
            (op(Kind::Plus), op(Kind::PlusPlus), true),
            (op(Kind::Plus), op(Kind::Minus), false),
            (op(Kind::Eq), op(Kind::EqEq), true),
            (op(Kind::OpenParen), name, false),
            (op(Kind::Div), op(Kind::Mult), true),
            (op(Kind::Dot), number, true),
            (op(Kind::Compl), op(Kind::Eq), false),
        ] {
            assert_eq!(
                first.would_join(second, false),
                expect,
                "{first:?} {second:?}"
            );
        }
    }
}
