//! The tools that the Arduino builders use, as judges: `arduino-ctags` for the tagger, `arduino-builder` for whole sketches.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_scan::prototypes::insert_prototypes;
use fbuild_testkit::{need, needs};
use proptest::prelude::*;

use crate::kit::{compare_with_ctags, merge, own_lines, seen_by_ctags, seen_by_us};

const HARDWARE: &str = "/usr/share/arduino/hardware";
const PLATFORM: &str = "/usr/share/arduino/hardware/arduino/avr";
const EXAMPLES: &str = "/usr/share/doc/arduino/examples";

/// The main files of all sketches at any depth below `folder`, sorted.
fn sketches(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in folder.read_dir_utf8().into_iter().flatten().flatten() {
            let path = entry.into_path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension() == Some("ino")
                && path.file_stem() == path.parent().and_then(Utf8Path::file_name)
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A sketch's merged text and its files, main file first.
fn merged(main: &Utf8Path) -> (String, Vec<Utf8PathBuf>) {
    let folder = main.parent().expect("a sketch folder");
    let mut others: Vec<Utf8PathBuf> = folder
        .read_dir_utf8()
        .expect("a readable sketch")
        .flatten()
        .map(|entry| entry.into_path())
        .filter(|path| matches!(path.extension(), Some("ino" | "pde")) && path != main)
        .collect();
    others.sort();
    let files: Vec<Utf8PathBuf> = [main.to_owned()].into_iter().chain(others).collect();
    let texts: Vec<(String, String)> = files
        .iter()
        .map(|file| {
            let text = std::fs::read(file).expect("a readable file");
            (
                file.to_string(),
                String::from_utf8_lossy(&text).replace("\r\n", "\n"),
            )
        })
        .collect();
    let texts: Vec<(&str, &str)> = texts
        .iter()
        .map(|(file, text)| (file.as_str(), text.as_str()))
        .collect();
    (merge(&texts), files)
}

/// What avr-g++ makes of the merged sketch for uno, with every library's folder on the include path; `None` if it does not preprocess.
fn preprocessed(merged: &str, sketch: &Utf8Path, libraries: &[Utf8PathBuf]) -> Option<String> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let source = directory.path().join("sketch.cpp");
    std::fs::write(&source, merged).expect("the source is written");
    let mut command = Command::new("avr-g++");
    command.args([
        "-E",
        "-CC",
        "-w",
        "-x",
        "c++",
        "-std=gnu++11",
        "-fpermissive",
        "-mmcu=atmega328p",
    ]);
    command.args([
        "-DF_CPU=16000000L",
        "-DARDUINO=10607",
        "-DARDUINO_AVR_UNO",
        "-DARDUINO_ARCH_AVR",
    ]);
    command.arg(format!("-I{PLATFORM}/cores/arduino"));
    command.arg(format!("-I{PLATFORM}/variants/standard"));
    command.arg(format!("-I{sketch}"));
    for library in libraries {
        command.arg(format!("-I{library}"));
    }
    let output = command.arg(source).output().expect("avr-g++ starts");
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn platform_libraries() -> Vec<Utf8PathBuf> {
    Utf8Path::new(PLATFORM)
        .join("libraries")
        .read_dir_utf8()
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.into_path().join("src"))
        .collect()
}

/// Compares the taggers on all sketches below `folders`; returns how many were compared.
fn compare_sketches(folders: &[&Utf8Path], libraries: &[Utf8PathBuf]) -> usize {
    let (mut names, mut texts) = (Vec::new(), Vec::new());
    for main in folders.iter().flat_map(|folder| sketches(folder)) {
        let (merged, files) = merged(&main);
        let folder = main.parent().expect("a sketch folder");
        match preprocessed(&merged, folder, libraries) {
            Some(text) => {
                texts.push(own_lines(&text, &files));
                names.push(main);
            }
            None => eprintln!("not compared, avr-g++ -E fails: {main}"),
        }
    }
    let Some(theirs) = seen_by_ctags(&texts) else {
        return 0;
    };
    for ((name, text), theirs) in names.iter().zip(&texts).zip(theirs) {
        assert_eq!(seen_by_us(text), theirs, "ours, ctags' in {name}");
    }
    names.len()
}

#[test]
fn p47_debian_examples_are_tagged_as_by_ctags() {
    needs!("avr-g++", "arduino-ctags");
    needs!(EXAMPLES);
    let libraries = Utf8Path::new(PLATFORM).join("libraries");
    let compared = compare_sketches(
        &[Utf8Path::new(EXAMPLES), &libraries],
        &platform_libraries(),
    );
    assert!(compared >= 80, "only {compared} sketches");
}

/// Set `FBUILD_TEST_FASTLED` to a FastLED checkout.
#[test]
fn p47_fastled_examples_are_tagged_as_by_ctags() {
    let Some(checkout) = need::opted_in("FBUILD_TEST_FASTLED") else {
        return;
    };
    needs!("avr-g++", "arduino-ctags");
    let checkout = Utf8PathBuf::from(checkout);
    let mut libraries = platform_libraries();
    libraries.push(checkout.join("src"));
    let compared = compare_sketches(&[&checkout.join("examples")], &libraries);
    assert!(compared >= 60, "only {compared} sketches");
}

/// The lines that count in a generated source: `#line` directives are compared apart, and arduino-builder writes one more at the top.
fn statements(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| !line.starts_with("#line ") && !line.is_empty())
        .map(|line| line.replace(' ', ""))
        .collect()
}

