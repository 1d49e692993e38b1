//! Why nothing compiles for a device: the installed tools may not know it.
//!
//! It is said as a warning, and in place of a failure's first diagnostic; it never is the cause of a failure, because a platform may bring headers
//! and device descriptions of its own.

use camino::Utf8Path;
use fbuild_cpp::Scan;
use fbuild_cpp::SourceTree;
use fbuild_platform::SketchRecipes;

use crate::plan::preprocessor::Preprocessor;

/// Returns what the tools lack for the device of these recipes, if `output` or avr-libc's headers show it.
pub fn unknown(
    recipes: &SketchRecipes,
    preprocessor: &Preprocessor<'_>,
    tree: &SourceTree,
    output: &str,
) -> Option<String> {
    let source = recipes.build_dir().join("device.cpp");
    let command = recipes
        .compile(&[], &source, Utf8Path::new("/dev/null"))
        .ok()?;
    let device = command
        .args
        .iter()
        .find_map(|arg| arg.strip_prefix("-mmcu="))?;
    let program = Utf8Path::new(&command.program).file_name()?;
    if output.contains(&format!("specs-{device}"))
        || output.contains(&format!("unknown MCU '{device}'"))
        || output.contains(&format!("unknown MCU `{device}'"))
    {
        return Some(format!(
            "the installed `{program}` does not know the device `{device}`"
        ));
    }
    if !program.starts_with("avr-") {
        return None;
    }
    tree.insert(&source, b"#include <avr/io.h>\n".to_vec());
    let Scan::Complete(closure) = &*preprocessor.scanned(&source, &[], None) else {
        return None;
    };
    // avr/io.h includes one header for the device: avr/iom328p.h, avr/iotn85.h …
    let own = closure.files.iter().any(|file| {
        let name = file.path().file_name().unwrap_or_default();
        name.starts_with("io")
            && name != "io.h"
            && file
                .path()
                .parent()
                .is_some_and(|dir| dir.file_name() == Some("avr"))
    });
    (!own).then(|| format!("the installed avr-libc has no header for the device `{device}`"))
}
