//! What is read from texts that real tools printed.
//!
//! `diagnostics/*.txt` were made by running Debian's avr-gcc 5.4 (`host-*`: gcc 12.2) on small broken sources; only folders were renamed.
//! `windows.txt` is such a text with its paths rewritten by hand. The last test runs the installed compiler.

use fbuild_model::diagnostic::{Severity, parse_gcc, root_cause};
use fbuild_testkit::needs;

/// Asserts the diagnostics of `text`, each as `place severity message`, and the line of the root cause.
fn check(text: &str, expect: &[&str], root: usize) {
    let found = parse_gcc(text);
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(lines, expect);
    assert_eq!(root_cause(&found), found.get(root), "root cause");
}

macro_rules! text {
    ($name:literal) => {
        include_str!(concat!("diagnostics/", $name, ".txt"))
    };
}

const COLLECT: &str = "error: ld returned 1 exit status";

#[test]
fn compiler_errors_with_includes_notes_and_templates() {
    check(
        text!("compile-errors"),
        &[
            "lib/Widget.h:6:14: error: expected identifier before ‘;’ token",
            "lib/Widget.h:6:14: error: expected ‘)’ before ‘;’ token",
            "Blinker.ino:4:18: error: invalid conversion from ‘const char*’ to ‘int’ [-fpermissive]",
            "lib/Widget.h:4:12: note: initializing argument 1 of ‘Widget::Widget(int)’",
            "Blinker.ino:5:3: error: ‘undeclared’ was not declared in this scope",
            "Blinker.ino:6:3: error: ‘retrun’ was not declared in this scope",
            "Blinker.ino:3:7: warning: unused variable ‘unused’ [-Wunused-variable]",
            "Blinker.ino:9:25: error: ‘w’ was not declared in this scope",
            "Blinker.ino:8:63: error: request for member ‘nothing’ in ‘value’, which is of non-class type ‘int’",
        ],
        0,
    );
}

#[test]
fn colours_are_removed() {
    let found = parse_gcc(text!("colour"));
    assert!(text!("colour").contains('\u{1b}'));
    assert_eq!(found.len(), 7);
    assert_eq!(
        found[0].to_string(),
        "Blinker.ino:4:18: error: invalid conversion from ‘const char*’ to ‘int’ [-fpermissive]"
    );
    assert!(
        found
            .iter()
            .all(|diagnostic| !diagnostic.to_string().contains(['\u{1b}', '\r']))
    );
}

#[test]
fn directives_of_the_source_are_not_echoed_twice() {
    let expect = [
        "direct.cpp:1:2: error: #error ::add-mask::secret",
        "direct.cpp:2:2: warning: #warning careful %0A [-Wcpp]",
        "direct.cpp:3:16: warning: no return statement in function returning non-void [-Wreturn-type]",
    ];
    check(text!("directives"), &expect, 0);
    check(text!("host-directives"), &expect, 0);
}

#[test]
fn fatal_errors_and_macros() {
    check(
        text!("fatal"),
        &["fatal.cpp:1:28: fatal error: no_such_header.h: No such file or directory"],
        0,
    );
    check(
        text!("macro"),
        &["mac.cpp:2:15: error: expected primary-expression before ‘;’ token"],
        0,
    );
    let found = parse_gcc(text!("fatal"));
    assert_eq!(
        (found[0].severity, found[0].line, found[0].column),
        (Severity::Fatal, Some(1), Some(28))
    );
}

#[test]
fn drivers_are_no_files() {
    check(
        text!("noflag"),
        &["error: unrecognized command line option ‘--bogus-flag’"],
        0,
    );
    check(
        text!("noobj"),
        &[
            "error: nosuch.o: No such file or directory",
            "fatal error: no input files",
        ],
        0,
    );
}

#[test]
fn assembler() {
    check(
        text!("assembler"),
        &[
            "bad.S:3: error: register number above 15 required",
            "bad.S:4: error: unknown opcode `bogus'",
        ],
        0,
    );
    check(
        text!("inline-asm"),
        &["/tmp/ccVMjJ9D.s:17: error: unknown opcode `frobnicate'"],
        0,
    );
}

#[test]
fn undefined_references() {
    let with_debug = [
        "/home/me/sketch/undef.cpp:2: error: undefined reference to `missing(int)'",
        "/home/me/sketch/undef.cpp:2: error: undefined reference to `other'",
        "/home/me/sketch/undef.cpp:2: error: undefined reference to `other'",
        COLLECT,
    ];
    check(text!("undefined-debug"), &with_debug, 0);
    check(text!("undefined-lto"), &with_debug, 0);
    check(
        text!("undefined-plain"),
        &[
            "undef.cpp: error: undefined reference to `missing(int)'",
            "undef.cpp: error: undefined reference to `other'",
            "undef.cpp: error: undefined reference to `other'",
            COLLECT,
        ],
        0,
    );
    check(
        text!("undefined-lto-plain"),
        &[
            "error: undefined reference to `missing(int)'",
            "error: undefined reference to `other'",
            "error: undefined reference to `other'",
            COLLECT,
        ],
        0,
    );
    check(
        text!("undefined-archive"),
        &[
            "/home/me/sketch/lib1.cpp:1: error: undefined reference to `missing(int)'",
            COLLECT,
        ],
        0,
    );
    check(
        text!("host-undefined"),
        &[
            "hu.o: warning: relocation against `other' in read-only section `.text'",
            "undef.cpp: error: undefined reference to `missing(int)'",
            "undef.cpp: error: undefined reference to `other'",
            "warning: creating DT_TEXTREL in a PIE",
            COLLECT,
        ],
        1,
    );
}

