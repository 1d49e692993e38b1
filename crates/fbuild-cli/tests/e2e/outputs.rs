//! What is left behind, and where: firmware and logs in the output directory, and nothing anywhere else.

use camino::Utf8Path;
use fbuild_testkit::project::PLAIN;
use fbuild_testkit::{Tree, without_root};

use crate::{pairs, project};

#[test]
fn firmware_and_log_stand_in_the_sketchs_own_directory() {
    let project = project().sketch("group/A", PLAIN);
    let run = project.compile_many(["group/A"]).ok();
    let dir = ".fbuild/solo/group/A";
    for file in ["A.ino.elf", "A.ino.hex", "A.ino.eep", "build.log"] {
        assert!(project.path(&format!("{dir}/{file}")).is_file(), "{file}");
    }
    assert!(
        project
            .read(format!("{dir}/A.ino.hex"))
            .ends_with(":00000001FF\n")
    );
    let artifacts = run.report()["sketches"][0]["artifacts"].clone();
    let names: Vec<&str> = artifacts
        .as_array()
        .unwrap()
        .iter()
        .map(|path| Utf8Path::new(path.as_str().unwrap()).file_name().unwrap())
        .collect();
    assert_eq!(names, ["A.ino.eep", "A.ino.elf", "A.ino.hex"]);
}

#[test]
fn the_log_holds_every_command_its_output_and_the_sizes() {
    let project = project().sketch(
        "A",
        "// fake: warn look here\n// fake: size 2816 223\nvoid setup() {}\nvoid loop() {}\n",
    );
    project.compile_many(["A"]).ok();
    let log = project.read(".fbuild/solo/A/build.log");
    for text in [
        "fake-g++",
        "A.ino.cpp",
        "fake-objcopy",
        "fake-size",
        "A/A.ino:1:1: warning: look here",
    ] {
        assert!(log.contains(text), "{text}\n{log}");
    }
    assert!(
        log.lines()
            .any(|line| line == "Flash: 2.75KB / 32.00KB (8.6%)"),
        "{log}"
    );
    assert!(
        log.lines()
            .any(|line| line == "RAM:   223 bytes / 2.00KB (10.9%)"),
        "{log}"
    );
}

#[test]
fn the_output_directory_is_where_it_is_asked_for() {
    let project = project().sketch("A", PLAIN);
    project
        .compile(["A"])
        .args(["--output-dir", "build/deep"])
        .run()
        .ok();
    assert!(project.path("build/deep/solo/A/A.ino.hex").exists());
    assert!(!project.path(".fbuild").exists());
}

#[test]
fn sources_and_platform_are_not_touched() {
    let project = project()
        .simple_library("X", "")
        .sketch("A", "#include <X.h>\nvoid setup() {}\nvoid loop() {}\n")
        .file("A/helper.cpp", "int helper;\n")
        .file("A/src/more.c", "int more;\n")
        .sketch("Bad", "// fake: fail no\nvoid setup() {}\nvoid loop() {}\n");
    let sources = |project: &fbuild_testkit::Project| {
        ["A", "Bad", "libraries"]
            .map(|dir| Tree::read(&project.path(dir)))
            .into_iter()
            .chain([Tree::read(&project.hardware())])
            .collect::<Vec<_>>()
    };
    let before = sources(&project);
    project.compile_many(["A", "Bad"]).expect_code(1);
    project
        .compile_for("mute", ["A", "Bad"])
        .run()
        .expect_code(1);
    for (before, after) in before.iter().zip(sources(&project)) {
        assert_eq!(after.changes(before), Vec::<camino::Utf8PathBuf>::new());
    }
    let entries: Vec<String> = project
        .root()
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_owned())
        .collect();
    let mut entries = entries;
    entries.sort();
    assert_eq!(entries, [".fbuild", "A", "Bad", "libraries"]);
    assert!(
        Tree::read(&project.home()).files().is_empty(),
        "nothing is left in the home directory"
    );
}

#[test]
fn an_output_directory_that_cannot_be_made_stops_before_anything_is_built() {
    let project = project().sketch("A", PLAIN).file("taken", "a file\n");
    for dir in ["taken", "taken/deeper", "/proc/fbuild"] {
        let run = project
            .compile(["A"])
            .args(["--output-dir", dir])
            .run()
            .expect_code(2);
        assert!(
            run.stderr.contains(dir.trim_end_matches("/deeper")),
            "{}",
            run.transcript()
        );
        assert!(project.calls().0.is_empty(), "{dir}");
    }
    assert_eq!(project.read("taken"), "a file\n");
}

