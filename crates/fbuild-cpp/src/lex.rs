//! Bytes to preprocessing tokens.
//!
//! [`Lexer`] reads the text of one file, line by line, in the [`Mode`] of a language. It knows what ends a comment, a literal and a raw
//! string, and how gcc reads what is not valid (an unpaired quote takes the rest of its line). It does not know directives or macros.

use memchr::{memchr, memmem};

use crate::symbol::{Symbol, Symbols};
use crate::token::{DIGRAPH, Kind, NAMED, SPACE_BEFORE, TOUCHED, Token};

/// The lexical rules of a language standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// C before C99: no raw strings.
    OldC,
    /// GNU C99 and later.
    C,
    /// C++ before C++11.
    OldCxx,
    /// C++11.
    Cxx,
    /// C++14 and later: digit separators.
    NewCxx,
    /// Assembler with C preprocessing.
    Asm,
}

impl Mode {
    /// The number of modes.
    pub(crate) const COUNT: usize = 6;

    pub(crate) fn cplusplus(self) -> bool {
        matches!(self, Self::OldCxx | Self::Cxx | Self::NewCxx)
    }

    /// Whether literals can have identifiers as suffixes.
    pub(crate) fn suffixes(self) -> bool {
        matches!(self, Self::Cxx | Self::NewCxx)
    }

    fn raw_strings(self) -> bool {
        matches!(self, Self::C | Self::Cxx | Self::NewCxx)
    }

    /// `u`, `U` and `u8` before a literal.
    fn unicode_literals(self) -> bool {
        self.raw_strings()
    }

    fn digraphs(self) -> bool {
        self != Self::Asm
    }

    fn dollars(self) -> bool {
        self != Self::Asm
    }
}

/// Reads tokens from logical lines.
#[derive(Debug, Clone)]
pub(crate) struct Lexer<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) pos: usize,
    pub(crate) mode: Mode,
    /// What was met that this lexer does not follow gcc into: an open comment or raw string at the end of the file.
    pub(crate) problem: Option<&'static str>,
}

pub(crate) fn is_name_start(byte: u8, mode: Mode) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || (byte == b'$' && mode.dollars())
}

pub(crate) fn is_name_part(byte: u8, mode: Mode) -> bool {
    is_name_start(byte, mode) || byte.is_ascii_digit()
}

pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\x0b' | b'\x0c' | 0)
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a [u8], pos: usize, mode: Mode) -> Self {
        Self {
            text,
            pos,
            mode,
            problem: None,
        }
    }

    /// Returns the byte `ahead` places further on; a line end behind the text.
    pub(crate) fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.pos + ahead).copied().unwrap_or(b'\n')
    }

    pub(crate) fn at_end(&self) -> bool {
        self.pos >= self.text.len()
    }

    /// Moves to the end of the line, over a `//` comment.
    pub(crate) fn skip_line(&mut self) {
        self.pos =
            memchr(b'\n', &self.text[self.pos..]).map_or(self.text.len(), |at| self.pos + at);
    }

    /// Moves over a `/*` comment.
    pub(crate) fn skip_comment(&mut self) {
        let body = (self.pos + 2).min(self.text.len());
        match memmem::find(&self.text[body..], b"*/") {
            Some(at) => self.pos = body + at + 2,
            None => {
                self.pos = self.text.len();
                self.problem = Some("unterminated comment");
            }
        }
    }

    /// Moves over a literal that begins with `quote` here. Returns whether it ends on its line; if not, all of the line is skipped.
    pub(crate) fn skip_quoted(&mut self, quote: u8) -> bool {
        self.pos += 1;
        loop {
            match self.peek(0) {
                b'\n' => return false,
                b'\\' if self.peek(1) != b'\n' => self.pos += 2,
                byte => {
                    self.pos += 1;
                    if byte == quote {
                        return true;
                    }
                }
            }
            if self.at_end() {
                self.pos = self.text.len();
                return false;
            }
        }
    }

    /// Moves over a raw string whose opening quote is here.
    pub(crate) fn skip_raw(&mut self) {
        let start = self.pos + 1;
        let length = self.text[start..].iter().take(17).position(|&b| b == b'(');
        let valid = |b: &u8| {
            !matches!(
                b,
                b' ' | b')' | b'\\' | b'\t' | b'\x0b' | b'\x0c' | b'\n' | b'"'
            )
        };
        let Some(delimiter) = length
            .map(|n| &self.text[start..start + n])
            .filter(|text| text.iter().all(valid))
        else {
            self.problem = Some("raw string with a bad delimiter");
            self.skip_line();
            return;
        };
        let close = [b")", delimiter, b"\""].concat();
        let body = start + delimiter.len() + 1;
        match memmem::find(&self.text[body..], &close) {
            Some(at) => self.pos = body + at + close.len(),
            None => {
                self.pos = self.text.len();
                self.problem = Some("unterminated raw string");
            }
        }
    }

    /// Moves over a number that begins here.
    pub(crate) fn skip_number(&mut self) {
        let mut before = self.peek(0);
        self.pos += 1;
        loop {
            let byte = self.peek(0);
            let more = is_name_part(byte, self.mode)
                || byte == b'.'
                || (matches!(byte, b'+' | b'-') && matches!(before, b'e' | b'E' | b'p' | b'P'))
                || (byte == b'\''
                    && self.mode == Mode::NewCxx
                    && is_name_part(self.peek(1), self.mode));
            if !more || self.at_end() {
                return;
            }
            before = byte;
            self.pos += 1;
        }
    }

    /// Moves over an identifier and returns it.
    pub(crate) fn take_name(&mut self) -> &'a [u8] {
        let start = self.pos;
        let length = self.text[start..]
            .iter()
            .take_while(|&&b| is_name_part(b, self.mode))
            .count();
        self.pos += length;
        &self.text[start..self.pos]
    }

    /// Tells what literal an identifier just read introduces, if a quote follows: (is raw, quote).
    pub(crate) fn literal_prefix(&self, name: &[u8]) -> Option<(bool, u8)> {
        let quote = self.peek(0);
        if !matches!(quote, b'"' | b'\'') || name.len() > 3 {
            return None;
        }
        match name {
            b"L" => Some((false, quote)),
            b"u" | b"U" if self.mode.unicode_literals() => Some((false, quote)),
            b"u8" if self.mode.unicode_literals() && quote == b'"' => Some((false, quote)),
            b"R" | b"LR" | b"uR" | b"UR" | b"u8R" if self.mode.raw_strings() && quote == b'"' => {
                Some((true, quote))
            }
            _ => None,
        }
    }

    /// Moves over blanks; returns whether there were any.
    pub(crate) fn skip_blanks(&mut self) -> bool {
        let count = self.text[self.pos..]
            .iter()
            .take_while(|&&b| is_blank(b))
            .count();
        self.pos += count;
        count > 0
    }

    /// Reads the next token of the line; [`Kind::End`] at the line's end, which stays unread. Comments are tokens if `comments` is set, else
    /// white space.
    pub(crate) fn token(&mut self, symbols: &mut Symbols, comments: bool) -> Token {
        let mut flags = 0;
        loop {
            if self.skip_blanks() {
                flags |= SPACE_BEFORE;
            }
            let start = self.pos;
            match (self.peek(0), self.peek(1)) {
                (b'\n', _) => {
                    return Token {
                        flags,
                        ..Token::END
                    };
                }
                (b'/', b'/') => self.skip_line(),
                (b'/', b'*') => self.skip_comment(),
                _ => break,
            }
            if comments {
                return Token {
                    kind: Kind::Comment,
                    flags,
                    value: symbols.intern(&self.text[start..self.pos]).0,
                };
            }
            flags |= SPACE_BEFORE;
        }
        let start = self.pos;
        let byte = self.peek(0);
        if is_name_start(byte, self.mode) {
            return self.name_or_literal(symbols, flags);
        }
        if byte.is_ascii_digit() || (byte == b'.' && self.peek(1).is_ascii_digit()) {
            self.skip_number();
            return Token {
                kind: Kind::Number,
                flags,
                value: symbols.intern(&self.text[start..self.pos]).0,
            };
        }
        if matches!(byte, b'"' | b'\'') {
            return self.literal(symbols, flags, start, byte);
        }
        let (kind, length, digraph) = operator(&self.text[start..], self.mode);
        self.pos += length;
        let spelled = &self.text[start..self.pos];
        match kind {
            Kind::Other => Token {
                kind,
                flags,
                value: symbols.intern(spelled).0,
            },
            _ if digraph => Token {
                kind,
                flags: flags | DIGRAPH,
                value: symbols.intern(spelled).0,
            },
            _ => Token {
                kind,
                flags,
                value: 0,
            },
        }
    }

    fn name_or_literal(&mut self, symbols: &mut Symbols, flags: u16) -> Token {
        let start = self.pos;
        let name = self.take_name();
        match self.literal_prefix(name) {
            Some((true, _)) => {
                self.skip_raw();
                Token {
                    kind: Kind::PrefixedStr,
                    flags: flags | self.touched(),
                    value: symbols.intern(&self.text[start..self.pos]).0,
                }
            }
            Some((false, quote)) => self.literal(symbols, flags, start, quote),
            None => {
                let symbol = symbols.intern(name);
                match named_operator(symbol) {
                    Some(kind) if self.mode.cplusplus() => Token {
                        kind,
                        flags: flags | NAMED,
                        value: symbol.0,
                    },
                    _ => Token {
                        kind: Kind::Name,
                        flags,
                        value: symbol.0,
                    },
                }
            }
        }
    }

    /// Returns the flag of a literal that ends here.
    fn touched(&self) -> u16 {
        let touched = self.mode.suffixes() && is_name_start(self.peek(0), self.mode);
        if touched { TOUCHED } else { 0 }
    }

    fn literal(&mut self, symbols: &mut Symbols, flags: u16, start: usize, quote: u8) -> Token {
        let prefixed = self.pos > start;
        let kind = match (self.skip_quoted(quote), quote, prefixed) {
            (false, ..) => Kind::Other,
            (true, b'"', false) => Kind::Str,
            (true, b'"', true) => Kind::PrefixedStr,
            (true, _, false) => Kind::Char,
            (true, _, true) => Kind::PrefixedChar,
        };
        Token {
            kind,
            flags: if kind == Kind::Other {
                flags
            } else {
                flags | self.touched()
            },
            value: symbols.intern(&self.text[start..self.pos]).0,
        }
    }

    /// Reads `<…>` as a header name, if one begins here.
    pub(crate) fn header_name(&mut self, symbols: &mut Symbols) -> Option<Symbol> {
        let line = &self.text[self.pos..];
        let line = &line[..memchr(b'\n', line).unwrap_or(line.len())];
        let end = line
            .strip_prefix(b"<")
            .and_then(|rest| memchr(b'>', rest))?;
        self.pos += end + 2;
        Some(symbols.intern(&line[1..=end]))
    }
}

