//! Known defects of toolchains and platforms that fbuild mends, each with the condition under which it applies.
//!
//! A quirk may change how a board is built, so it is listed by `fbuild doctor` and can be switched off. Conditions look at what is installed,
//! never at a distribution's name.

use std::fmt;

use super::BoardSpec;
use crate::read;

/// A compiler's version number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompilerVersion {
    /// 5 in 5.4.0.
    pub major: u32,
    /// 4 in 5.4.0; 0 if not told.
    pub minor: u32,
    /// 0 in 5.4.0; 0 if not told.
    pub patch: u32,
}

impl CompilerVersion {
    /// Reads the first version in a text: what `-dumpversion` or `--version` prints. `None` if there is none.
    pub fn find(text: &str) -> Option<Self> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
        let read = |word: &str| {
            let numbers: Option<Vec<u32>> =
                word.split('.').map(|number| number.parse().ok()).collect();
            numbers
        };
        let all: Vec<Vec<u32>> = words.filter_map(read).collect();
        // A banner may hold other numbers (a year, a build's number): one with dots is preferred.
        let numbers = all
            .iter()
            .find(|numbers| numbers.len() >= 2)
            .or_else(|| all.first())?;
        let part = |at: usize| numbers.get(at).copied().unwrap_or(0);
        Some(Self {
            major: part(0),
            minor: part(1),
            patch: part(2),
        })
    }
}

impl fmt::Display for CompilerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// One defect and its cure.
pub struct Quirk {
    /// A short name for options and reports.
    pub id: &'static str,
    /// What is wrong, in one line.
    pub title: &'static str,
    /// When it applies, for people.
    pub condition: &'static str,
    /// The flags that cure it, appended to `build.extra_flags`.
    pub extra_flags: &'static str,
    applies: fn(&BoardSpec, CompilerVersion) -> bool,
}

impl fmt::Debug for Quirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quirk")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Every known quirk.
pub const QUIRKS: &[Quirk] = &[Quirk {
    id: "avr-decimal-dig",
    title: "the core uses DECIMAL_DIG, which avr-gcc before 6 defines for C only",
    condition: "the compiler is an avr-gcc older than 6, and a source of the core mentions DECIMAL_DIG (arduino-core-avr 1.8.7 and 1.8.8)",
    extra_flags: "-DDECIMAL_DIG=__DECIMAL_DIG__",
    applies: |spec, compiler| {
        compiler.major < 6 && is_avr(spec) && core_mentions(spec, "DECIMAL_DIG")
    },
}];

/// Returns the quirks that apply to a board compiled by a compiler of this version.
pub fn applicable(spec: &BoardSpec, compiler: CompilerVersion) -> Vec<&'static Quirk> {
    QUIRKS
        .iter()
        .filter(|quirk| (quirk.applies)(spec, compiler))
        .collect()
}

impl BoardSpec {
    /// Returns the board with a quirk's cure in its flags; unchanged if it is in them already.
    pub fn with_quirk(&self, quirk: &Quirk) -> Self {
        let cured = self
            .raw("build.extra_flags")
            .is_some_and(|flags| flags.contains(quirk.extra_flags));
        if cured {
            self.clone()
        } else {
            self.with_extra_flags(quirk.extra_flags)
        }
    }
}

fn is_avr(spec: &BoardSpec) -> bool {
    let compiler = spec.compiler().ok();
    compiler.is_some_and(|path| {
        path.file_name()
            .is_some_and(|name| name.starts_with("avr-g"))
    })
}

/// Whether a C++ source or header directly in the core's folder has this word in it.
fn core_mentions(spec: &BoardSpec, word: &str) -> bool {
    read::files(spec.core_dir()).iter().any(|file| {
        matches!(file.extension(), Some("cpp" | "h"))
            && read::read_file(file).is_ok_and(|text| String::from_utf8_lossy(&text).contains(word))
    })
}
