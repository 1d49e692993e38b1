//! Where outputs stand.
//!
//! ```text
//! OUTPUT/BOARD/core/core.a            what sketches share, with one log each
//! OUTPUT/BOARD/libraries/NAME/NAME.a
//! OUTPUT/BOARD/SKETCH/                one directory per sketch: NAME.ino.elf, .hex, .eep, build.log, sketch/
//! ```
//!
//! SKETCH is the sketch's folder relative to the current directory, or to what all sketches have in common. The module knows paths only.

use std::collections::HashSet;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use fbuild_model::Digest;
use fbuild_platform::Fqbn;

/// Directories that a board has beside those of its sketches, and some of them a sketch in its own. No sketch gets a directory of such a name.
pub const SHARED: [&str; 4] = ["core", "libraries", "preambles", "variant"];

/// The directory of a sketch's generated files, in the sketch's own directory.
pub const GENERATED: &str = "sketch";

/// Directories that the output directory has beside those of the boards: private caches, and what `fbuild parity` makes.
pub const BESIDE_BOARDS: [&str; 3] = [".fbuild-private", "parity", "reference"];

/// Names each sketch for lines and reports: its folder relative to `cwd` if all are below it, else relative to the parent of their deepest
/// common folder. Names are unique because the folders are.
pub fn sketch_names(dirs: &[Utf8PathBuf], cwd: &Utf8Path) -> Vec<String> {
    let base = if dirs.iter().all(|dir| dir.starts_with(cwd) && dir != cwd) {
        cwd.to_owned()
    } else {
        common_parent(dirs)
    };
    dirs.iter()
        .map(|dir| dir.strip_prefix(&base).unwrap_or(dir).to_string())
        .collect()
}

fn common_parent(dirs: &[Utf8PathBuf]) -> Utf8PathBuf {
    let Some(first) = dirs.first().and_then(|dir| dir.parent()) else {
        return Utf8PathBuf::from("/");
    };
    let common = first
        .ancestors()
        .find(|ancestor| {
            dirs.iter()
                .all(|dir| dir.starts_with(ancestor) && dir != ancestor)
        })
        .unwrap_or(Utf8Path::new("/"));
    // One more level, so that the name still says where the sketch comes from: `examples/Blink`.
    common.parent().unwrap_or(common).to_owned()
}

/// Gives every sketch a directory of its own below the board's: never the same, never one inside another, never a shared one.
///
/// A name that would collide, also with the directory of a sketch that another run builds, is flattened to one component and marked with a digest
/// of the sketch's folder, which keeps it apart from all others.
pub fn sketch_dirs(names: &[String], dirs: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    let taken: HashSet<&Utf8Path> = names.iter().map(Utf8Path::new).collect();
    names
        .iter()
        .zip(dirs)
        .map(|(name, dir)| {
            let path = Utf8Path::new(name);
            let plain = path
                .components()
                .all(|part| matches!(part, Utf8Component::Normal(_)));
            // Further down, the name may be one in the directory of a sketch around this one.
            let shared = path.components().enumerate().any(|(depth, part)| {
                SHARED.contains(&part.as_str()) || depth > 0 && part.as_str() == GENERATED
            });
            let nested = path
                .ancestors()
                .skip(1)
                .any(|ancestor| taken.contains(ancestor));
            if plain && !shared && !nested {
                path.to_owned()
            } else {
                let flat = name.replace(['/', '.'], "-");
                let digest = Digest::of(dir.as_str().as_bytes()).short();
                Utf8PathBuf::from(format!("{}-{digest}", flat.trim_matches('-')))
            }
        })
        .collect()
}

/// Returns the directory name of a board: its short name if no other board of the run has it, else the whole FQBN with `-` for `:`.
///
/// Takes the boards' identities: FQBNs, with a mark where definitions are added.
pub fn board_dirs(fqbns: &[String]) -> Vec<String> {
    let short = |fqbn: &str| {
        let mut parts = fqbn.splitn(4, ':').skip(2);
        let board = parts.next().unwrap_or(fqbn).to_owned();
        match parts.next() {
            Some(options) => format!("{board}-{}", options.replace([',', '='], "-")),
            None => board,
        }
    };
    let all: Vec<String> = fqbns.iter().map(|fqbn| short(fqbn)).collect();
    let unique = |name: &String| {
        all.iter().filter(|other| *other == name).count() == 1
            && !BESIDE_BOARDS.contains(&name.as_str())
    };
    fqbns
        .iter()
        .zip(&all)
        .map(|(fqbn, name)| {
            if unique(name) {
                name.clone()
            } else {
                fqbn.replace([':', ',', '='], "-")
            }
        })
        .collect()
}

