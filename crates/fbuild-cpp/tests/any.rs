//! The preprocessor on any bytes: it ends, it does not panic, and what it says is consistent.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp as cpp;
use fbuild_cpp::Scan;
use fbuild_cpp::SourceTree;
use fbuild_cpp::{Dialect, Language};
use proptest::prelude::*;

const PREDEFINED: &str = "#define __cplusplus 201402L\n#define __GNUC__ 5\n#define __GNUC_MINOR__ 4\n#define __STDC_VERSION__ 201112L\n\
                          #define __has_include(STR) __has_include__(STR)\n#define __SIZEOF_INT__ 2\n";

/// Reads `text` as a source and as a header, in all languages; returns the outcomes as text.
fn run(text: &[u8]) -> Vec<String> {
    let mut outcomes = Vec::new();
    for language in [Language::C, Language::Cxx, Language::Asm] {
        let dialect = Dialect::new(PREDEFINED, vec!["/nowhere/system".into()], language).unwrap();
        let tree = SourceTree::new();
        let source = Utf8Path::new("/nowhere/x.cpp");
        tree.insert(source, text.to_vec());
        tree.insert("/nowhere/lib/h.h".into(), text.to_vec());
        let dirs = [Utf8PathBuf::from("/nowhere/lib")];
        let scan = cpp::scan(&tree, &dialect, source, &dirs);
        if let Ok(Scan::Complete(closure)) = &scan {
            assert_eq!(closure.files[0].path(), source);
            let mut paths: Vec<_> = closure
                .files
                .iter()
                .map(|file| file.path().as_str())
                .collect();
            paths.sort_unstable();
            paths.dedup();
            assert_eq!(paths.len(), closure.files.len(), "a file is listed once");
        }
        let expand = cpp::expand(&tree, &dialect, source, &dirs, &[source.to_owned()]);
        if expand.is_ok() {
            // What can be expanded has no errors; a scan may know less of it, because it reads the text of all files.
            assert!(matches!(scan, Ok(Scan::Complete(_)) | Err(_)), "{scan:?}");
        }
        outcomes.push(format!("{scan:?} {expand:?}"));
    }
    outcomes
}

/// Pieces that make interesting files when strung together.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let pieces: &[&str] = &[
        "\n",
        "\n",
        " ",
        "#",
        "##",
        "#define ",
        "#define F(x) ",
        "#define F(x, ...) ",
        "#undef F\n",
        "#if ",
        "#ifdef F\n",
        "#ifndef G\n",
        "#elif ",
        "#else\n",
        "#endif\n",
        "#include \"h.h\"\n",
        "#include <h.h>\n",
        "#include F\n",
        "#import \"h.h\"\n",
        "#include_next <h.h>\n",
        "#pragma once\n",
        "#pragma push_macro(\"F\")\n",
        "#pragma pop_macro(\"F\")\n",
        "#line 5 \"y\"\n",
        "#line F\n",
        "_Pragma(\"once\")",
        "_Pragma(",
        "#error x\n",
        "F",
        "F(",
        "G",
        "x",
        "(",
        ")",
        ",",
        "1",
        "0",
        "-",
        "+",
        "<<",
        ">>",
        "/",
        "%",
        "?",
        ":",
        "&&",
        "||",
        "!",
        "~",
        "defined ",
        "defined(F)",
        "__has_include(<h.h>)",
        "__FILE__",
        "__LINE__",
        "__COUNTER__",
        "__VA_ARGS__",
        "'a'",
        "'",
        "\"s\"",
        "\"",
        "/*",
        "*/",
        "//",
        "\\\n",
        "\\",
        "R\"(",
        ")\"",
        "\r\n",
        "\u{feff}",
        "é",
        "0x",
        "1.5",
        "u8\"",
        "L'x'",
        "\"s\"F",
        "<:",
        "%:",
        "__TIME__",
        "and",
    ];
    prop_oneof![
        20 => proptest::sample::select(pieces).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..4),
    ]
}

