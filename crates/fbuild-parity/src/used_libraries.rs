//! Which libraries the reference used, by the commands that it printed.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_platform::SketchRecipes;

use crate::case::Case;
use crate::relink;

/// Returns the folders of the libraries it used, in its order, from the include directories of the sketch's compile command.
pub fn libraries(case: &Case<'_>, printed: &[String]) -> Vec<Utf8PathBuf> {
    let Some(words) = relink::compile_words(case, printed) else {
        return Vec::new();
    };
    let own = own_dirs(case);
    let base = [Some(case.spec.core_dir()), case.spec.variant_dir()];
    let dirs = words
        .iter()
        .filter_map(|word| word.strip_prefix("-I"))
        .map(Utf8Path::new)
        .filter(|dir| !base.contains(&Some(*dir)) && !own.iter().any(|known| known == dir));
    let mut libraries: Vec<Utf8PathBuf> = Vec::new();
    for dir in dirs {
        let recursive =
            dir.file_name() == Some("src") && dir.with_file_name("library.properties").is_file();
        let library = if recursive {
            dir.parent().unwrap_or(dir)
        } else {
            dir
        };
        // The folder `utility` of a flat library stands behind it.
        let utility = dir.file_name() == Some("utility")
            && libraries
                .last()
                .is_some_and(|last| dir.parent() == Some(last));
        if !utility {
            libraries.push(library.to_owned());
        }
    }
    libraries
}

/// Returns the include directories that the board's recipe names itself, of its tools and SDK for example.
fn own_dirs(case: &Case<'_>) -> Vec<Utf8PathBuf> {
    let recipes = SketchRecipes::for_shared(case.spec, case.dir);
    let command = recipes.compile(&[], "/sketch.cpp".into(), "/sketch.o".into());
    let args = command.map(|command| command.args).unwrap_or_default();
    args.iter()
        .filter_map(|word| word.strip_prefix("-I"))
        .map(Utf8PathBuf::from)
        .collect()
}