/// Fails if arduino-builder generates another source for a sketch, blanks apart.
fn compare_with_builder(main: &Utf8Path, libraries: &[Utf8PathBuf]) {
    let build = tempfile::tempdir().expect("a temporary directory");
    let build = Utf8Path::from_path(build.path()).expect("UTF-8");
    let output = Command::new("arduino-builder")
        .args(["-preprocess", "-hardware", HARDWARE, "-tools"])
        .arg(format!("{HARDWARE}/tools"))
        .args(["-fqbn", "arduino:avr:uno", "-prefs"])
        .arg("build.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__")
        .args(["-build-path", build.as_str(), main.as_str()])
        .output()
        .expect("arduino-builder starts");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{main}: {log}");
    let name = main.file_name().expect("a file name");
    let theirs =
        std::fs::read_to_string(build.join(format!("sketch/{name}.cpp"))).expect("a source");
    let (merged, files) = merged(main);
    let folder = main.parent().expect("a sketch folder");
    let preprocessed = preprocessed(&merged, folder, libraries).expect("it preprocesses");
    let ours = insert_prototypes(&merged, &preprocessed, &files);
    let (ours, theirs) = (statements(&ours), statements(&theirs));
    for (line, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        assert_eq!(ours, theirs, "ours, arduino-builder's at {line} of {main}");
    }
    assert_eq!(ours.len(), theirs.len(), "{main}");
}

/// A few of Debian's examples, all of them with `FBUILD_TEST_FULL=1`.
#[test]
fn p47_debian_examples_as_by_arduino_builder() {
    needs!("arduino-builder", "avr-g++");
    needs!(EXAMPLES);
    let libraries = platform_libraries();
    let mut all = sketches(Utf8Path::new(EXAMPLES));
    all.extend(sketches(&Utf8Path::new(PLATFORM).join("libraries")));
    let step = if std::env::var_os("FBUILD_TEST_FULL").is_some() {
        1
    } else {
        16
    };
    let mut compared = 0;
    for main in all.iter().step_by(step) {
        let (merged, _) = merged(main);
        let folder = main.parent().expect("a sketch folder");
        if preprocessed(&merged, folder, &libraries).is_some() {
            compare_with_builder(main, &libraries);
            compared += 1;
        }
    }
    assert!(compared >= 5, "only {compared} sketches");
}

