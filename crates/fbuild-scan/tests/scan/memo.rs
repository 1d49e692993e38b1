//! An earlier scan is used again only where a new one would be the same.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp::{Dialect, Language, Scan, SourceTree};
use fbuild_scan::library::memo::ScanMemo;
use fbuild_scan::preprocess::Preprocess;
use proptest::prelude::*;
use proptest::sample::Index;
use rayon::prelude::*;

use crate::space::Space;

/// The scanner as the product uses it, with one system directory.
pub(crate) struct Scanner {
    tree: SourceTree,
    dialect: Dialect,
}

impl Scanner {
    pub(crate) fn new(system: Utf8PathBuf) -> Self {
        let predefined = "#define __cplusplus 201103L\n#define __GNUC__ 5\n\
                          #define __has_include(STR) __has_include__(STR)\n";
        Self {
            tree: SourceTree::new(),
            dialect: Dialect::new(predefined, vec![system], Language::Cxx).unwrap(),
        }
    }
}

impl Preprocess for Scanner {
    fn scan(&self, source: &Utf8Path, include_dirs: &[Utf8PathBuf]) -> Scan {
        fbuild_cpp::scan(&self.tree, &self.dialect, source, include_dirs).unwrap()
    }
}

/// What a scan found, without the file numbers of its tree.
pub(crate) fn shown(scan: &Scan) -> String {
    match scan {
        Scan::Complete(closure) => {
            let files: Vec<_> = (closure.files.iter())
                .map(|file| (file.path(), file.digest()))
                .collect();
            format!("{files:?} {:?} {:?}", closure.used_dirs, closure.absent)
        }
        Scan::Missing { header, .. } => format!("missing {header}"),
        Scan::Failed { output } => output.clone(),
    }
}

#[test]
fn a_directory_that_shadows_a_system_header_is_not_overlooked() {
    let space = Space::with(&[]);
    space.write("sys/stdint.h", "");
    space.write("core/Arduino.h", "#include <stdint.h>\n");
    space.write("a/LibA.cpp", "#include <Arduino.h>\n");
    space.write("b/stdint.h", "#include_next <stdint.h>\n#define XDEF 461\n");
    let (scanner, memo) = (Scanner::new(space.at("sys")), ScanMemo::new());
    let ask = |dirs: &[&str]| {
        let dirs: Vec<_> = dirs.iter().map(|dir| space.at(dir)).collect();
        let scan = memo.scan(&scanner, &space.at("a/LibA.cpp"), &dirs);
        let Scan::Complete(closure) = &*scan else {
            panic!("{scan:?}")
        };
        closure.files.len()
    };
    assert_eq!(ask(&["core", "a"]), 3);
    assert_eq!(ask(&["core", "b", "a"]), 4);
    assert_eq!(ask(&["core", "a", "b"]), 4);
}

/// The names of headers. Those of the second half are in the system directory.
pub(crate) const NAMES: [&str; 6] = ["a.h", "b.h", "c.h", "s.h", "t.h", "u.h"];
const DIRS: usize = 5;

pub(crate) fn line() -> impl Strategy<Value = String> {
    let name = any::<Index>().prop_map(|at| NAMES[at.index(NAMES.len())]);
    let variable = any::<Index>().prop_map(|at| ["M", "N"][at.index(2)]);
    let include = prop_oneof![
        name.clone().prop_map(|name| format!("#include <{name}>")),
        name.clone().prop_map(|name| format!("#include \"{name}\"")),
        name.clone()
            .prop_map(|name| format!("#include_next <{name}>")),
        name.clone()
            .prop_map(|name| format!("#define H <{name}>\n#include H\n#undef H")),
    ];
    let condition = prop_oneof![
        variable
            .clone()
            .prop_map(|variable| format!("defined {variable}")),
        name.prop_map(|name| format!("__has_include(<{name}>)")),
    ];
    prop_oneof![
        3 => include.clone(),
        2 => (condition, include).prop_map(|(condition, include)| {
            format!("#if {condition}\n{include}\n#endif")
        }),
        1 => variable.clone().prop_map(|variable| format!("#define {variable}")),
        1 => variable.prop_map(|variable| format!("#undef {variable}")),
    ]
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    let lines = proptest::collection::vec(line(), 0..3);
    lines.prop_map(|lines| format!("#pragma once\n{}\n", lines.join("\n")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Each include path alone, against all together with one memo, by one worker and by two.
    #[test]
    fn scans_do_not_depend_on_earlier_scans(
        headers in proptest::collection::vec((0..DIRS, any::<Index>(), text()), 0..12),
        system in proptest::collection::vec(text(), 3),
        source in proptest::collection::vec(line(), 1..4),
        paths in proptest::collection::vec(proptest::sample::subsequence((0..DIRS).collect::<Vec<_>>(), 0..=DIRS).prop_shuffle(), 2..6),
    ) {
        let space = Space::with(&[]);
        for (dir, name, text) in &headers {
            space.write(&format!("{dir}/{}", NAMES[name.index(NAMES.len())]), text);
        }
        for (name, text) in NAMES[3..].iter().zip(&system) {
            space.write(&format!("sys/{name}"), text);
        }
        space.write("x/x.cpp", source.join("\n"));
        let source = space.at("x/x.cpp");
        let paths: Vec<Vec<_>> = paths
            .iter()
            .map(|dirs| dirs.iter().map(|dir| space.at(&dir.to_string())).collect())
            .collect();
        let alone: Vec<String> = paths
            .iter()
            .map(|dirs| shown(&Scanner::new(space.at("sys")).scan(&source, dirs)))
            .collect();
        let (scanner, memo) = (Scanner::new(space.at("sys")), ScanMemo::new());
        let together: Vec<String> = paths
            .iter()
            .map(|dirs| shown(&memo.scan(&scanner, &source, dirs)))
            .collect();
        prop_assert_eq!(&together, &alone);
        let (scanner, memo) = (Scanner::new(space.at("sys")), ScanMemo::new());
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let by_two: Vec<String> = pool.install(|| {
            paths.par_iter().map(|dirs| shown(&memo.scan(&scanner, &source, dirs))).collect()
        });
        prop_assert_eq!(&by_two, &alone);
    }
}
