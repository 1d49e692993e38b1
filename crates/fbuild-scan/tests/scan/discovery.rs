//! The loop of semantics 5.1, with the real compiler and with a scripted one.

use std::collections::HashMap;
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp::SourceTree;
use fbuild_cpp::{Closure, Dialect, Language, Lookup, Scan};
use fbuild_scan::library::Location;
use fbuild_scan::library::discovery::{Discovery, DiscoveryError, Missing, Surroundings, discover};
use fbuild_scan::library::index::{LibraryIndex, Root};
use fbuild_scan::library::memo::ScanMemo;
use fbuild_scan::preprocess::Preprocess;

use crate::avr::{self, Compiler};
use crate::space::Space;

/// A small preprocessor: every line `#include <x>` or `"x"` counts, nothing else does. `#error` fails.
#[derive(Default)]
struct Simple {
    tree: SourceTree,
    asked: Mutex<Vec<(String, Vec<String>)>>,
}

impl Simple {
    /// What it was asked, as (source, include directories), by base name.
    fn asked(&self) -> Vec<(String, Vec<String>)> {
        self.asked.lock().unwrap().clone()
    }

    fn sources(&self) -> Vec<String> {
        self.asked().into_iter().map(|(source, _)| source).collect()
    }
}

impl Preprocess for Simple {
    fn scan(&self, source: &Utf8Path, include_dirs: &[Utf8PathBuf]) -> Scan {
        let dirs = include_dirs.iter().map(|dir| {
            format!(
                "{}/{}",
                dir.parent().unwrap().file_name().unwrap(),
                dir.file_name().unwrap()
            )
        });
        self.asked
            .lock()
            .unwrap()
            .push((source.file_name().unwrap().to_owned(), dirs.collect()));
        let dialect = Dialect::new("", Vec::new(), Language::Cxx).unwrap();
        fbuild_cpp::scan(&self.tree, &dialect, source, include_dirs).unwrap()
    }
}

/// A space with a core, and libraries in `libs`, as (path, content).
fn space(files: &[(&str, &str)]) -> Space {
    let space = Space::with(&["core/Arduino.h"]);
    for (path, content) in files {
        space.write(path, content);
    }
    space
}

struct Run {
    simple: Simple,
    memo: ScanMemo,
    index: LibraryIndex,
    core: [Utf8PathBuf; 1],
}

impl Run {
    fn new(space: &Space) -> Self {
        let index = LibraryIndex::new([Root::folder(space.at("libs"), Location::User)]).unwrap();
        Self {
            simple: Simple::default(),
            memo: ScanMemo::new(),
            index,
            core: [space.at("core")],
        }
    }

    fn discover(&self, space: &Space, sources: &[&str]) -> Result<Discovery, DiscoveryError> {
        let sources: Vec<_> = sources.iter().map(|source| space.at(source)).collect();
        discover(
            &sources,
            Surroundings {
                preprocess: &self.simple,
                index: &self.index,
                architecture: "avr",
                base_dirs: &self.core,
                memo: &self.memo,
            },
        )
    }
}

fn names(found: &Discovery) -> Vec<&str> {
    found
        .libraries
        .iter()
        .map(|library| library.name.as_str())
        .collect()
}

fn missing(result: Result<Discovery, DiscoveryError>) -> Missing {
    match result {
        Err(DiscoveryError::Missing(missing)) => *missing,
        other => panic!("{other:?}"),
    }
}

#[test]
fn s5_4_1_libraries_come_in_the_order_of_first_use() {
    // A and B are included by the sketch, C only by a source of A.
    let files = [
        ("s/s.cpp", "#include <A.h>\n#include <B.h>\n"),
        ("libs/A/A.h", ""),
        ("libs/A/A.cpp", "#include \"A.h\"\n#include <C.h>\n"),
        ("libs/B/B.h", ""),
        ("libs/C/C.h", ""),
    ];
    let space = space(&files);
    let found = Run::new(&space).discover(&space, &["s/s.cpp"]).unwrap();
    assert_eq!(names(&found), ["A", "B", "C"]);
    assert_eq!(
        space.relative(&found.include_dirs),
        ["core", "libs/A", "libs/B", "libs/C"]
    );
    // The same with the include in A's header.
    space.write("libs/A/A.h", "#include <C.h>\n");
    let found = Run::new(&space).discover(&space, &["s/s.cpp"]).unwrap();
    assert_eq!(names(&found), ["A", "C", "B"]);
    let headers: Vec<_> = found
        .resolutions
        .iter()
        .map(|resolution| resolution.header.as_str())
        .collect();
    assert_eq!(headers, ["A.h", "C.h", "B.h"]);
}

