//! Constants of `#if`: 64-bit integers with gcc's rules for signedness, and character constants.

/// A value of a `#if` expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number {
    /// The bits.
    pub(crate) value: u64,
    pub(crate) unsigned: bool,
}

impl Number {
    pub(crate) fn truth(value: bool) -> Self {
        Self {
            value: u64::from(value),
            unsigned: false,
        }
    }

    pub(crate) fn is_true(self) -> bool {
        self.value != 0
    }

    pub(crate) fn is_negative(self) -> bool {
        !self.unsigned && self.value >> 63 == 1
    }
}

/// Reads a preprocessing number as an integer.
///
/// # Errors
/// Why it is none.
pub(crate) fn integer(text: &[u8]) -> Result<Number, &'static str> {
    let (base, digits) = match text {
        [b'0', b'x' | b'X', rest @ ..]
            if rest
                .first()
                .is_some_and(|b| b.is_ascii_hexdigit() || *b == b'.') =>
        {
            (16, rest)
        }
        [b'0', b'b' | b'B', rest @ ..]
            if rest.first().is_some_and(|b| matches!(b, b'0' | b'1')) =>
        {
            (2, rest)
        }
        [b'0', ..] => (8, text),
        _ => (10, text),
    };
    let mut value: u64 = 0;
    let mut overflow = false;
    let mut end = 0;
    for &byte in digits {
        let digit = match (byte as char).to_digit(if base == 16 { 16 } else { 10 }) {
            Some(digit) => u64::from(digit),
            None if byte == b'\'' => {
                end += 1;
                continue;
            }
            None => break,
        };
        if digit >= base {
            // `08.5` and `09e1` would be floating constants, which are errors as well.
            return Err("invalid digit in constant");
        }
        let (product, first) = value.overflowing_mul(base);
        let (sum, second) = product.overflowing_add(digit);
        overflow |= first || second;
        value = sum;
        end += 1;
    }
    let suffix = &digits[end..];
    match suffix.first() {
        Some(b'.') => return Err("floating constant in preprocessor expression"),
        Some(b'e' | b'E') if base == 10 || base == 8 => {
            return Err("floating constant in preprocessor expression");
        }
        Some(b'p' | b'P') if base == 16 => {
            return Err("floating constant in preprocessor expression");
        }
        _ => {}
    }
    let unsigned = match suffix {
        b"" | b"l" | b"L" | b"ll" | b"LL" => false,
        b"u" | b"U" => true,
        [b'u' | b'U', long @ ..] | [long @ .., b'u' | b'U']
            if matches!(long, b"l" | b"L" | b"ll" | b"LL") =>
        {
            true
        }
        _ => return Err("invalid suffix on integer constant"),
    };
    if overflow {
        return Err("integer constant is too large for its type");
    }
    // A constant too large for the signed type is unsigned.
    Ok(Number {
        value,
        unsigned: unsigned || value >> 63 == 1,
    })
}

/// How wide characters are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Widths {
    pub(crate) char_bits: u32,
    pub(crate) int_bits: u32,
    pub(crate) char_unsigned: bool,
    pub(crate) wchar_unsigned: bool,
}

