//! The commands that only look: doctor, properties, preprocess, libraries, cache. They say what they find and write nothing of their own.

use fbuild_testkit::project::PLAIN;
use fbuild_testkit::{Project, tree::Tree};

use crate::project;

/// Fails the test if something stands below the project's directory that was not there.
fn nothing_is_written(project: &Project, act: impl FnOnce()) {
    let before = Tree::read(project.root());
    act();
    let changes = Tree::read(project.root()).changes(&before);
    assert!(changes.is_empty(), "{changes:?}");
}

#[test]
fn looking_writes_nothing_beside_the_sketch() {
    let project = project()
        .simple_library("X", "")
        .sketch("S", "#include <X.h>\nvoid setup() {}\nvoid loop() {}\n");
    let libraries = project.libraries();
    nothing_is_written(&project, || {
        project
            .fbuild([
                "preprocess",
                "--board",
                "solo",
                "--libraries",
                libraries.as_str(),
                "S",
            ])
            .ok();
        project
            .fbuild([
                "libraries",
                "--board",
                "solo",
                "--libraries",
                libraries.as_str(),
                "S",
            ])
            .ok();
        project.fbuild(["properties", "--board", "solo"]).ok();
        project.fbuild(["doctor"]);
    });
    assert!(!project.path(".fbuild").exists());
}

#[test]
fn several_sketches_and_boards_are_headed() {
    let project = project().sketch("A", PLAIN).sketch("B", PLAIN);
    let run = project
        .fbuild(["preprocess", "--board", "solo,duet", "A", "B"])
        .ok();
    let headings: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| line.starts_with("// ") && line.contains(" on "))
        .collect();
    assert_eq!(
        headings,
        [
            "// A on fake:avr:solo",
            "// B on fake:avr:solo",
            "// A on fake:avr:duet",
            "// B on fake:avr:duet"
        ]
    );
    let run = project.fbuild(["preprocess", "--board", "solo", "A"]).ok();
    assert!(
        run.stdout.starts_with("#include <Arduino.h>\n"),
        "one alone is just its text\n{}",
        run.transcript()
    );
}

#[test]
fn a_sketch_that_cannot_be_preprocessed_fails_alone() {
    let project = project().sketch("A", PLAIN).file("Wrong/other.ino", PLAIN);
    let run = project
        .fbuild(["preprocess", "--board", "solo", "Wrong", "A"])
        .expect_code(1);
    assert!(
        run.stdout.contains("// A on ") && run.stderr.contains("Wrong"),
        "{}",
        run.transcript()
    );
}

#[test]
fn the_library_chosen_stands_before_those_not_chosen_with_reasons() {
    let project = project()
        .library("X", &[("src/X.h", "#pragma once\n")])
        .library("Other", &[("src/X.h", "#pragma once\n")])
        .sketch("S", "#include <X.h>\nvoid setup() {}\nvoid loop() {}\n");
    let libraries = project.libraries();
    let run = project
        .fbuild([
            "libraries",
            "--board",
            "solo",
            "--libraries",
            libraries.as_str(),
            "S",
        ])
        .ok();
    let lines: Vec<&str> = run.stdout.lines().map(str::trim_start).collect();
    assert_eq!(lines[0], "X.h");
    assert!(
        lines[1].starts_with("X ") && lines[1].ends_with(libraries.join("X").as_str()),
        "{}",
        run.transcript()
    );
    assert!(
        lines[2].contains("name and folder equal the header"),
        "{}",
        run.transcript()
    );
    assert!(
        lines[3].starts_with("not Other in "),
        "{}",
        run.transcript()
    );
    assert!(lines[4].contains("score"), "{}", run.transcript());
}

#[test]
fn a_header_in_no_library_is_named_with_its_place() {
    let project = project().simple_library("X", "").sketch(
        "S",
        "#include <X.h>\n#include <x.h>\nvoid setup() {}\nvoid loop() {}\n",
    );
    let libraries = project.libraries();
    let run = project
        .fbuild([
            "libraries",
            "--board",
            "solo",
            "--libraries",
            libraries.as_str(),
            "S",
        ])
        .expect_code(1);
    let place = format!("{}:2", project.path("S/S.ino"));
    for text in [
        "X.h\n",
        "x.h\n  in no library",
        place.as_str(),
        "upper and lower case are different",
    ] {
        assert!(run.stdout.contains(text), "{text}\n{}", run.transcript());
    }
}

#[test]
fn properties_are_sorted_and_expanded_unless_told_otherwise() {
    let project = project();
    let run = project.fbuild(["properties", "--board", "solo"]).ok();
    let lines: Vec<&str> = run.stdout.lines().collect();
    let keys: Vec<&str> = lines
        .iter()
        .map(|line| line.split_once('=').unwrap().0)
        .collect();
    assert!(
        keys.is_sorted() && keys.contains(&"build.mcu"),
        "{}",
        run.transcript()
    );
    let recipe = |text: &str| {
        text.lines()
            .find(|line| line.starts_with("recipe.cpp.o.pattern="))
            .unwrap()
            .to_owned()
    };
    let raw = project
        .fbuild(["properties", "--board", "solo", "--unexpanded"])
        .ok();
    assert!(recipe(&raw.stdout).contains('{'));
    assert_ne!(recipe(&raw.stdout), recipe(&run.stdout));
    let run = project
        .fbuild([
            "properties",
            "--board",
            "solo",
            "--build-property",
            "my.own=1",
        ])
        .ok();
    assert!(run.stdout.contains("\nmy.own=1\n"));
}