#[test]
fn an_error_behind_a_line_directive_is_an_error_of_the_source() {
    let text =
        b"#pragma once\n_Pragma(\"once\")\n\\\n#define F(x) F#undef F\n#line 5 \"y\"\n\"s\"F(\n";
    let outcomes = run(text);
    assert!(
        outcomes
            .iter()
            .any(|outcome| outcome.contains("unterminated argument list")),
        "{outcomes:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_end(text in proptest::collection::vec(any::<u8>(), 0..300)) {
        run(&text);
    }

    #[test]
    fn any_directives_end(pieces in proptest::collection::vec(piece(), 0..60)) {
        run(&pieces.concat());
    }

    #[test]
    fn the_same_text_comes_to_the_same(pieces in proptest::collection::vec(piece(), 0..30)) {
        let text = pieces.concat();
        prop_assert_eq!(run(&text), run(&text));
    }
}

#[test]
fn expansion_without_end_is_given_up() {
    let mut text = String::from("#define A0 x x\n");
    for n in 1..60 {
        text.push_str(&format!("#define A{n} A{0} A{0}\n", n - 1));
    }
    text.push_str("#if A59\n#endif\n");
    let dialect = Dialect::new(PREDEFINED, Vec::new(), Language::C).unwrap();
    let tree = SourceTree::new();
    let source = Utf8Path::new("/nowhere/x.c");
    tree.insert(
        source,
        text.replace("#if A59\n#endif\n", "A59\n").into_bytes(),
    );
    assert!(cpp::expand(&tree, &dialect, source, &[], &[source.to_owned()]).is_err());
    // The condition ends at the second token.
    tree.insert(source, text.into_bytes());
    assert!(matches!(
        cpp::scan(&tree, &dialect, source, &[]),
        Ok(Scan::Failed { .. })
    ));
}

#[test]
fn deep_nesting_is_given_up() {
    let dialect = Dialect::new(PREDEFINED, Vec::new(), Language::Cxx).unwrap();
    let source = Utf8Path::new("/nowhere/x.cpp");
    let many = |text: &str| text.repeat(100_000);
    for text in [
        format!("#if {}1\n#endif\n", many("(")),
        format!("#if {}1\n#endif\n", many("-")),
        format!("#if {}1\n#endif\n", many("1 ? ")),
        format!("#define F(x) x\n{}1{}\n", many("F("), many(")")),
        format!("#define F(x) x F\n{}\n", many("F(1)")),
        many("#if 1\n"),
    ] {
        let tree = SourceTree::new();
        tree.insert(source, text.into_bytes());
        let scan = cpp::scan(&tree, &dialect, source, &[]);
        let expand = cpp::expand(&tree, &dialect, source, &[], &[source.to_owned()]);
        assert!(scan.is_err() || expand.is_err() || expand.is_ok());
    }
}

#[test]
fn absent_names_cost_one_look_in_each_directory() {
    let looks = |names: usize| {
        let line = |n| format!("#if __has_include(<n{n}.h>) || __has_include(<n{n}.h>)\n#endif\n");
        let text: String = (0..names).map(line).collect();
        let dialect =
            Dialect::new(PREDEFINED, vec!["/nowhere/system".into()], Language::Cxx).unwrap();
        let tree = SourceTree::new();
        let source = Utf8Path::new("/nowhere/x.cpp");
        tree.insert(source, text.into_bytes());
        let scan = cpp::scan(&tree, &dialect, source, &["/nowhere/lib".into()]);
        let Ok(Scan::Complete(closure)) = scan else {
            panic!("{scan:?}")
        };
        assert_eq!(closure.absent.len(), names);
        assert!(closure.absent.is_sorted());
        tree.asked().len()
    };
    assert_eq!((looks(5_000), looks(10_000)), (10_000, 20_000));
}