#[test]
fn an_output_directory_without_write_permission_stops_before_anything_is_built() {
    let project = project().sketch("A", PLAIN).file("closed/x", "");
    fs_err::set_permissions(
        project.path("closed"),
        std::os::unix::fs::PermissionsExt::from_mode(0o555),
    )
    .unwrap();
    let run = without_root(|| {
        project
            .compile(["A"])
            .args(["--output-dir", "closed"])
            .run()
    });
    run.expect_code(2).says("closed");
    assert!(project.calls().0.is_empty());
}

#[test]
fn an_output_directory_inside_a_sketch_is_refused() {
    let project = project().sketch("A", PLAIN).sketch("B", PLAIN);
    for dir in ["A", "A/out", "B/x/y", "./A/../B/out"] {
        let run = project
            .compile(["A", "B"])
            .args(["--output-dir", dir])
            .run()
            .expect_code(2);
        assert!(run.stderr.contains("output"), "{}", run.transcript());
        assert!(project.calls().0.is_empty(), "{dir}");
    }
    assert_eq!(Tree::read(&project.path("A")).files(), ["A.ino"]);
}

#[test]
fn a_run_from_inside_a_sketch_does_not_build_into_it() {
    let project = project().sketch("A", PLAIN);
    let run = project.compile(["."]).cwd(project.path("A")).run();
    // Refusing the default output directory is as good as building elsewhere; writing into the sketch is not.
    assert_eq!(
        Tree::read(&project.path("A")).files(),
        ["A.ino"],
        "{}",
        run.transcript()
    );
    assert!(matches!(run.code(), Some(0 | 2)), "{}", run.transcript());
}

#[test]
fn exported_binaries_go_where_arduino_puts_them_and_only_when_asked_for() {
    let project = project().sketch("A", PLAIN);
    project.compile_many(["A"]).ok();
    assert!(!project.path("A/build").exists());
    project
        .compile(["A"])
        .args(["--export-binaries"])
        .run()
        .ok();
    let exported = project.read_bytes("A/build/fake.avr.solo/A.ino.hex");
    assert_eq!(exported, project.read_bytes(".fbuild/solo/A/A.ino.hex"));
}

#[test]
fn a_file_that_vanished_from_the_output_directory_comes_back() {
    let project = project().sketch("A", PLAIN);
    project.compile_many(["A"]).ok();
    let hex = project.read_bytes(".fbuild/solo/A/A.ino.hex");
    project.forget_calls();
    fs_err::remove_file(project.path(".fbuild/solo/A/A.ino.hex")).unwrap();
    fs_err::write(project.path(".fbuild/solo/A/A.ino.elf"), "damaged").unwrap();
    let run = project.compile_many(["A"]).ok();
    assert_eq!(run.outcomes(), pairs(&[("A", "built")]));
    assert_eq!(project.read_bytes(".fbuild/solo/A/A.ino.hex"), hex);
    assert!(
        project
            .read(".fbuild/solo/A/A.ino.elf")
            .starts_with("program\n")
    );
    assert!(
        project.calls().0.is_empty(),
        "from the cache, without a process"
    );
}

#[test]
fn a_sketch_that_no_longer_builds_keeps_no_old_firmware() {
    let project = project().sketch("A", PLAIN);
    project.compile_many(["A"]).ok();
    project.write("A/A.ino", "// fake: fail now\n");
    project.compile_many(["A"]).expect_code(1);
    let hex = project.path(".fbuild/solo/A/A.ino.hex");
    assert!(
        !hex.exists(),
        "a script that takes the firmware must not take last week's"
    );
}

#[test]
fn the_compilation_database_lists_every_source_once() {
    let project = project()
        .simple_library("X", "")
        .sketch("A", "#include <X.h>\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("B", PLAIN);
    project
        .compile(["A", "B"])
        .args(["--compile-commands", "db.json"])
        .run()
        .ok();
    let database: serde_json::Value = serde_json::from_str(&project.read("db.json")).unwrap();
    let files: Vec<&str> = database
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["file"].as_str().unwrap())
        .collect();
    for end in [
        "A.ino.cpp",
        "B.ino.cpp",
        "X.cpp",
        "main.cpp",
        "wiring.c",
        "abi.S",
        "variant.cpp",
    ] {
        assert_eq!(
            files.iter().filter(|file| file.ends_with(end)).count(),
            1,
            "{end}: {files:?}"
        );
    }
    for entry in database.as_array().unwrap() {
        assert!(
            entry["arguments"]
                .as_array()
                .is_some_and(|arguments| arguments.len() > 3),
            "{entry}"
        );
        assert!(entry["directory"].is_string());
    }
}

