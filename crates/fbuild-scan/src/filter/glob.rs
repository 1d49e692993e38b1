//! The wildcards of filters: `*`, `?` and `[…]`, as Python's `fnmatch` reads them.

use regex::Regex;

/// Returns whether the whole of `text` matches `pattern`.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    // A set with a range that runs backwards is no regular expression; it matches nothing.
    Regex::new(&format!(r"(?s)\A{}\z", translated(pattern))).is_ok_and(|it| it.is_match(text))
}

fn translated(pattern: &str) -> String {
    let mut expression = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match (c, set(rest)) {
            ('*', _) => expression.push_str(".*"),
            ('?', _) => expression.push('.'),
            ('[', Some((negated, members, behind))) => {
                expression.push_str(if negated { "[^" } else { "[" });
                for member in members.chars() {
                    if !member.is_alphanumeric() && member != '-' {
                        expression.push('\\');
                    }
                    expression.push(member);
                }
                expression.push(']');
                rest = behind;
            }
            _ => expression.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    expression
}

/// Reads the set whose `[` is before `text`: whether it is negated, its members and what follows it. `None` if it is not closed.
fn set(text: &str) -> Option<(bool, &str, &str)> {
    let (negated, text) = match text.strip_prefix('!') {
        Some(text) => (true, text),
        None => (false, text),
    };
    // A `]` at the first place is a member.
    let first = text.chars().next()?.len_utf8();
    let end = first + text[first..].find(']')?;
    Some((negated, &text[..end], &text[end + 1..]))
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
            ("[!]]", "]", false),
            ("[^a]", "^", true),
            ("[\\d&&~~[]", "d", true),
            ("[é-]", "-", true),
            ("[b-a]", "b", false),
            ("a.c", "abc", false),
            ("{a,b}", "a", false),
            ("**\n*", "x\n", true),
            ("[", "[", true),
            ("*[", "a[", true),
            ("[a", "b", false),
            ("größe*", "größen", true),
        ] {
            assert_eq!(matches(pattern, text), expect, "{pattern} {text}");
        }
    }
}
