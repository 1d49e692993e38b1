//! Any bytes as a source that may include itself: `scan` and `expand` end without a panic.

#![no_main]

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp::{Dialect, Language, expand, scan};
use fbuild_cpp::SourceTree;
use libfuzzer_sys::fuzz_target;

const PREDEFINED: &str = "#define __cplusplus 201103L\n#define __GNUC__ 5\n#define __GNUC_MINOR__ 4\n\
                          #define __has_include(STR) __has_include__(STR)\n#define __SIZEOF_INT__ 2\n";

fuzz_target!(|bytes: &[u8]| {
    let language = match bytes.first() {
        Some(0) => Language::C,
        Some(1) => Language::Asm,
        _ => Language::Cxx,
    };
    let Ok(dialect) = Dialect::new(PREDEFINED, Vec::new(), language) else {
        return;
    };
    let tree = SourceTree::new();
    let source = Utf8Path::new("/nowhere/x.cpp");
    tree.insert(source, bytes.to_vec());
    tree.insert(Utf8Path::new("/nowhere/lib/h.h"), bytes.to_vec());
    let dirs = [Utf8PathBuf::from("/nowhere/lib")];
    let _ = scan(&tree, &dialect, source, &dirs);
    let _ = expand(&tree, &dialect, source, &dirs, &[source.to_owned()]);
});
