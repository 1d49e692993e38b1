//! What is damaged or exchanged, in the cache or in the output directory, changes no firmware.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_testkit::{Project, Tree, need, needs};

use crate::{pairs, project};

const NAMES: [&str; 4] = ["S1", "S2", "S3", "S4"];

/// Sketches of a library, for the real compiler.
fn users_of_a_library(names: &[&str]) -> Project {
    let project = Project::new(env!("CARGO_BIN_EXE_fbuild")).library(
        "Lib",
        &[
            ("Lib.h", "int lib(int);\n"),
            ("Lib.cpp", "#include <Arduino.h>\n#include \"Lib.h\"\nint lib(int x) { return x + digitalRead(x); }\n"),
        ],
    );
    names
        .iter()
        .fold(project, |project, name| write_sketch(project, name))
}

fn write_sketch(project: Project, name: &str) -> Project {
    let text = format!(
        "#include <Lib.h>\nvoid setup() {{ Serial.begin(9600); }}\nvoid loop() {{ Serial.println(lib(2)); Serial.println(\"{name}\"); }}\n"
    );
    project.sketch(name, &text)
}

/// Builds into `out` and returns every `.hex` by its name.
fn built(project: &Project, names: &[&str], out: &str, args: &[&str]) -> Vec<(String, Vec<u8>)> {
    let dir = project.path(out);
    let run = project
        .compile_for("uno", names)
        .args(["--output-dir", dir.as_str()])
        .args(args)
        .run();
    assert_eq!(run.code(), Some(0), "{}", run.transcript());
    hexes(&dir)
}

fn hexes(dir: &Utf8Path) -> Vec<(String, Vec<u8>)> {
    let tree = Tree::read(dir);
    let files = tree.files().into_iter();
    files
        .filter(|path| path.extension() == Some("hex"))
        .map(|path| {
            let name = path.file_name().unwrap().to_owned();
            (name, fs_err::read(dir.join(path)).unwrap())
        })
        .collect()
}

fn blobs(project: &Project) -> Vec<Utf8PathBuf> {
    let cache = project.cache();
    let tree = Tree::read(&cache);
    let files = tree.files().into_iter().map(|path| cache.join(path));
    files
        .filter(|path| path.as_str().contains("/blobs/"))
        .collect()
}

/// Changes one byte in the middle; length and time of change stay.
fn flip(path: &Utf8Path) {
    let modified = fs_err::metadata(path).unwrap().modified().unwrap();
    let mut bytes = fs_err::read(path).unwrap();
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    fs_err::write(path, bytes).unwrap();
    let file = std::fs::File::options().append(true).open(path).unwrap();
    file.set_modified(modified).unwrap();
}

#[test]
fn one_flipped_byte_in_every_blob_is_found_and_made_again() {
    needs!(need::AVR);
    let project = users_of_a_library(&NAMES);
    let expect = built(&project, &NAMES, "alone", &["--no-cache"]);
    assert_eq!(expect.len(), NAMES.len());
    // The first two fill the cache, with a precompiled header; the others have to use what is in it.
    built(&project, &NAMES[..2], "first", &["--pch", "on"]);
    let all = blobs(&project);
    assert!(all.len() > 20, "{all:?}");
    all.iter().for_each(|path| flip(path));
    let dir = project.path("out");
    let run = project
        .compile_for("uno", NAMES)
        .args(["--output-dir", dir.as_str(), "--pch", "on"])
        .run()
        .ok();
    assert!(hexes(&dir) == expect, "{}", run.transcript());
    let report = run.report().to_string();
    assert!(report.contains("damaged"), "{report}");
    assert!(run.stderr.contains("damaged"), "{}", run.transcript());
    // Everything damaged was replaced.
    let run = project
        .compile_for("uno", NAMES)
        .args(["--output-dir", dir.as_str(), "--pch", "on"])
        .run()
        .ok();
    assert!(!run.stderr.contains("damaged"), "{}", run.transcript());
    assert!(built(&project, &NAMES, "again", &["--pch", "on"]) == expect);
}

