//! What is tried with any bytes: one function for each reader of text that others write.
//!
//! A function panics if its reader does, or if what the reader returns contradicts itself. `cargo fuzz run TARGET` calls it from libFuzzer; the
//! test `fuzz` of `fbuild-cli` calls it for every file of `corpus/TARGET` and for mutations of them.

#![allow(clippy::unwrap_used, reason = "a target stops at the first surprise")]

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Cache, Lookup, Note};
use fbuild_cpp::{Dialect, Language, Scan, SourceTree, expand, scan};
use fbuild_model::{Parts, Properties, diagnostic};
use fbuild_platform::{Fqbn, split_arguments};
use fbuild_scan::depfile::Depfile;
use fbuild_scan::filter::{self, BoardFacts, Subject};
use fbuild_scan::prototypes::insert_prototypes;
use fbuild_scan::sketch::project::Project;

/// A function that is tried with any bytes.
pub type Target = fn(&[u8]);

/// All targets by name; `corpus/NAME` has inputs for each.
pub const TARGETS: [(&str, Target); 11] = [
    ("preprocess", preprocess),
    ("prototypes", prototypes),
    ("filters", filters),
    ("sketch_yaml", sketch_yaml),
    ("properties", properties),
    ("fqbn", fqbn),
    ("arguments", arguments),
    ("depfile", depfile),
    ("diagnostics", diagnostics),
    ("phases_tsv", phases_tsv),
    ("cache_entry", cache_entry),
];

const PREDEFINED: &str = "#define __cplusplus 201103L\n#define __GNUC__ 5\n#define __GNUC_MINOR__ 4\n\
                          #define __has_include(STR) __has_include__(STR)\n#define __SIZEOF_INT__ 2\n";

/// A source that may include itself, in each language: `scan` and `expand` end, and a file is listed once.
pub fn preprocess(bytes: &[u8]) {
    for language in [Language::C, Language::Cxx, Language::Asm] {
        let dialect = Dialect::new(PREDEFINED, vec!["/nowhere/system".into()], language).unwrap();
        let tree = SourceTree::new();
        let source = Utf8Path::new("/nowhere/x.cpp");
        tree.insert(source, bytes.to_vec());
        tree.insert(Utf8Path::new("/nowhere/lib/h.h"), bytes.to_vec());
        let dirs = [Utf8PathBuf::from("/nowhere/lib")];
        if let Ok(Scan::Complete(closure)) = scan(&tree, &dialect, source, &dirs) {
            let mut paths: Vec<_> = closure.files.iter().map(|file| file.path()).collect();
            paths.sort();
            assert!(paths.windows(2).all(|pair| pair[0] != pair[1]), "{paths:?}");
        }
        let _ = expand(&tree, &dialect, source, &dirs, &[source.to_owned()]);
    }
}

/// Two sketch files, divided at the first form feed, as merged text and as preprocessed text: nothing of the sketch is lost.
pub fn prototypes(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (main, other) = text.split_once('\u{c}').unwrap_or((&text, ""));
    let merged = format!(
        "#include <Arduino.h>\n#line 1 \"/s/s.ino\"\n{main}\n#line 1 \"/s/o.ino\"\n{other}\n"
    );
    let preprocessed = format!("# 1 \"/s/s.ino\"\n{main}\n# 1 \"/s/o.ino\"\n{other}\n");
    let files = [Utf8PathBuf::from("/s/s.ino"), "/s/o.ino".into()];
    let with = insert_prototypes(&merged, &preprocessed, &files);
    let plain = merged.replace("\r\n", "\n").replace('\r', "\n");
    let mut rows = with.split('\n');
    assert!(
        plain.split('\n').all(|row| rows.any(|other| other == row)),
        "a line is lost"
    );
}

/// A sketch's main file with `@filter` comments.
pub fn filters(bytes: &[u8]) {
    let board = BoardFacts {
        fqbn: "arduino:avr:uno".to_owned(),
        board: "uno".to_owned(),
        mcu: "atmega328p".to_owned(),
        architecture: "avr".to_owned(),
        ram: Some(2048),
        flash: Some(32_256),
    };
    let subject = Subject {
        dir: Utf8Path::new("/nowhere/s"),
        main: Utf8Path::new("/nowhere/s/s.ino"),
        text: bytes,
    };
    filter::decide(subject, &board, None);
}

