//! Dependency files: semantics 7.8.

use fbuild_scan::depfile::{Depfile, DepfileError};
use proptest::prelude::*;

use crate::avr;
use crate::space::Space;

#[track_caller]
fn check(text: &str, target: &str, dependencies: &[&str]) {
    let file = Depfile::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text:?}"));
    assert_eq!(file.targets, [target], "{text:?}");
    assert_eq!(file.dependencies, dependencies, "{text:?}");
}

#[test]
fn s7_8_lines_and_continuations() {
    check("x.o: x.c", "x.o", &["x.c"]);
    check("x.o: x.c a.h b.h\n", "x.o", &["x.c", "a.h", "b.h"]);
    check(
        "/b/x.o: \\\n /s/x.c \\\n /s/a.h\n",
        "/b/x.o",
        &["/s/x.c", "/s/a.h"],
    );
    check(
        "/b/x.o:\\\r\n /s/x.c \\\r\n\t/s/a.h\r\n",
        "/b/x.o",
        &["/s/x.c", "/s/a.h"],
    );
    check("x.o :  x.c\n\n\n", "x.o", &["x.c"]);
    check("x.o: x.c a.h a.h\n", "x.o", &["x.c", "a.h"]);
    check("x.o: a.h\\\n b.h\n", "x.o", &["a.h", "b.h"]);
    check("x.o:\n", "x.o", &[]);
}

#[test]
fn s7_8_escapes() {
    check(r"x.o: a\ b.c", "x.o", &["a b.c"]);
    check(
        r"my\ dir/x.o: a\ \ b.c c.h",
        "my dir/x.o",
        &["a  b.c", "c.h"],
    );
    check(r"x.o: a\#b.c $$HOME/$$c.h", "x.o", &["a#b.c", "$HOME/$c.h"]);
    check(r"x.o: a\\\ b.c", "x.o", &[r"a\ b.c"]);
    check(r"x.o: a\\ b.c", "x.o", &[r"a\", "b.c"]);
    check(r"x.o: a\b.c c\\d.c", "x.o", &[r"a\b.c", r"c\\d.c"]);
    check(r"x.o: a$b.c", "x.o", &["a$b.c"]);
    check(
        "x.o: a(b)'c'\"d\"&e;f*.c größe.h",
        "x.o",
        &["a(b)'c'\"d\"&e;f*.c", "größe.h"],
    );
}

#[test]
fn s7_8_colons_in_names() {
    check(
        r"C:\b\x.o: C:\s\x.c C:\s\a.h",
        r"C:\b\x.o",
        &[r"C:\s\x.c", r"C:\s\a.h"],
    );
    check("x.o: a:b.c", "x.o", &["a:b.c"]);
    check("a:b.o: c.c", "a:b.o", &["c.c"]);
}

#[test]
fn s7_8_rules_for_headers_add_nothing() {
    check("x.o: x.c a.h\n\na.h:\n\nb.h:\n", "x.o", &["x.c", "a.h"]);
}

#[test]
fn empty_and_broken_files() {
    assert_eq!(Depfile::parse(b"").unwrap(), Depfile::default());
    assert_eq!(Depfile::parse(b"\n \\\n\n").unwrap(), Depfile::default());
    assert_eq!(
        Depfile::parse(b"x.o x.c\n").unwrap_err(),
        DepfileError::NoColon { line: 1 }
    );
    assert_eq!(
        Depfile::parse(b"x.o: x.c\n\ny.o").unwrap_err(),
        DepfileError::NoColon { line: 3 }
    );
    assert_eq!(
        Depfile::parse(b"x.o: \\\n caf\xe9.h\n").unwrap_err(),
        DepfileError::NotUtf8 { line: 2 }
    );
}

#[test]
fn s7_8_what_gcc_writes_is_read_back() {
    let Some(gcc) = avr::find() else { return };
    let names = [
        "plain.h",
        "a b.h",
        "  two  .h",
        "x#y.h",
        "x$y$$z.h",
        "back\\slash.h",
        "back\\ blank.h",
        "(p)&'q'.h",
        "co:lon.h",
        "größe.h",
        "tab\tin.h",
        "per%cent.h",
        "tilde~.h",
        "a\\\\ b.h",
        "a\\#b.h",
    ];
    let space = Space::new();
    let mut source = String::new();
    for name in names {
        space.write(&format!("in c/{name}"), "");
        source.push_str(&format!("#include \"{name}\"\n"));
    }
    let path = space.write("in c/main file.cpp", source);
    let (object, dep) = (space.at("out $1/main file.o"), space.at("d"));
    let status = std::process::Command::new(&gcc)
        .args([
            "-E",
            "-w",
            "-MD",
            "-MP",
            "-MF",
            dep.as_str(),
            "-MQ",
            object.as_str(),
            "-o",
            "/dev/null",
            path.as_str(),
        ])
        .status()
        .unwrap();
    assert!(status.success());
    let file = Depfile::parse(&fs_err::read(dep).unwrap()).unwrap();
    assert_eq!(file.targets, [object]);
    let expect: Vec<_> = std::iter::once("main file.cpp")
        .chain(names)
        .map(|name| space.at("in c").join(name))
        .collect();
    assert_eq!(file.dependencies, expect);
}

proptest! {
    #[test]
    fn no_input_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Depfile::parse(&bytes);
    }

    #[test]
    fn no_text_of_special_characters_makes_it_panic(text in "[a:\\\\ #$\n\r\t]{0,40}") {
        let _ = Depfile::parse(text.as_bytes());
    }
}