#[test]
fn s5_1_1_the_queue_is_first_in_first_out_and_a_file_is_asked_again_until_it_is_complete() {
    let space = space(&[
        ("s/s.merged", "#include <A.h>\n"),
        ("s/two.cpp", "#include <B.h>\n"),
        ("libs/A/library.properties", "name=A\n"),
        ("libs/A/src/A.h", ""),
        ("libs/A/src/b.cpp", ""),
        ("libs/A/src/a/deep.c", ""),
        ("libs/A/src/a.S", ""),
        ("libs/B/B.h", ""),
        ("libs/B/b2.cpp", ""),
    ]);
    let run = Run::new(&space);
    run.discover(&space, &["s/s.merged", "s/two.cpp"]).unwrap();
    assert_eq!(
        run.simple.sources(),
        [
            "s.merged", "s.merged", "two.cpp", "two.cpp", "deep.c", "a.S", "b.cpp", "b2.cpp"
        ]
    );
}

#[test]
fn s5_1_2_utility_of_a_flat_library_comes_last_and_for_its_own_files_only() {
    let space = space(&[
        ("s/s.cpp", "#include <A.h>\n#include <B.h>\n"),
        ("libs/A/A.h", ""),
        ("libs/A/a.cpp", "#include <inner.h>\n"),
        ("libs/A/utility/inner.h", ""),
        ("libs/A/utility/u.c", ""),
        ("libs/B/B.h", ""),
        ("libs/B/b.cpp", ""),
    ]);
    let run = Run::new(&space);
    let found = run.discover(&space, &["s/s.cpp"]).unwrap();
    assert_eq!(
        space.relative(&found.include_dirs),
        ["core", "libs/A", "libs/B"]
    );
    let asked = run.simple.asked();
    let dirs = |source: &str| {
        asked
            .iter()
            .rfind(|(asked, _)| asked == source)
            .unwrap()
            .1
            .iter()
            .skip(1)
            .map(String::as_str)
            .collect::<Vec<_>>()
    };
    assert_eq!(dirs("a.cpp"), ["libs/A", "libs/B", "A/utility"]);
    assert_eq!(dirs("u.c"), ["libs/A", "libs/B", "A/utility"]);
    assert_eq!(dirs("b.cpp"), ["libs/A", "libs/B"]);
    // The sketch cannot reach it.
    space.write("s/t.cpp", "#include <A.h>\n#include <inner.h>\n");
    assert_eq!(
        missing(Run::new(&space).discover(&space, &["s/t.cpp"])).header,
        "inner.h"
    );
}

#[test]
fn s5_1_2_another_failure_is_not_an_error_here() {
    let space = space(&[
        ("s/s.cpp", "#error choose\n"),
        ("s/t.cpp", "#include <A.h>\n"),
        ("libs/A/A.h", ""),
    ]);
    let found = Run::new(&space)
        .discover(&space, &["s/s.cpp", "s/t.cpp"])
        .unwrap();
    assert_eq!(names(&found), ["A"]);
    let [(source, output)] = &found.unscanned[..] else {
        panic!("{:?}", found.unscanned)
    };
    assert_eq!(*source, space.at("s/s.cpp"));
    assert!(output.contains("#error choose"), "{output}");
}

#[test]
fn s5_1_3_an_unresolvable_header_stops_and_says_what_was_looked_at() {
    let space = space(&[
        ("s/s.cpp", "#include <A.h>\n#include <Nope.h>\n"),
        ("libs/A/A.h", ""),
        ("libs/B/nope.h", ""),
    ]);
    let missing = missing(Run::new(&space).discover(&space, &["s/s.cpp"]));
    assert_eq!(
        (missing.header.as_str(), &missing.source),
        ("Nope.h", &space.at("s/s.cpp"))
    );
    assert_eq!(missing.looked_at, [(space.at("libs"), 2)]);
    assert_eq!(names(&missing.so_far), ["A"]);
    assert!(missing.in_use.is_none());
    let notes = missing.notes().join("\n");
    assert!(
        notes.contains("searched 2 libraries in")
            && notes.contains("did you mean `nope.h` of library `B`?")
            && notes.contains("case"),
        "{notes}"
    );
}

