//! Platforms whose compile commands contain a value of the sketch: its name, its folder or its build path.
//!
//! Such a value seldom reaches what is compiled. For each unit the sketch's own command is compared with one that has neutral values; where
//! no difference can matter, the neutral one is run, and all sketches share its result. The module knows commands and files read, no plan.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp::Closure;
use fbuild_model::{Command, Digest};
use fbuild_platform::{SketchPaths, SketchRecipes};
use walkdir::WalkDir;

use crate::toolchain::option_files;

/// Extensions of files that fbuild itself puts below a build path and that no source includes.
const PRODUCTS: [&str; 3] = ["a", "o", "log"];

/// Words of files that are parts of a macro's name, by the file's content and that name.
type KnownWords = HashMap<(Digest, String), Arc<BTreeSet<String>>>;

/// A board's dependence on the sketch.
#[derive(Debug)]
pub struct Tie {
    /// The first property of the sketch that a compile recipe refers to.
    pub value: &'static str,
    /// The recipes with neutral values.
    pub neutral: SketchRecipes,
    /// Whether the commands contain the sketch's name only, and no path.
    pub name_only: bool,
    /// What was read so far.
    words: Mutex<KnownWords>,
}

impl Tie {
    /// Returns how the commands of `neutral` depend on the sketch; `None` if they do not.
    pub fn of(neutral: &SketchRecipes) -> Option<Self> {
        let value = neutral.sketch_value_in_compile()?;
        let elsewhere = SketchRecipes::for_sketch(
            neutral.board(),
            &SketchPaths {
                name: "shared.ino".to_owned(),
                source: "/fbuild.elsewhere/source".into(),
                build: "/fbuild.elsewhere/build".into(),
            },
        );
        let equal = |extension: &str| {
            let source = Utf8PathBuf::from(format!("/fbuild.probe/x.{extension}"));
            let compile =
                |recipes: &SketchRecipes| recipes.compile(&[], &source, "/fbuild.probe/x.o".into());
            compile(neutral) == compile(&elsewhere)
        };
        Some(Self {
            value,
            neutral: neutral.clone(),
            name_only: ["c", "cpp", "cc", "cxx", "S"].into_iter().all(equal),
            words: Mutex::default(),
        })
    }

    /// Returns whether the `own` command of a unit that reads `closure` and the `neutral` one make the same object.
    ///
    /// They do if they differ only in macros whose names cannot occur in what is read, and in include directories that contain nothing.
    pub fn is_irrelevant(&self, own: &Command, neutral: &Command, closure: &Closure) -> bool {
        if own.program != neutral.program || own.args.len() != neutral.args.len() {
            return false;
        }
        let (same, different): (Vec<_>, Vec<_>) = own
            .args
            .iter()
            .zip(&neutral.args)
            .partition(|(own, neutral)| own == neutral);
        different.into_iter().all(|(own, neutral)| {
            if let (Some(own), Some(neutral)) = (own.strip_prefix("-I"), neutral.strip_prefix("-I"))
            {
                return has_nothing_to_include(own) && has_nothing_to_include(neutral);
            }
            match (macro_name(own), macro_name(neutral)) {
                (Some(name), Some(other)) if name == other => {
                    let mut words = BTreeSet::from(["_".to_owned()]);
                    for (arg, _) in &same {
                        words.extend(parts_of(name, arg.as_bytes()));
                    }
                    for file in &closure.files {
                        let key = (file.digest(), name.to_owned());
                        let known = self.known().get(&key).cloned();
                        let found = known.unwrap_or_else(|| {
                            let found = Arc::new(parts_of(name, &file.bytes()));
                            self.known().insert(key, Arc::clone(&found));
                            found
                        });
                        words.extend(found.iter().cloned());
                    }
                    !is_made_of(name, &words)
                }
                _ => false,
            }
        })
    }

