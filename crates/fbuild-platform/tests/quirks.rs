//! The table of quirks (design section 5.4).

#![allow(clippy::unwrap_used, reason = "test helpers may fail")]

mod fixture;

use fbuild_platform::{CompilerVersion, QUIRKS, applicable};
use fixture::Tree;

const FLAG: &str = "-DDECIMAL_DIG=__DECIMAL_DIG__";

fn version(text: &str) -> CompilerVersion {
    CompilerVersion::find(text).unwrap()
}

fn avr_gcc() -> Tree {
    Tree::new().mini().file(
        "hw/mini/avr/platform.local.txt",
        "recipe.cpp.o.pattern=/usr/bin/avr-g++ {build.extra_flags} {source_file}\n",
    )
}

#[test]
fn compiler_versions_are_found_in_what_compilers_print() {
    let cases = [
        ("5.4.0\n", "5.4.0"),
        ("7", "7.0.0"),
        (
            "avr-g++ (GCC) 5.4.0\nCopyright (C) 2015 Free Software Foundation",
            "5.4.0",
        ),
        (
            "arm-none-eabi-g++ (15:12.2.rel1-1) 12.2.1 20221205",
            "12.2.1",
        ),
        ("clang version 14.0.6", "14.0.6"),
    ];
    for (text, expect) in cases {
        assert_eq!(version(text).to_string(), expect, "{text}");
    }
    assert_eq!(CompilerVersion::find("no number"), None);
    assert_eq!(CompilerVersion::find(""), None);
    assert!(version("5.4.0") < version("5.10"));
}

#[test]
fn the_decimal_dig_quirk_needs_an_old_avr_gcc_and_a_core_that_uses_it() {
    let ids = |tree: &Tree, compiler: &str| {
        let quirks = applicable(&tree.board("one"), version(compiler));
        quirks.iter().map(|quirk| quirk.id).collect::<Vec<_>>()
    };
    let tree = avr_gcc().file(
        "hw/mini/avr/cores/base/WString.cpp",
        b"\xff char buf[DECIMAL_DIG + 2];\n",
    );
    assert_eq!(ids(&tree, "5.4.0"), ["avr-decimal-dig"]);
    assert_eq!(ids(&tree, "6.1.0"), [] as [&str; 0]);
    assert_eq!(ids(&tree, "7.3.0"), [] as [&str; 0]);
    let other_core = avr_gcc().file("hw/mini/avr/cores/base/WString.cpp", "char buf[33];\n");
    assert_eq!(ids(&other_core, "5.4.0"), [] as [&str; 0]);
    let other_compiler = Tree::new()
        .mini()
        .file("hw/mini/avr/cores/base/WString.cpp", "DECIMAL_DIG");
    assert_eq!(ids(&other_compiler, "5.4.0"), [] as [&str; 0]);
}

#[test]
fn a_cure_is_appended_once_to_the_boards_flags() {
    let tree = avr_gcc().file(
        "hw/mini/avr/boards.local.txt",
        "one.build.extra_flags=-DBOARD\n",
    );
    let flags = |properties: &[&str]| {
        let board = tree.board_with("one", properties).with_quirk(&QUIRKS[0]);
        assert_eq!(
            board.with_quirk(&QUIRKS[0]).get("build.extra_flags"),
            board.get("build.extra_flags")
        );
        let command = fixture::recipes(&board)
            .compile(&[], "/a.cpp".into(), "/o".into())
            .unwrap();
        assert!(command.args.contains(&FLAG.to_owned()), "{command:?}");
        board.get("build.extra_flags").unwrap()
    };
    assert_eq!(flags(&[]), format!("-DBOARD {FLAG}"));
    assert_eq!(
        flags(&["build.extra_flags=-DUSER"]),
        format!("-DUSER {FLAG}"),
        "also when the user sets them"
    );
    assert_eq!(flags(&["build.extra_flags="]), FLAG);
    assert_eq!(flags(&[&format!("build.extra_flags={FLAG}")]), FLAG);
    let untouched = tree.board("one");
    let _ = untouched.with_quirk(&QUIRKS[0]);
    assert_eq!(
        untouched.get("build.extra_flags").as_deref(),
        Some("-DBOARD")
    );
}

#[test]
fn every_quirk_says_what_and_when() {
    for quirk in QUIRKS {
        assert!(
            !quirk.title.is_empty() && !quirk.condition.is_empty() && !quirk.extra_flags.is_empty()
        );
        assert!(
            quirk.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
            "{}",
            quirk.id
        );
        assert!(format!("{quirk:?}").contains(quirk.id));
    }
}
