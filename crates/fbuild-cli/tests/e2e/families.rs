//! Platforms beyond AVR: synthetic ones in `fixtures/`, each board with one trait of real platforms, built with the real compilers.

use std::process::Command;

use fbuild_testkit::{Invocation, Project, needs};

use crate::pairs;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/arm");

const ARM: [&str; 3] = ["arm-none-eabi-gcc", "arm-none-eabi-g++", "arm-none-eabi-ar"];

/// Sources of the fixture's core.
const CORE_SOURCES: u64 = 3;

const HELLO: &str = r#"
void setup() {
  Serial.begin(9600);
  Serial.print("sum ");
  Serial.println(sum(40, 2));
  finish();
}
void loop() {}
int sum(int a, int b) { return a + b; }
"#;

fn project() -> Project {
    Project::new(env!("CARGO_BIN_EXE_fbuild"))
}

/// Builds for a board of the Arm platform of the fixtures, which is laid out like Arduino's data directory.
fn compile(project: &Project, board: &str, sketches: &[&str]) -> Invocation {
    let arguments: Vec<&str> = ["--output-dir", "out"]
        .iter()
        .chain(sketches)
        .copied()
        .collect();
    project
        .compile_for(board, arguments)
        .env("FBUILD_PLATFORM_PATH", FIXTURES)
}

#[test]
fn a_firmware_for_arm_runs_and_prints_what_its_sketch_prints() {
    needs!(ARM);
    needs!("qemu-system-arm");
    let project = project().sketch("Hello", HELLO);
    compile(&project, "m3", &["Hello"]).run().ok();
    let elf = project.path("out/m3/Hello/Hello.ino.elf");
    let machine = ["-M", "lm3s6965evb", "-display", "none", "-monitor", "none"];
    let printed = Command::new("timeout")
        .args(["60", "qemu-system-arm"])
        .args(machine)
        .args(["-serial", "stdio", "-semihosting", "-kernel", elf.as_str()])
        .output()
        .unwrap();
    assert!(printed.status.success(), "{printed:?}");
    assert_eq!(String::from_utf8_lossy(&printed.stdout), "sum 42\n");
    let (image, packed) = (
        project.read_bytes("out/m3/Hello/Hello.ino.bin"),
        project.read_bytes("out/m3/Hello/Hello.ino.zip"),
    );
    assert!(packed.ends_with(&image) && packed.len() > image.len());
}

#[test]
fn a_board_whose_hook_writes_into_the_build_path_is_built() {
    needs!(ARM);
    let project = project().sketches(["One", "Two"], HELLO);
    for _ in 0..2 {
        let run = compile(&project, "inpath", &["One", "Two"]).run().ok();
        assert_eq!(run.outcomes(), pairs(&[("One", "built"), ("Two", "built")]));
    }
    assert!(project.path("out/inpath/Two/Two.ino.bin").exists());
    let report = compile(&project, "inpath", &["One", "Two"])
        .run()
        .ok()
        .report();
    assert_eq!(report["plan"]["shared_actions"], CORE_SOURCES);
}

#[test]
fn a_core_that_does_not_mention_the_sketch_is_compiled_once() {
    needs!(ARM);
    let says_name = HELLO.replace("sum \"", "name \" SKETCH_NAME");
    let project = project()
        .sketches(["One", "Two"], HELLO)
        .sketches(["Three", "Four"], &says_name);
    let all = ["One", "Two", "Three", "Four"];
    let run = compile(&project, "named", &all).run().ok();
    assert_eq!(run.report()["plan"]["shared_actions"], CORE_SOURCES);
    for name in ["Three", "Four"] {
        let image = project.read(format!("out/named/{name}/{name}.ino.bin"));
        assert!(image.contains(&format!("name {name}.ino")), "{name}");
    }
    let images = |project: &Project| {
        all.map(|name| project.read_bytes(format!("out/named/{name}/{name}.ino.bin")))
    };
    let cold = images(&project);
    compile(&project, "named", &all).run().ok();
    assert_eq!(images(&project), cold);

    // A core that mentions the macro differs from sketch to sketch.
    let platform = project.hardware();
    let copied = Command::new("cp")
        .args(["-r", FIXTURES, platform.as_str()])
        .status();
    assert!(copied.unwrap().success());
    let core = platform.join("packages/fixture/hardware/arm/1.0.0/cores/arduino");
    fs_err::write(
        core.join("name.cpp"),
        "const char *sketch_name = SKETCH_NAME;
",
    )
    .unwrap();
    let run = compile(&project, "named", &all)
        .env("FBUILD_PLATFORM_PATH", &platform)
        .run()
        .ok();
    let (shared, own) = (CORE_SOURCES, all.len() as u64);
    assert_eq!(run.report()["plan"]["shared_actions"], shared + own);
}

/// Headers whose `here` returns the path of the source that calls it.
const TELL_PATHS: [&str; 2] = [
    "inline const char *here(const char *file = __builtin_FILE()) { return file; }\n",
    "#include <source_location>\ninline const char *here(std::source_location at = std::source_location::current()) { return at.file_name(); }\n",
];