#[test]
fn s5_1_3_a_candidate_already_in_use_stops() {
    // `A.h` selects A, whose header cannot be found in a deeper include because the name carries a folder.
    let space = space(&[
        ("s/s.cpp", "#include <A.h>\n"),
        ("libs/A/library.properties", "name=A\n"),
        ("libs/A/src/A.h", ""),
        ("libs/A/src/a.cpp", "#include <A.h>\n#include <Both.h>\n"),
        ("libs/B/Both.h", "#include <Both2.h>\n"),
        ("libs/C/Both2.h", ""),
        ("libs/C/Both.h", ""),
    ]);
    // First `Both.h` chooses between B and C.
    let run = Run::new(&space);
    let found = run.discover(&space, &["s/s.cpp"]).unwrap();
    assert_eq!(names(&found), ["A", "B", "C"]);
    // A compiler that misses a header although its library is in use.
    struct Blind;
    impl Preprocess for Blind {
        fn scan(&self, _: &Utf8Path, _: &[Utf8PathBuf]) -> Scan {
            Scan::Missing {
                header: "A.h".to_owned(),
                output: Some("text".to_owned()),
            }
        }
    }
    let memo = ScanMemo::new();
    let around = Surroundings {
        preprocess: &Blind,
        index: &run.index,
        architecture: "avr",
        base_dirs: &run.core,
        memo: &memo,
    };
    let missing = missing(discover(&[space.at("s/s.cpp")], around));
    assert_eq!(missing.in_use.as_ref().unwrap().name, "A");
    assert_eq!(missing.output.as_deref(), Some("text"));
    assert!(missing.notes()[0].contains("is in use"));
}

#[test]
fn s5_1_3_fully_precompiled_libraries_are_not_scanned() {
    let space = space(&[
        ("s/s.cpp", "#include <P.h>\n#include <Q.h>\n"),
        ("libs/P/library.properties", "name=P\nprecompiled=full\n"),
        ("libs/P/src/P.h", ""),
        ("libs/P/src/p.cpp", "#include <Nowhere.h>\n"),
        ("libs/Q/library.properties", "name=Q\nprecompiled=true\n"),
        ("libs/Q/src/Q.h", ""),
        ("libs/Q/src/q.cpp", ""),
    ]);
    let run = Run::new(&space);
    assert_eq!(
        names(&run.discover(&space, &["s/s.cpp"]).unwrap()),
        ["P", "Q"]
    );
    assert!(!run.simple.sources().contains(&"p.cpp".to_owned()));
    assert!(run.simple.sources().contains(&"q.cpp".to_owned()));
}

#[test]
fn s5_1_4_an_unrelated_source_of_a_library_can_fail_the_sketch() {
    let space = space(&[
        ("s/s.cpp", "#include <A.h>\n"),
        ("libs/A/A.h", ""),
        ("libs/A/driver.cpp", "#include <other_chip.h>\n"),
    ]);
    let missing = missing(Run::new(&space).discover(&space, &["s/s.cpp"]));
    assert_eq!(
        (missing.header.as_str(), missing.source),
        ("other_chip.h", space.at("libs/A/driver.cpp"))
    );
}

#[test]
fn s5_1_7_a_name_with_a_folder_never_selects_a_library() {
    let space = space(&[
        ("s/s.cpp", "#include <dir/X.h>\n"),
        ("s/t.cpp", "#include <A.h>\n#include <dir/X.h>\n"),
        ("libs/A/library.properties", "name=A\n"),
        ("libs/A/src/A.h", ""),
        ("libs/A/src/X.h", ""),
        ("libs/A/src/dir/X.h", ""),
    ]);
    let gone = missing(Run::new(&space).discover(&space, &["s/s.cpp"]));
    assert_eq!(gone.header, "dir/X.h");
    assert!(
        gone.notes().join("\n").contains("plain name only"),
        "{:?}",
        gone.notes()
    );
    assert_eq!(
        names(&Run::new(&space).discover(&space, &["s/t.cpp"]).unwrap()),
        ["A"]
    );
}

#[test]
fn s2_3_5_a_library_with_an_arch_folder_is_refused_by_name() {
    let space = space(&[
        ("s/s.cpp", "#include <A.h>\n"),
        ("libs/A/library.properties", "name=Alpha\n"),
        ("libs/A/src/A.h", ""),
        ("libs/A/arch/avr/x.c", ""),
    ]);
    let error = Run::new(&space)
        .discover(&space, &["s/s.cpp"])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("Alpha") && error.contains("'arch' folder"),
        "{error}"
    );
}

