//! Which library a sketch gets, and what is said when there is none.

use fbuild_testkit::calls::Role;
use fbuild_testkit::project::PLAIN;

use crate::{pairs, project};

#[test]
fn an_include_without_a_library_shows_the_compilers_message_and_what_was_looked_at() {
    for board in ["solo", "mute"] {
        let project = project()
            .simple_library("Nearby", "")
            .sketch(
                "A",
                "#include <Missing.h>\nvoid setup() {}\nvoid loop() {}\n",
            )
            .sketch("B", PLAIN);
        let run = project.compile_for(board, ["A", "B"]).run().expect_code(1);
        assert_eq!(run.outcomes(), pairs(&[("A", "failed"), ("B", "built")]));
        let log = fs_err::read_to_string(project.path(&run.line("A").log)).unwrap();
        let expect = format!(
            "{}:1:10: fatal error: Missing.h: No such file or directory",
            project.path("A/A.ino")
        );
        assert!(log.contains(&expect), "{board}: {log}");
        assert!(
            log.contains(project.libraries().as_str()) || log.contains("Nearby"),
            "{board}: {log}"
        );
        assert_eq!(run.report()["sketches"][0]["phase"], "scan", "{board}");
        assert!(
            run.line("A").message.contains("Missing.h"),
            "{board}: {}",
            run.transcript()
        );
    }
}

#[test]
fn libraries_are_linked_in_the_order_of_their_discovery() {
    let project = project()
        .simple_library("Zebra", "")
        .simple_library("Ant", "#include <Late.h>")
        .simple_library("Late", "")
        .sketch(
            "S",
            "#include <Zebra.h>\n#include <Ant.h>\nvoid setup() {}\nvoid loop() {}\n",
        );
    let report = project.compile_many(["S"]).ok().report();
    let libraries = report["sketches"][0]["libraries"].as_array().unwrap();
    let names: Vec<&str> = libraries
        .iter()
        .map(|library| library["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Zebra", "Ant", "Late"]);
    assert_eq!(libraries[0]["version"], "1.2.3");
    let hex = project.read(".fbuild/solo/S/S.ino.elf");
    let at = |object: &str| {
        hex.find(&format!("object {object} "))
            .unwrap_or_else(|| panic!("{object} is linked"))
    };
    let order = [
        "S.ino.cpp",
        "Zebra.cpp",
        "Ant.cpp",
        "Late.cpp",
        "variant.cpp",
        "main.cpp",
    ]
    .map(at);
    assert!(order.is_sorted(), "{hex}");
}

#[test]
fn a_named_library_beats_one_in_a_folder() {
    let project = project()
        .simple_library("X", "")
        .file("mine/X/library.properties", "name=X\nversion=9\n")
        .file("mine/X/src/X.h", "#pragma once\n")
        .file("mine/X/src/X.cpp", "int mine;\n")
        .sketch("S", "#include <X.h>\nvoid setup() {}\nvoid loop() {}\n");
    let report = project
        .compile(["S"])
        .args(["--library", "mine/X"])
        .run()
        .ok()
        .report();
    assert_eq!(report["sketches"][0]["libraries"][0]["version"], "9");
}

#[test]
fn a_named_library_that_is_none_stops_the_run() {
    let project = project().sketch("S", PLAIN).file("mine/readme.txt", "");
    for dir in ["mine", "no/such/dir"] {
        let run = project
            .compile(["S"])
            .args(["--library", dir])
            .run()
            .expect_code(2);
        assert!(run.stderr.contains(dir), "{}", run.transcript());
        assert_eq!(project.calls().of(Role::Compile).len(), 0);
    }
}