/// For the sketches on which they are known to agree, the whole text agrees with arduino-builder's, blanks apart.
#[test]
fn p47_whole_sketches_as_by_arduino_builder() {
    needs!("arduino-builder", "avr-g++");
    let sketches: &[(&str, &str)] = &[
        (
            "Plain",
            "int x = 3;\nvoid setup() { a(1); }\nvoid loop() { }\nint a(int b) { return b; }\n",
        ),
        (
            "Mixed",
            "#include <Arduino.h>\nstruct S { int a; void m(); int n() { return 1; } };\nvoid S::m() { }\nnamespace N { int a() { return 1; } }\n\
             static inline int b(const char *c, int d[3]) { return 1; }\nvoid e(int f = 1) { }\nvoid __attribute__((noinline)) g() { }\n\
             void setup() { }\nvoid loop() { }\nS h(S a) { return a; }\nvoid i() { static int j; }\n",
        ),
        (
            "Templates",
            "template<class T> T a(T b) { return b; }\ntemplate<class T> static T c(T d) { return d; }\n\
             template<class T> void e(void (*f)(T)) { }\ntemplate<int N = (1<<3)> struct G { };\nvoid setup() { }\nvoid loop() { }\n\
             union U { int a; int get() { return a; } };\nvoid h(...) { }\n",
        ),
        (
            "Pointers",
            "void attach(void (*f)());\nint x;\nint y = (int)&cb;\nvoid setup() { attach(cb); }\nvoid loop() { }\nvoid cb() { }\n\
             #ifdef __AVR__\nvoid avr(int a,\n  int b) { }\n#else\nvoid other() { }\n#endif\n",
        ),
        (
            "Literals",
            "const char *a = \"{ \\\" // /*\";\nchar b = '\\'', c = '{';\n// { \" '\n/* void x() { */\nvoid setup() { }\nvoid loop() { /* } */ }\n\
             int d(int e /* f */) { return 1; }\nextern \"C\" void g() { }\nbool operator==(int h[3], String i) { return 1; }\n",
        ),
    ];
    for (name, source) in sketches {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let root = Utf8Path::from_path(directory.path()).expect("UTF-8");
        let main = root.join(name).join(format!("{name}.ino"));
        std::fs::create_dir_all(root.join(name)).expect("a folder is made");
        std::fs::write(&main, source).expect("the sketch is written");
        compare_with_builder(&main, &[]);
    }
}

/// A small sketch of declarations, most of them as people write them.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn declarations() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(vec!["a", "f", "T", "Box", "setup", "x1"]);
    let kind = prop::sample::select(vec![
        "int",
        "void",
        "const char *",
        "unsigned long",
        "T",
        "T *",
        "const T &",
        "q::Z",
        "::q::Z *",
        "Box<int>",
        "Box<Box<3>>",
        "auto",
        "struct S",
        "volatile uint8_t *",
        "decltype(x)",
        "T const &",
        "int &&",
        "typename F<T>::B",
        "bool",
    ]);
    let kind = || kind.clone();
    let value = prop::sample::select(vec![
        "3",
        "\"s{\\\"\"",
        "'{'",
        "(1 << 2)",
        "{1, 2}",
        "a < b",
        "f(1, &a)",
        "[](int a) { return a; }",
        "&f",
        "Box<int>(3)",
        "a[3]",
    ]);
    let parameter = (
        kind(),
        name(),
        prop::sample::select(vec![
            "",
            "[3]",
            " = 3",
            " /* c */",
            " // c )\n",
            " (*)(int)",
            "(*p)(T)",
            " ...",
        ]),
    )
        .prop_map(|(kind, name, rest)| match rest {
            " (*)(int)" | "(*p)(T)" => format!("{kind}{rest}"),
            _ => format!("{kind} {name}{rest}"),
        });
    let list = prop::collection::vec(parameter, 0..4).prop_map(|list| list.join(", "));
    let before = prop::sample::select(vec![
        "",
        "",
        "",
        "static ",
        "inline ",
        "static inline ",
        "extern ",
        "template <class T>\n",
        "template <int N = (1<<3)> ",
        "constexpr ",
        "__attribute__((x)) ",
        "extern \"C\" ",
        "virtual ",
        "[[noreturn]] ",
        "typedef ",
    ]);
    let after = prop::sample::select(vec![
        "",
        "",
        "",
        " const",
        " noexcept",
        " __attribute__((x))",
        " -> int",
        " override",
        " MACRO",
    ]);
    let body = prop::sample::select(vec![
        " { }",
        "\n{\n  return \"}\"; // }\n}",
        " { static int a; }",
        ";",
        ";",
        " { if (a) { b('}'); } }",
    ]);
    let operator = prop::sample::select(vec![
        "",
        "",
        "",
        "",
        "",
        "K::",
        "operator +",
        "operator<<",
        "operator()",
        "~",
    ]);
    // A typedef with a body is not C++; there the taggers differ.
    let modifier = before
        .clone()
        .prop_map(|word| if word == "typedef " { "static " } else { word });
    let function = (modifier, kind(), operator, name(), list, after, body).prop_map(
        |(before, kind, operator, name, list, after, body)| {
            let name = match operator {
                "" => name.to_owned(),
                "K::" | "~" => format!("{operator}{name}"),
                _ => operator.to_owned(),
            };
            format!("{before}{kind} {name}({list}){after}{body}")
        },
    );
    let variable =
        (before, kind(), name(), value, 0..5u8).prop_map(|(before, kind, name, value, form)| {
            match form {
                0 => format!("{before}{kind} {name};"),
                1 => format!("{before}{kind} {name} = {value};"),
                2 => format!("{kind} {name}({value}), x;"),
                3 => format!("{kind} {name}{{{value}}};"),
                _ => format!("{before}{kind} {name}[] = {{ {value}, {value} }};"),
            }
        });
    let other = prop::sample::select(vec![
        "using namespace std;",
        "using A = int;",
        "static_assert(sizeof(int) == 2, \"x\");",
        "enum E { A, B = 3 };",
        "enum class E : int { A = f(2) } e;",
        "MACRO(a)",
        "MACRO(a);",
        "typedef int (*P)(int);",
        "class K;",
        "// comment {",
        "/* c ' */",
        "#pragma once",
        "ISR(X_vect) { }",
        "int (*p(int a))(int) { return 0; }",
    ])
    .prop_map(str::to_owned);
    let leaf = prop_oneof![4 => function, 2 => variable, 1 => other];
    leaf.prop_recursive(3, 12, 4, |inner| {
        (
            prop::sample::select(vec![
                ("class K { public: ", " };"),
                ("struct S : public A, B<int> { ", " } s;"),
                ("namespace N { ", " }"),
                ("extern \"C\" {\n", "\n}"),
                ("union U { ", " };"),
                ("namespace { ", " }"),
                ("template <class T> struct S { ", " };"),
            ]),
            prop::collection::vec(inner, 0..4),
        )
            .prop_map(|((open, close), inner)| format!("{open}{}{close}", inner.join("\n")))
    })
}

