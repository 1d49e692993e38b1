//! The wildcards of filters: `*`, `?` and `[…]`, as Python's `fnmatch` reads them.

/// Returns whether the whole of `text` matches `pattern`.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on after a mismatch: behind the last `*`, one character further in the text.
    let mut retry = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, t));
                p += 1;
                continue;
            }
            Some('?') => {
                p += 1;
                t += 1;
                continue;
            }
            Some('[') => {
                if let Some((set, next)) = set(&pattern, p) {
                    if set.contains(text[t]) {
                        p = next;
                        t += 1;
                        continue;
                    }
                } else if text[t] == '[' {
                    p += 1;
                    t += 1;
                    continue;
                }
            }
            Some(&c) if c == text[t] => {
                p += 1;
                t += 1;
                continue;
            }
            _ => {}
        }
        let Some((behind, from)) = retry else {
            return false;
        };
        retry = Some((behind, from + 1));
        (p, t) = (behind, from + 1);
    }
    pattern[p..].iter().all(|&c| c == '*')
}

struct Set<'a> {
    members: &'a [char],
    negated: bool,
}

/// Reads the set that begins at `start`, and where the pattern goes on; `None` if it is not closed.
fn set(pattern: &[char], start: usize) -> Option<(Set<'_>, usize)> {
    let mut first = start + 1;
    let negated = pattern.get(first) == Some(&'!');
    first += usize::from(negated);
    // A `]` at the first place is a member.
    let close = pattern
        .iter()
        .enumerate()
        .skip(first + 1)
        .find(|&(_, &c)| c == ']')?
        .0;
    Some((
        Set {
            members: &pattern[first..close],
            negated,
        },
        close + 1,
    ))
}

impl Set<'_> {
    fn contains(&self, c: char) -> bool {
        let mut rest = self.members;
        let mut found = false;
        while let Some((&from, tail)) = rest.split_first() {
            (found, rest) = match tail {
                ['-', to, tail @ ..] => (found || (from..=*to).contains(&c), tail),
                tail => (found || from == c, tail),
            };
        }
        found != self.negated
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, expect) in [
            ("esp32*", "esp32", true),
            ("esp32*", "esp32s3", true),
            ("esp32*", "xesp32", false),
            ("*s3", "esp32s3", true),
            ("*", "", true),
            ("**", "abc", true),
            ("", "", true),
            ("", "a", false),
            ("a*b*c", "axxbyybzzc", true),
            ("a*b*c", "axxbyybzz", false),
            ("atmega8*", "atmega328p", false),
            ("atmega8*", "atmega88", true),
            ("esp32?3", "esp32s3", true),
            ("esp32?3", "esp323", false),
            ("esp32[cs]3", "esp32c3", true),
            ("esp32[!cs]3", "esp32c3", false),
            ("esp32[a-m]3", "esp32c3", true),
            ("[]]", "]", true),
            ("[", "[", true),
            ("*[", "a[", true),
            ("[a", "b", false),
            ("größe*", "größen", true),
        ] {
            assert_eq!(matches(pattern, text), expect, "{pattern} {text}");
        }
    }
}
