//! No input makes the generation of prototypes panic. That the work is linear is tested where it is counted, in `prototypes/work.rs`.

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