/// The firmware of two sketches that print where their sources are, built in a checkout of this name with the cache of `shared`.
fn places_told(
    shared: &Project,
    tells: &str,
    name: &str,
    options: &[&str],
) -> (Project, Vec<Vec<u8>>) {
    let sketch = "#include <Where.h>\nvoid setup() { Serial.begin(9600); Serial.println(CALL); finish(); }\nvoid loop() {}\n";
    let where_it_is = format!("#pragma once\n{tells}const char *library();\n");
    let project = Project::named(env!("CARGO_BIN_EXE_fbuild"), name)
        .sketch("Own", &sketch.replace("CALL", "here()"))
        .sketch("Library", &sketch.replace("CALL", "library()"))
        .library(
            "Where",
            &[
                ("src/Where.h", &where_it_is),
                (
                    "src/Where.cpp",
                    "#include <Where.h>\nconst char *library() { return here(); }\n",
                ),
            ],
        );
    let build = compile(&project, "m3", &["Own", "Library"]);
    let build = build.env("FBUILD_CACHE_DIR", shared.cache().as_str());
    let build = build.args(["--build-property", "build.extra_flags=-std=gnu++20"]);
    build.args(options).run().ok();
    let image = |sketch: &str| project.read_bytes(format!("out/m3/{sketch}/{sketch}.ino.bin"));
    let images = ["Own", "Library"].map(image).to_vec();
    (project, images)
}

#[test]
fn a_builtin_that_tells_a_sources_path_tells_it_after_the_checkout_has_moved() {
    needs!(ARM);
    let shared = project();
    for tells in TELL_PATHS {
        let (first, images) = places_told(&shared, tells, "first", &[]);
        let (second, moved) = places_told(&shared, tells, "a-longer-name", &[]);
        let (_, alone) = places_told(&shared, tells, "a-longer-name", &["--no-cache"]);
        let told = |image: &[u8], path: &str| String::from_utf8_lossy(image).contains(path);
        for (project, images) in [(&first, &images), (&second, &moved)] {
            let sketch = project.path("Own/Own.ino");
            assert!(told(&images[0], sketch.as_str()), "{sketch}");
            let library = project.libraries().join("Where/src/Where.cpp");
            assert!(told(&images[1], library.as_str()), "{library}");
        }
        // The temporary directories of the last two have names of one length, and paths are all that may differ.
        let lengths = |images: &[Vec<u8>]| images.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(&moved), lengths(&alone));
    }
}

#[test]
fn files_that_first_hooks_make_are_options_and_sources() {
    needs!(ARM);
    let sketch = "int made_by_hook();\nvoid setup() { Serial.begin(9600); Serial.println(made_by_hook() + EXTRA); }\nvoid loop() {}\n";
    let plain = sketch.replace("EXTRA", "0");
    let project = project()
        .sketches(["One", "Two"], &plain)
        .sketch("Three", sketch);
    project.write("Three/flags.txt", "-DEXTRA=3\n");
    project.write("One/gone.cpp", "int gone;\n");
    let run = compile(&project, "optfile", &["One", "Two"]).run().ok();
    let report = run.report();
    assert_eq!(report["plan"]["shared_actions"], CORE_SOURCES);
    assert_eq!(report["plan"]["fallbacks"], serde_json::json!([]));

    // Other options make another core; the copy of a source that the sketch no longer has is not one that a hook made.
    fs_err::remove_file(project.path("One/gone.cpp")).unwrap();
    let all = ["One", "Two", "Three"];
    let run = compile(&project, "optfile", &all).run().ok();
    assert_eq!(run.report()["plan"]["shared_actions"], 2 * CORE_SOURCES);
    assert!(!project.path("out/optfile/One/sketch/gone.cpp").exists());
    assert!(project.path("out/optfile/One/sketch/made.cpp").exists());

    // What the option file says is part of what the compiler is asked.
    project.write("Three/flags.txt", "-DEXTRA=4 -DOTHER\n");
    project.write(
        "Three/Three.ino",
        sketch.replace("EXTRA", "EXTRA\n#ifndef OTHER\n#error no\n#endif\n"),
    );
    compile(&project, "optfile", &all).run().ok();
}

#[test]
fn large_boards_use_precompiled_headers_and_hooks_after_the_link_leave_records() {
    needs!(ARM);
    let names = ["P1", "P2", "P3", "P4", "P5"];
    let project = project();
    for (number, name) in names.iter().enumerate() {
        // newlib's headers use `__has_attribute`.
        let text = format!(
            "#include <stdlib.h>\n{}",
            HELLO.replace("40", &number.to_string())
        );
        project.write(&format!("{name}/{name}.ino"), text);
    }
    let images = || {
        names.map(|name| {
            ["bin", "uf2"]
                .map(|kind| project.read_bytes(format!("out/packed/{name}/{name}.ino.{kind}")))
        })
    };
    let cold = compile(&project, "packed", &names).run().ok().report();
    assert_eq!(cold["plan"]["fallbacks"], serde_json::json!([]));
    assert_eq!(cold["preambles"]["used"], names.len());
    let with = images();
    let warm = compile(&project, "packed", &names).run().ok().report();
    assert_eq!(warm["counts"]["cached"], names.len());
    assert_eq!(warm["plan"]["shared_actions"], CORE_SOURCES);
    compile(&project, "packed", &names)
        .args(["--pch", "off", "--no-cache"])
        .run()
        .ok();
    assert_eq!(images(), with);
}

#[test]
fn a_property_can_name_the_files_of_the_firmware() {
    needs!(ARM);
    let project = project().sketch("Hello", HELLO);
    compile(&project, "m3", &["Hello"])
        .args(["--build-property", "build.project_name=image"])
        .run()
        .ok();
    for kind in ["elf", "bin"] {
        let file = project.path(&format!("out/m3/Hello/image.{kind}"));
        assert!(file.exists(), "{file}");
    }
}
