//! What a compiler knows before it reads the first line.
//!
//! A [`Dialect`] is asked from the compiler once per set of flags: its predefined macros (`-dM -E`) and its system directories (`-v`).

use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::answers::Answers;
use crate::define::{Macro, Shape};
use crate::lex::Lexer;
use crate::mode::Mode;
use crate::number;
use crate::symbol::{Symbol, Symbols};
use crate::token::Kind;

/// The language of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// C.
    C,
    /// C++.
    Cxx,
    /// Assembler with C preprocessing (`-x assembler-with-cpp`).
    Asm,
}

/// A list of predefined macros that is not what `-dM -E` prints.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read predefined macros: line {line}: {reason}: `{text}`")]
pub struct BadPredefined {
    /// The line, from 1.
    pub line: usize,
    /// Its text.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// A compiler with its flags, as far as preprocessing goes.
#[derive(Debug, Clone)]
pub struct Dialect {
    pub(crate) mode: Mode,
    pub(crate) macros: Vec<Arc<Macro>>,
    pub(crate) system_dirs: Vec<Utf8PathBuf>,
    pub(crate) gcc: (u64, u64),
    /// ISO mode: trigraphs are replaced.
    pub(crate) strict: bool,
    pub(crate) char_bits: u32,
    pub(crate) int_bits: u32,
    pub(crate) char_unsigned: bool,
    pub(crate) wchar_unsigned: bool,
    /// What the compiler has, as far as it was asked.
    pub(crate) answers: Answers,
}

impl Dialect {
    /// Makes a dialect from what the compiler prints: `predefined` by `<argv> -dM -E` on an empty file, `system_dirs` by [`system_dirs_from_v`].
    ///
    /// # Errors
    /// A line of `predefined` that is no definition.
    pub fn new(
        predefined: &str,
        system_dirs: Vec<Utf8PathBuf>,
        language: Language,
    ) -> Result<Self, BadPredefined> {
        let mut macros = Vec::new();
        for (index, text) in predefined.lines().enumerate() {
            let bad = |reason| BadPredefined {
                line: index + 1,
                text: text.to_owned(),
                reason,
            };
            if text.is_empty() {
                continue;
            }
            let rest = text
                .strip_prefix("#define ")
                .ok_or_else(|| bad("not a definition"))?;
            macros.push(parse(rest, language).map_err(bad)?);
        }
        let value = |name: &str| {
            let name = Symbol::of(name.as_bytes());
            let definition: &Macro = macros.iter().find(|definition| definition.name == name)?;
            let token = definition
                .body
                .first()
                .filter(|token| token.kind == Kind::Number)?;
            number::integer(token.spelling())
                .ok()
                .map(|number| number.value)
        };
        let defined = |name: &str| value(name).is_some();
        let mode = match (
            language,
            value("__cplusplus").unwrap_or(0),
            value("__STDC_VERSION__").unwrap_or(0),
        ) {
            (Language::Asm, ..) => Mode::Asm,
            (Language::C, _, ..199_901) => Mode::OldC,
            (Language::C, ..) => Mode::C,
            (Language::Cxx, ..201_103, _) => Mode::OldCxx,
            (Language::Cxx, ..201_402, _) => Mode::Cxx,
            (Language::Cxx, ..) => Mode::NewCxx,
        };
        let gcc = (
            value("__GNUC__").unwrap_or(0),
            value("__GNUC_MINOR__").unwrap_or(0),
        );
        let bytes = |name: &str, otherwise: u64| {
            u32::try_from(value(name).unwrap_or(otherwise))
                .unwrap_or(8)
                .clamp(1, 8)
        };
        let char_bits = u32::try_from(value("__CHAR_BIT__").unwrap_or(8)).unwrap_or(8);
        let (char_unsigned, wchar_unsigned) =
            (defined("__CHAR_UNSIGNED__"), defined("__WCHAR_UNSIGNED__"));
        let (int_bits, strict) = (8 * bytes("__SIZEOF_INT__", 4), defined("__STRICT_ANSI__"));
        macros.extend(
            builtins(language, gcc)
                .into_iter()
                .map(|name| Arc::new(Macro::builtin(name))),
        );
        Ok(Self {
            mode,
            macros,
            system_dirs,
            gcc,
            strict,
            char_bits,
            int_bits,
            char_unsigned,
            wchar_unsigned,
            answers: Answers::default(),
        })
    }

    /// Adds answers of the compiler: for each question (`__has_attribute(noreturn)`) the number that the compiler replaces it with.
    pub fn learn<'t>(&self, answers: impl IntoIterator<Item = (&'t str, &'t str)>) {
        self.answers.add(answers.into_iter());
    }

    /// Returns whether the answer to `question` is known.
    pub fn knows(&self, question: &str) -> bool {
        self.answers.get(question).is_some()
    }

    /// Returns whether the compiler predefines the macro `name`.
    pub fn predefines(&self, name: &str) -> bool {
        let name = Symbol::of(name.as_bytes());
        self.macros.iter().any(|definition| definition.name == name)
    }

