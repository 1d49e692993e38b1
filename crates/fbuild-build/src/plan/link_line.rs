//! What stands on the line of a sketch's link, in order (specification 3).
//!
//! The line is known with the plan, before anything is compiled. Whether it holds objects or archives of them depends on its length, as with
//! Arduino; so does the firmware where a linker orders stubs by what it read before (`docs/parity.md`).

use std::collections::HashSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::plan::{ArchiveId, BuildPlan, Linkage, SketchPlan};

/// The length in bytes from which on a list of objects becomes a list of archives (specification 3.5).
const LONGEST_LIST: usize = 30_000;

/// The length in bytes of the build directory that the list is measured with, in place of the real one.
///
/// It is that of arduino-cli's default on GitHub's Linux runners, `/home/runner/.cache/arduino/sketches/` and 32 digits: a measure that does
/// not depend on where a checkout or the output directory stands, so that nor does the firmware (`docs/parity.md`).
const BUILD_DIR: usize = 69;

/// Where an input of a link comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The sketch's unit at this position.
    Unit(usize),
    /// The member at this position of an archive that is linked whole.
    Member(ArchiveId, usize),
    /// An archive that is linked as one.
    Archive(ArchiveId),
    /// A binary that comes with a library.
    Binary,
}

/// One input of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its path below the build directory; a binary's is absolute.
    pub path: Utf8PathBuf,
    /// Where it comes from.
    pub origin: Origin,
}

/// Lists what is linked before the core (specification 3.2, 3.3).
pub fn inputs(plan: &BuildPlan, sketch: &SketchPlan) -> Vec<Input> {
    let mut inputs = Vec::new();
    for (at, unit) in sketch.units.iter().enumerate() {
        inputs.push(Input {
            path: unit.object.clone(),
            origin: Origin::Unit(at),
        });
    }
    for &id in &sketch.archives {
        let archive = &plan.archives[id.index()];
        match archive.linkage {
            Linkage::Whole => {
                let members = archive.members.iter().enumerate();
                inputs.extend(members.map(|(at, member)| Input {
                    path: member.object.clone(),
                    origin: Origin::Member(id, at),
                }));
            }
            Linkage::Referenced => {
                let name = archive.path.file_stem().unwrap_or("library");
                inputs.push(Input {
                    path: format!("libraries/{name}/{name}.a").into(),
                    origin: Origin::Archive(id),
                });
            }
        }
    }
    let binaries = sketch.binaries.objects.iter();
    inputs.extend(binaries.map(|path| Input {
        path: path.clone(),
        origin: Origin::Binary,
    }));
    make_unique(&mut inputs);
    inputs
}

/// Two libraries whose folders have the same name share a folder of objects; here neither overwrites the other's.
fn make_unique(inputs: &mut [Input]) {
    let mut taken = HashSet::new();
    for (at, input) in inputs.iter_mut().enumerate() {
        if !taken.insert(input.path.clone()) {
            let name = input.path.file_name().unwrap_or_default();
            input.path = input.path.with_file_name(format!("{at}-{name}"));
            taken.insert(input.path.clone());
        }
    }
}

/// How the inputs stand on the line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Its words; paths are below the build directory or absolute.
    pub words: Vec<String>,
    /// Archives to make first: each with its objects.
    pub archives: Vec<(Utf8PathBuf, Vec<Utf8PathBuf>)>,
}

/// Puts the inputs on the line: as they are, or, where that is too long, as one archive per folder behind the archives there are
/// (specification 3.5). `at` is put in front of paths below the build directory.
pub fn line(inputs: &[Input], at: &Utf8Path) -> Line {
    let words = |paths: &mut dyn Iterator<Item = &Utf8PathBuf>| -> Vec<String> {
        paths.map(|path| at.join(path).into_string()).collect()
    };
    if length(inputs) <= LONGEST_LIST {
        return Line {
            words: words(&mut inputs.iter().map(|input| &input.path)),
            archives: Vec::new(),
        };
    }
    let is_archive = |input: &&Input| input.path.extension() == Some("a");
    let mut archives: Vec<(Utf8PathBuf, Vec<Utf8PathBuf>)> = Vec::new();
    for object in inputs.iter().filter(|input| !is_archive(input)) {
        let archive = object.path.with_file_name("objs.a");
        let object = at.join(&object.path);
        match archives.iter_mut().find(|(known, _)| *known == archive) {
            Some((_, objects)) => objects.push(object),
            None => archives.push((archive, vec![object])),
        }
    }
    let there = inputs.iter().filter(is_archive).map(|input| &input.path);
    let mut all = vec!["-Wl,--whole-archive".to_owned()];
    all.extend(words(
        &mut there.chain(archives.iter().map(|(path, _)| path)),
    ));
    all.push("-Wl,--no-whole-archive".to_owned());
    Line {
        words: all,
        archives: archives
            .into_iter()
            .map(|(path, objects)| (at.join(path), objects))
            .collect(),
    }
}

