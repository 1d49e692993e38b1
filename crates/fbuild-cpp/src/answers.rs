//! What a compiler has, as it answers `__has_attribute(noreturn)` and the like.
//!
//! Only the compiler knows. A unit that needs an answer that is not here stops with the question ([`crate::Unsupported::questions`]); who runs
//! the preprocessor asks the compiler, adds the answers, and preprocesses again. The module does not know how the compiler is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use crate::symbol::Symbol;

/// Answers by question. Clones share them, because they are those of one compiler.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers(Arc<RwLock<BTreeMap<String, Symbol>>>);

impl Answers {
    /// Returns the number with which the compiler answers `question`, if it was asked.
    pub(crate) fn get(&self, question: &str) -> Option<Symbol> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(question).copied()
    }

    pub(crate) fn add<'t>(&self, answers: impl Iterator<Item = (&'t str, &'t str)>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (question, number) in answers {
            known.insert(question.to_owned(), Symbol::of(number.as_bytes()));
        }
    }
}

/// Returns the names in parentheses in the directives of a file: what an operator in it is likely to be asked about. Asking for all of them at
/// the same time saves processes.
pub(crate) fn likely(file: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(file);
    let directives = text
        .lines()
        .filter(|line| line.trim_ascii_start().starts_with('#'));
    let names = directives.flat_map(|line| {
        let arguments = line.split('(').skip(1);
        arguments.filter_map(|argument| Some(argument.split_once(')')?.0.trim_ascii()))
    });
    names
        .filter(|name| is_qualified_name(name) && *name != "__VA_ARGS__")
        .map(str::to_owned)
        .collect()
}

/// Tells whether `name` is `attribute` or `namespace::attribute`.
pub(crate) fn is_qualified_name(name: &str) -> bool {
    let is_identifier = |part: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !part.starts_with(|first: char| first.is_ascii_digit())
            && !part.is_empty()
            && part.bytes().all(is_part)
    };
    match name.split_once("::") {
        Some((namespace, name)) => is_identifier(namespace) && is_identifier(name),
        None => is_identifier(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_parentheses_of_directives_are_likely_to_be_asked_for() {
        let file = b"#if __has_builtin(__is_same)\n # if HAS( gnu::x ) || F(1) || defined(A)\nf(y);\n#endif\n";
        let names: Vec<_> = likely(file).into_iter().collect();
        assert_eq!(names, ["A", "__is_same", "gnu::x"]);
    }

    #[test]
    fn clones_share_their_answers() {
        let answers = Answers::default();
        let clone = answers.clone();
        assert_eq!(clone.get("__has_builtin(f)"), None);
        answers.add([("__has_builtin(f)", "1")].into_iter());
        assert_eq!(clone.get("__has_builtin(f)"), Some(Symbol::ONE));
    }
}
