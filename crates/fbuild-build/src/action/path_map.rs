//! Directories mapped to names, so that a result does not depend on where a checkout stands.

use camino::{Utf8Path, Utf8PathBuf};

/// Directories and the names that stand for them in fingerprints.
#[derive(Debug, Clone, Default)]
pub struct PathMap(Vec<(Utf8PathBuf, String)>);

impl PathMap {
    /// Adds a directory. Where directories contain each other, the inner one counts.
    pub fn add(&mut self, dir: impl Into<Utf8PathBuf>, name: impl Into<String>) {
        let dir = dir.into();
        if dir.as_str().len() > 1 && !self.0.iter().any(|(known, _)| *known == dir) {
            self.0.push((dir, format!("{{{}}}", name.into())));
            self.0
                .sort_by_key(|(dir, _)| std::cmp::Reverse(dir.as_str().len()));
        }
    }

    /// Returns the path with its root as a name; unchanged if it lies under none.
    pub fn path(&self, path: &Utf8Path) -> String {
        for (dir, name) in &self.0 {
            match path.as_str().strip_prefix(dir.as_str()) {
                Some("") => return name.clone(),
                Some(rest) if rest.starts_with('/') => return format!("{name}{rest}"),
                _ => {}
            }
        }
        path.to_string()
    }

    /// Returns the text with every name replaced by its directory: the inverse of [`Self::text`].
    pub fn restore(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (dir, name)| {
            text.replace(name.as_str(), dir.as_str())
        })
    }

    /// Returns the text with every mention of a root replaced by its name; a directory is mentioned only where its whole name ends.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (dir, name) in &self.0 {
            text = replace(&text, dir.as_str(), name);
        }
        text
    }
}

fn replace(text: &str, dir: &str, name: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(dir) {
        let (before, after) = (&rest[..at], &rest[at + dir.len()..]);
        let ends = after
            .chars()
            .next()
            .is_none_or(|next| !(next.is_alphanumeric() || "_-.+".contains(next)));
        result.push_str(before);
        result.push_str(if ends { name } else { dir });
        rest = after;
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_map() -> PathMap {
        let mut path_map = PathMap::default();
        path_map.add("/w/lib", "library:X");
        path_map.add("/w", "work");
        path_map.add("/w/lib", "other");
        path_map
    }

    #[test]
    fn the_inner_root_counts() {
        assert_eq!(path_map().path("/w/lib/a.h".into()), "{library:X}/a.h");
        assert_eq!(
            path_map().path("/w/library/a.h".into()),
            "{work}/library/a.h"
        );
        assert_eq!(path_map().path("/w".into()), "{work}");
        assert_eq!(path_map().path("/usr/a.h".into()), "/usr/a.h");
    }

    #[test]
    fn arguments_are_mapped_wherever_they_mention_a_root() {
        let check = |text: &str, expect: &str| assert_eq!(path_map().text(text), expect);
        check("-I/w/lib", "-I{library:X}");
        check("-I/w/library", "-I{work}/library");
        check("-DX=\"/w/lib/a\":/w", "-DX=\"{library:X}/a\":{work}");
        check("-I/other/wide", "-I/other/wide");
        check("/www", "/www");
    }

    #[test]
    fn names_are_replaced_back() {
        let text = "/w/lib/a.h:1: error in /w/x.cpp, not in /web";
        assert_eq!(path_map().restore(&path_map().text(text)), text);
    }
}
