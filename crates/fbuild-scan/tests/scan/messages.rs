//! Reading the name of a missing header: semantics 5.1.2.

use fbuild_scan::library::missing::missing_header;

#[track_caller]
fn check(stderr: &str, expect: Option<&str>) {
    assert_eq!(missing_header(stderr).as_deref(), expect, "{stderr:?}");
}

#[test]
fn s5_1_2_the_quoted_line_decides() {
    check(
        "/s/a.ino:3:17: fatal error: Foo.h: No such file or directory\n #include <Foo.h>\n                 ^\ncompilation terminated.\n",
        Some("Foo.h"),
    );
    check(
        "a.ino:1:10: fatal error: Foo.h: No such file or directory\n    1 | #include \"Foo.h\"\n      |          ^~~~~~~\n",
        Some("Foo.h"),
    );
    check(" #\tinclude\t\"Foo.h\" // text\n", Some("Foo.h"));
    check("# include<sub/Foo.hpp>\n", Some("sub/Foo.hpp"));
    check("  123 |   #   include <Foo.h>\n", Some("Foo.h"));
}

#[test]
fn s5_1_2_the_first_of_several_decides() {
    check(" #include <One.h>\n #include <Two.h>\n", Some("One.h"));
    check(
        "a: warning: odd\n    5 | #include \"Warned.h\"\nb: fatal error: Later.h: No such file\n",
        Some("Warned.h"),
    );
}

#[test]
fn s5_1_2_colours_are_removed() {
    check(
        "\u{1b}[01m\u{1b}[Ka.ino:1:10:\u{1b}[m\u{1b}[K \u{1b}[01;31m\u{1b}[Kfatal error: \u{1b}[m\u{1b}[KFoo.h: No such file\n    1 | #include \u{1b}[01;31m\u{1b}[K<Foo.h>\u{1b}[m\u{1b}[K\n",
        Some("Foo.h"),
    );
}

#[test]
fn s5_1_2_without_a_quoted_line_the_text_after_fatal_error() {
    check(
        "a.cpp:2:14: fatal error: Foo.h: No such file or directory\n #include HEADER\n              ^\n",
        Some("Foo.h"),
    );
    check(
        "a.h:1:2: fatal error: dir/Foo.h: No such file\n #include_next <dir/Foo.h>\n",
        Some("dir/Foo.h"),
    );
    check("a.cpp:2:\nsome/fatal error: Foo.h\n", Some("Foo.h"));
    check(
        "cc1plus: fatal error: Foo.h: No such file or directory\r\ncompilation terminated.\r\n",
        Some("Foo.h"),
    );
}

#[test]
fn s5_1_2_other_failures_name_no_header() {
    check("", None);
    check(
        "a.cpp:1:2: error: #error \"choose a board\"\n #error \"choose a board\"\n",
        None,
    );
    check("a.cpp:1:2: error: unterminated #if\n", None);
    check("internal compiler error: Segmentation fault\n", None);
    check("fatal error", None);
    check("x: fatal error:", None);
    check("see #include <Foo.h> for more\n", None);
}

#[test]
fn bytes_and_lengths_do_not_matter() {
    let long = "x".repeat(100_000);
    check(&format!("{long}\n #include <{long}>\n"), Some(&long));
    check(
        "größe.ino:1:1: fatal error: Größe.h: No such file\n",
        Some("Größe.h"),
    );
}