/// Returns the operator a C++ word stands for.
pub(crate) fn named_operator(symbol: Symbol) -> Option<Kind> {
    if symbol < Symbol::AND || symbol > Symbol::XOR_EQ {
        return None;
    }
    const KINDS: [Kind; 11] = [
        Kind::AndAnd,
        Kind::AndEq,
        Kind::And,
        Kind::Or,
        Kind::Compl,
        Kind::Not,
        Kind::NotEq,
        Kind::OrOr,
        Kind::OrEq,
        Kind::Xor,
        Kind::XorEq,
    ];
    KINDS.get((symbol.0 - Symbol::AND.0) as usize).copied()
}

/// Reads an operator: its kind, its length and whether it is written as a digraph.
fn operator(text: &[u8], mode: Mode) -> (Kind, usize, bool) {
    let at = |n: usize| text.get(n).copied().unwrap_or(b'\n');
    let plain = |kind, length| (kind, length, false);
    let cplusplus = mode.cplusplus();
    if mode.digraphs() {
        match (at(0), at(1)) {
            // C++11 reads `<::` as `<` and `::`, unless `:` or `>` follows.
            (b'<', b':')
                if matches!(mode, Mode::Cxx | Mode::NewCxx)
                    && at(2) == b':'
                    && !matches!(at(3), b':' | b'>') =>
            {
                return plain(Kind::Less, 1);
            }
            (b'<', b':') => return (Kind::OpenSquare, 2, true),
            (b':', b'>') => return (Kind::CloseSquare, 2, true),
            (b'<', b'%') => return (Kind::OpenBrace, 2, true),
            (b'%', b'>') => return (Kind::CloseBrace, 2, true),
            (b'%', b':') if at(2) == b'%' && at(3) == b':' => return (Kind::Paste, 4, true),
            (b'%', b':') => return (Kind::Hash, 2, true),
            _ => {}
        }
    }
    match (at(0), at(1), at(2)) {
        (b'<', b'<', b'=') => plain(Kind::LshiftEq, 3),
        (b'>', b'>', b'=') => plain(Kind::RshiftEq, 3),
        (b'.', b'.', b'.') => plain(Kind::Ellipsis, 3),
        (b'-', b'>', b'*') if cplusplus => plain(Kind::DerefStar, 3),
        (b'<', b'<', _) => plain(Kind::Lshift, 2),
        (b'>', b'>', _) => plain(Kind::Rshift, 2),
        (b'=', b'=', _) => plain(Kind::EqEq, 2),
        (b'!', b'=', _) => plain(Kind::NotEq, 2),
        (b'>', b'=', _) => plain(Kind::GreaterEq, 2),
        (b'<', b'=', _) => plain(Kind::LessEq, 2),
        (b'+', b'=', _) => plain(Kind::PlusEq, 2),
        (b'-', b'=', _) => plain(Kind::MinusEq, 2),
        (b'*', b'=', _) => plain(Kind::MultEq, 2),
        (b'/', b'=', _) => plain(Kind::DivEq, 2),
        (b'%', b'=', _) => plain(Kind::ModEq, 2),
        (b'&', b'=', _) => plain(Kind::AndEq, 2),
        (b'|', b'=', _) => plain(Kind::OrEq, 2),
        (b'^', b'=', _) => plain(Kind::XorEq, 2),
        (b'&', b'&', _) => plain(Kind::AndAnd, 2),
        (b'|', b'|', _) => plain(Kind::OrOr, 2),
        (b'#', b'#', _) => plain(Kind::Paste, 2),
        (b'+', b'+', _) => plain(Kind::PlusPlus, 2),
        (b'-', b'-', _) => plain(Kind::MinusMinus, 2),
        (b'-', b'>', _) => plain(Kind::Deref, 2),
        (b':', b':', _) if cplusplus => plain(Kind::Scope, 2),
        (b'.', b'*', _) if cplusplus => plain(Kind::DotStar, 2),
        (b'=', ..) => plain(Kind::Eq, 1),
        (b'!', ..) => plain(Kind::Not, 1),
        (b'>', ..) => plain(Kind::Greater, 1),
        (b'<', ..) => plain(Kind::Less, 1),
        (b'+', ..) => plain(Kind::Plus, 1),
        (b'-', ..) => plain(Kind::Minus, 1),
        (b'*', ..) => plain(Kind::Mult, 1),
        (b'/', ..) => plain(Kind::Div, 1),
        (b'%', ..) => plain(Kind::Mod, 1),
        (b'&', ..) => plain(Kind::And, 1),
        (b'|', ..) => plain(Kind::Or, 1),
        (b'^', ..) => plain(Kind::Xor, 1),
        (b'~', ..) => plain(Kind::Compl, 1),
        (b'?', ..) => plain(Kind::Query, 1),
        (b':', ..) => plain(Kind::Colon, 1),
        (b',', ..) => plain(Kind::Comma, 1),
        (b'(', ..) => plain(Kind::OpenParen, 1),
        (b')', ..) => plain(Kind::CloseParen, 1),
        (b'#', ..) => plain(Kind::Hash, 1),
        (b'[', ..) => plain(Kind::OpenSquare, 1),
        (b']', ..) => plain(Kind::CloseSquare, 1),
        (b'{', ..) => plain(Kind::OpenBrace, 1),
        (b'}', ..) => plain(Kind::CloseBrace, 1),
        (b';', ..) => plain(Kind::Semicolon, 1),
        (b'.', ..) => plain(Kind::Dot, 1),
        _ => plain(Kind::Other, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lex(text: &str, mode: Mode) -> Vec<String> {
        let mut symbols = Symbols::open();
        let mut lexer = Lexer::new(text.as_bytes(), 0, mode);
        let mut tokens = Vec::new();
        loop {
            let token = lexer.token(&mut symbols, false);
            if token.kind == Kind::End {
                return tokens;
            }
            let space = if token.spaced() { " " } else { "" };
            tokens.push(format!(
                "{space}{}",
                String::from_utf8_lossy(token.spelling())
            ));
        }
    }

    #[test]
    fn tokens_as_gcc_reads_them() {
        for (mode, text, expect) in [
            (Mode::Cxx, "a+++b", &["a", "++", "+", "b"][..]),
            (Mode::Cxx, "x /* c */ y // end", &["x", " y"]),
            (
                Mode::Cxx,
                "0x1p-3f 1.e+5.x .5 1..2",
                &["0x1p-3f", " 1.e+5.x", " .5", " 1..2"],
            ),
            (
                Mode::Cxx,
                "a::b->*c.*d",
                &["a", "::", "b", "->*", "c", ".*", "d"],
            ),
            (Mode::C, "a::b", &["a", ":", ":", "b"]),
            (
                Mode::Cxx,
                "'a' L'b' \"s\\\"t\" u8\"x\" U'c'",
                &["'a'", " L'b'", " \"s\\\"t\"", " u8\"x\"", " U'c'"],
            ),
            (
                Mode::Cxx,
                "R\"(a\"b)\" R\"x()\")x\"",
                &["R\"(a\"b)\"", " R\"x()\")x\""],
            ),
            (Mode::OldC, "R\"(a)\"", &["R", "\"(a)\""]),
            (Mode::Asm, "R\"(a)\" $x", &["R", "\"(a)\"", " $", "x"]),
            (Mode::Cxx, "don't /* stop", &["don", "'t /* stop"]),
            (Mode::Cxx, "1'000", &["1", "'000"]),
            (Mode::NewCxx, "1'000'000 'a'", &["1'000'000", " 'a'"]),
            (
                Mode::Cxx,
                "<: :> <% %> %: %:%: <::x> <:::",
                &[
                    "<:", " :>", " <%", " %>", " %:", " %:%:", " <", "::", "x", ">", " <:", "::",
                ],
            ),
            (
                Mode::Cxx,
                "a <<= b >>= c ...",
                &["a", " <<=", " b", " >>=", " c", " ..."],
            ),
            (Mode::Cxx, "$x @ \\ `", &["$x", " @", " \\", " `"]),
            (Mode::C, "a and b", &["a", " and", " b"]),
        ] {
            assert_eq!(lex(text, mode), expect, "{text}");
        }
    }

    #[test]
    fn words_are_operators_in_cplusplus() {
        let mut symbols = Symbols::open();
        let first = |text: &str, mode, symbols: &mut Symbols| {
            Lexer::new(text.as_bytes(), 0, mode).token(symbols, false)
        };
        assert_eq!(first("and", Mode::Cxx, &mut symbols).kind, Kind::AndAnd);
        assert_eq!(first("compl", Mode::Cxx, &mut symbols).kind, Kind::Compl);
        assert_eq!(first("xor_eq", Mode::Cxx, &mut symbols).kind, Kind::XorEq);
        assert_eq!(first("and", Mode::C, &mut symbols).kind, Kind::Name);
    }

    #[test]
    fn what_is_open_at_the_end_is_a_problem() {
        for (text, problem) in [
            ("/* open", Some("unterminated comment")),
            ("R\"(open", Some("unterminated raw string")),
            ("R\"a b(x)a b\"", Some("raw string with a bad delimiter")),
            ("\"open", None),
            ("/", None),
            ("\"\\", None),
        ] {
            let mut symbols = Symbols::open();
            let mut lexer = Lexer::new(text.as_bytes(), 0, Mode::Cxx);
            while lexer.token(&mut symbols, true).kind != Kind::End {}
            assert_eq!(lexer.problem, problem, "{text}");
        }
    }

    #[test]
    fn header_names_end_on_their_line() {
        let mut symbols = Symbols::open();
        let mut name = |text: &str| {
            Lexer::new(text.as_bytes(), 0, Mode::C)
                .header_name(&mut symbols)
                .map(Symbol::display)
        };
        assert_eq!(name("<a//b.h> x").as_deref(), Some("a//b.h"));
        assert_eq!(name("<a\nb>"), None);
        assert_eq!(name("\"a\""), None);
    }
}
