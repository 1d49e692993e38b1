//! Rust text as words: identifiers and punctuation without comments, literals and test code.
//!
//! Enough to find `use` declarations and paths. Knows nothing of grammar beyond that.

/// Splits a text into words: identifiers and numbers, `::`, and single other characters. Comments and literals are left out.
pub(crate) fn words(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        at += match rest {
            ['/', '/', ..] => length_until(rest, |tail| tail[0] == '\n'),
            ['/', '*', ..] => block_comment(rest),
            ['"', ..] => string(rest, 0),
            ['b', '"', ..] => 1 + string(&rest[1..], 0),
            ['r', '"' | '#', ..] if raw(&rest[1..]).is_some() => 1 + raw(&rest[1..]).unwrap(),
            ['b', 'r', '"' | '#', ..] if raw(&rest[2..]).is_some() => 2 + raw(&rest[2..]).unwrap(),
            ['\'', '\\', ..] => 3 + length_until(&rest[3..], |tail| tail[0] == '\'') + 1,
            ['\'', _, '\'', ..] => 3,
            [':', ':', ..] => {
                words.push("::".to_owned());
                2
            }
            [first, ..] if is_word(*first) => {
                let length = length_until(rest, |tail| !is_word(tail[0]));
                words.push(rest[..length].iter().collect());
                length
            }
            [first, ..] => {
                if !first.is_whitespace() {
                    words.push(first.to_string());
                }
                1
            }
            [] => 1,
        };
    }
    words
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

fn length_until(chars: &[char], end: impl Fn(&[char]) -> bool) -> usize {
    (0..chars.len())
        .find(|&at| end(&chars[at..]))
        .unwrap_or(chars.len())
}

fn block_comment(chars: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < chars.len() {
        match &chars[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a string that begins at its quote and ends with a quote and `hashes` hashes; escapes count without hashes.
fn string(chars: &[char], hashes: usize) -> usize {
    let mut at = 1;
    while at < chars.len() {
        if chars[at] == '\\' && hashes == 0 {
            at += 1;
        } else if chars[at] == '"' {
            return at + 1;
        }
        at += 1;
    }
    at
}

/// The length of a raw string from its first hash or quote; `None` if it is none (`r#type`).
fn raw(chars: &[char]) -> Option<usize> {
    let hashes = length_until(chars, |tail| tail[0] != '#');
    if chars.get(hashes) != Some(&'"') {
        return None;
    }
    let end: Vec<char> = std::iter::once('"')
        .chain(std::iter::repeat_n('#', hashes))
        .collect();
    let body = &chars[hashes + 1..];
    Some(hashes + 1 + length_until(body, |tail| tail.starts_with(&end)) + end.len())
}

/// Removes what is only compiled for tests: an item after `#[cfg(test)]`. Returns the names of modules in files of their own among it, too.
pub(crate) fn without_tests(words: Vec<String>) -> (Vec<String>, Vec<String>) {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut modules) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < words.len() {
        if words[at..]
            .iter()
            .map(String::as_str)
            .take(mark.len())
            .eq(mark)
        {
            let end = at + mark.len() + item(&words[at + mark.len()..]);
            let item = &words[at + mark.len()..end.min(words.len())];
            if let [.., keyword, name, semicolon] = item
                && keyword == "mod"
                && semicolon == ";"
            {
                modules.push(name.clone());
            }
            at = end;
        } else {
            kept.push(words[at].clone());
            at += 1;
        }
    }
    (kept, modules)
}

/// The length of an item: to its semicolon, or to the end of its block.
fn item(words: &[String]) -> usize {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate() {
        match word.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && word == "}" {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    words.len()
}

/// A path that a `use` declaration brings in, and the name that it gives; `*` for all names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) path: Vec<String>,
    pub(crate) name: String,
}

/// Returns all imports, and all other paths of at least two parts.
pub(crate) fn paths(words: &[String]) -> (Vec<Import>, Vec<Vec<String>>) {
    let (mut imports, mut paths) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < words.len() {
        let is_start = at == 0 || words[at - 1] != "::";
        if words[at] == "use" {
            let end = at + length_of_use(&words[at..]);
            tree(&words[at + 1..end], &[], &mut imports);
            at = end;
        } else if is_start && words.get(at + 1).is_some_and(|next| next == "::") {
            let mut path = vec![words[at].clone()];
            while words.get(at + 1).is_some_and(|next| next == "::")
                && words
                    .get(at + 2)
                    .is_some_and(|part| part.starts_with(is_word))
            {
                path.push(words[at + 2].clone());
                at += 2;
            }
            paths.push(path);
            at += 1;
        } else {
            at += 1;
        }
    }
    (imports, paths)
}

fn length_of_use(words: &[String]) -> usize {
    words
        .iter()
        .position(|word| word == ";")
        .unwrap_or(words.len())
}

/// Reads one use tree behind `prefix`.
fn tree(words: &[String], prefix: &[String], imports: &mut Vec<Import>) {
    let mut path = prefix.to_vec();
    let mut at = 0;
    while at < words.len() {
        match words[at].as_str() {
            "::" => {}
            "{" => return branches(&words[at + 1..words.len() - 1], &path, imports),
            "as" => {
                let name = words[at + 1].clone();
                return imports.push(Import { path, name });
            }
            "*" => {
                let name = "*".to_owned();
                return imports.push(Import { path, name });
            }
            part => path.push(part.to_owned()),
        }
        at += 1;
    }
    if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
        path.pop();
    }
    let name = path.last().cloned().unwrap_or_default();
    imports.push(Import { path, name });
}

fn branches(words: &[String], prefix: &[String], imports: &mut Vec<Import>) {
    let mut depth = 0_usize;
    let mut begin = 0;
    for at in 0..=words.len() {
        match words.get(at).map(String::as_str) {
            Some("{") => depth += 1,
            Some("}") => depth -= 1,
            Some(",") | None if depth == 0 => {
                if begin < at {
                    tree(&words[begin..at], prefix, imports);
                }
                begin = at + 1;
            }
            _ => {}
        }
    }
}

/// The names of items that are defined at any depth.
pub(crate) fn definitions(words: &[String]) -> Vec<String> {
    let keywords = [
        "fn",
        "struct",
        "enum",
        "trait",
        "type",
        "const",
        "static",
        "mod",
        "union",
        "macro_rules",
    ];
    let pairs = words.windows(2);
    pairs
        .filter(|pair| keywords.contains(&pair[0].as_str()) && pair[1].starts_with(is_word))
        .map(|pair| pair[1].clone())
        .collect()
}

#[test]
fn words_have_no_comments_literals_and_tests() {
    let text = "//! a::b\nuse a::{self, b::{C, D as E}, f::*}; /* x /* y */ z */\n\
                const R: &str = r#\"crate::x \" \"#; fn g<'a>(c: char) { if c == '\\'' || c == '\"' { h::i::<u8>(\"\\\" j::k\") } }\n\
                #[cfg(test)]\nmod tests { use super::*; }\n#[cfg(test)] mod more;\nfn last() {}\n";
    let (words, modules) = without_tests(words(text));
    assert_eq!(modules, ["more"]);
    let (imports, paths) = paths(&words);
    let imports: Vec<String> = imports
        .iter()
        .map(|import| format!("{}={}", import.path.join("::"), import.name))
        .collect();
    assert_eq!(imports, ["a=a", "a::b::C=C", "a::b::D=E", "a::f=*"]);
    assert_eq!(paths, [["h", "i"]]);
    assert_eq!(definitions(&words), ["R", "g", "last"]);
}
