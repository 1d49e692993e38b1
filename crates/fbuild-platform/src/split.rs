//! Splitting an expanded recipe into arguments, without a shell.

/// Splits `line` at single blanks into the arguments a recipe means.
///
/// A piece that begins with a quote character opens a quoted argument, which reaches to the first piece that ends with the same character;
/// those two characters go, every other quote is literal. Blank arguments and a quoted argument that never ends are dropped.
pub fn split_arguments(line: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut quoted: Option<(char, String)> = None;
    for piece in line.split(' ') {
        let (quote, mut argument, tail) = match quoted.take() {
            Some((quote, so_far)) => (quote, so_far, piece),
            None => match piece.chars().next() {
                Some(quote @ ('"' | '\'')) => (quote, String::new(), &piece[1..]),
                _ => {
                    push(&mut arguments, piece.to_owned());
                    continue;
                }
            },
        };
        match tail.strip_suffix(quote) {
            Some(end) => {
                argument.push_str(end);
                push(&mut arguments, argument);
            }
            None => {
                argument.push_str(tail);
                argument.push(' ');
                quoted = Some((quote, argument));
            }
        }
    }
    arguments
}

fn push(arguments: &mut Vec<String>, argument: String) {
    if !argument.trim().is_empty() {
        arguments.push(argument);
    }
}

/// Returns `text` as one double-quoted word of a recipe; `None` if no quoting can carry it.
pub(crate) fn quote(text: &str) -> Option<String> {
    let fits = !text.contains("\" ") && !text.ends_with('"');
    fits.then(|| format!("\"{text}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_3_3_quotes_split_like_arduino() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("   ", &[]),
            ("a b  c", &["a", "b", "c"]),
            ("\"a\" 'b'", &["a", "b"]),
            ("\"a b\" c", &["a b", "c"]),
            ("\"a  b\"", &["a  b"]),
            (
                "'-DUSB_PRODUCT=\"Arduino Leonardo\"'",
                &["-DUSB_PRODUCT=\"Arduino Leonardo\""],
            ),
            ("\"-DS=\"hello world\"\"", &["-DS=\"hello world\""]),
            ("-DPIN=2 \"-DS=\"a b\"\"", &["-DPIN=2", "-DS=\"a b\""]),
            ("-DX=\"a\"", &["-DX=\"a\""]),
            ("-DX=\"a b\" c", &["-DX=\"a", "b\"", "c"]),
            ("\"\" a ''", &["a"]),
            ("\" \" a", &["a"]),
            ("a \"b c", &["a"]),
            ("\"", &[]),
            ("\" a\"", &[" a"]),
            ("a\tb\nc", &["a\tb\nc"]),
            ("\t a", &["a"]),
            ("\"it's\" 'say \"x\"'", &["it's", "say \"x\""]),
            ("\\\"a b\\\"", &["\\\"a", "b\\\""]),
            ("\"/opt/a (b)/&$é/gcc\" -c", &["/opt/a (b)/&$é/gcc", "-c"]),
            ("bash -c \"a > b && c\"", &["bash", "-c", "a > b && c"]),
        ];
        for (line, expect) in cases {
            assert_eq!(split_arguments(line), *expect, "{line:?}");
        }
    }

    #[test]
    fn s1_3_4_what_quoting_carries_comes_back() {
        for text in ["a", "a b", "it's", "a\"b", "(x) & $y", "\"a", "ü"] {
            assert_eq!(split_arguments(&quote(text).unwrap()), [text], "{text}");
        }
        for text in ["a\" b", "a\"", "\""] {
            assert_eq!(quote(text), None, "{text}");
        }
    }
}
