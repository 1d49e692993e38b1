//! The ordered property map of Arduino's text files (semantics 1.2) and the expansion of its values (1.3.1, 1.3.2).
//!
//! A map remembers the order in which its keys were set last, because menu defaults depend on it. This module knows lines and markers; it
//! does not know what any key means, nor where a file comes from.

use std::borrow::Cow;
use std::fmt;

use indexmap::IndexMap;

/// How often a text is substituted before expansion gives up on it (semantics 1.3.1).
const MAX_PASSES: usize = 10;

/// The length in bytes from which a text is not expanded further: only properties that refer to themselves grow so long.
const MAX_EXPANDED: usize = 16 << 20;

/// The operating system's name in property keys and in `runtime.os`: `linux`, `windows`, `macosx`, or the system's own name.
pub const HOST_OS: &str = if cfg!(target_os = "macos") {
    "macosx"
} else {
    std::env::consts::OS
};

/// Properties in insertion order; setting an existing key again moves it to the end (semantics 1.2.4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties {
    entries: IndexMap<String, String>,
}

/// A line that is neither blank, nor a comment, nor `key=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The line's number, counted from 1.
    pub line: usize,
    /// The line, trimmed.
    pub text: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: no `=` in `{}`", self.line, self.text)
    }
}

impl std::error::Error for ParseError {}

/// Returns the text of a property file: UTF-8 if it is valid, else ISO-8859-1 (semantics 1.2.1). A leading byte order mark is dropped.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(_) => Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
    }
}

impl Properties {
    /// Makes an empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a property file's bytes on this host (semantics 1.2.1–1.2.4).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::parse(&decode(bytes), HOST_OS)
    }

    /// Reads a property file's text as the host with the name `os` would (semantics 1.2.2–1.2.4).
    pub fn parse(text: &str, os: &str) -> Result<Self, ParseError> {
        let mut properties = Self::new();
        let mut number = 0;
        for line in text.split('\n') {
            let line = line.strip_suffix('\r').unwrap_or(line);
            for line in line.split('\r') {
                number += 1;
                properties.set_line(line, os).map_err(|error| ParseError {
                    line: number,
                    ..error
                })?;
            }
        }
        Ok(properties)
    }

    /// Sets what one line of a property file says; blank lines and comments say nothing (semantics 1.2.2, 1.2.3).
    ///
    /// The error's line number is 1.
    pub fn set_line(&mut self, line: &str, os: &str) -> Result<(), ParseError> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let Some((key, value)) = line.split_once('=') else {
            return Err(ParseError {
                line: 1,
                text: line.to_owned(),
            });
        };
        // The suffix is deleted wherever it stands, also inside a longer name: that is what the reference does.
        let key = key.trim().replacen(&format!(".{os}"), "", 1);
        self.set(key, value.trim());
        Ok(())
    }

    /// Returns the unexpanded value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entries.get(key).map(String::as_str)
    }

    /// Returns whether `key` is set, even to nothing.
    pub fn contains(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Sets `key`, moving it to the end if it was set before.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        let key = key.into();
        self.entries.shift_remove(&key);
        self.entries.insert(key, value.into());
    }

    /// Sets `key` unless it is set already.
    pub fn set_default(&mut self, key: &str, value: impl Into<String>) {
        if !self.contains(key) {
            self.set(key, value);
        }
    }

    /// Removes `key` and returns what it was set to.
    pub fn remove(&mut self, key: &str) -> Option<String> {
        self.entries.shift_remove(key)
    }

    /// Sets every property of `other`, in its order.
    pub fn merge(&mut self, other: &Properties) {
        if self.is_empty() {
            self.entries.clone_from(&other.entries);
            return;
        }
        for (key, value) in other.iter() {
            self.set(key, value);
        }
    }

    /// Returns how many properties there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there is no property.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns keys and unexpanded values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Returns the keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Returns the properties below `prefix.`, without that prefix, in order.
    pub fn sub_tree(&self, prefix: &str) -> Properties {
        let below = |key: &str| Some(key.strip_prefix(prefix)?.strip_prefix('.')?.to_owned());
        Self {
            entries: self
                .iter()
                .filter_map(|(key, value)| Some((below(key)?, value.to_owned())))
                .collect(),
        }
    }

    /// Returns the distinct first parts of all keys, up to the first dot, in order of first appearance.
    pub fn first_level_keys(&self) -> Vec<&str> {
        let firsts: indexmap::IndexSet<&str> = self
            .keys()
            .map(|key| key.split_once('.').map_or(key, |(first, _)| first))
            .collect();
        firsts.into_iter().collect()
    }

    /// Splits the map by the first part of the keys: one sub-tree per first part, in order of first appearance.
    ///
    /// A key without a dot makes an entry, but is in no sub-tree.
    pub fn by_first_level(&self) -> Vec<(&str, Properties)> {
        let mut trees: IndexMap<&str, Properties> = IndexMap::new();
        for (key, value) in self.iter() {
            match key.split_once('.') {
                Some((first, rest)) => trees.entry(first).or_default().set(rest, value),
                None => {
                    trees.entry(key).or_default();
                }
            }
        }
        trees.into_iter().collect()
    }

    /// Replaces the markers of `text` by this map's values (semantics 1.3.1); unknown markers stay.
    pub fn expand(&self, text: &str) -> String {
        expand(text, |key| self.get(key))
    }

    /// Returns the expanded value of `key`.
    pub fn get_expanded(&self, key: &str) -> Option<String> {
        self.get(key).map(|value| self.expand(value))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Properties {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(pairs: T) -> Self {
        let mut properties = Self::new();
        for (key, value) in pairs {
            properties.set(key, value);
        }
        properties
    }
}

/// Replaces every `{key}` of `text` for which `lookup` knows a value, again and again until nothing changes, at most ten times
/// (semantics 1.3.1).
///
/// Values may hold markers, and a marker may be put together from others (`{build.{x}}`). Markers whose key is unknown stay as they are.
pub fn expand<'a>(text: &str, mut lookup: impl FnMut(&str) -> Option<&'a str>) -> String {
    let mut text = text.to_owned();
    for _ in 0..MAX_PASSES {
        match substitute(&text, &mut lookup) {
            Some(next) if next != text => text = next,
            _ => break,
        }
    }
    text
}