    /// Tells whether `__has_include` is a macro that is computed, and not an operator of the compiler under another name.
    pub(crate) fn has_include_is_builtin(&self) -> bool {
        self.gcc.0 >= 10
    }

    /// Tells whether a failed `__has_include` hides that a later `#include` of the same header fails (gcc bug 80753).
    pub(crate) fn has_include_hides_failure(&self) -> bool {
        match self.gcc {
            (..=4, _) => false,
            (8, minor) => minor < 4,
            (9, minor) => minor < 3,
            (major, _) => major < 10,
        }
    }
}

/// Returns the macros that gcc computes and does not list.
fn builtins(language: Language, gcc: (u64, u64)) -> Vec<Symbol> {
    let mut names = vec![
        Symbol::FILE,
        Symbol::BASE_FILE,
        Symbol::LINE,
        Symbol::DATE,
        Symbol::TIME,
        Symbol::TIMESTAMP,
        Symbol::COUNTER,
        Symbol::INCLUDE_LEVEL,
        Symbol::PRAGMA_OPERATOR,
    ];
    if language != Language::Asm {
        names.extend([Symbol::HAS_ATTRIBUTE, Symbol::HAS_CPP_ATTRIBUTE]);
    }
    if gcc.0 >= 10 {
        names.extend([Symbol::HAS_INCLUDE, Symbol::HAS_INCLUDE_NEXT]);
    }
    if gcc.0 >= 10 && language != Language::Asm {
        names.push(Symbol::HAS_BUILTIN);
    }
    if gcc.0 >= 11 && language != Language::Asm {
        names.push(Symbol::HAS_C_ATTRIBUTE);
    }
    if gcc.0 >= 14 {
        names.extend([Symbol::HAS_FEATURE, Symbol::HAS_EXTENSION]);
    }
    if gcc.0 >= 15 {
        names.push(Symbol::HAS_EMBED);
    }
    names
}

fn parse(text: &str, language: Language) -> Result<Arc<Macro>, &'static str> {
    // The bodies hold no raw strings or digit separators, so the standard's version does not matter yet.
    let mode = match language {
        Language::C => Mode::C,
        Language::Cxx => Mode::Cxx,
        Language::Asm => Mode::Asm,
    };
    let tokens = Lexer::new(text.as_bytes(), 0, mode).rest(&mut Symbols::open(), false);
    let definition = Macro::parse(&tokens, language == Language::Asm)?;
    debug_assert!(definition.shape != Shape::Builtin);
    Ok(Arc::new(definition))
}

/// Reads the directories for `#include <...>` from what the compiler prints with `-v`.
pub fn system_dirs_from_v(stderr: &str) -> Vec<Utf8PathBuf> {
    stderr
        .lines()
        .skip_while(|line| !line.starts_with("#include <...>"))
        .skip(1)
        .take_while(|line| line.starts_with(' '))
        .map(|line| Utf8PathBuf::from(line.trim()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_is_read_from_the_macros() {
        for (text, language, mode) in [
            ("#define __cplusplus 201103L\n", Language::Cxx, Mode::Cxx),
            ("#define __cplusplus 201402L\n", Language::Cxx, Mode::NewCxx),
            ("#define __cplusplus 199711L\n", Language::Cxx, Mode::OldCxx),
            ("#define __STDC_VERSION__ 201112L\n", Language::C, Mode::C),
            ("", Language::C, Mode::OldC),
            ("", Language::Asm, Mode::Asm),
        ] {
            assert_eq!(
                Dialect::new(text, Vec::new(), language).unwrap().mode,
                mode,
                "{text}"
            );
        }
    }

    #[test]
    fn numbers_are_read_from_the_macros() {
        let text = "#define __SIZEOF_INT__ 2\n#define __CHAR_UNSIGNED__ 1\n#define __GNUC__ 5\n#define __GNUC_MINOR__ 4\n#define F(x) x\n";
        let dialect = Dialect::new(text, Vec::new(), Language::C).unwrap();
        assert_eq!(
            (dialect.int_bits, dialect.char_unsigned, dialect.gcc),
            (16, true, (5, 4))
        );
        assert!(dialect.has_include_hides_failure());
    }

    #[test]
    fn what_is_no_definition_is_refused() {
        for (text, line) in [
            ("#define A 1\nhello\n", 2),
            ("#define 1\n", 1),
            ("#define A(\n", 1),
        ] {
            assert_eq!(
                Dialect::new(text, Vec::new(), Language::C)
                    .unwrap_err()
                    .line,
                line,
                "{text}"
            );
        }
    }

    #[test]
    fn system_directories_are_those_in_brackets() {
        let stderr = "ignoring nonexistent directory \"/x\"\n#include \"...\" search starts here:\n /quote\n\
                      #include <...> search starts here:\n /a/include\n /a/../b\nEnd of search list.\nCOMPILER_PATH=/c\n";
        assert_eq!(system_dirs_from_v(stderr), ["/a/include", "/a/../b"]);
        assert!(system_dirs_from_v("").is_empty());
    }
}
