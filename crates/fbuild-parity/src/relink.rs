//! Archiving and linking a reference's objects again, in the order of semantics 3.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Command;
use fbuild_platform::{BoardSpec, SketchRecipes, split_arguments};
use walkdir::WalkDir;

use crate::case::{Case, Core, checked};

/// The one device for which arduino-builder appends `,--relax` to the linker's flags (docs/parity.md).
const RELAXED: &str = "atmega2560";

/// What is linked, in order.
#[derive(Debug, Clone)]
pub struct Objects {
    /// Objects and archives of the sketch, the libraries and the variant.
    pub list: Vec<Utf8PathBuf>,
    /// The core's archive.
    pub core: Utf8PathBuf,
}

impl Objects {
    /// Collects what the reference compiled for one sketch (semantics 3.1–3.3). `libraries` are the folders in the order of discovery.
    ///
    /// # Errors
    /// If an archive cannot be made.
    pub fn collect(
        case: &Case<'_>,
        libraries: &[Utf8PathBuf],
        core: &Core,
    ) -> Result<Self, String> {
        let sketch = case.dir.join("sketch");
        let mut list = objects(&sketch, 1);
        list.extend(objects(&sketch.join("src"), usize::MAX));
        for library in libraries {
            let dir = case
                .dir
                .join("libraries")
                .join(library.file_name().unwrap_or_default());
            if library.join("src").is_dir() && library.join("library.properties").is_file() {
                let all = objects(&dir, usize::MAX);
                if archives(&dir).is_empty() {
                    list.extend(all);
                } else {
                    // It has made an archive (`dot_a_linkage`), in its own order.
                    let path = dir
                        .join("sorted")
                        .join(format!("{}.a", library.file_name().unwrap_or("library")));
                    archive(case, &path, &all)?;
                    list.push(path);
                }
            } else {
                list.extend(objects(&dir, 1));
                list.extend(objects(&dir.join("utility"), 1));
            }
        }
        list.extend(core.variant.iter().cloned());
        Ok(Self {
            list,
            core: core.archive.clone(),
        })
    }
}

/// Returns the objects of core and variant that were compiled in `build`: both lie in one folder there.
///
/// # Errors
/// If there are none.
pub fn core(
    spec: &BoardSpec,
    build: &Utf8Path,
) -> Result<(Vec<Utf8PathBuf>, Vec<Utf8PathBuf>), String> {
    let dir = build.join("core");
    let all = objects(&dir, usize::MAX);
    if all.is_empty() {
        return Err(format!("there are no objects in `{dir}`"));
    }
    let of_core = |object: &Utf8PathBuf| {
        let source = object
            .strip_prefix(&dir)
            .unwrap_or(object)
            .with_extension("");
        spec.core_dir().join(source).is_file()
    };
    Ok(all.into_iter().partition(of_core))
}

/// Makes an archive of objects in their order, one run per object (semantics 3.4).
///
/// # Errors
/// What the archiver printed.
pub fn archive(case: &Case<'_>, archive: &Utf8Path, objects: &[Utf8PathBuf]) -> Result<(), String> {
    let dir = archive.parent().unwrap_or(case.dir);
    fs_err::create_dir_all(dir).map_err(|error| error.to_string())?;
    if archive.exists() {
        fs_err::remove_file(archive).map_err(|error| error.to_string())?;
    }
    let recipes = SketchRecipes::for_shared(case.spec, dir);
    for object in objects {
        let command = recipes
            .archive(archive, object)
            .map_err(|error| error.to_string())?;
        checked(case.runner, &command)?;
    }
    Ok(())
}

/// Links `objects` in `dir` with the linker command that the reference printed, converts the program, and returns the image.
///
/// # Errors
/// If the reference printed no such command, or it fails.
pub fn link(
    case: &Case<'_>,
    printed: &[String],
    objects: &Objects,
    dir: &Utf8Path,
) -> Result<Utf8PathBuf, String> {
    fs_err::create_dir_all(dir).map_err(|error| error.to_string())?;
    let project = case.sketch.project_name();
    let (old, new) = (case.dir.join(project), dir.join(project));
    let elf = format!("{old}.elf");
    let at = printed
        .iter()
        .position(|line| is_command(line) && line.contains(&format!("-o \"{elf}\"")));
    let at = at.ok_or("it printed no linker command")?;
    let relaxed = case.spec.mcu() == RELAXED;
    run(
        case,
        relinked(
            split_arguments(&printed[at]),
            &elf,
            &format!("{new}.elf"),
            case.dir,
            objects,
            relaxed,
        ),
    )?;
    let converting = printed[at + 1..]
        .iter()
        .filter(|line| is_command(line) && line.contains(&elf) && line.contains(".hex"));
    for line in converting {
        let argv = split_arguments(line)
            .into_iter()
            .map(|word| word.replace(old.as_str(), new.as_str()));
        run(case, argv.collect())?;
    }
    let hex = Utf8PathBuf::from(format!("{new}.hex"));
    if hex.is_file() {
        Ok(hex)
    } else {
        Err("it printed no command that makes an image".to_owned())
    }
}

