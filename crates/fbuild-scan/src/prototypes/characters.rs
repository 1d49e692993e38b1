//! Source text as the tagger sees it: comments are blanks, literals are single symbols, directives are gone.
//!
//! Knows nothing about C++ beyond its lexical surface. Raw string literals are deliberately not understood (semantics 4.3, p37).

/// The symbol for a whole string literal.
pub(super) const STRING: u16 = b'S' as u16 + 0x80;
/// The symbol for a whole character literal.
pub(super) const CHARACTER: u16 = b'C' as u16 + 0x80;

const NEWLINE: u8 = b'\n';

/// Reads a text symbol by symbol, with unlimited push-back.
pub(super) struct Characters<'a> {
    text: &'a [u8],
    at: usize,
    /// Zero-based number of the line the next raw byte is on.
    line: usize,
    pushed: Vec<u16>,
    /// True while only blanks have been seen on the line, so that `#` starts a directive.
    line_start: bool,
}

impl<'a> Characters<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            line: 0,
            pushed: Vec::new(),
            line_start: true,
        }
    }

    /// Zero-based number of the line of the symbol that was read last.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Gives `symbol` back; it is the next one read.
    pub(super) fn unread(&mut self, symbol: Option<u16>) {
        if let Some(symbol) = symbol {
            self.pushed.push(symbol);
        }
    }

    /// The next symbol, or `None` at the end of the text.
    pub(super) fn next(&mut self) -> Option<u16> {
        if let Some(symbol) = self.pushed.pop() {
            super::work::done(1);
            return Some(symbol);
        }
        let mut directive = false;
        loop {
            let symbol = self.next_outside_directives(&mut directive)?;
            if !directive {
                return Some(symbol);
            }
        }
    }

    /// The next symbol that is not white space. The flag tells whether white space was skipped.
    pub(super) fn next_solid(&mut self) -> (Option<u16>, bool) {
        let mut skipped = false;
        loop {
            match self.next() {
                Some(symbol) if is_space(symbol) => skipped = true,
                other => return (other, skipped),
            }
        }
    }

    fn next_outside_directives(&mut self, directive: &mut bool) -> Option<u16> {
        let mut byte = self.raw()?;
        if byte == b'?' {
            byte = self.trigraph(byte);
        }
        let symbol = match byte {
            b' ' | b'\t' => return Some(byte.into()),
            NEWLINE => {
                *directive = false;
                self.line_start = true;
                return Some(NEWLINE.into());
            }
            b'#' if self.line_start => {
                *directive = true;
                byte.into()
            }
            b'"' => self.end_of_string(),
            b'\'' => self.end_of_character(),
            b'/' => match self.peek() {
                Some(b'*') => {
                    self.end_of_block_comment();
                    return Some(b' '.into());
                }
                Some(b'/') => {
                    self.end_of_line_comment();
                    *directive = false;
                    self.line_start = true;
                    return Some(NEWLINE.into());
                }
                _ => byte.into(),
            },
            b'\\' => {
                if self.peek() == Some(NEWLINE) {
                    self.raw();
                    return Some(byte.into());
                }
                byte.into()
            }
            _ => byte.into(),
        };
        self.line_start = false;
        Some(symbol)
    }

    /// Reads the rest of a trigraph such as `??<`, of which `first` is the first character; without one, `first` is returned.
    fn trigraph(&mut self, first: u8) -> u8 {
        let Some(&[b'?', third]) = self.text.get(self.at..self.at + 2) else {
            return first;
        };
        let meaning = match third {
            b'(' => b'[',
            b')' => b']',
            b'<' => b'{',
            b'>' => b'}',
            b'/' => b'\\',
            b'!' => b'|',
            b'\'' => b'^',
            b'-' => b'~',
            b'=' => b'#',
            _ => return first,
        };
        self.raw();
        self.raw();
        meaning
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn raw(&mut self) -> Option<u8> {
        super::work::done(1);
        let byte = self.peek()?;
        if self.at > 0 && self.text.get(self.at - 1) == Some(&NEWLINE) {
            self.line += 1;
        }
        self.at += 1;
        Some(byte)
    }

    fn end_of_string(&mut self) -> u16 {
        while let Some(byte) = self.raw() {
            match byte {
                b'\\' => {
                    self.raw();
                }
                b'"' => break,
                _ => {}
            }
        }
        STRING
    }

    /// A quote before a letter that can be a number base in some languages starts a number: it ends where the digits do.
    fn end_of_character(&mut self) -> u16 {
        let is_number = self
            .peek()
            .is_some_and(|byte| b"bdho".contains(&byte.to_ascii_lowercase()));
        while let Some(byte) = self.peek() {
            if byte == NEWLINE
                || (is_number && byte != b'\'' && byte != b'\\' && !byte.is_ascii_alphanumeric())
            {
                break;
            }
            self.raw();
            match byte {
                b'\\' => {
                    self.raw();
                }
                b'\'' => break,
                _ => {}
            }
        }
        CHARACTER
    }

    fn end_of_block_comment(&mut self) {
        self.raw();
        let mut star = false;
        while let Some(byte) = self.raw() {
            if star && byte == b'/' {
                break;
            }
            star = byte == b'*';
        }
    }

    fn end_of_line_comment(&mut self) {
        while let Some(byte) = self.raw() {
            match byte {
                b'\\' => {
                    self.raw();
                }
                NEWLINE => break,
                _ => {}
            }
        }
    }
}