/// Returns where the firmware for a board is exported to, relative to the sketch (specification 7.5).
pub fn export_dir(fqbn: &Fqbn) -> Utf8PathBuf {
    let Fqbn {
        vendor,
        architecture,
        board,
        ..
    } = fqbn;
    Utf8PathBuf::from(format!("build/{vendor}.{architecture}.{board}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(texts: &[&str]) -> Vec<Utf8PathBuf> {
        texts.iter().map(Utf8PathBuf::from).collect()
    }

    #[test]
    fn names_are_relative_to_the_current_directory_or_to_what_is_common() {
        let check = |dirs: &[&str], cwd: &str, expect: &[&str]| {
            assert_eq!(sketch_names(&paths(dirs), cwd.into()), expect)
        };
        check(
            &["/w/examples/Blink", "/w/examples/x/Fade"],
            "/w",
            &["examples/Blink", "examples/x/Fade"],
        );
        check(
            &["/lib/examples/Blink", "/lib/examples/Fade"],
            "/w",
            &["examples/Blink", "examples/Fade"],
        );
        check(&["/lib/examples/Blink"], "/w", &["examples/Blink"]);
        check(&["/w/Blink"], "/w/Blink", &["w/Blink"]);
        check(&["/a/S", "/b/S"], "/w", &["a/S", "b/S"]);
        check(&["/w/S", "/w/S/T"], "/w/S", &["w/S", "w/S/T"]);
        check(&["/S"], "/w", &["S"]);
        check(&[], "/w", &[]);
    }

    #[test]
    fn directories_are_unique_and_never_nested() {
        let dirs = paths(&[
            "/w/a",
            "/w/a/b",
            "/w/a-b",
            "/w/core",
            "/w/libraries/x",
            "/w/c/d",
            "/w/variant",
            "/w/a/sketch",
            "/w/e/sketch",
            "/w/f/core/g",
            "/w/sketch",
        ]);
        let names = sketch_names(&dirs, "/w".into());
        let places = sketch_dirs(&names, &dirs);
        assert_eq!(
            [0, 2, 5, 10].map(|at| places[at].as_str()),
            ["a", "a-b", "c/d", "sketch"]
        );
        // What another run builds: a sketch around this one, whose directory has directories of its own.
        for (dir, other) in [
            ("/w/a/sketch", "a"),
            ("/w/e/sketch", "e"),
            ("/w/f/core/g", "f"),
        ] {
            let dirs = paths(&[dir]);
            let place = &sketch_dirs(&sketch_names(&dirs, "/w".into()), &dirs)[0];
            assert!(!place.starts_with(other), "{place}");
        }
        for (i, one) in places.iter().enumerate() {
            for (j, other) in places.iter().enumerate() {
                assert!(i == j || !one.starts_with(other), "{one} and {other}");
            }
            assert!(
                !SHARED.iter().any(|shared| one.starts_with(shared)),
                "{one}"
            );
        }
    }

    #[test]
    fn boards_of_two_vendors_keep_apart() {
        let check = |fqbns: &[&str], expect: &[&str]| {
            let fqbns: Vec<String> = fqbns.iter().map(|&fqbn| fqbn.to_owned()).collect();
            assert_eq!(board_dirs(&fqbns), expect);
        };
        check(&["arduino:avr:uno", "arduino:avr:mega"], &["uno", "mega"]);
        check(
            &["arduino:avr:uno", "other:avr:uno"],
            &["arduino-avr-uno", "other-avr-uno"],
        );
        check(
            &["arduino:avr:nano", "arduino:avr:nano:cpu=atmega328old"],
            &["nano", "nano-cpu-atmega328old"],
        );
        check(&["x:avr:parity"], &["x-avr-parity"]);
    }
}