/// Returns the linker's words with other objects in them.
fn relinked(
    old: Vec<String>,
    elf: &str,
    new_elf: &str,
    dir: &Utf8Path,
    objects: &Objects,
    relaxed: bool,
) -> Vec<String> {
    let mut argv = Vec::new();
    let mut placed = false;
    for word in old {
        let path = Utf8Path::new(&word);
        if word == elf {
            argv.push(new_elf.to_owned());
        } else if path.extension() == Some("a")
            && path
                .file_stem()
                .is_some_and(|stem| stem.starts_with("core"))
        {
            argv.push(objects.core.to_string());
        } else if path.starts_with(dir) && matches!(path.extension(), Some("o" | "a")) {
            if !placed {
                argv.extend(objects.list.iter().map(|object| object.to_string()));
                placed = true;
            }
        } else if relaxed {
            argv.push(word.strip_suffix(",--relax").unwrap_or(&word).to_owned());
        } else {
            argv.push(word);
        }
    }
    argv
}

/// Returns the words of the command that compiles the sketch's generated C++.
pub fn compile_words(case: &Case<'_>, printed: &[String]) -> Option<Vec<String>> {
    let object = format!(
        "-o \"{}\"",
        case.dir
            .join("sketch")
            .join(format!("{}.cpp.o", case.sketch.project_name()))
    );
    printed
        .iter()
        .find(|line| is_command(line) && line.contains(&object))
        .map(|line| split_arguments(line))
}

/// Compiles other C++ in place of the sketch's own and links that, in `dir`.
///
/// # Errors
/// What the compiler printed.
pub fn with_source(
    case: &Case<'_>,
    printed: &[String],
    source: &Utf8Path,
    objects: &Objects,
    dir: &Utf8Path,
) -> Result<Utf8PathBuf, String> {
    fs_err::create_dir_all(dir).map_err(|error| error.to_string())?;
    let generated = case
        .dir
        .join("sketch")
        .join(format!("{}.cpp", case.sketch.project_name()));
    let (old, new) = (
        format!("{generated}.o"),
        dir.join(format!("{}.cpp.o", case.sketch.project_name())),
    );
    let argv = compile_words(case, printed).ok_or("it printed no compile command")?;
    let argv = argv.into_iter().map(|word| {
        if word == generated {
            source.to_string()
        } else if word == old {
            new.to_string()
        } else {
            word
        }
    });
    run(case, argv.collect())?;
    let list = objects
        .list
        .iter()
        .map(|object| {
            if *object == old {
                new.clone()
            } else {
                object.clone()
            }
        })
        .collect();
    link(
        case,
        printed,
        &Objects {
            list,
            core: objects.core.clone(),
        },
        dir,
    )
}

fn run(case: &Case<'_>, argv: Vec<String>) -> Result<(), String> {
    let command = Command::from_argv(argv).ok_or("an empty command was printed")?;
    checked(case.runner, &command).map(drop)
}

/// Whether a printed line is a command: programs are quoted there.
fn is_command(line: &str) -> bool {
    line.starts_with('"')
}

/// Lists objects below a folder, sorted by path as bytes.
fn objects(dir: &Utf8Path, depth: usize) -> Vec<Utf8PathBuf> {
    files(dir, depth, "o")
}

fn archives(dir: &Utf8Path) -> Vec<Utf8PathBuf> {
    files(dir, 1, "a")
}

fn files(dir: &Utf8Path, depth: usize, extension: &str) -> Vec<Utf8PathBuf> {
    let entries = WalkDir::new(dir)
        .max_depth(depth)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file());
    let mut files: Vec<Utf8PathBuf> = entries
        .filter_map(|entry| Utf8PathBuf::from_path_buf(entry.into_path()).ok())
        .filter(|path| path.extension() == Some(extension))
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_exchanged_and_the_extra_flag_is_taken_out() {
        let objects = Objects {
            list: vec!["/b/a.o".into(), "/b/z.o".into()],
            core: "/c/core.a".into(),
        };
        let line = r#""/usr/bin/avr-gcc" -Os -Wl,--gc-sections,--relax -o "/b/X.ino.elf" "/b/z.o" "/b/a.o" "/b/libraries/L/L.a" "/cache/core_x.a" "-L/b" -lm"#;
        let expect = |relax: &str| {
            format!(
                "/usr/bin/avr-gcc|-Os|-Wl,--gc-sections{relax}|-o|/n/X.ino.elf|/b/a.o|/b/z.o|/c/core.a|-L/b|-lm"
            )
        };
        for (relaxed, relax) in [(true, ""), (false, ",--relax")] {
            let argv = relinked(
                split_arguments(line),
                "/b/X.ino.elf",
                "/n/X.ino.elf",
                "/b".into(),
                &objects,
                relaxed,
            );
            assert_eq!(argv.join("|"), expect(relax));
        }
    }

    #[test]
    fn s3_1_objects_of_a_set_are_sorted_by_path_as_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        fs_err::create_dir_all(dir.join("src/deep")).unwrap();
        for name in [
            "b.c.o",
            "a_first.S.o",
            "a.cpp.o",
            "Z.cpp.o",
            "src/x.c.o",
            "src/deep/y.c.o",
            "a.cpp.d",
        ] {
            fs_err::write(dir.join(name), "").unwrap();
        }
        let names = |depth| -> Vec<String> {
            objects(dir, depth)
                .iter()
                .map(|path| path.strip_prefix(dir).unwrap().to_string())
                .collect()
        };
        assert_eq!(names(1), ["Z.cpp.o", "a.cpp.o", "a_first.S.o", "b.c.o"]);
        assert_eq!(names(usize::MAX)[4..], ["src/deep/y.c.o", "src/x.c.o"]);
        assert_eq!(objects(&dir.join("none"), 1), Vec::<Utf8PathBuf>::new());
    }
}
