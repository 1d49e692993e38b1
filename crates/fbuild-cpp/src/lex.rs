//! Bytes to preprocessing tokens.
//!
//! [`Lexer`] reads the text of one file, line by line, in the [`Mode`] of a language. It knows what ends a comment, a literal and a raw
//! string, and how gcc reads what is not valid (an unpaired quote takes the rest of its line). It does not know directives or macros.

use memchr::{memchr, memmem};

use crate::mode::{Mode, is_blank, is_name_part, is_name_start};
use crate::operator::{named_operator, operator};
use crate::symbol::{Symbol, Symbols};
use crate::token::{DIGRAPH, Kind, NAMED, SPACE_BEFORE, TOUCHED, Token};

/// Reads tokens from logical lines.
#[derive(Debug, Clone)]
pub(crate) struct Lexer<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) pos: usize,
    pub(crate) mode: Mode,
    /// What was met that this lexer does not follow gcc into: an open comment or raw string at the end of the file.
    pub(crate) problem: Option<&'static str>,
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
                return self.token_from(start, symbols, Kind::Comment, flags);
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
            return self.token_from(start, symbols, Kind::Number, flags);
        }
        if matches!(byte, b'"' | b'\'') {
            return self.literal(symbols, flags, start, byte);
        }
        let (kind, length, digraph) = operator(&self.text[start..], self.mode);
        self.pos += length;
        match kind {
            Kind::Other => self.token_from(start, symbols, kind, flags),
            _ if digraph => self.token_from(start, symbols, kind, flags | DIGRAPH),
            _ => Token {
                kind,
                flags,
                value: 0,
            },
        }
    }

    /// Returns the token from `start` to here.
    fn token_from(&self, start: usize, symbols: &mut Symbols, kind: Kind, flags: u16) -> Token {
        Token {
            kind,
            flags,
            value: symbols.intern(&self.text[start..self.pos]).0,
        }
    }

    /// Reads the tokens up to the line's end.
    pub(crate) fn rest(&mut self, symbols: &mut Symbols, comments: bool) -> Vec<Token> {
        std::iter::from_fn(|| Some(self.token(symbols, comments)))
            .take_while(|token| token.kind != Kind::End)
            .collect()
    }

    fn name_or_literal(&mut self, symbols: &mut Symbols, flags: u16) -> Token {
        let start = self.pos;
        let name = self.take_name();
        match self.literal_prefix(name) {
            Some((true, _)) => {
                self.skip_raw();
                self.token_from(start, symbols, Kind::PrefixedStr, flags | self.touched())
            }
            Some((false, quote)) => self.literal(symbols, flags, start, quote),
            None => {
                let symbol = symbols.intern(name);
                let operator = named_operator(symbol).filter(|_| self.mode.cplusplus());
                let (kind, named) = operator.map_or((Kind::Name, 0), |kind| (kind, NAMED));
                Token {
                    kind,
                    flags: flags | named,
                    value: symbol.0,
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
        let touched = if kind == Kind::Other {
            0
        } else {
            self.touched()
        };
        self.token_from(start, symbols, kind, flags | touched)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn lex(text: &str, mode: Mode) -> Vec<String> {
        let tokens = Lexer::new(text.as_bytes(), 0, mode).rest(&mut Symbols::open(), false);
        let shown = tokens.iter().map(|token| {
            let space = if token.spaced() { " " } else { "" };
            format!("{space}{}", String::from_utf8_lossy(token.spelling()))
        });
        shown.collect()
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
