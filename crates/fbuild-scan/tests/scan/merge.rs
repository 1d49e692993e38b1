//! Merging and copying: semantics 2.1.4 and 4.1.

use fbuild_cpp::SourceTree;
use fbuild_scan::sketch::merge::{copies, merged, stage};
use fbuild_scan::sketch::{Sketch, SketchError};

use crate::space::Space;

fn merge(space: &Space, name: &str) -> String {
    let sketch = Sketch::load(&space.at(name)).unwrap();
    let file = merged(&sketch, &SourceTree::new()).unwrap();
    assert_eq!(file.relative, format!("{name}.ino.cpp.merged"));
    String::from_utf8(file.bytes)
        .unwrap()
        .replace(space.root().as_str(), "ROOT")
}

#[test]
fn s4_1_2_texts_follow_each_other_under_their_own_lines() {
    let space = Space::new();
    space.write("S/S.ino", "void setup() {}\nvoid loop() {}");
    space.write("S/b.ino", "int b;\n");
    space.write("S/a.pde", "int a;");
    assert_eq!(
        merge(&space, "S"),
        "#include <Arduino.h>\n\
         #line 1 \"ROOT/S/S.ino\"\nvoid setup() {}\nvoid loop() {}\n\
         #line 1 \"ROOT/S/a.pde\"\nint a;\n\
         #line 1 \"ROOT/S/b.ino\"\nint b;\n\n"
    );
}

#[test]
fn s4_1_1_arduino_h_is_added_unless_the_main_file_includes_it() {
    let space = Space::new();
    space.write("A/A.ino", "#include <Arduino.h>\n");
    space.write("B/B.ino", "int x;\n");
    space.write("B/other.ino", "#include <Arduino.h>\n");
    space.write("C/C.ino", "#if 0\n# include \"Arduino.h\"\n#endif\n");
    assert!(merge(&space, "A").starts_with("#line 1 \"ROOT/A/A.ino\"\n"));
    assert!(merge(&space, "B").starts_with("#include <Arduino.h>\n#line 1 \"ROOT/B/B.ino\"\n"));
    assert!(merge(&space, "C").starts_with("#line 1 "));
}

#[test]
fn s4_1_2_marks_and_line_ends() {
    let space = Space::new();
    space.write("S/S.ino", "\u{feff}int a;\r\nint b;\rint c;\r\n");
    space.write("S/t.ino", "\u{feff}int t;\r\n");
    assert_eq!(
        merge(&space, "S"),
        "#include <Arduino.h>\n#line 1 \"ROOT/S/S.ino\"\nint a;\nint b;\nint c;\n\n#line 1 \"ROOT/S/t.ino\"\nint t;\n\n"
    );
}

#[test]
fn bytes_outside_utf8_survive() {
    let space = Space::new();
    space.write("S/S.ino", b"// caf\xe9\nchar c = '\xff';\n");
    space.write("S/x.h", b"\xef\xbb\xbf// \xa9\r\n\xfe");
    let sketch = Sketch::load(&space.at("S")).unwrap();
    let tree = SourceTree::new();
    let bytes = merged(&sketch, &tree).unwrap().bytes;
    let tail = b"// caf\xe9\nchar c = '\xff';\n\n";
    assert!(bytes.ends_with(tail), "{}", bytes.escape_ascii());
    let copies = copies(&sketch, &tree).unwrap();
    let expect = [
        format!("#line 1 \"{}\"\n", space.at("S/x.h")).as_bytes(),
        b"// \xa9\r\n\xfe",
    ]
    .concat();
    assert_eq!(copies[0].bytes, expect);
}

#[test]
fn s2_1_4_copies_begin_with_the_line_of_their_origin() {
    let space = Space::new();
    space.write("a \"b\"/S/S.ino", "");
    space.write("a \"b\"/S/src/deep/x.cpp", "int x;");
    space.write("a \"b\"/S/data.json", "{}\n");
    let sketch = Sketch::load(&space.at("a \"b\"/S")).unwrap();
    let copies = copies(&sketch, &SourceTree::new()).unwrap();
    let text = |at: usize| {
        String::from_utf8(copies[at].bytes.clone())
            .unwrap()
            .replace(space.root().as_str(), "ROOT")
    };
    assert_eq!(
        (copies[0].relative.as_str(), text(0)),
        (
            "data.json",
            "#line 1 \"ROOT/a \\\"b\\\"/S/data.json\"\n{}\n".into()
        )
    );
    assert_eq!(
        (copies[1].relative.as_str(), text(1)),
        (
            "src/deep/x.cpp",
            "#line 1 \"ROOT/a \\\"b\\\"/S/src/deep/x.cpp\"\nint x;".into()
        )
    );
}

#[test]
#[cfg(unix)]
fn the_path_in_a_line_is_that_of_the_target() {
    let space = Space::with(&["real/Rain/Rain.ino"]);
    space.link("Snow", "real/Rain");
    let sketch = Sketch::load(&space.at("Snow")).unwrap();
    let text = String::from_utf8(merged(&sketch, &SourceTree::new()).unwrap().bytes).unwrap();
    assert!(
        text.contains(&format!("#line 1 \"{}\"", space.at("real/Rain/Rain.ino"))),
        "{text}"
    );
}

#[test]
fn staging_puts_everything_where_it_will_stand() {
    let space = Space::with(&["S/S.ino", "S/z.cpp", "S/src/a.c", "S/h.h"]);
    let sketch = Sketch::load(&space.at("S")).unwrap();
    let tree = SourceTree::new();
    let dir = space.at("out/sketch");
    let staged = stage(&sketch, &tree, &tree, &dir).unwrap();
    assert_eq!(
        space.relative(&staged.scanned),
        [
            "out/sketch/S.ino.cpp.merged",
            "out/sketch/z.cpp",
            "out/sketch/src/a.c"
        ]
    );
    assert_eq!(staged.copies.len(), 3);
    assert!(!dir.exists(), "nothing is written");
    for path in staged.scanned.iter().chain([&dir.join("h.h")]) {
        assert!(
            tree.read(path).unwrap().unwrap().bytes().starts_with(b"#"),
            "{path}"
        );
    }
}

#[test]
fn a_text_that_vanished_is_an_error_that_names_it() {
    let space = Space::with(&["S/S.ino"]);
    let sketch = Sketch::load(&space.at("S")).unwrap();
    fs_err::remove_file(space.at("S/S.ino")).unwrap();
    let error = merged(&sketch, &SourceTree::new()).unwrap_err();
    assert!(
        matches!(&error, SketchError::Absent { path } if path.ends_with("S.ino")),
        "{error}"
    );
}
