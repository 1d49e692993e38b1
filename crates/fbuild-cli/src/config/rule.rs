//! Rules of `fbuild.toml`: for which boards, and with which options of them, sketches are built.

use anyhow::anyhow;
use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::outcome::SkipRule;
use globset::{Glob, GlobMatcher};
use serde::Deserialize;

use crate::error::CliError;

/// A rule.
#[derive(Debug, Clone)]
pub struct Rule {
    sketches: Vec<GlobMatcher>,
    /// Build these sketches for these boards only.
    pub boards: Option<Vec<String>>,
    /// Board options for these sketches, `option=value`.
    pub options: Vec<String>,
    /// Folders of libraries that these sketches may use, and others may not.
    pub libraries: Vec<Utf8PathBuf>,
    /// Preprocessor definitions for these sketches and what they use, `NAME` or `NAME=VALUE`.
    pub defines: Vec<String>,
    /// Why these sketches are not built.
    skip: Option<String>,
    /// Whether a firmware that is too big counts as skipped.
    allow_overflow: bool,
    file: Utf8PathBuf,
    line: u32,
}

#[derive(Deserialize)]
struct Rules {
    #[serde(default)]
    rule: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    sketches: toml::Spanned<Vec<String>>,
    boards: Option<Vec<String>>,
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    defines: Vec<String>,
    skip: Option<String>,
    #[serde(default)]
    libraries: Vec<Utf8PathBuf>,
    #[serde(default, rename = "allow-overflow")]
    allow_overflow: bool,
}

/// Reads the rules of a file.
pub(super) fn parse(text: &str, path: &Utf8Path) -> Result<Vec<Rule>, CliError> {
    let rules: Rules = toml::from_str(text)
        .map_err(|error| CliError::usage(anyhow!("{path}: {}", error.to_string().trim_end())))?;
    let rule = |written: Written| {
        let before = &text[..written.sketches.span().start];
        let line = before.matches('\n').count() + 1;
        let globs = written.sketches.into_inner();
        let globs = globs.iter().map(|glob| {
            Glob::new(glob)
                .map(|glob| glob.compile_matcher())
                .map_err(|error| CliError::usage(anyhow!("{path}:{line}: {error}")))
        });
        Ok(Rule {
            sketches: globs.collect::<Result<_, CliError>>()?,
            boards: written.boards,
            options: written.options,
            defines: written.defines,
            libraries: libraries(written.libraries, path, line)?,
            skip: written.skip,
            allow_overflow: written.allow_overflow,
            file: path.to_owned(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
        })
    };
    rules.rule.into_iter().map(rule).collect()
}

/// Returns whole paths; those of the file are relative to it.
fn libraries(
    dirs: Vec<Utf8PathBuf>,
    file: &Utf8Path,
    line: usize,
) -> Result<Vec<Utf8PathBuf>, CliError> {
    let base = file.parent().unwrap_or(Utf8Path::new("/"));
    let whole = |dir: Utf8PathBuf| {
        let path = base.join(&dir);
        path.canonicalize_utf8()
            .map_err(|_| CliError::usage(anyhow!("{file}:{line}: library {dir}: folder not found")))
    };
    dirs.into_iter().map(whole).collect()
}

impl Rule {
    /// Returns whether the rule is for the sketch of this name.
    pub fn is_for(&self, name: &str) -> bool {
        self.sketches.iter().any(|glob| matches_name(glob, name))
    }

    /// Returns the outcome of its sketches if they are not built at all.
    pub fn skips(&self) -> Option<SkipRule> {
        self.skip
            .as_ref()
            .map(|reason| self.outcome(reason.clone()))
    }

    /// Returns the outcome of its sketches whose firmware is too big, if it allows that.
    pub fn allows_overflow(&self) -> Option<SkipRule> {
        let text = "allow-overflow: it compiles and is too big for the board";
        self.allow_overflow.then(|| self.outcome(text.to_owned()))
    }

    /// Returns the outcome of its sketches on a board that it does not name.
    pub fn skips_board(&self) -> SkipRule {
        let boards = self.boards.clone().unwrap_or_default().join(", ");
        self.outcome(format!("boards = {boards}"))
    }

    fn outcome(&self, text: String) -> SkipRule {
        SkipRule {
            text,
            file: self.file.clone(),
            line: Some(self.line),
        }
    }
}

/// Compares a pattern with a sketch's name and with each shorter ending of it: `Mqtt*` and `examples/*` match `examples/MqttTest`.
pub fn matches_name(glob: &GlobMatcher, name: &str) -> bool {
    let ends = name.match_indices('/').map(|(at, _)| &name[at + 1..]);
    std::iter::once(name)
        .chain(ends)
        .any(|end| glob.is_match(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names_and_their_endings() {
        let check = |glob: &str, name: &str| {
            matches_name(&Glob::new(glob).unwrap().compile_matcher(), name)
        };
        assert!(check("Mqtt*", "examples/MqttTest") && check("examples/*", "examples/MqttTest"));
        assert!(check("examples/**", "lib/examples/a/B") && check("B", "a/B"));
        assert!(!check("qtt*", "examples/MqttTest") && !check("examples", "examples/A"));
    }

    #[test]
    fn rules_say_where_they_stand_and_what_is_wrong() {
        let text = "board = \"uno\"\n[[rule]]\nsketches = [\"A*\"]\nskip = \"broken\"\n";
        let rules = parse(text, "/w/fbuild.toml".into()).unwrap();
        let skip = rules[0].skips().unwrap();
        assert_eq!((skip.text.as_str(), skip.line), ("broken", Some(3)));
        for (text, expect) in [
            ("[[rule]]\nsketches = [\"[\"]\n", "fbuild.toml:2"),
            ("[[rule]]\nsketches = [\"A\"]\nskp = \"x\"\n", "skp"),
            ("[[rule]]\nboards = [\"x\"]\n", "sketches"),
        ] {
            let error = parse(text, "/w/fbuild.toml".into())
                .unwrap_err()
                .to_string();
            assert!(error.contains(expect), "{text}: {error}");
        }
    }
}
