//! Prototype generation, by the rows of specification 4.3.

use camino::Utf8PathBuf;
use fbuild_scan::prototypes::insert_prototypes;

/// Merges one file the way the builder does and pretends that the preprocessor changed nothing.
fn generated(source: &str) -> String {
    let merged = format!("#include <Arduino.h>\n#line 1 \"/s/s.ino\"\n{source}\n");
    let preprocessed =
        format!("# 1 \"/core/Arduino.h\"\nvoid hidden() {{ }}\n# 1 \"/s/s.ino\"\n{source}\n");
    insert_prototypes(&merged, &preprocessed, &[Utf8PathBuf::from("/s/s.ino")])
}

#[test]
fn p01_plain_functions_in_order_before_the_first() {
    let text =
        generated("int x;\nvoid setup() { a(1); }\nvoid loop() { }\nint a(int b) { return b; }");
    assert_eq!(
        text,
        "#include <Arduino.h>\n#line 1 \"/s/s.ino\"\nint x;\n\
         #line 2 \"/s/s.ino\"\nvoid setup();\n#line 3 \"/s/s.ino\"\nvoid loop();\n#line 4 \"/s/s.ino\"\nint a(int b);\n\
         #line 2 \"/s/s.ino\"\nvoid setup() { a(1); }\nvoid loop() { }\nint a(int b) { return b; }\n"
    );
}