/// Replaces the innermost markers once; `None` if there was nothing to replace, or too much.
fn substitute<'a>(text: &str, lookup: &mut impl FnMut(&str) -> Option<&'a str>) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    let mut open = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, open) {
            (b'{', _) => open = Some(at),
            (b'}', Some(start)) => {
                if let Some(value) = lookup(&text[start + 1..at]) {
                    out.push_str(&text[copied..start]);
                    out.push_str(value);
                    if out.len() > MAX_EXPANDED {
                        return None;
                    }
                    copied = at + 1;
                }
                open = None;
            }
            _ => {}
        }
    }
    if copied == 0 {
        return None;
    }
    out.push_str(&text[copied..]);
    Some(out)
}

/// Removes the markers that an expansion left, as the preprocessor runs do (semantics 1.3.2).
///
/// A marker reaches from a `{` to the first `}` of the same line with at least one character between.
pub fn remove_unknown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let body = &rest[start + 1..];
        let first = body.chars().next().map_or(0, char::len_utf8);
        let end = body
            .get(first..)
            .and_then(|tail| tail.find('}'))
            .map(|at| first + at);
        match end {
            Some(end) if !body[..end].contains('\n') => {
                out.push_str(&rest[..start]);
                rest = &body[end + 1..];
            }
            _ => {
                out.push_str(&rest[..=start]);
                rest = body;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Properties {
        Properties::parse(text, "linux").unwrap()
    }

    fn pairs(properties: &Properties) -> Vec<(&str, &str)> {
        properties.iter().collect()
    }

    #[test]
    fn s1_2_1_other_bytes_are_latin_1_and_all_line_ends_count() {
        assert_eq!(decode(b"name=Y\xfan"), "name=Yún");
        assert_eq!(decode("name=Yún".as_bytes()), "name=Yún");
        assert_eq!(decode("\u{feff}a=b".as_bytes()), "a=b");
        let read = Properties::from_bytes(b"a=1\r\nb=2\rc=3\n\r\nd=\xe9").unwrap();
        assert_eq!(
            pairs(&read),
            [("a", "1"), ("b", "2"), ("c", "3"), ("d", "é")]
        );
    }

    #[test]
    fn s1_2_2_lines() {
        let cases: &[(&str, &[(&str, &str)])] = &[
            ("", &[]),
            ("  \t\n\n", &[]),
            ("# a=b\n   # c=d", &[]),
            ("  a  =  b  c  ", &[("a", "b  c")]),
            ("a=b # no comment", &[("a", "b # no comment")]),
            ("a=b=c", &[("a", "b=c")]),
            ("a=", &[("a", "")]),
            ("a=b\\\nc=d", &[("a", "b\\"), ("c", "d")]),
            ("a=\\n", &[("a", "\\n")]),
        ];
        for (text, expect) in cases {
            assert_eq!(pairs(&parse(text)), *expect, "{text:?}");
        }
    }

    #[test]
    fn s1_2_2_a_line_without_equals_sign_spoils_the_file() {
        let error = Properties::parse("a=b\r\n\rno value here\n", "linux").unwrap_err();
        assert_eq!(
            error,
            ParseError {
                line: 3,
                text: "no value here".to_owned()
            }
        );
        assert_eq!(error.to_string(), "line 3: no `=` in `no value here`");
    }

    #[test]
    fn s1_2_3_the_hosts_suffix_goes_anywhere_in_the_key() {
        type Pairs = &'static [(&'static str, &'static str)];
        let cases: &[(&str, &str, Pairs)] = &[
            ("linux", "a.cmd.linux=x\na.cmd=y", &[("a.cmd", "y")]),
            ("linux", "a.cmd=y\na.cmd.linux=x", &[("a.cmd", "x")]),
            ("linux", "a.linux.cmd=x", &[("a.cmd", "x")]),
            ("linux", "a.linux.b.linux=x", &[("a.b.linux", "x")]),
            ("linux", "a.linuxlike=x", &[("alike", "x")]),
            ("linux", "linux.a=x", &[("linux.a", "x")]),
            (
                "linux",
                "a.windows=x\na.macosx=y",
                &[("a.windows", "x"), ("a.macosx", "y")],
            ),
            (
                "windows",
                "a.windows=x\na.linux=y",
                &[("a", "x"), ("a.linux", "y")],
            ),
            ("macosx", "a.macosx=x", &[("a", "x")]),
            ("freebsd", "a.freebsd=x", &[("a", "x")]),
        ];
        for (os, text, expect) in cases {
            assert_eq!(
                pairs(&Properties::parse(text, os).unwrap()),
                *expect,
                "{os}: {text:?}"
            );
        }
    }

    #[test]
    fn s1_2_4_setting_again_moves_to_the_end() {
        let mut properties = parse("a=1\nb=2\nc=3\na=4");
        assert_eq!(pairs(&properties), [("b", "2"), ("c", "3"), ("a", "4")]);
        properties.merge(&parse("c=5\nd=6"));
        assert_eq!(
            pairs(&properties),
            [("b", "2"), ("a", "4"), ("c", "5"), ("d", "6")]
        );
        properties.set_default("b", "other");
        properties.set_default("e", "7");
        assert_eq!(properties.remove("a").as_deref(), Some("4"));
        assert_eq!(
            pairs(&properties),
            [("b", "2"), ("c", "5"), ("d", "6"), ("e", "7")]
        );
        assert_eq!((properties.len(), properties.is_empty()), (4, false));
    }

    #[test]
    fn sub_trees_need_the_dot() {
        let properties = parse(
            "uno.name=Uno\nunomini.name=Mini\nuno=x\nuno.build.core=arduino\nmenu.cpu=Processor\nnone=1",
        );
        assert_eq!(
            pairs(&properties.sub_tree("uno")),
            [("name", "Uno"), ("build.core", "arduino")]
        );
        assert_eq!(
            properties.first_level_keys(),
            ["uno", "unomini", "menu", "none"]
        );
        for (first, tree) in properties.by_first_level() {
            assert_eq!(tree, properties.sub_tree(first), "{first}");
        }
    }

    #[test]
    fn s1_3_1_expansion() {
        let properties = parse(
            "a=1\nb={a}2\nc={b}3\nempty=\nx=core\nbuild.core=arduino\nself=s{self}\nopen={\nloop1={loop2}\nloop2={loop1}\nsame={same}",
        );
        let cases = [
            ("", ""),
            ("plain", "plain"),
            ("{a}", "1"),
            ("-{c}-{a}-", "-123-1-"),
            ("{build.{x}}", "arduino"),
            ("[{empty}]", "[]"),
            ("{open}a}", "1"),
            ("{{a}}", "{1}"),
            ("{unknown} {a}", "{unknown} 1"),
            ("}{a}{", "}1{"),
            ("{}", "{}"),
            ("ä{a}ö", "ä1ö"),
            ("{same}", "{same}"),
            ("{self}", "ssssssssss{self}"),
        ];
        for (text, expect) in cases {
            assert_eq!(properties.expand(text), expect, "{text:?}");
        }
        assert!(
            properties.expand("{loop1}").starts_with("{loop"),
            "a cycle ends"
        );
    }

    #[test]
    fn s1_3_1_properties_that_multiply_themselves_do_not_fill_the_memory() {
        let text = format!("a={}", "{a}".repeat(100));
        assert!(parse(&text).expand("{a}").len() <= MAX_EXPANDED);
    }

    #[test]
    fn s1_3_1_ten_levels_are_followed() {
        let text = (0..9)
            .map(|n| format!("k{n}={{k{}}}\n", n + 1))
            .collect::<String>()
            + "k9=end";
        assert_eq!(parse(&text).expand("{k0}"), "end");
    }

    #[test]
    fn s1_3_2_unknown_markers_are_removed_only_on_request() {
        let cases = [
            ("gcc {foo} -c", "gcc  -c"),
            ("{a}{b}c", "c"),
            ("{a b}", ""),
            ("{}", "{}"),
            ("{}}x", "x"),
            ("{", "{"),
            ("a}b{", "a}b{"),
            ("{a\nb}", "{a\nb}"),
            ("{a\n{b}", "{a\n"),
            ("{a{b}c}", "c}"),
            ("{ä}", ""),
        ];
        for (text, expect) in cases {
            assert_eq!(remove_unknown(text), expect, "{text:?}");
        }
        assert_eq!(parse("a=1").expand("{a} {gone}"), "1 {gone}");
    }
}
