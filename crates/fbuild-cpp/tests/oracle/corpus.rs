//! The sources to compare on.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp::Language;
use walkdir::WalkDir;

use crate::compiler::{EXAMPLES, PLATFORM};

/// A source, in the language it is compiled in.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub(crate) source: Utf8PathBuf,
    /// For a sketch: what stands in the generated file in front of its text.
    pub(crate) sketch: bool,
    pub(crate) language: Language,
    pub(crate) dirs: Vec<Utf8PathBuf>,
}

fn files(root: &str) -> Vec<Utf8PathBuf> {
    let walk = WalkDir::new(root)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok);
    walk.filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| Utf8PathBuf::from_path_buf(entry.into_path()).ok())
        .collect()
}

fn language(path: &Utf8Path) -> Option<Language> {
    match path.extension()? {
        "c" => Some(Language::C),
        "cpp" | "cc" | "cxx" => Some(Language::Cxx),
        "S" => Some(Language::Asm),
        _ => None,
    }
}

fn base_dirs() -> Vec<Utf8PathBuf> {
    vec![
        format!("{PLATFORM}/cores/arduino").into(),
        format!("{PLATFORM}/variants/standard").into(),
    ]
}

fn library_dirs() -> Vec<Utf8PathBuf> {
    ["EEPROM", "HID", "SPI", "SoftwareSerial", "Wire"]
        .map(|name| format!("{PLATFORM}/libraries/{name}/src").into())
        .to_vec()
}

/// Debian's example sketches, with all libraries of the platform.
pub(crate) fn sketches() -> Vec<Unit> {
    let all = [EXAMPLES.to_owned(), format!("{PLATFORM}/libraries")]
        .into_iter()
        .flat_map(|root| files(&root));
    let dirs = [base_dirs(), library_dirs()].concat();
    all.filter(|path| matches!(path.extension(), Some("ino" | "pde")))
        .map(|source| Unit {
            source,
            sketch: true,
            language: Language::Cxx,
            dirs: dirs.clone(),
        })
        .collect()
}

/// The sources of Debian's core and libraries.
pub(crate) fn platform_sources() -> Vec<Unit> {
    let all = [format!("{PLATFORM}/cores"), format!("{PLATFORM}/libraries")]
        .into_iter()
        .flat_map(|root| files(&root));
    let dirs = [
        base_dirs(),
        library_dirs(),
        vec![format!("{PLATFORM}/libraries/Wire/src/utility").into()],
    ]
    .concat();
    all.filter(|path| !path.as_str().contains("/examples/"))
        .filter_map(|source| {
            Some(Unit {
                language: language(&source)?,
                source,
                sketch: false,
                dirs: dirs.clone(),
            })
        })
        .collect()
}

/// The examples and sources of a FastLED checkout.
pub(crate) fn fastled(root: &str) -> Vec<Unit> {
    let dirs = [
        base_dirs(),
        vec![format!("{root}/src").into()],
        library_dirs(),
    ]
    .concat();
    let examples = files(&format!("{root}/examples"))
        .into_iter()
        .filter(|path| path.extension() == Some("ino"));
    let sketches = examples.map(|source| Unit {
        source,
        sketch: true,
        language: Language::Cxx,
        dirs: dirs.clone(),
    });
    let sources = files(&format!("{root}/src"))
        .into_iter()
        .filter_map(|source| {
            Some(Unit {
                language: language(&source)?,
                source,
                sketch: false,
                dirs: dirs.clone(),
            })
        });
    sketches.chain(sources).collect()
}

impl Unit {
    /// Returns what is compiled: the source, or for a sketch the generated file, written below `scratch`.
    pub(crate) fn generate(&self, scratch: &Utf8Path) -> Utf8PathBuf {
        if !self.sketch {
            return self.source.clone();
        }
        let name = self.source.as_str().replace('/', "_");
        let path = scratch.join(format!("{name}.cpp"));
        fs_err::write(&path, self.generated_text()).unwrap();
        path
    }

    /// Returns the text of a sketch's generated file.
    pub(crate) fn generated_text(&self) -> Vec<u8> {
        let mut text = format!("#include <Arduino.h>\n#line 1 \"{}\"\n", self.source).into_bytes();
        text.extend(fs_err::read(&self.source).unwrap());
        text
    }

    /// Returns the include directories, the sketch's own folder first.
    pub(crate) fn include_dirs(&self) -> Vec<Utf8PathBuf> {
        let own = self
            .sketch
            .then(|| self.source.parent().unwrap().to_owned());
        own.into_iter().chain(self.dirs.iter().cloned()).collect()
    }
}