#[test]
fn properties_of_a_board_that_is_not_there_are_a_usage_error() {
    project()
        .fbuild(["properties", "--board", "nosuch"])
        .expect_code(2)
        .says("nosuch");
    project()
        .fbuild(["properties", "--board", "solo,duet"])
        .expect_code(2)
        .says("one board");
}

#[test]
fn the_doctor_tries_what_it_calls_usable() {
    let project = project();
    let run = project.fbuild(["doctor"]).ok();
    for text in [
        "fake:avr",
        project.platform().as_str(),
        "ok: compiles Arduino.h",
        "Cache",
        "core",
        "Quirks",
    ] {
        assert!(run.stdout.contains(text), "{text}\n{}", run.transcript());
    }
    assert!(!run.stdout.contains('\u{1b}'), "no colour in a pipe");
    let run = project.fbuild(["doctor", "--color", "always"]).ok();
    assert!(run.stdout.contains('\u{1b}'));
}

/// Runs the doctor on the scripted platform with a fault. The machine may have other platforms that can be used.
fn doctor_says(project: &Project, texts: &[&str]) {
    let run = project.fbuild(["doctor"]);
    let others = run.stdout.contains("ok: firmware can be built for");
    let run = run.expect_code(if others { 0 } else { 2 });
    assert!(
        others || run.stdout.contains("problem: no board can be built"),
        "{}",
        run.transcript()
    );
    texts
        .iter()
        .for_each(|text| assert!(run.stdout.contains(text), "{text}\n{}", run.transcript()));
}

#[test]
fn the_doctor_names_missing_programs_and_how_to_get_them() {
    let project = project();
    fs_err::remove_dir_all(project.platform().join("bin")).unwrap();
    doctor_says(
        &project,
        &[
            "problem: not found:",
            "fake-g++",
            "Missing",
            "compiler for fake:avr",
        ],
    );
}

#[test]
fn the_doctor_shows_what_a_broken_compiler_says() {
    let project = project();
    let tool = project.platform().join("bin/fake-g++");
    fs_err::remove_file(&tool).unwrap();
    fs_err::write(
        &tool,
        "#!/bin/sh\necho 'cc1plus: error: cannot allocate' >&2\nexit 1\n",
    )
    .unwrap();
    fs_err::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    doctor_says(
        &project,
        &[
            "problem: cannot compile Arduino.h",
            "cc1plus: error: cannot allocate",
        ],
    );
}

#[test]
fn a_cache_that_is_not_there_is_said_and_not_made() {
    let project = project();
    for command in ["stats", "gc", "clear", "verify"] {
        let run = project.fbuild(["cache", command]).ok();
        assert!(
            run.stdout.contains("there is no cache"),
            "{}",
            run.transcript()
        );
    }
    assert!(!project.cache().exists());
}

#[test]
fn the_cache_is_counted_checked_and_cleared() {
    let project = project().sketch("A", PLAIN);
    project.compile_many(["A"]).ok();
    let run = project.fbuild(["cache", "stats"]).ok();
    assert!(
        run.stdout.starts_with(project.cache().as_str()) && run.stdout.contains("results"),
        "{}",
        run.transcript()
    );
    let run = project.fbuild(["cache", "verify"]).ok();
    assert!(run.stdout.contains("0 damaged"), "{}", run.transcript());
    let run = project.fbuild(["cache", "gc", "--keep-last-run"]).ok();
    assert!(run.stdout.contains(" now"), "{}", run.transcript());
    project.forget_calls();
    project.compile_many(["A"]).ok();
    assert!(
        project.calls().0.is_empty(),
        "what the last run used was kept"
    );
    let run = project.fbuild(["cache", "clear"]).ok();
    assert!(run.stdout.starts_with("removed "), "{}", run.transcript());
    let run = project.fbuild(["cache", "stats"]).ok();
    assert!(
        run.stdout.contains("0 bytes of at most"),
        "{}",
        run.transcript()
    );
}

#[test]
fn damage_in_the_cache_is_found_and_removed() {
    let project = project().sketch("A", PLAIN);
    project.compile_many(["A"]).ok();
    let blobs = Tree::read(&project.cache());
    let blob = blobs
        .files()
        .into_iter()
        .find(|path| path.as_str().contains("/blobs/"))
        .unwrap()
        .to_owned();
    let blob = project.cache().join(blob);
    fs_err::remove_file(&blob).unwrap();
    fs_err::write(&blob, "other").unwrap();
    let run = project.fbuild(["cache", "verify"]).expect_code(1);
    assert!(
        run.stderr.contains(blob.file_name().unwrap()),
        "{}",
        run.transcript()
    );
    project.fbuild(["cache", "verify"]).ok();
    project.compile_many(["A"]).ok();
}

#[test]
fn a_size_that_is_none_is_refused() {
    for size in ["lots", "-1", "1X", ""] {
        project()
            .fbuild(["cache", "gc", &format!("--max-size={size}")])
            .expect_code(2)
            .says("500M");
    }
}

#[test]
fn the_doctor_prints_json_and_goes_on_without_a_platform_path() {
    let project = project();
    fs_err::create_dir(project.path("empty")).unwrap();
    let args = ["doctor", "--json", "--platform-path", "empty"];
    let run = project
        .command(args)
        .args(["--platform-path", "nowhere"])
        .run()
        .ok();
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["usable"], true);
    let problems = document["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 2, "{document:#}");
    let compilers = document["compilers"].as_array().unwrap();
    let fake = compilers
        .iter()
        .find(|compiler| compiler["platform"] == "fake:avr")
        .unwrap();
    assert_eq!(fake["state"], "works");
}
