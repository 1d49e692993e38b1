//! The preprocessor on a made-up library: many small headers with guards, conditionals, macros and templates, as libraries for many chips
//! have them. Throughput is per byte of all files read.

use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use divan::Bencher;
use divan::counter::BytesCount;
use fbuild_cpp as cpp;
use fbuild_cpp::Scan;
use fbuild_cpp::SourceTree;
use fbuild_cpp::{Dialect, Language};

/// Number of headers; each includes two others and, as libraries do, one that is already there.
const HEADERS: usize = 200;

const PREDEFINED: &str = "#define __cplusplus 201103L\n#define __GNUC__ 5\n#define __GNUC_MINOR__ 4\n#define __SIZEOF_INT__ 2\n\
    #define __AVR__ 1\n#define __AVR_ATmega328P__ 1\n#define F_CPU 16000000L\n#define ARDUINO 10607\n";

/// The library as files of a tree that touches no disk.
struct Library {
    files: Vec<(Utf8PathBuf, String)>,
    dialect: Dialect,
}

impl Library {
    fn new() -> Self {
        let mut files: Vec<(Utf8PathBuf, String)> = (0..HEADERS)
            .map(|number| (format!("/lib/src/part/h{number}.h").into(), header(number)))
            .collect();
        let sketch = "#include <part/h0.h>\nPART_0 leds(7);\nvoid setup() { leds.show(SCALE_0(3)); }\nvoid loop() {}\n";
        files.push(("/sketch/sketch.ino.cpp".into(), sketch.to_owned()));
        Self {
            files,
            dialect: Dialect::new(PREDEFINED, Vec::new(), Language::Cxx).unwrap(),
        }
    }

    fn bytes(&self) -> BytesCount {
        BytesCount::new(self.files.iter().map(|(_, text)| text.len()).sum::<usize>())
    }

    fn tree(&self) -> SourceTree {
        let tree = SourceTree::new();
        for (path, text) in &self.files {
            tree.insert(path, text.clone().into_bytes());
        }
        tree
    }

    fn scan(&self, tree: &SourceTree) -> usize {
        let dirs = [Utf8PathBuf::from("/lib/src")];
        let source = Utf8Path::new("/sketch/sketch.ino.cpp");
        match cpp::scan(tree, &self.dialect, source, &dirs).unwrap() {
            Scan::Complete(closure) => closure.files.len(),
            other => panic!("{other:?}"),
        }
    }

    fn expand(&self, tree: &SourceTree) -> usize {
        let dirs = [Utf8PathBuf::from("/lib/src")];
        let source = Utf8Path::new("/sketch/sketch.ino.cpp");
        let keep = [source.to_owned()];
        cpp::expand(tree, &self.dialect, source, &dirs, &keep)
            .unwrap()
            .len()
    }
}

/// Writes a header of about 7 kB.
fn header(number: usize) -> String {
    let mut text = format!(
        "#ifndef PART_H_{number}\n#define PART_H_{number}\n\n// Part {number}: a comment, as long as comments are in headers that people read.\n"
    );
    let below = [2 * number + 1, 2 * number + 2];
    for other in below
        .into_iter()
        .filter(|other| *other < HEADERS)
        .chain([number / 2])
    {
        let _ = writeln!(text, "#include \"part/h{other}.h\"");
    }
    let _ = writeln!(
        text,
        "\n#define PART_{number} Part{number}<F_CPU / 1000000L>\n#define SCALE_{number}(x) (((x) * {number}) >> 2)"
    );
    for chip in 0..16 {
        let word = if chip == 0 { "if" } else { "elif" };
        let _ = writeln!(
            text,
            "#{word} defined(__CHIP_{chip}__) && (!defined(F_CPU) || F_CPU > {chip}000000L)\n#define PIN_{number} {chip}\n#include \"chips/{chip}.h\""
        );
    }
    let _ = writeln!(
        text,
        "#else\n#define PIN_{number} 13\n#endif\n\n/* A longer comment\n * over lines. */\ntemplate <long MHZ> class Part{number} {{\npublic:"
    );
    for method in 0..40 {
        let _ = writeln!(
            text,
            "  /// Says \"{method}\".\n  inline unsigned method{method}(unsigned value = 0x{method:x}u) const {{ return value * MHZ + '{}'; }}",
            method % 10
        );
    }
    text + "  explicit Part(int) {}\n};\n#endif\n"
}

/// The first sketch of a run: every file is split into lines and directives.
#[divan::bench]
fn first(bencher: Bencher<'_, '_>) {
    let library = Library::new();
    assert_eq!(library.scan(&library.tree()), HEADERS + 1);
    bencher
        .counter(library.bytes())
        .with_inputs(|| library.tree())
        .bench_refs(|tree| library.scan(tree));
}

/// Every further sketch: the files are there, the directives are evaluated again.
#[divan::bench]
fn again(bencher: Bencher<'_, '_>) {
    let library = Library::new();
    let tree = library.tree();
    library.scan(&tree);
    bencher
        .counter(library.bytes())
        .bench(|| library.scan(&tree));
}

/// The text that prototypes are made from.
#[divan::bench]
fn expand(bencher: Bencher<'_, '_>) {
    let library = Library::new();
    let tree = library.tree();
    assert!(library.expand(&tree) > 0);
    bencher
        .counter(library.bytes())
        .bench(|| library.expand(&tree));
}
