//! A file's text without line continuations.
//!
//! gcc joins a line that ends in a backslash (also one followed by white space) with the next before it looks at anything else, reads CR LF as
//! a line end and skips a byte order mark. Most files have none of these and are used as they are. Trigraphs stay what they are (GNU mode).

use std::borrow::Cow;

use memchr::memchr2;

/// Text whose lines are logical lines.
#[derive(Debug)]
pub(crate) struct Clean<'a> {
    /// The text.
    pub(crate) text: Cow<'a, [u8]>,
    /// Where in `text` a line end was removed, in order.
    pub(crate) joins: Vec<u32>,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns `bytes` with all logical lines joined.
pub(crate) fn clean(bytes: &[u8]) -> Clean<'_> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let mut joined: Vec<u8> = Vec::new();
    let mut joins = Vec::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(offset) = memchr2(b'\\', b'\r', &bytes[at..]) {
        let here = at + offset;
        at = here + 1;
        if bytes[here] == b'\r' {
            if bytes.get(here + 1) == Some(&b'\n') {
                joined.extend_from_slice(&bytes[copied..here]);
                copied = here + 1;
            }
            continue;
        }
        let blanks = bytes[at..]
            .iter()
            .take_while(|&&b| matches!(b, b' ' | b'\t' | b'\x0b' | b'\x0c' | 0))
            .count();
        let end = at + blanks;
        let end = match bytes[end..] {
            [b'\n', ..] => end + 1,
            [b'\r', b'\n', ..] => end + 2,
            [] => end,
            _ => continue,
        };
        joined.extend_from_slice(&bytes[copied..here]);
        joins.push(joined.len() as u32);
        copied = end;
        at = end;
    }
    if copied == 0 {
        return Clean {
            text: Cow::Borrowed(bytes),
            joins,
        };
    }
    joined.extend_from_slice(&bytes[copied..]);
    Clean {
        text: Cow::Owned(joined),
        joins,
    }
}

/// Tells whether `bytes` contain a trigraph, which strict ISO modes replace.
pub(crate) fn has_trigraph(bytes: &[u8]) -> bool {
    memchr::memmem::find_iter(bytes, b"??").any(|at| {
        let third = bytes[at + 2..].iter().find(|&&b| b != b'?');
        third.is_some_and(|b| b"=/'()!<>-".contains(b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined() {
        for (input, text, joins) in [
            ("a\nb\n", "a\nb\n", &[][..]),
            ("a\\\nb\n", "ab\n", &[1]),
            ("a\\ \t\nb\n", "ab\n", &[1]),
            ("a\\\\\nb", "a\\b", &[2]),
            ("a\\\r\nb\r\n", "ab\n", &[1]),
            ("a\r\nb\rc\r\n", "a\nb\rc\n", &[]),
            ("\"\\n\\\"\"\n", "\"\\n\\\"\"\n", &[]),
            ("a\\\n\\\nb", "ab", &[1, 1]),
            ("\u{feff}#if\n", "#if\n", &[]),
            ("end\\", "end", &[3]),
            ("", "", &[]),
        ] {
            let clean = clean(input.as_bytes());
            assert_eq!(clean.text, text.as_bytes(), "{input:?}");
            assert_eq!(clean.joins, joins, "{input:?}");
        }
    }

    #[test]
    fn trigraphs_are_seen() {
        for (text, expect) in [
            ("what??", false),
            ("a ??= b", true),
            ("???=", true),
            ("??x", false),
            ("?", false),
        ] {
            assert_eq!(has_trigraph(text.as_bytes()), expect, "{text}");
        }
    }
}