#[test]
fn the_library_around_the_sketches_is_found_by_itself() {
    let project = project()
        .file(
            "Mine/library.properties",
            "name=Mine\nversion=1\narchitectures=*\n",
        )
        .file("Mine/src/Mine.h", "#pragma once\n")
        .file("Mine/src/Mine.cpp", "int mine;\n")
        .sketch(
            "Mine/examples/First",
            "#include <Mine.h>\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch(
            "Mine/examples/group/Second",
            "#include <Mine.h>\nvoid setup() {}\nvoid loop() {}\n",
        );
    let run = project
        .compile(["examples"])
        .cwd(project.path("Mine"))
        .run()
        .ok();
    assert_eq!(run.lines().len(), 2);
    assert_eq!(project.calls().compiles_of("Mine/src/Mine.cpp"), 1);
    let outside = project.compile(["Mine/examples/First"]).run().ok();
    assert_eq!(
        outside.report()["sketches"][0]["libraries"][0]["name"],
        "Mine"
    );
}

#[test]
fn the_sketchbooks_libraries_are_found() {
    let project = project().sketch("S", "#include <Book.h>\nvoid setup() {}\nvoid loop() {}\n");
    let dir = project.home().join("Arduino/libraries/Book");
    fs_err::create_dir_all(&dir).unwrap();
    fs_err::write(dir.join("Book.h"), "#pragma once\n").unwrap();
    fs_err::write(dir.join("Book.cpp"), "int book;\n").unwrap();
    project.compile_many(["S"]).ok();
    assert_eq!(project.calls().compiles_of("Book/Book.cpp"), 1);
}

#[test]
fn the_platforms_own_libraries_are_found() {
    let project = project().sketch("S", "#include <Own.h>\nvoid setup() {}\nvoid loop() {}\n");
    let dir = project.platform().join("libraries/Own/src");
    fs_err::create_dir_all(&dir).unwrap();
    fs_err::write(dir.join("Own.h"), "#pragma once\n").unwrap();
    fs_err::write(dir.join("Own.cpp"), "int own;\n").unwrap();
    fs_err::write(
        dir.with_file_name("library.properties"),
        "name=Own\nversion=1\n",
    )
    .unwrap();
    project.compile_many(["S"]).ok();
    assert_eq!(project.calls().compiles_of("Own/src/Own.cpp"), 1);
}

#[test]
fn interrupt_handlers_that_nobody_references_are_linked() {
    let project = project()
        .library(
            "Isr",
            &[
                ("src/Isr.h", "#pragma once\n"),
                ("src/utility/isr.cpp", "int handler;\n"),
                ("src/deep/more.c", "int more;\n"),
            ],
        )
        .library(
            "Lazy",
            &[
                ("src/Lazy.h", "#pragma once\nint lazily();\n"),
                ("src/Lazy.cpp", "int lazy;\n"),
                (
                    "library.properties",
                    "name=Lazy\nversion=1\ndot_a_linkage=true\n",
                ),
            ],
        )
        .sketch(
            "S",
            "#include <Isr.h>\n#include <Lazy.h>\nvoid setup() {}\nvoid loop() {}\n",
        );
    project.compile_many(["S"]).ok();
    let calls = project.calls();
    let link = calls.of(Role::Link)[0];
    let at = |word: &str| link.argv.iter().position(|arg| arg.contains(word));
    let (isr, lazy, core) = (
        at("Isr").unwrap(),
        at("Lazy").unwrap(),
        at("core.a").unwrap(),
    );
    assert!(isr < lazy && lazy < core, "{:?}", link.argv);
    assert!(
        link.argv[isr].ends_with(".o") && link.argv[lazy].ends_with("Lazy.a"),
        "{:?}",
        link.argv
    );
}

#[test]
fn headers_of_two_libraries_with_the_same_text_are_both_found() {
    // gcc takes a file that it has read for another one of the same text, size and time, but it must find it first.
    let same = "#pragma once\n";
    let project = project()
        .library(
            "First",
            &[("src/First.h", same), ("src/First.cpp", "int first;\n")],
        )
        .library(
            "Second",
            &[("src/Second.h", same), ("src/Second.cpp", "int second;\n")],
        )
        .sketch(
            "S",
            "#include <First.h>\n#include <Second.h>\nvoid setup() {}\nvoid loop() {}\n",
        );
    project.compile_many(["S"]).ok();
}

