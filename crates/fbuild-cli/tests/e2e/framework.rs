//! What sketches share is compiled once, in stage 1, and only there.

use fbuild_testkit::calls::Role;
use fbuild_testkit::{Call, Project, platform};

use crate::project;

const FOUR: [&str; 4] = ["A", "B", "C", "D"];

/// Four sketches of which two use library X, and one of them Y as well.
fn sketches_with_libraries() -> Project {
    project()
        .simple_library("X", "")
        .simple_library("Y", "#include <X.h>")
        .sketch("A", "#include <X.h>\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("B", "#include <Y.h>\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("C", "void setup() {}\nvoid loop() {}\n")
        .sketch(
            "D",
            "#include <X.h>\n#include <Y.h>\nvoid setup() {}\nvoid loop() {}\n",
        )
}

#[test]
fn every_core_and_library_source_is_compiled_once_for_all_sketches() {
    let project = sketches_with_libraries();
    project.compile_many(FOUR).ok();
    let calls = project.calls();
    for source in platform::SOURCES {
        assert_eq!(
            calls.compiles_of(source),
            1,
            "{source}\n{:#?}",
            calls.compiled()
        );
    }
    for source in [
        "X/src/X.cpp",
        "Y/src/Y.cpp",
        "A.ino.cpp",
        "B.ino.cpp",
        "C.ino.cpp",
        "D.ino.cpp",
    ] {
        assert_eq!(
            calls.compiles_of(source),
            1,
            "{source}\n{:#?}",
            calls.compiled()
        );
    }
    assert_eq!(calls.of(Role::Compile).len(), 4 + 2 + 4);
    assert_eq!(calls.of(Role::Link).len(), 4);
}

#[test]
fn a_compiler_that_answers_no_questions_shares_as_well() {
    let project = sketches_with_libraries();
    project.compile_for("mute", FOUR).run().ok();
    let calls = project.calls();
    for source in platform::SOURCES
        .iter()
        .chain(&["X/src/X.cpp", "Y/src/Y.cpp"])
    {
        assert_eq!(
            calls.compiles_of(source),
            1,
            "{source}\n{:#?}",
            calls.compiled()
        );
    }
    assert!(
        !calls.of(Role::Preprocess).is_empty(),
        "it is asked to preprocess"
    );
}

#[test]
fn stage_2_compiles_nothing_shared_and_archives_nothing() {
    let project = sketches_with_libraries();
    let run = project
        .compile(FOUR)
        .args(["--message-format", "json"])
        .run()
        .ok();
    let messages = run.messages();
    let actions: Vec<_> = messages
        .iter()
        .filter(|message| message["type"] == "action-finished")
        .collect();
    let commands_of = |stage: &str| -> Vec<&str> {
        let of_stage = actions.iter().filter(|action| action["stage"] == stage);
        of_stage
            .map(|action| action["command"].as_str().unwrap())
            .collect()
    };
    let (shared, own) = (commands_of("stage1"), commands_of("stage2"));
    assert!(shared.iter().any(|command| command.contains("wiring.c")));
    assert!(shared.iter().any(|command| command.contains("fake-ar")));
    for command in own {
        assert!(!command.contains("fake-ar"), "{command}");
        let sources = command
            .split_whitespace()
            .filter(|word| [".c", ".cpp", ".S"].iter().any(|end| word.ends_with(end)));
        sources.for_each(|source| assert!(source.contains("/sketch/"), "{command}"));
    }
}

#[test]
fn a_sketch_that_is_added_later_costs_its_own_compile_and_link_only() {
    let project = sketches_with_libraries();
    // Four in all: from five sketches on it is found out whether a preamble would pay.
    project.compile_many(["A", "B", "C"]).ok();
    project.forget_calls();
    project.write(
        "E/E.ino",
        "#include <Y.h>\n#include <X.h>\nvoid setup() {}\nvoid loop() {}\n",
    );
    project.compile_many(["A", "B", "C", "E"]).ok();
    let calls = project.calls();
    let compiled: Vec<&str> = calls
        .of(Role::Compile)
        .into_iter()
        .filter_map(Call::source)
        .collect();
    assert_eq!(compiled.len(), 1, "{compiled:?}");
    assert!(compiled[0].ends_with("E.ino.cpp"));
    assert_eq!(
        (calls.of(Role::Link).len(), calls.of(Role::Archive).len()),
        (1, 0)
    );
}

#[test]
fn two_boards_share_nothing_that_differs() {
    let project = sketches_with_libraries();
    let run = project.compile_for("solo,duet", FOUR).run().ok();
    assert_eq!(run.lines().len(), 8);
    let calls = project.calls();
    for source in platform::SOURCES
        .iter()
        .chain(&["X/src/X.cpp", "A.ino.cpp"])
    {
        assert_eq!(calls.compiles_of(source), 2, "{source}");
    }
    let hex = |board: &str| project.read_bytes(format!(".fbuild/{board}/A/A.ino.hex"));
    assert_ne!(hex("solo"), hex("duet"));
}

#[test]
fn archives_of_core_and_libraries_are_left_in_the_output_directory() {
    let project = sketches_with_libraries();
    project.compile_many(FOUR).ok();
    for archive in ["core/core.a", "libraries/X/X.a", "libraries/Y/Y.a"] {
        let text = project.read(format!(".fbuild/solo/{archive}"));
        assert!(text.starts_with("!<arch>\n"), "{archive}");
    }
    let core = project.read(".fbuild/solo/core/core.a");
    let at = |member: &str| {
        core.find(&format!("{member}/"))
            .unwrap_or_else(|| panic!("{member} is in the core"))
    };
    assert!(
        at("abi.S.o") < at("main.cpp.o") && at("main.cpp.o") < at("wiring.c.o"),
        "members are sorted by path"
    );
}

#[test]
fn a_library_whose_objects_differ_between_sketches_is_not_shared_by_name() {
    // X looks for another library's header: with Y on the include path it is another program.
    let project = project()
        .library("Y", &[("src/Y.h", "#pragma once\n#define Y_IS_HERE 1\n"), ("src/Y.cpp", "int y;\n")])
        .library(
            "X",
            &[("src/X.h", "#pragma once\n"), ("src/X.cpp", "#if __has_include(<Y.h>)\n#include <Y.h>\nint with_y;\n#else\nint without_y;\n#endif\n")],
        )
        .sketch("Alone", "#include <X.h>\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("Both", "#include <Y.h>\n#include <X.h>\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("Again", "#include <X.h>\nvoid setup() {}\nvoid loop() { delay(1); }\n");
    let run = project.compile_many(["Alone", "Both", "Again"]).ok();
    assert_eq!(
        project.calls().compiles_of("X/src/X.cpp"),
        2,
        "one per variant"
    );
    let report = run.report();
    let libraries = report["plan"]["libraries"].as_array().unwrap();
    let x = libraries
        .iter()
        .find(|library| library["name"] == "X")
        .unwrap();
    assert_eq!(
        (x["variants"].as_u64(), x["sketches"].as_u64()),
        (Some(2), Some(3))
    );
}

#[test]
fn a_source_that_contains_the_time_is_shared_only_between_equal_include_paths() {
    // Nothing is kept of such a source, but that is no reason to take one sketch's object for another's.
    let project = project()
        .library("Y", &[("src/Y.h", "#pragma once\n#define Y_IS_HERE 1\n"), ("src/Y.cpp", "int y;\n")])
        .library(
            "X",
            &[("src/X.h", "#pragma once\nint x();\n"), ("src/X.cpp", "#if __has_include(<Y.h>)\nint with_y;\n#else\nint without_y;\n#endif\nconst char *when = __TIME__;\n")],
        )
        .sketch("Alone", "#include <X.h>\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("Both", "#include <Y.h>\n#include <X.h>\nvoid setup() {}\nvoid loop() {}\n");
    project.compile_many(["Alone", "Both"]).ok();
    assert_eq!(
        project.calls().compiles_of("X/src/X.cpp"),
        2,
        "one per include path"
    );
    let object = |sketch: &str| {
        let elf = project.read(format!(".fbuild/solo/{sketch}/{sketch}.ino.elf"));
        elf.lines()
            .find(|line| line.starts_with("object X.cpp "))
            .map(str::to_owned)
    };
    assert_ne!(object("Alone"), object("Both"));
}

#[test]
fn the_report_counts_what_stage_1_did() {
    let project = sketches_with_libraries();
    let cold = project.compile_many(FOUR).ok().report();
    let warm = project.compile_many(FOUR).ok().report();
    let stage = |report: &serde_json::Value, index: usize| report["stages"][index].clone();
    assert_eq!(stage(&cold, 0)["name"], "stage1");
    // Six compiles and the archives of core, variant, X and Y.
    assert_eq!(stage(&cold, 0)["ran"], 10);
    assert_eq!(
        (
            stage(&warm, 0)["ran"].as_u64(),
            stage(&warm, 0)["hits"].as_u64()
        ),
        (Some(0), Some(10))
    );
    let key = stage(&cold, 0)["key"].clone();
    assert!(key.as_str().is_some_and(|key| key.len() >= 32), "{key}");
    assert_eq!(
        stage(&warm, 0)["key"],
        key,
        "the same inputs give the same key"
    );
    project.write(
        "libraries/X/src/X.cpp",
        "#include \"X.h\"\nint X_value() { return 2; }\n",
    );
    let changed = project.compile_many(FOUR).ok().report();
    assert_ne!(stage(&changed, 0)["key"], key);
    assert_eq!(stage(&changed, 0)["ran"], 2, "one compile, one archive");
}