    fn known(&self) -> std::sync::MutexGuard<'_, KnownWords> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Option files (`@FILE`) in the build path of a sketch, as hooks make them, with their words.
#[derive(Debug, Default)]
pub struct OptionFiles(Vec<([String; 2], Vec<String>)>);

impl OptionFiles {
    /// Finds the files that the `own` command of a unit names where the `neutral` one names others.
    pub fn of(own: &Command, neutral: &Command) -> Self {
        let different = own.args.iter().zip(&neutral.args);
        let different = different.filter(|(own, neutral)| own != neutral);
        let files = different.filter_map(|(own, neutral)| {
            neutral.strip_prefix('@')?;
            let words = option_files::words_of(own)?;
            Some(([own.clone(), neutral.clone()], words))
        });
        Self(files.collect())
    }

    /// Replaces the files in the arguments of a command by their words.
    pub fn inline(&self, command: &mut Command) {
        for (names, words) in &self.0 {
            while let Some(at) = command.args.iter().position(|arg| names.contains(arg)) {
                command.args.splice(at..=at, words.iter().cloned());
            }
        }
    }
}

/// Returns the name of the macro that an argument defines.
fn macro_name(argument: &str) -> Option<&str> {
    let definition = argument.strip_prefix("-D")?;
    let name = definition
        .split_once('=')
        .map_or(definition, |(name, _)| name);
    let is_identifier = !name.is_empty() && name.bytes().all(is_word);
    is_identifier.then_some(name)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns the words of a text that are parts of `name`.
fn parts_of(name: &str, text: &[u8]) -> BTreeSet<String> {
    let words = text
        .split(|&byte| !is_word(byte))
        .filter(|word| !word.is_empty() && word.len() <= name.len());
    words
        .filter_map(|word| std::str::from_utf8(word).ok())
        .filter(|word| name.contains(word))
        .map(str::to_owned)
        .collect()
}

/// Returns whether `name` is one of the words or can be pasted together from them (`##`, a line that is continued).
fn is_made_of(name: &str, words: &BTreeSet<String>) -> bool {
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for at in 0..name.len() {
        if reached[at] {
            for word in words.iter().filter(|word| name[at..].starts_with(*word)) {
                reached[at + word.len()] = true;
            }
        }
    }
    reached[name.len()]
}

/// Returns whether a directory is missing or contains nothing that a source could include.
fn has_nothing_to_include(dir: &str) -> bool {
    if !Utf8Path::new(dir).exists() {
        return true;
    }
    WalkDir::new(dir).into_iter().all(|entry| {
        entry.is_ok_and(|entry| {
            let extension = entry.path().extension().and_then(|name| name.to_str());
            entry.file_type().is_dir()
                || extension.is_some_and(|extension| PRODUCTS.contains(&extension))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_whole_and_pasted() {
        let name = "SKETCH_NAME";
        let check = |text: &str| is_made_of(name, &parts_of(name, text.as_bytes()));
        assert!(check("puts(SKETCH_NAME);"));
        assert!(check("#define X(a) SKETCH ## a\nX(_NAME)"));
        assert!(check("SKETCH_\\\nNAME"));
        assert!(!check("SKETCH_NAMES, MY_SKETCH_NAME, SKETCH"));
        assert!(!check(""));
    }

    #[test]
    fn only_definitions_have_a_name() {
        assert_eq!(macro_name("-DSKETCH=\"a.ino\""), Some("SKETCH"));
        assert_eq!(macro_name("-DSKETCH"), Some("SKETCH"));
        for other in ["-D", "-D=a", "-DF(x)=x", "-USKETCH", "a.c"] {
            assert_eq!(macro_name(other), None, "{other}");
        }
    }

    #[test]
    fn products_of_a_build_are_nothing_to_include() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        let core = dir.join("core");
        assert!(has_nothing_to_include(core.as_str()));
        fs_err::create_dir(&core).unwrap();
        fs_err::write(core.join("core.a"), "").unwrap();
        assert!(has_nothing_to_include(dir.as_str()));
        fs_err::write(core.join("config.h"), "").unwrap();
        assert!(!has_nothing_to_include(dir.as_str()));
    }
}
