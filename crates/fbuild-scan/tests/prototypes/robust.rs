//! Any input is survived, in a time proportional to its length.

use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use fbuild_scan::prototypes::insert_prototypes;
use proptest::prelude::*;

use crate::kit::{MAIN, merge, unpreprocessed};

/// Pieces of C++ that open, close or redirect something.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "int",
        "T",
        "f",
        "(",
        ")",
        "{",
        "}",
        "<",
        ">",
        ";",
        ",",
        "::",
        "*",
        "&",
        "=",
        "\"",
        "'",
        "/*",
        "*/",
        "//",
        "\n",
        " ",
        "\\",
        "#",
        "template",
        "class",
        "struct",
        "enum",
        "namespace",
        "operator",
        "extern \"C\"",
        "static ",
        "using",
        "typedef",
        "[",
        "]",
        ":",
        "~",
        "??/",
        "R\"(",
        "\n# 1 \"/s/s.ino\"\n",
        "\n#line 1 \"/s/s.ino\"\n",
        "\n# 9 \"/s/o",
        "\\303",
        "é",
        "\r",
        "\0",
        "const",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn survives(merged: &str, preprocessed: &str) {
    for files in [
        vec![],
        vec![MAIN.into()],
        vec![MAIN.into(), Utf8PathBuf::from("/s/o.ino")],
    ] {
        let text = insert_prototypes(merged, preprocessed, &files);
        assert!(text.len() >= merged.replace("\r\n", "\n").len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_strings_are_survived(merged in any::<String>(), preprocessed in any::<String>()) {
        survives(&merged, &preprocessed);
    }

    #[test]
    fn arbitrary_pieces_are_survived(source in pieces(), other in pieces()) {
        let merged = merge(&[(MAIN, source.as_str()), ("/s/o.ino", other.as_str())]);
        survives(&merged, &unpreprocessed(&merged));
        survives(&other, &unpreprocessed(&merged));
    }
}

#[test]
fn long_and_deep_texts_take_linear_time() {
    let long = |piece: &str| piece.repeat(400_000 / piece.len());
    for source in [
        long("{"),
        long("namespace {"),
        long("struct a {"),
        long("("),
        long("f("),
        long("int f((((int a))){}\n"),
        long("int f(a(\n"),
        long("<"),
        long("A<"),
        long("\n"),
        long("/*"),
        long("\"\n"),
        long("a::"),
        long("int a, "),
        long("int f() {}\n"),
        long("template<class T>\nT f(T a) {}\n"),
        long("int\nf() {}\n"),
        long("int\nf(int a,\n int b) {}\n"),
        long("// &f\nint a = &g;\n"),
        long("int &f; void g(&f) {}\n"),
        long("extern \"C\" {\n"),
        long("operator"),
        long("~"),
        long("#"),
        long("??"),
        format!("int {0}() {{}}\nint a = &{0}{0}{0};", long("a")),
        format!("{}\nint f() {{}}\nlong\ng() {{}}", long("/* c */\n")),
        (0..20_000).map(|n| format!("int f{n}(){{}} ")).collect(),
        (0..20_000)
            .map(|n| format!("template<class T> T f{n}(T a){{}} "))
            .collect(),
        format!("/*{}*/\nf() {{}}\n", long("c\n")),
    ] {
        let merged = merge(&[(MAIN, source.as_str())]);
        let preprocessed = unpreprocessed(&merged);
        let start = Instant::now();
        insert_prototypes(&merged, &preprocessed, &[MAIN.into()]);
        let taken = start.elapsed();
        assert!(
            taken < Duration::from_secs(4),
            "{taken:?} for {}…",
            &source[..source.len().min(40)]
        );
    }
}