#[test]
fn a_second_sketch_asks_nothing_about_the_library_again() {
    let mut files = vec![
        ("s/1.cpp".to_owned(), "#include <A.h>\n"),
        ("s/2.cpp".to_owned(), "#include <A.h>\n"),
        ("s/3.cpp".to_owned(), "#include <B.h>\n#include <A.h>\n"),
        ("libs/A/A.h".to_owned(), "#include <Arduino.h>\n"),
        ("libs/B/B.h".to_owned(), ""),
    ];
    files.extend((0..10).map(|n| (format!("libs/A/a{n}.cpp"), "#include <A.h>\n")));
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), *text))
        .collect();
    let space = space(&files);
    let run = Run::new(&space);
    let ask = |source: &str| {
        let before = run.simple.asked().len();
        run.discover(&space, &[source]).unwrap();
        run.simple.asked().len() - before
    };
    assert_eq!(ask("s/1.cpp"), 2 + 10);
    assert_eq!(ask("s/2.cpp"), 2);
    // Another library comes first now; it has no header that A asks for.
    assert_eq!(ask("s/3.cpp"), 3);
    // With one that has, the answers do not hold any more.
    space.write("s/4.cpp", "#include <C.h>\n#include <A.h>\n");
    space.write("libs/C/C.h", "");
    space.write("libs/C/Arduino.h", "");
    let index = LibraryIndex::new([Root::folder(space.at("libs"), Location::User)]).unwrap();
    let run = Run { index, ..run };
    let before = run.simple.asked().len();
    run.discover(&space, &["s/4.cpp"]).unwrap();
    // `Arduino.h` is found in the core before; only the headers of A itself could be hidden, and are not.
    assert_eq!(run.simple.asked().len() - before, 3);
    space.write("libs/C/A.h", "");
    space.write(
        "s/5.cpp",
        "#include <C.h>\n#include <D.h>\n#include <A.h>\n",
    );
    space.write("libs/D/D.h", "");
    let index = LibraryIndex::new([Root::folder(space.at("libs"), Location::User)]).unwrap();
    let simple = Simple::default();
    let run = Run {
        index,
        simple,
        ..run
    };
    let found = run.discover(&space, &["s/5.cpp"]).unwrap();
    // C's own `A.h` answers the include, so A is not needed at all.
    assert_eq!(names(&found), ["C", "D"]);
}

#[test]
fn the_memo_asks_again_when_a_header_that_was_absent_can_be_there() {
    struct Absent(Mutex<HashMap<String, usize>>);
    impl Preprocess for Absent {
        fn scan(&self, source: &Utf8Path, dirs: &[Utf8PathBuf]) -> Scan {
            *self
                .0
                .lock()
                .unwrap()
                .entry(dirs.len().to_string())
                .or_default() += 1;
            let tree = SourceTree::new();
            let files = vec![tree.read(source).unwrap().unwrap()];
            let absent = if dirs.iter().any(|dir| dir.join("Opt.h").exists()) {
                vec![]
            } else {
                vec!["Opt.h".to_owned()]
            };
            let lookups = Some(vec![Lookup {
                name: "Opt.h".to_owned(),
                found_in: None,
            }]);
            Scan::Complete(Closure {
                files,
                absent,
                lookups,
                ..Closure::default()
            })
        }
    }
    let space = space(&[("l/a.cpp", ""), ("x/X.h", ""), ("y/Opt.h", "")]);
    let (absent, memo) = (Absent(Mutex::default()), ScanMemo::new());
    let ask = |dirs: &[&str]| {
        let dirs: Vec<_> = dirs.iter().map(|dir| space.at(dir)).collect();
        memo.scan(&absent, &space.at("l/a.cpp"), &dirs)
    };
    ask(&["core"]);
    ask(&["core", "x"]);
    ask(&["core", "x"]);
    ask(&["core", "x", "y"]);
    let asked = absent.0.lock().unwrap().clone();
    assert_eq!(
        (asked.get("1"), asked.get("2"), asked.get("3")),
        (Some(&1), None, Some(&1)),
        "{asked:?}"
    );
}

#[test]
fn what_one_memo_knows_another_can_learn() {
    let space = space(&[
        ("s/s.cpp", "#include <A.h>\n"),
        ("libs/A/A.h", ""),
        ("libs/A/a.cpp", "#include <A.h>\n#include <B.h>\n"),
        ("libs/B/B.h", ""),
        ("libs/B/b.cpp", "#error text\n"),
    ]);
    let first = Run::new(&space);
    let found = first.discover(&space, &["s/s.cpp"]).unwrap();
    let answers = first.memo.answers();
    assert!(answers.is_sorted_by_key(|answered| &answered.source));
    assert_eq!(answers.len(), first.simple.asked().len());

    let second = Run::new(&space);
    for answered in &answers {
        let scan = Scan::clone(&answered.scan);
        let dirs = answered.dirs.to_vec();
        second.memo.learn(answered.source.clone(), dirs, scan);
    }
    let again = second.discover(&space, &["s/s.cpp"]).unwrap();
    assert_eq!(second.simple.asked(), []);
    assert_eq!(names(&again), names(&found));
    assert_eq!(again.unscanned, found.unscanned);
    assert_eq!(again.unscanned.len(), 1, "the failed one too");
    assert_eq!(second.memo.answers().len(), answers.len());
}

