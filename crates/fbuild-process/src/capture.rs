//! What a process writes, kept within bounds.

/// Bytes kept of the beginning and of the end of a text that is only shown.
const HEAD: usize = 2 << 20;
const TAIL: usize = 2 << 20;

/// The most that a process may write to standard output, in bytes. The whole of it is kept, because it may be data.
pub const STDOUT_LIMIT: usize = 64 << 20;

/// Keeps the beginning and the end of a text and counts what lies between.
#[derive(Debug, Default)]
pub(crate) struct HeadAndTail {
    head: Vec<u8>,
    tail: Vec<u8>,
    omitted: u64,
}

impl HeadAndTail {
    pub(crate) fn push(&mut self, mut bytes: &[u8]) {
        let room = HEAD - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        bytes = rest;
        self.tail.extend_from_slice(bytes);
        // Shortened only once it is twice as long, so that each byte moves at most once.
        if self.tail.len() > 2 * TAIL {
            self.drop_front();
        }
    }

    /// Returns the text, with a line in place of what was left out.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        if self.tail.len() > TAIL {
            self.drop_front();
        }
        if self.omitted > 0 {
            let line = format!("\n[fbuild: {} bytes of output omitted]\n", self.omitted);
            self.head.extend_from_slice(line.as_bytes());
        }
        self.head.append(&mut self.tail);
        self.head
    }

    fn drop_front(&mut self) {
        let excess = self.tail.len() - TAIL;
        self.tail.drain(..excess);
        self.omitted += excess as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_kept_whole() {
        let mut kept = HeadAndTail::default();
        kept.push(b"a");
        kept.push(b"");
        kept.push(b"bc");
        assert_eq!(kept.finish(), b"abc");
        let mut kept = HeadAndTail::default();
        kept.push(&vec![1; HEAD + TAIL]);
        assert_eq!(kept.finish().len(), HEAD + TAIL);
    }

    #[test]
    fn long_texts_lose_their_middle() {
        let mut kept = HeadAndTail::default();
        kept.push(b"first ");
        for _ in 0..100 {
            kept.push(&[b'x'; 1 << 20]);
        }
        kept.push(b" last");
        let text = kept.finish();
        assert!(text.starts_with(b"first xxx") && text.ends_with(b"xxx last"));
        let omitted = (100 << 20) + 6 + 5 - HEAD - TAIL;
        let line = format!("[fbuild: {omitted} bytes of output omitted]");
        assert!(String::from_utf8(text).unwrap().contains(&line));
    }
}