/// A hook that says so in a file when it runs.
fn hook(project: &fbuild_testkit::Project, point: &str) -> String {
    let ran = project.path(&format!("ran-{point}"));
    format!("recipe.hooks.{point}.1.pattern=touch {ran}")
}

#[test]
fn a_dry_run_runs_nothing_and_leaves_nothing() {
    let project = project().sketch("A", PLAIN);
    let hooks = ["prebuild", "sketch.postbuild"].map(|point| hook(&project, point));
    let run = project
        .compile(["A"])
        .args([
            "--dry-run",
            "--build-property",
            &hooks[0],
            "--build-property",
            &hooks[1],
        ])
        .run()
        .ok();
    for text in ["main.cpp", "A.ino.cpp", "ran-prebuild"] {
        assert!(run.stdout.contains(text), "{}", run.transcript());
    }
    let place = project.path(".fbuild/solo/A/sketch/A.ino.cpp");
    assert!(run.stdout.contains(place.as_str()), "{}", run.transcript());
    run.says("hooks are not run");
    let calls = project.calls();
    assert!(
        calls
            .0
            .iter()
            .all(|call| call.role == fbuild_testkit::Role::Query),
        "{:?}",
        calls.0
    );
    let entries = project.root().read_dir_utf8().unwrap();
    let mut found: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_owned())
        .collect();
    found.sort();
    assert_eq!(found, ["A", "libraries"]);
}

#[test]
fn a_compilation_database_alone_runs_no_hook_and_says_what_it_writes() {
    let project = project().sketch("A", PLAIN).file("libraries/none", "");
    let hook = hook(&project, "prebuild");
    let run = project
        .compile(["A"])
        .args(["--only-compilation-database", "--build-property", &hook])
        .run()
        .ok();
    assert!(!project.path("ran-prebuild").exists());
    let database = project.path(".fbuild/compile_commands.json");
    assert!(database.is_file());
    run.says(database.as_str()).says("generated sources");
}

#[test]
fn a_preview_of_a_sketch_that_cannot_be_planned_fails() {
    let missing = "#include <Missing.h>\nvoid setup() {}\nvoid loop() {}\n";
    let project = project().sketch("A", PLAIN).sketch("B", missing);
    for option in ["--dry-run", "--only-compilation-database"] {
        let run = project.compile(["A", "B"]).args([option]).run();
        run.expect_code(1)
            .says("B on fake:avr:solo")
            .says("Missing.h");
    }
}

#[test]
fn a_preview_that_is_interrupted_does_not_succeed() {
    for option in ["--dry-run", "--only-compilation-database"] {
        let held = format!("// fake: preprocess-hold gate\n{PLAIN}");
        let project = project().sketch("A", &held).sketch("B", &held);
        let running = project
            .compile_for("mute", ["A", "B"])
            .args([option])
            .spawn();
        project.wait_until_held("gate");
        running.signal(nix::sys::signal::Signal::SIGINT);
        std::thread::sleep(std::time::Duration::from_millis(200));
        project.open_gate("gate");
        let run = running.wait();
        assert_ne!(run.code(), Some(0), "{}", run.transcript());
    }
}

#[test]
fn parity_refuses_to_preview() {
    let project = project().sketch("A", PLAIN);
    for option in ["--dry-run", "--only-compilation-database"] {
        let run = project.fbuild(["parity", "-b", "solo", "A", option]);
        run.expect_code(2).says(option);
        assert!(project.calls().0.is_empty());
        assert!(!project.path(".fbuild").exists());
    }
}

#[test]
fn a_name_with_a_line_end_adds_no_line_to_a_dry_run() {
    let project = project().sketch("A\ntouch stolen #", PLAIN);
    let run = project
        .command(["build", "-b", "solo", ".", "--dry-run"])
        .run()
        .ok();
    let lines: Vec<&str> = run.stdout.lines().collect();
    let starts = |line: &&&str| line.starts_with("touch");
    // A line end in an argument is quoted, so the line before it opens the quotes.
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| starts(line)) {
        let quotes = lines[..at]
            .iter()
            .map(|line| line.matches('\'').count())
            .sum::<usize>();
        assert!(quotes % 2 == 1, "{line}\n{}", run.transcript());
    }
}