/// Random sketches, many for each start of ctags; the seed is fixed so that a failure repeats.
#[test]
fn random_sketches_are_tagged_as_by_ctags() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let sketch = prop::collection::vec(declarations(), 1..8);
    for _ in 0..8 {
        let texts: Vec<String> = (0..250)
            .map(|_| {
                sketch
                    .new_tree(&mut runner)
                    .expect("a sketch")
                    .current()
                    .join("\n")
                    + "\n"
            })
            .collect();
        let Some(theirs) = seen_by_ctags(&texts) else {
            return;
        };
        for (text, theirs) in texts.iter().zip(theirs) {
            assert_eq!(seen_by_us(text), theirs, "ours, ctags' in\n{text}");
        }
    }
}

#[test]
fn odd_texts_are_tagged_as_by_ctags() {
    for text in [
        "int f((a)) { }",
        "void f PROTO((int a, int b)) { }",
        "A (*fw)(int) = 0; int (*fq)(int), r();",
        "struct A { f(); g(int); ~A(); }; h();",
        "namespace b { } T v; T w; namespace K::c { } int g() { }",
        "int a; a = 3; a(b); a(b, c); a.b(c); a->b = 3; (a)(b); *a = 3; a::b(c); a::b c(d);",
        "template<A<4>>1, int N> int f() { }\nBox<1<3> K; int end() { }",
        "class K { enum E a : 3; int b(); }; enum E a : 3;",
        "int f() ??< int a; ??> int g() { }",
        "goto x; return 3; int f() { } case 3: int g() { } default: int h() { }",
        "int f() { } } int g() { }",
        "int f() { } int g() {",
        "if (a) { } for (;;) { } int while f() { } int g() { }",
        "void g5(int a) try { } catch (...) { }\nint after() { }",
        "a b c d e f g h i j k l m n o() { }",
        "const a::b::c * const * const volatile * const ** f6() { }",
        "int f(a)(b) { } int g(a(b)) { } int h(A (&a)[3], int b) { }",
        "int x = 'b0\"'; int f() { }\nint y = 1'000'000; int g() { }",
        "operator int() { } K::operator bool() const { } int operator\"\" _x(int a) { }",
    ] {
        compare_with_ctags(&format!("{text}\n"));
    }
}