#[test]
fn a_sketchs_includes_and_libraries_are_printed() {
    let project = project()
        .simple_library("X", "")
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
    assert!(
        run.stdout.contains('X') && run.stdout.contains(libraries.join("X").as_str()),
        "{}",
        run.transcript()
    );
}

#[test]
fn the_generated_source_is_printed() {
    let project = project().sketch(
        "S",
        "void setup() { later(); }\nvoid loop() {}\nvoid later() {}\n",
    );
    for board in ["solo", "mute"] {
        let run = project.fbuild(["preprocess", "--board", board, "S"]).ok();
        let text = run.stdout.clone();
        let include = text
            .find("#include <Arduino.h>")
            .unwrap_or_else(|| panic!("{}", run.transcript()));
        let prototype = text
            .find("void later();")
            .unwrap_or_else(|| panic!("{board}: {}", run.transcript()));
        let body = text.find("void setup() { later(); }").unwrap();
        assert!(include < prototype && prototype < body, "{text}");
    }
}

#[test]
fn a_sketch_does_not_see_the_library_around_its_neighbour() {
    let uses = "#include <Servo.h>\nvoid setup() {}\nvoid loop() {}\n";
    let project = project()
        .sketch("A/Sweep", uses)
        .file("B/Servo/library.properties", "name=Servo\nversion=2\n")
        .file("B/Servo/src/Servo.h", "#pragma once\n")
        .sketch("B/Servo/examples/Sweep", uses)
        .file("C/Servo/library.properties", "name=Servo\nversion=3\n")
        .file("C/Servo/src/Servo.h", "#pragma once\n")
        .sketch("C/Servo/examples/Sweep", uses);
    let outcomes = pairs(&[
        ("A/Sweep", "failed"),
        ("B/Servo/examples/Sweep", "built"),
        ("C/Servo/examples/Sweep", "built"),
    ]);
    // The second run takes the records of the first one.
    for _ in 0..2 {
        let run = project.compile_many(["A/Sweep", "B", "C"]).expect_code(1);
        assert_eq!(run.outcomes(), outcomes);
        let report = run.report();
        let version = |at: usize| report["sketches"][at]["libraries"][0]["version"].clone();
        assert_eq!((version(1), version(2)), ("2".into(), "3".into()));
    }
}

#[test]
fn a_library_above_the_repository_or_the_sketchbook_is_none_of_the_sketchs() {
    let uses = "#include <Outer.h>\nvoid setup() {}\nvoid loop() {}\n";
    for (boundary, code) in [("none", 0), ("repository", 1), ("sketchbook", 1)] {
        let project = project()
            .file("library.properties", "name=Outer\nversion=1\n")
            .file("src/Outer.h", "#pragma once\n")
            .sketch("inner/A", uses);
        if boundary == "repository" {
            project.write("inner/.git/HEAD", "ref: refs/heads/main\n");
        }
        let book = project.path(if boundary == "sketchbook" {
            "inner"
        } else {
            "book"
        });
        fs_err::create_dir_all(&book).unwrap();
        let run = project
            .compile(["inner/A"])
            .env("ARDUINO_DIRECTORIES_USER", book.as_str());
        let out = project.home().join("out");
        let run = run.args(["--output-dir", out.as_str()]).run();
        assert_eq!(run.code(), Some(code), "{boundary}: {}", run.transcript());
    }
}

#[test]
fn a_damaged_library_around_a_sketch_fails_that_sketch_alone() {
    let project = project()
        .file("Lib/library.properties", "no property\n")
        .sketch("Lib/examples/A", PLAIN)
        .sketch("B", PLAIN);
    let run = project.compile_many(["Lib/examples/A", "B"]).expect_code(1);
    let outcomes = pairs(&[("Lib/examples/A", "failed"), ("B", "built")]);
    assert_eq!(run.outcomes(), outcomes);
    let message = run.line("Lib/examples/A").message;
    assert!(message.contains("Lib"), "{message}");
}