#[test]
fn a_sketch_within_a_sketch_keeps_its_firmware_when_the_other_is_built() {
    for inner in ["a/sketch", "a/core", "a/libraries", "a/x"] {
        let project = project().sketch("a", PLAIN).sketch(inner, PLAIN);
        let firmware = |run: fbuild_testkit::Run| {
            let artifacts = run.ok().report()["sketches"][0]["artifacts"].clone();
            let artifacts = artifacts.as_array().unwrap().clone();
            let paths = artifacts
                .iter()
                .map(|path| project.path(path.as_str().unwrap()));
            paths.collect::<Vec<_>>()
        };
        let of_inner = firmware(project.compile_many([inner]));
        let of_outer = firmware(project.compile_many(["a"]));
        // A change, so that the directory is not only looked at.
        project.write("a/a.ino", format!("{PLAIN}// changed\n"));
        project.compile_many(["a"]).ok();
        project.write(&format!("{inner}/extra.h"), "");
        project.compile_many([inner]).ok();
        for path in of_inner.iter().chain(&of_outer) {
            assert!(path.is_file(), "{inner}: {path}");
        }
    }
}

#[test]
fn a_header_folder_that_becomes_a_file_and_back_is_built() {
    let project = project().sketch(
        "A",
        "#include \"src/part.h\"\nvoid setup() {}\nvoid loop() {}\n",
    );
    project.write("A/src/part.h", "#pragma once\n");
    project.compile_many(["A"]).ok();
    for _ in 0..2 {
        fs_err::remove_file(project.path("A/src/part.h")).unwrap();
        project.write("A/src/part.h/deep/inner.h", "#pragma once\n");
        project.write(
            "A/A.ino",
            "#include \"src/part.h/deep/inner.h\"\nvoid setup() {}\nvoid loop() {}\n",
        );
        project.compile_many(["A"]).ok();
        fs_err::remove_dir_all(project.path("A/src/part.h")).unwrap();
        project.write("A/src/part.h", "#pragma once\n");
        project.write(
            "A/A.ino",
            "#include \"src/part.h\"\nvoid setup() {}\nvoid loop() {}\n",
        );
        project.compile_many(["A"]).ok();
    }
}

#[test]
fn no_sketch_shares_a_directory_with_what_sketches_share() {
    for name in ["core", "libraries", "variant", "preambles", "sketch"] {
        let project = project().sketch(name, PLAIN).sketch("other", PLAIN);
        let report = project.compile_many([name, "other"]).ok().report();
        let log = report["sketches"][0]["log"].as_str().unwrap();
        assert!(
            project.read(log).contains(&format!("{name}.ino.cpp")),
            "{log}"
        );
        let board = project.path(".fbuild/solo");
        let shared = ["core", "libraries", "variant", "preambles"];
        let is_shared = shared
            .iter()
            .any(|shared| project.path(log).starts_with(board.join(shared)));
        assert!(!is_shared, "{log}");
    }
}

#[test]
fn a_second_variant_of_a_library_and_a_library_of_that_name_keep_apart() {
    let uses_other =
        "#pragma once\n#if __has_include(<Other.h>)\n#include <Other.h>\n#endif\nint foo();\n";
    let project = project()
        .library("Foo", &[("src/Foo.h", uses_other), ("src/Foo.cpp", "#include <Foo.h>\nint foo() { return OTHER; }\n")])
        .library("Other", &[("src/Other.h", "#pragma once\n#define OTHER 1\n"), ("src/Other.cpp", "int other;\n")])
        .library("Foo-2", &[("src/Foo2.h", "#pragma once\n"), ("src/Foo2.cpp", "int foo2;\n")])
        .sketch("A", "#include <Foo.h>\n#include <Foo2.h>\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("B", "#include <Other.h>\n#include <Foo.h>\n#include <Foo2.h>\nvoid setup() {}\nvoid loop() {}\n");
    project.compile_many(["A", "B"]).ok();
    let read = |path: &str| project.read(format!(".fbuild/solo/libraries/{path}"));
    assert!(read("Foo-2/Foo-2.a").contains("Foo2.cpp"));
    assert!(read("Foo/Foo.a").contains("Foo.cpp"));
    assert!(read("Foo/2/build.log").contains("Foo.cpp"));
    assert!(!read("Foo-2/build.log").contains("Foo.cpp"));
}