/// Returns the length of the list in bytes: each path quoted, blanks between them.
fn length(inputs: &[Input]) -> usize {
    let lengths = inputs.iter().map(|input| {
        let build_dir = if input.path.is_absolute() {
            0
        } else {
            BUILD_DIR + 1
        };
        build_dir + input.path.as_str().len() + 2
    });
    lengths.sum::<usize>() + inputs.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(paths: &[String]) -> Vec<Input> {
        let mut inputs: Vec<Input> = paths
            .iter()
            .enumerate()
            .map(|(at, path)| Input {
                path: path.into(),
                origin: Origin::Unit(at),
            })
            .collect();
        make_unique(&mut inputs);
        inputs
    }

    #[test]
    fn s3_5_the_length_is_that_of_quoted_paths_below_a_build_directory() {
        let build = "/home/runner/.cache/arduino/sketches/0123456789ABCDEF0123456789ABCDEF";
        assert_eq!(build.len(), BUILD_DIR);
        let inputs = listed(&["sketch/S.ino.cpp.o".to_owned(), "/lib/x.a".to_owned()]);
        assert_eq!(
            length(&inputs),
            format!("\"{build}/sketch/S.ino.cpp.o\" \"/lib/x.a\"").len()
        );
        assert_eq!(length(&[]), 0);
        let accents = listed(&["sketch/\u{e9}.cpp.o".to_owned()]);
        assert_eq!(
            length(&accents),
            BUILD_DIR + "/sketch/x.cpp.o".len() + 1 + 2,
            "bytes count"
        );
    }

    #[test]
    fn s3_5_one_byte_too_many_makes_an_archive_per_folder() {
        let name = |number: usize, length: usize| format!("libraries/L/{number:0length$}.o");
        // 299 entries of 100 bytes with their blanks, then one that fills the list up to the limit.
        let each = 100 - 1 - BUILD_DIR - 1 - 2 - "libraries/L/.o".len();
        let mut paths: Vec<String> = (0..299).map(|number| name(number, each)).collect();
        paths.push(name(299, each + 1));
        let most = listed(&paths);
        assert_eq!(length(&most), LONGEST_LIST);
        let on_line = line(&most, "/b".into());
        assert_eq!(on_line.words.len(), 300);
        assert!(on_line.archives.is_empty());
        assert!(on_line.words[0].starts_with("/b/libraries/L/000"));

        paths[299] = format!("sketch/{}.o", "x".repeat(40));
        paths.swap(0, 299);
        paths.insert(1, "libraries/D/D.a".to_owned());
        paths.push("libraries/L/fl/y.o".to_owned());
        paths.push("/elsewhere/z.a".to_owned());
        let on_line = line(&listed(&paths), "/b".into());
        assert_eq!(
            on_line.words,
            [
                "-Wl,--whole-archive",
                "/b/libraries/D/D.a",
                "/elsewhere/z.a",
                "/b/sketch/objs.a",
                "/b/libraries/L/objs.a",
                "/b/libraries/L/fl/objs.a",
                "-Wl,--no-whole-archive"
            ]
        );
        let sizes: Vec<usize> = on_line
            .archives
            .iter()
            .map(|(_, objects)| objects.len())
            .collect();
        assert_eq!(sizes, [1, 299, 1]);
        assert_eq!(on_line.archives[2].1, ["/b/libraries/L/fl/y.o"]);
    }

    #[test]
    fn libraries_of_the_same_folder_name_keep_their_objects_apart() {
        let path = "libraries/L/x.o".to_owned();
        let inputs = listed(&[path.clone(), path.clone()]);
        assert_eq!(inputs[0].path, path);
        assert_eq!(inputs[1].path, "libraries/L/1-x.o");
    }
}