/// Reads a character constant. `None` for what depends on character sets.
pub(crate) fn character(text: &[u8], widths: Widths) -> Option<Number> {
    let quote = text.iter().position(|&b| b == b'\'')?;
    let prefix = &text[..quote];
    let body = text.get(quote + 1..text.len().checked_sub(1)?)?;
    let mut chars = Vec::new();
    let mut rest = body;
    while let Some((&first, behind)) = rest.split_first() {
        let (value, behind) = if first == b'\\' {
            escape(behind)?
        } else {
            (u32::from(first), behind)
        };
        if !first.is_ascii() || value >= 1 << 8 {
            return None;
        }
        chars.push(value);
        rest = behind;
    }
    if !prefix.is_empty() {
        return match chars[..] {
            [value @ 0..128] => Some(Number {
                value: u64::from(value),
                unsigned: prefix != b"L" || widths.wchar_unsigned,
            }),
            _ => None,
        };
    }
    if widths.char_bits != 8 || chars.is_empty() {
        return None;
    }
    // Of too many characters the last ones count.
    let most = (widths.int_bits / 8) as usize;
    let kept = &chars[chars.len().saturating_sub(most)..];
    let value = kept
        .iter()
        .fold(0_u64, |value, &c| value << 8 | u64::from(c));
    let (bits, unsigned) = if chars.len() > 1 {
        (widths.int_bits, false)
    } else {
        (8, widths.char_unsigned)
    };
    let sign = value >> (bits - 1) & 1 == 1 && !unsigned;
    let value = if sign {
        value | (u64::MAX << (bits - 1))
    } else {
        value
    };
    Some(Number { value, unsigned })
}

/// Reads an escape behind its backslash.
fn escape(text: &[u8]) -> Option<(u32, &[u8])> {
    let (&first, rest) = text.split_first()?;
    let simple = |value| Some((value, rest));
    match first {
        b'n' => simple(10),
        b't' => simple(9),
        b'r' => simple(13),
        b'a' => simple(7),
        b'b' => simple(8),
        b'f' => simple(12),
        b'v' => simple(11),
        b'e' | b'E' => simple(27),
        b'\\' | b'\'' | b'"' | b'?' => simple(u32::from(first)),
        b'x' => {
            let count = rest.iter().take_while(|b| b.is_ascii_hexdigit()).count();
            let digits = std::str::from_utf8(&rest[..count]).ok()?;
            let value = u32::from_str_radix(digits, 16).ok()?;
            Some((value, &rest[count..]))
        }
        b'0'..=b'7' => {
            let count = text
                .iter()
                .take(3)
                .take_while(|b| matches!(b, b'0'..=b'7'))
                .count();
            let value = text[..count]
                .iter()
                .fold(0, |value, b| value * 8 + u32::from(b - b'0'));
            Some((value, &text[count..]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_as_gcc_reads_them() {
        for (text, value, unsigned) in [
            ("0", 0, false),
            ("201103L", 201_103, false),
            ("0x1Fu", 31, true),
            ("017ll", 15, false),
            ("0b101UL", 5, true),
            ("10LLU", 10, true),
            ("9223372036854775807", i64::MAX as u64, false),
            ("9223372036854775808", 1 << 63, true),
            ("0xFFFFFFFFFFFFFFFF", u64::MAX, true),
            ("1'000", 1000, false),
        ] {
            assert_eq!(
                integer(text.as_bytes()),
                Ok(Number { value, unsigned }),
                "{text}"
            );
        }
        for text in [
            "1.5",
            "1e3",
            "0x1p3",
            "08",
            "1lL",
            "1x",
            "0x",
            "18446744073709551616",
            "1f",
            ".5",
            "0b2",
            "1ulul",
        ] {
            assert!(integer(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn characters_as_gcc_reads_them() {
        let avr = Widths {
            char_bits: 8,
            int_bits: 16,
            char_unsigned: false,
            wchar_unsigned: false,
        };
        let value = |text: &str| {
            character(text.as_bytes(), avr).map(|number| (number.value as i64, number.unsigned))
        };
        for (text, expect) in [
            ("'a'", Some((97, false))),
            ("'\\n'", Some((10, false))),
            ("'\\0'", Some((0, false))),
            ("'\\377'", Some((-1, false))),
            ("'\\xff'", Some((-1, false))),
            ("'ab'", Some((0x6162, false))),
            ("'abc'", Some((0x6263, false))),
            ("'\\xff\\xff'", Some((-1, false))),
            ("L'a'", Some((97, false))),
            ("u'a'", Some((97, true))),
            ("'é'", None),
            ("''", None),
            ("'\\q'", None),
        ] {
            assert_eq!(value(text), expect, "{text}");
        }
    }
}