#[test]
fn multiple_definitions() {
    check(
        text!("multiple"),
        &[
            "d2.cpp: error: multiple definition of `twice_defined()'",
            "d1.cpp: note: first defined here",
            COLLECT,
        ],
        0,
    );
    check(
        text!("host-multiple"),
        &[
            "d2.cpp: error: multiple definition of `twice_defined()'; /tmp/ccIPxRiN.o:d1.cpp:(.text+0x0): first defined here",
            COLLECT,
        ],
        0,
    );
    check(
        text!("odr"),
        &[
            "o2.cpp:1:13: warning: type of ‘a’ does not match original declaration",
            "o1.cpp:1:5: note: previously declared here",
        ],
        usize::MAX,
    );
}

#[test]
fn memory_overflows() {
    check(
        text!("overflow"),
        &[
            "error: bigf.elf section `.text' will not fit in region `text'",
            COLLECT,
        ],
        0,
    );
    let data = "error: address 0x80eb60 of bigd.elf section `.bss' is not within region `data'";
    check(text!("overflow-data"), &[data, data, COLLECT], 0);
    check(
        "/opt/avr/bin/avr-ld: region `text' overflowed by 812 bytes\n",
        &["error: region `text' overflowed by 812 bytes"],
        0,
    );
}

#[test]
fn other_binutils() {
    check(text!("nolib"), &["error: cannot find -lnosuch", COLLECT], 0);
    check(
        text!("junk"),
        &[
            "junk.o: error: file format not recognized; treating as linker script",
            "junk.o:1: error: syntax error",
            COLLECT,
        ],
        0,
    );
    check(
        text!("ar"),
        &["nosuch.a: error: No such file or directory"],
        0,
    );
    check(text!("objcopy"), &["nosuch.elf: error: No such file"], 0);
}

#[test]
fn windows_paths_keep_their_drive() {
    check(
        text!("windows"),
        &[
            "C:\\Users\\me\\My Sketch\\My Sketch.ino:3:1: error: expected ‘;’ before ‘}’ token",
            "C:\\Users\\me\\main.cpp:12: error: undefined reference to `missing()'",
            "error: cannot find -lm2",
        ],
        0,
    );
}

#[test]
fn what_is_no_diagnostic_is_passed_over() {
    for text in [
        "",
        "\n\n",
        "compilation terminated.\n",
        "Sketch uses 924 bytes.\n",
        "  error: indented\n",
        "x.cpp: In function ‘void f()’:\n",
        "In file included from a.h:2:0,\n                 from b.ino:1:\n",
        "x.ino:9:22:   required from here\n",
        "x.o: In function `main':\n",
        "/usr/bin/ld: x.o: in function `main':\n",
        "   text\t   data\t    bss\n    924\t      0\t      9\n",
    ] {
        assert_eq!(parse_gcc(text), [], "{text:?}");
    }
}

#[test]
fn odd_places_are_read_as_far_as_they_go() {
    check("x.cpp:0:0: error: a\n", &["x.cpp: error: a"], 0);
    check(
        "x.cpp:99999999999999999999: error: a\n",
        &["x.cpp:99999999999999999999: error: a"],
        0,
    );
    check(":3: error: a\r\n", &[":3: error: a"], 0);
    check("error: a: error: b\n", &["error: a: error: b"], 0);
    check(
        "a b.cpp:1:2: warning: error: in text\n",
        &["a b.cpp:1:2: warning: error: in text"],
        usize::MAX,
    );
    check(
        "<command-line>:0:1: error: bad macro\n",
        &["error: bad macro"],
        0,
    );
    check(
        "x.c:1:2: internal compiler error: Segmentation fault\n",
        &["x.c:1:2: fatal error: Segmentation fault"],
        0,
    );
}

#[test]
fn the_installed_compiler_is_understood() {
    needs!("avr-g++");
    let source = "#warning look\nint f() { return nothing; }\n";
    let dir = std::env::temp_dir().join(format!("fbuild-diagnostics-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("a b.cpp");
    std::fs::write(&file, source).unwrap();
    let output = std::process::Command::new("avr-g++")
        .args(["-mmcu=atmega328p", "-fsyntax-only"])
        .arg(&file)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    let found = parse_gcc(&String::from_utf8_lossy(&output.stderr));
    let seen: Vec<_> = found
        .iter()
        .map(|found| (found.severity, found.file.as_str(), found.line))
        .collect();
    let file = file.to_str().unwrap();
    assert_eq!(
        seen,
        [
            (Severity::Warning, file, Some(1)),
            (Severity::Error, file, Some(2))
        ]
    );
}