#[test]
fn one_question_is_asked_once_by_many_threads() {
    let files: Vec<(String, &str)> = (0..50)
        .map(|n| (format!("libs/A/a{n}.cpp"), "#include <A.h>\n"))
        .collect();
    let mut files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), *text))
        .collect();
    files.extend([("libs/A/A.h", ""), ("s/s.cpp", "#include <A.h>\n")]);
    let space = space(&files);
    let run = Run::new(&space);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| run.discover(&space, &["s/s.cpp"]).unwrap());
        }
    });
    assert_eq!(run.simple.asked().len(), 52);
}

#[test]
fn s5_1_5_conditions_are_the_compiler_s_business() {
    let (Some(gcc), Some(uno)) = (avr::find(), avr::uno()) else {
        return;
    };
    let space = space(&[
        (
            "s/s.cpp",
            "#if 0\n#include <Never.h>\n#endif\n#ifdef USE_B\n#include <B.h>\n#endif\n#include <A.h>\n#ifdef USE_B\n#include <B.h>\n#endif\n",
        ),
        ("libs/A/A.h", "#define USE_B 1\n"),
        ("libs/B/B.h", ""),
    ]);
    let compiler = Compiler::new(gcc);
    let index = LibraryIndex::new([Root::folder(space.at("libs"), Location::User)]).unwrap();
    let memo = ScanMemo::new();
    let around = Surroundings {
        preprocess: &compiler,
        index: &index,
        architecture: "avr",
        base_dirs: &uno,
        memo: &memo,
    };
    let found = discover(&[space.at("s/s.cpp")], around).unwrap();
    assert_eq!(names(&found), ["A", "B"]);
    assert_eq!(compiler.runs(), 3);
    // The compiler's own words come back when a header is missing.
    space.write("s/t.cpp", "#define WHICH <Gone.h>\n#include WHICH\n");
    let missing = missing(discover(&[space.at("s/t.cpp")], around));
    assert_eq!(missing.header, "Gone.h");
    assert!(
        missing
            .output
            .unwrap()
            .contains("Gone.h: No such file or directory")
    );
}

#[test]
fn what_is_no_regular_file_is_absent_and_named() {
    let space = space(&[
        ("s/s.cpp", "#include <pipe.h>\n"),
        ("s/t.cpp", "#include \"folder.h\"\n"),
    ]);
    fs_err::create_dir_all(space.at("core/folder.h")).unwrap();
    let pipe = space.at("core/pipe.h");
    rustix::fs::mkfifoat(rustix::fs::CWD, pipe.as_std_path(), 0o600.into()).unwrap();
    let run = Run::new(&space);
    for (source, path) in [("s/s.cpp", pipe), ("s/t.cpp", space.at("core/folder.h"))] {
        let missing = missing(run.discover(&space, &[source]));
        assert_eq!(missing.irregular, [path.as_path()]);
        assert!(missing.notes()[0].contains(path.as_str()), "{missing:?}");
        assert!(missing.output.is_some(), "the compiler would read the file");
    }
    let devices = ["/dev/zero", "/proc/self/pagemap"];
    for path in devices
        .into_iter()
        .filter(|path| Utf8Path::new(path).exists())
    {
        space.write("s/u.cpp", format!("#include \"{path}\"\n"));
        let missing = missing(Run::new(&space).discover(&space, &["s/u.cpp"]));
        assert_eq!(missing.irregular, [path]);
    }
}

#[test]
fn s2_1_4_a_file_of_more_than_64_mb_fails_its_own_sketch() {
    use fbuild_scan::sketch::{Sketch, SketchError, merge};
    let space = Space::with(&["A/A.ino", "A/big.h", "B/B.ino"]);
    let files = SourceTree::new();
    let stage = |name: &str| {
        let sketch = Sketch::load(&space.at(name)).unwrap();
        merge::stage(&sketch, &files, &SourceTree::new(), &space.at("out"))
    };
    let big = fs_err::File::create(space.at("A/big.h")).unwrap();
    big.set_len((64 << 20) + 1).unwrap();
    let error = stage("A").unwrap_err();
    assert!(
        matches!(&error, SketchError::Read(cause) if cause.to_string().contains("A/big.h")),
        "{error}"
    );
    assert!(stage("B").is_ok());
}