#[test]
fn archives_replaced_in_the_output_directory_reach_no_link() {
    needs!(need::AVR);
    let project = users_of_a_library(&NAMES);
    let expect = built(&project, &NAMES, "alone", &["--no-cache"]);
    let alone = Tree::read(&project.path("alone"));
    let archives = alone.files().into_iter();
    let archives: Vec<_> = archives
        .filter(|path| path.extension() == Some("a"))
        .collect();
    assert!(archives.len() >= 2, "{archives:?}");
    let dir = project.path("out");
    let mut running = project
        .compile_for("uno", NAMES)
        .args(["--output-dir", dir.as_str()])
        .spawn();
    while !running.has_ended() {
        for path in &archives {
            let path = dir.join(path);
            if std::fs::remove_file(&path).is_ok() {
                let _ = std::fs::write(&path, "!<arch>\n");
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let run = running.wait();
    assert_eq!(run.code(), Some(0), "{}", run.transcript());
    assert!(hexes(&dir) == expect);
    assert!(
        built(&project, &NAMES, "fresh", &[]) == expect,
        "from the cache"
    );
}

#[test]
fn temporary_files_that_are_saved_meet_no_others() {
    needs!(need::AVR);
    let names: Vec<String> = (0..8).map(|number| format!("Same{number}")).collect();
    let mut project = Project::new(env!("CARGO_BIN_EXE_fbuild"));
    for (number, name) in names.iter().enumerate() {
        // A tab of one name in each, so that the saved files have one name too.
        let tab = format!("int value() {{ return {number}; }}\n");
        project = project
            .sketch(
                name,
                "int value();\nvoid setup() { pinMode(value(), OUTPUT); }\nvoid loop() {}\n",
            )
            .file(&format!("{name}/tab.cpp"), &tab);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let expect = built(&project, &names, "plain", &["--no-cache"]);
    let before = Tree::read(project.root());
    let save = [
        "--build-property",
        "compiler.cpp.extra_flags=-save-temps",
        "--build-property",
        "compiler.c.elf.extra_flags=-save-temps",
        "--sketch-jobs",
        "8",
        "--no-cache",
    ];
    assert!(built(&project, &names, "saved", &save) == expect);
    let left = |tree: &Tree| {
        let files = tree.files().into_iter().map(|path| path.to_string());
        let own = files.filter(|path| !path.starts_with("saved/"));
        own.filter(|path| path.ends_with(".ii") || path.ends_with(".s"))
            .count()
    };
    assert_eq!((left(&before), left(&Tree::read(project.root()))), (0, 0));
}

/// Writes a program that is put in front of each compiler command.
pub(crate) fn launcher(project: &Project, text: &str) -> String {
    project.write("launcher.sh", format!("#!/bin/sh\n{text}exec \"$@\"\n"));
    let path = project.path("launcher.sh");
    fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_string()
}

#[test]
fn a_compiler_that_crashes_with_a_precompiled_header_is_started_without_it() {
    needs!(need::AVR);
    let project = users_of_a_library(&NAMES);
    let expect = built(&project, &NAMES, "alone", &["--no-cache"]);
    let crash = "case \"$*\" in *.preamble.cpp*) kill -SEGV $$;; esac\n";
    let program = launcher(&project, crash);
    let args = ["--pch", "on", "--compiler-launcher", program.as_str()];
    assert!(built(&project, &NAMES, "out", &args) == expect);
}

#[test]
fn a_sketch_that_takes_too_long_is_ended_alone() {
    let slow = "// fake: sleep 60\nvoid setup() {}\nvoid loop() {}\n";
    let project = project()
        .sketch("Fast", "void setup() {}\nvoid loop() {}\n")
        .sketch("Slow", slow);
    let run = project
        .compile(["Fast", "Slow"])
        .args(["--sketch-timeout", "1"])
        .run()
        .expect_code(1);
    assert_eq!(
        run.outcomes(),
        pairs(&[("Fast", "built"), ("Slow", "failed")])
    );
    run.says("the sketch took longer than 1 s (--sketch-timeout)");
}

#[test]
fn an_object_that_is_compiled_twice_has_one_digest() {
    needs!(need::AVR);
    let project = users_of_a_library(&NAMES);
    let made = |cache: &str| {
        let cache = project.path(cache);
        let dir = ["--cache-dir", cache.as_str(), "--pch", "off"];
        let firmware = built(&project, &NAMES, "out", &dir);
        fs_err::remove_dir_all(project.path("out")).unwrap();
        let tree = Tree::read(&cache);
        let files = tree.files().into_iter();
        let objects: Vec<String> = files
            .filter(|path| path.as_str().contains("/blobs/") && is_lto_object(&cache.join(path)))
            .map(ToString::to_string)
            .collect();
        (firmware, objects)
    };
    let (first, second) = (made("one"), made("two"));
    assert!(first.1.len() > 20, "{:?}", first.1);
    assert!(first == second);
}

/// Returns whether a file is an object with code for link-time optimisation. Others, made of assembler sources, name a temporary file of the driver.
fn is_lto_object(path: &Utf8Path) -> bool {
    let bytes = fs_err::read(path).unwrap();
    let named = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    bytes.starts_with(b"\x7fELF") && named(b".gnu.lto_.decls")
}

/// One way to let a compiler, an assembler or a linker read a file that no depfile names.
struct Unseen {
    what: &'static str,
    sketch: &'static str,
    /// A source beside the sketch.
    beside: Option<(&'static str, &'static str)>,
    /// Build properties; `DIR` is the project.
    properties: &'static [&'static str],
    /// Files, before the edit.
    files: &'static [(&'static str, &'static str)],
    /// The file that is edited, and its new text.
    edit: (&'static str, &'static str),
}

const USES_SYMBOL: &str = "extern \"C\" char wanted;\nvoid setup() { pinMode((int)(unsigned)&wanted, OUTPUT); }\nvoid loop() {}\n";
const USES_FUNCTION: &str =
    "extern \"C\" int wanted();\nvoid setup() { pinMode(wanted(), OUTPUT); }\nvoid loop() {}\n";
const USES_MACRO: &str = "void setup() { pinMode(WANTED, OUTPUT); }\nvoid loop() {}\n";

const UNSEEN: [Unseen; 5] = [
    Unseen {
        what: "a linker script that a linker script includes",
        sketch: USES_SYMBOL,
        beside: None,
        properties: &["compiler.c.elf.extra_flags=-LDIR DIR/outer.ld"],
        files: &[
            ("outer.ld", "INCLUDE inner.ld\n"),
            ("inner.ld", "wanted = 3;\n"),
        ],
        edit: ("inner.ld", "wanted = 4;\n"),
    },
    Unseen {
        what: "a file of the assembler in a string, with link-time optimisation",
        sketch: USES_SYMBOL,
        beside: Some((
            "bytes.cpp",
            "asm(\".section .data\\n.global wanted\\nwanted: .incbin \\\"DIR/d.bin\\\"\\n.text\\n\");\n",
        )),
        properties: &[],
        files: &[("d.bin", "one")],
        edit: ("d.bin", "two"),
    },
    Unseen {
        what: "a file that an assembler source includes",
        sketch: USES_FUNCTION,
        beside: Some((
            "code.S",
            ".global wanted\nwanted:\n.include \"DIR/part.s\"\n ret\n",
        )),
        properties: &[],
        files: &[("part.s", " ldi r24, 3\n ldi r25, 0\n")],
        edit: ("part.s", " ldi r24, 4\n ldi r25, 0\n"),
    },
    Unseen {
        what: "a header that an option includes from the system's directories",
        sketch: USES_MACRO,
        beside: None,
        properties: &["compiler.cpp.extra_flags=-isystem DIR/sys -include forced.h"],
        files: &[
            ("sys/forced.h", "#include <deep.h>\n"),
            ("sys/deep.h", "#define WANTED 3\n"),
        ],
        edit: ("sys/deep.h", "#define WANTED 4\n"),
    },
    Unseen {
        what: "a section that is added to the firmware",
        sketch: "void setup() {}\nvoid loop() {}\n",
        beside: None,
        properties: &[
            "compiler.elf2hex.flags=-O ihex -R .eeprom --add-section .more=DIR/more.bin --set-section-flags .more=alloc,load,contents --change-section-address .more=0x7000",
        ],
        files: &[("more.bin", "one")],
        edit: ("more.bin", "two"),
    },
];

#[test]
fn an_edit_of_a_file_that_no_depfile_names_is_seen() {
    needs!(need::AVR);
    for case in &UNSEEN {
        let project = Project::new(env!("CARGO_BIN_EXE_fbuild")).sketch("A", case.sketch);
        let whole = |text: &str| text.replace("DIR", project.root().as_str());
        if let Some((name, text)) = case.beside {
            project.write(&format!("A/{name}"), whole(text));
        }
        for (name, text) in case.files {
            project.write(name, text);
        }
        let mut properties = Vec::new();
        for property in case.properties {
            properties.extend(["--build-property".to_owned(), whole(property)]);
        }
        let build = |out: &str, more: &[&str]| {
            let args: Vec<&str> = properties
                .iter()
                .map(String::as_str)
                .chain(more.iter().copied())
                .collect();
            built(&project, &["A"], out, &args)
        };
        let before = build("out", &[]);
        assert!(build("out", &[]) == before, "{}", case.what);
        let (name, text) = case.edit;
        project.write(name, text);
        let expect = build("alone", &["--no-cache"]);
        assert!(expect != before, "{}: the edit changes nothing", case.what);
        for out in ["out", "fresh"] {
            assert!(build(out, &[]) == expect, "{}: stale in {out}", case.what);
        }
    }
}