/// A `sketch.yaml`.
pub fn sketch_yaml(bytes: &[u8]) {
    let _ = Project::parse(&String::from_utf8_lossy(bytes));
}

/// A property file, and each of its values expanded.
pub fn properties(bytes: &[u8]) {
    if let Ok(properties) = Properties::from_bytes(bytes) {
        for (key, value) in properties.iter().take(4) {
            assert_eq!(properties.get(key), Some(value));
            properties.expand(value);
        }
    }
}

/// A board name: what is written of it reads as the same name.
pub fn fqbn(bytes: &[u8]) {
    if let Ok(name) = String::from_utf8_lossy(bytes).parse::<Fqbn>() {
        assert_eq!(name.to_string().parse::<Fqbn>().as_ref(), Ok(&name));
    }
}

/// An expanded recipe: its arguments are not longer than the recipe.
pub fn arguments(bytes: &[u8]) {
    let line = String::from_utf8_lossy(bytes);
    let arguments = split_arguments(&line);
    assert!(arguments.iter().map(String::len).sum::<usize>() <= line.len());
}

/// A dependency file: each name is there once.
pub fn depfile(bytes: &[u8]) {
    if let Ok(mut file) = Depfile::parse(bytes) {
        let count = file.dependencies.len();
        file.dependencies.sort();
        file.dependencies.dedup();
        assert_eq!(file.dependencies.len(), count);
    }
}

/// What a compiler printed.
pub fn diagnostics(bytes: &[u8]) {
    let found = diagnostic::parse_gcc(&String::from_utf8_lossy(bytes));
    diagnostic::root_cause(&found);
    for one in &found {
        assert!(!one.message.contains('\n'));
    }
}

/// A phase file.
pub fn phases_tsv(bytes: &[u8]) {
    let _ = fbuild_report::tsv::parse(&String::from_utf8_lossy(bytes));
}

/// An entry of the cache that was overwritten: the first two bytes say where, the others with what. It is found only if it is as it was.
pub fn cache_entry(bytes: &[u8]) {
    thread_local! {
        static STORE: Store = Store::new();
    }
    STORE.with(|store| store.overwritten(bytes));
}

/// A cache with one entry.
struct Store {
    cache: Cache,
    path: Utf8PathBuf,
    intact: Vec<u8>,
    _dir: tempfile::TempDir,
}

impl Store {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(Utf8Path::from_path(dir.path()).unwrap()).unwrap();
        let slot = cache
            .lookup(Parts::default().fingerprint())
            .hit()
            .unwrap_err();
        let name = slot.fingerprint().to_string();
        let output = cache.root().join("object");
        fs_err::write(&output, "object").unwrap();
        cache
            .publish(slot, &[("o", &output)], Note::default())
            .unwrap();
        let mut folders = vec![cache.root().to_owned()];
        let mut path = None;
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir_utf8().unwrap() {
                let entry = entry.unwrap().into_path();
                if entry.is_dir() {
                    folders.push(entry);
                } else if name.ends_with(entry.file_name().unwrap()) {
                    path = Some(entry);
                }
            }
        }
        let path = path.unwrap();
        Self {
            intact: fs_err::read(&path).unwrap(),
            path,
            cache,
            _dir: dir,
        }
    }

    fn overwritten(&self, bytes: &[u8]) {
        let (place, with) = bytes.split_at(bytes.len().min(2));
        let place = place
            .iter()
            .fold(0, |place, &byte| place << 8 | usize::from(byte));
        let place = place % (self.intact.len() + 1);
        let mut content = self.intact[..place].to_vec();
        content.extend_from_slice(with);
        content.extend(self.intact.iter().skip(content.len()));
        let _ = fs_err::remove_file(&self.path);
        fs_err::write(&self.path, &content).unwrap();
        // The digits of the checksum in the first line may be in either case.
        let same =
            content.eq_ignore_ascii_case(&self.intact) && content.ends_with(&self.intact[64..]);
        let found = self.cache.lookup(Parts::default().fingerprint());
        assert_eq!(matches!(found, Lookup::Hit(_)), same, "{found:?}");
    }
}
