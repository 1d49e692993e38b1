//! Removes comments from source lines, one line at a time.
//!
//! Strings are not understood: this serves the comparison of a prototype with its source, where the Arduino tools do not know them either.

/// Remembers whether a block comment is open.
#[derive(Debug, Default)]
pub(super) struct Comments {
    open: bool,
}

impl Comments {
    /// `line` without its comments; lines are given from top to bottom.
    pub(super) fn strip(&mut self, line: &str) -> String {
        let mut kept = String::new();
        let mut rest = line;
        loop {
            if self.open {
                match rest.find("*/") {
                    Some(end) => {
                        rest = &rest[end + 2..];
                        self.open = false;
                    }
                    None => return kept,
                }
            }
            let block = rest.find("/*").unwrap_or(rest.len());
            let line_comment = rest.find("//").unwrap_or(rest.len());
            if line_comment < block {
                kept.push_str(&rest[..line_comment]);
                return kept;
            }
            kept.push_str(&rest[..block]);
            if block == rest.len() {
                return kept;
            }
            rest = &rest[block + 2..];
            self.open = true;
        }
    }

    /// `line` without its comments; lines are given from bottom to top, so a block comment is met at its end first.
    pub(super) fn strip_before(&mut self, line: &str) -> String {
        if self.open {
            let Some(start) = line.rfind("/*") else {
                return String::new();
            };
            self.open = false;
            return Self::default().strip(&line[..start]);
        }
        let mut forward = Self::default();
        if let Some(end) = line.find("*/")
            && !line[..end].contains("/*")
        {
            self.open = true;
            return forward.strip(&line[end + 2..]);
        }
        forward.strip(line)
    }
}

#[cfg(test)]
mod tests {
    use super::Comments;

    #[test]
    fn downwards_a_block_comment_stays_open() {
        let mut comments = Comments::default();
        let lines = ["a /* b */ c // d", "e /* f", "g // h", "i */ j", "k"];
        assert_eq!(
            lines.map(|line| comments.strip(line)),
            ["a  c ", "e ", "", " j", "k"]
        );
    }

    #[test]
    fn upwards_a_block_comment_opens_at_its_end() {
        let mut comments = Comments::default();
        let lines = ["k // x", "i */ j", "g // h", "e /* f", "a /* b */ c"];
        assert_eq!(
            lines.map(|line| comments.strip_before(line)),
            ["k ", " j", "", "e ", "a  c"]
        );
    }
}