/// True for white space as C's `isspace` has it.
pub(super) fn is_space(symbol: u16) -> bool {
    matches!(symbol, 0x20 | 0x09..=0x0d)
}

/// True for a symbol that can start a name; `~` belongs to destructors.
pub(super) fn starts_name(symbol: u16) -> bool {
    u8::try_from(symbol)
        .is_ok_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'~' | b'$'))
}

/// True for a symbol that can continue a name.
pub(super) fn continues_name(symbol: u16) -> bool {
    u8::try_from(symbol)
        .is_ok_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'))
}

#[cfg(test)]
mod tests {
    use super::{CHARACTER, Characters, STRING};

    /// What is read of `text`: literals as `S` and `C`, runs of white space as one blank.
    fn read(text: &str) -> String {
        let mut input = Characters::new(text);
        let mut read = String::new();
        while let (Some(symbol), blank) = input.next_solid() {
            if blank {
                read.push(' ');
            }
            read.push(match symbol {
                STRING => 'S',
                CHARACTER => 'C',
                symbol => u8::try_from(symbol).map_or('?', char::from),
            });
        }
        read
    }

    #[test]
    fn comments_literals_and_directives_disappear() {
        for (text, expected) in [
            ("a /* b */ c", "a c"),
            ("a // b\nc", "a c"),
            ("a // b \\\n still\nc", "a c"),
            ("a/b", "a/b"),
            ("a \"b /* \\\" c\" d", "a S d"),
            ("a 'b' '\\'' '\"' d", "a C C C d"),
            ("'unclosed\na", "C a"),
            ("\"unclosed\na", "S"),
            ("/* unclosed", ""),
            ("#pragma x {\n a", " a"),
            ("  # define X \\\n  y\na", " a"),
            ("a # b", "a # b"),
            ("a\\\nb", "a\\b"),
            ("a ??< b ??) ??/\n c ?? d", "a { b ] \\ c ?? d"),
            ("<: %>", "<: %>"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn lines_are_counted_and_symbols_given_back() {
        let mut input = Characters::new("a\n/* x\n*/ b");
        assert_eq!(input.next(), Some(u16::from(b'a')));
        assert_eq!(input.line(), 0);
        assert_eq!(input.next_solid(), (Some(u16::from(b'b')), true));
        assert_eq!(input.line(), 2);
        input.unread(Some(u16::from(b'b')));
        assert_eq!(input.next(), Some(u16::from(b'b')));
        assert_eq!(input.next(), None);
        input.unread(None);
        assert_eq!(input.next(), None);
    }
}
