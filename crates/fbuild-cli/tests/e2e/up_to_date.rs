//! A sketch is taken as up to date from the record of an earlier run only if nothing that it was made of, or that it left behind, differs.
//!
//! Each test builds, changes one thing, and compares with what a run without any cache makes of the same sources.

use fbuild_testkit::project::PLAIN;
use fbuild_testkit::{Project, need, needs};

use crate::{pairs, project};

const BOTH: [&str; 2] = ["A", "B"];

/// Two libraries, one of which takes a header of the other if it is there; and a sketch with a file of its own.
fn libraries() -> Project {
    project()
        .library(
            "X",
            &[
                ("src/X.h", "#pragma once\n#include \"detail/x.h\"\n#if __has_include(\"X_options.h\")\n#include \"X_options.h\"\n#endif\nint x();\n"),
                ("src/detail/x.h", "#define DETAIL 1\n"),
                ("src/X.cpp", "#include \"X.h\"\nint x() { return DETAIL; }\n"),
                ("library.properties", "name=X\nversion=1.0.0\n"),
            ],
        )
        .simple_library("Y", "")
        .sketch("A", "#include <X.h>\nvoid setup() { x(); }\nvoid loop() {}\n")
        .sketch("B", PLAIN)
}

/// Builds, changes something, builds again; checks that the firmware is what a run without a cache makes, and returns how many sketches were
/// taken as they stood.
fn rebuilt_after(project: &Project, change: impl Fn(&Project)) -> u64 {
    project.compile_many(BOTH).ok();
    let warm = project.compile_many(BOTH).ok().report();
    assert_eq!(warm["counts"]["cached"], 2, "nothing has changed yet");
    change(project);
    project.forget_calls();
    let run = project.compile_many(BOTH).ok();
    assert_eq!(run.outcomes(), pairs(&[("A", "built"), ("B", "built")]));
    let cached = run.report()["counts"]["cached"].as_u64().unwrap();
    let files = |out: &str| {
        ["A", "B"].map(|name| {
            ["hex", "elf"].map(|kind| project.read(format!("{out}/solo/{name}/{name}.ino.{kind}")))
        })
    };
    let incremental = files(".fbuild");
    project
        .compile(BOTH)
        .args(["--no-cache", "--output-dir", "clean"])
        .run()
        .ok();
    assert_eq!(incremental, files("clean"));
    cached
}

#[test]
fn what_a_sketch_was_made_of_counts_by_its_content() {
    type Change = (&'static str, u64, fn(&Project));
    let changes: [Change; 10] = [
        ("nothing", 2, |_| {}),
        ("a header that nobody reads", 2, |project| {
            project.write("libraries/X/src/detail/other.h", "");
        }),
        ("the sketch", 1, |project| {
            project.write(
                "A/A.ino",
                "#include <X.h>\nvoid setup() { x(); x(); }\nvoid loop() {}\n",
            );
        }),
        ("a file of the sketch that appears", 1, |project| {
            project.write("B/more.cpp", "int more;\n");
        }),
        ("a header read by a header", 1, |project| {
            project.write("libraries/X/src/detail/x.h", "#define DETAIL 2\n");
        }),
        ("a header that was looked for in vain", 1, |project| {
            project.write("libraries/X/src/X_options.h", "#define X_OPTION 1\n");
        }),
        (
            "a header nearer than the one that was found",
            1,
            |project| {
                // Beside the file that includes it; before, it was found by the same name in the library.
                let core = project.platform().join("cores/mini/X.h");
                fs_err::write(core, "int x();\n").unwrap();
                project.write("libraries/X/src/X.cpp", "int x() { return 3; }\n");
            },
        ),
        ("a source that appears in a library", 1, |project| {
            project.write("libraries/X/src/second.cpp", "int second;\n");
        }),
        ("a source that appears in the core", 0, |project| {
            let core = project.platform().join("cores/mini/second.cpp");
            fs_err::write(core, "int second;\n").unwrap();
        }),
        ("how a library is linked", 1, |project| {
            project.write(
                "libraries/X/library.properties",
                "name=X\nversion=1.0.0\ndot_a_linkage=true\n",
            );
        }),
    ];
    for (what, cached, change) in changes {
        assert_eq!(rebuilt_after(&libraries(), change), cached, "{what}");
        // What was scanned in the run before, only the sketch having changed, is not scanned again; here it has to be.
        let project = libraries();
        project.compile_many(BOTH).ok();
        rebuilt_after(&project, |project| edit(project, 1));
        let both = rebuilt_after(&project, |project| {
            edit(project, 2);
            change(project);
        });
        assert!(both <= cached, "{what}, and the sketch");
    }
}

/// Gives the first sketch another text.
fn edit(project: &Project, value: u32) {
    let text = format!(
        "#include <X.h>\nint value = {value};\nvoid setup() {{ x(); }}\nvoid loop() {{}}\n"
    );
    project.write("A/A.ino", &text);
}

#[test]
fn what_was_learnt_of_a_source_serves_only_where_it_holds() {
    let with_options = || {
        libraries().library(
            "Z",
            &[
                ("src/Z.h", "#pragma once\n"),
                ("src/X_options.h", "#define DETAIL 9\n"),
                ("library.properties", "name=Z\nversion=1.0.0\n"),
            ],
        )
    };
    // Nothing that the first run asked for differs. Yet X is compiled with another header now, which its own asks for.
    let cached = rebuilt_after(&with_options(), |project| {
        let text = "#include <Z.h>\n#include <X.h>\nvoid setup() { x(); }\nvoid loop() {}\n";
        project.write("A/A.ino", text);
    });
    assert_eq!(cached, 1);
    let all = rebuilt_after(&with_options(), |project| {
        edit(project, 1);
        project.write(
            "B/B.ino",
            "#include <Y.h>\nvoid setup() {}\nvoid loop() {}\n",
        );
    });
    assert_eq!(all, 0, "both have changed");
}

#[test]
fn names_of_a_header_that_differ_in_a_dot_stay_apart() {
    let project = libraries();
    project.write(
        "libraries/X/src/first.cpp",
        "#include \"./detail/x.h\"\nint first = DETAIL;\nconst char *a = __FILE__;\n",
    );
    project.write(
        "libraries/X/src/second.cpp",
        "#include \"detail/x.h\"\nint second = DETAIL;\nconst char *b = __FILE__;\n",
    );
    project.compile_many(BOTH).ok();
    for value in [1, 2] {
        edit(&project, value);
        project.forget_calls();
        project.compile_many(BOTH).ok();
        let calls = project.calls();
        let compiled = ["A.ino.cpp", "X.cpp", "first.cpp", "second.cpp"];
        assert_eq!(compiled.map(|name| calls.compiles_of(name)), [1, 0, 0, 0]);
    }
}

#[test]
fn sources_that_sketches_share_are_not_scanned_again_for_a_changed_sketch() {
    needs!(need::STRACE);
    let project = libraries();
    project.compile_many(BOTH).ok();
    let opened = |value: u32| -> [usize; 2] {
        edit(&project, value);
        let log = project.root().with_file_name("strace");
        let run = project
            .compile(BOTH)
            .under(
                "strace",
                ["-f", "-qq", "-e", "trace=openat", "-o", log.as_str()],
            )
            .run()
            .ok();
        assert_eq!(run.report()["counts"]["cached"], 1);
        let text = fs_err::read_to_string(&log).unwrap();
        // Compilers open files as well, but not for reading these: only the sketch is compiled.
        ["X/src/X.cpp", "X/src/X.h"].map(|name| text.matches(&format!("/{name}\"")).count())
    };
    for value in [1, 2] {
        let [source, header] = opened(value);
        assert_eq!(source, 1, "read to see whether it has changed");
        assert!(header > 1, "the sketch includes it");
    }
}

#[test]
fn what_a_sketch_left_behind_is_put_back() {
    for name in ["A.ino.hex", "A.ino.elf", "build.log"] {
        for spoil in [
            (|path| fs_err::remove_file(path).unwrap()) as fn(&camino::Utf8Path),
            |path| {
                let text = fs_err::read_to_string(path).unwrap();
                let other: String = text.chars().rev().collect();
                fs_err::write(path, other).unwrap();
            },
        ] {
            let project = libraries();
            let path = project.path(&format!(".fbuild/solo/A/{name}"));
            project.compile_many(BOTH).ok();
            let before = fs_err::read(&path).unwrap();
            rebuilt_after(&project, |_| spoil(&path));
            assert_eq!(fs_err::read(&path).unwrap(), before, "{name}");
        }
    }
}

#[test]
fn an_archive_that_was_lost_is_made_again() {
    let project = libraries();
    let path = project.path(".fbuild/solo/libraries/X/X.a");
    project.compile_many(BOTH).ok();
    let before = fs_err::read(&path).unwrap();
    rebuilt_after(&project, |_| fs_err::remove_file(&path).unwrap());
    assert_eq!(fs_err::read(&path).unwrap(), before);
}

#[test]
fn one_sketch_more_does_not_disturb_those_that_stand() {
    // The new sketch makes another variant of X, which must not take the place of the one that A was linked with.
    let project = libraries().sketch(
        "C",
        "#include <Y.h>\n#include <X.h>\nvoid setup() { x(); }\nvoid loop() {}\n",
    );
    project.write("libraries/X/src/X.h", "#pragma once\n#define DETAIL 7\n#if __has_include(<Y.h>)\n#include <Y.h>\n#endif\nint x();\n");
    project.compile_many(["A"]).ok();
    let archive = |folder: &str| project.read(format!(".fbuild/solo/libraries/{folder}/X.a"));
    let alone = archive("X");
    project.compile_many(["A", "C"]).ok();
    assert_eq!(archive("X"), alone);
    assert_ne!(archive("X/2"), alone);
    let warm = project.compile_many(["A", "C"]).ok().report();
    assert_eq!(warm["counts"]["cached"], 2);
    let library = &warm["plan"]["libraries"];
    let x = library
        .as_array()
        .unwrap()
        .iter()
        .find(|library| library["name"] == "X")
        .unwrap();
    assert_eq!(
        (x["variants"].as_u64(), x["sketches"].as_u64()),
        (Some(2), Some(2))
    );
}

#[test]
fn a_result_that_was_not_kept_is_no_record() {
    let project = libraries().sketch(
        "T",
        "const char *when = __TIME__;\nvoid setup() {}\nvoid loop() {}\n",
    );
    for _ in 0..2 {
        project.forget_calls();
        let report = project.compile_many(["T"]).ok().report();
        assert_eq!(report["counts"]["cached"], 0);
        assert_eq!(project.calls().compiles_of("T.ino.cpp"), 1);
    }
}

#[test]
fn other_flags_and_directories_have_records_of_their_own() {
    let project = libraries();
    let hex = |out: &str| project.read(format!("{out}/solo/A/A.ino.hex"));
    project.compile_many(BOTH).ok();
    let plain = hex(".fbuild");
    let flag = ["--build-property", "compiler.cpp.extra_flags=-DOTHER"];
    project.compile(BOTH).args(flag).run().ok();
    let flagged = hex(".fbuild");
    assert_ne!(flagged, plain);
    project
        .compile(BOTH)
        .args(["--output-dir", "elsewhere"])
        .run()
        .ok();
    assert_eq!(hex("elsewhere"), plain);
    // The firmware of the other flags stands where that of these belongs.
    project.compile_many(BOTH).ok();
    assert_eq!(hex(".fbuild"), plain);
    project.compile(BOTH).args(flag).run().ok();
    assert_eq!(hex(".fbuild"), flagged);
}

#[test]
fn a_compilation_database_is_complete_although_everything_stands() {
    let project = libraries();
    project.compile_many(BOTH).ok();
    project
        .compile(BOTH)
        .args(["--compile-commands", "compile_commands.json"])
        .run()
        .ok();
    let text = project.read("compile_commands.json");
    for source in ["A.ino.cpp", "B.ino.cpp", "X.cpp"] {
        assert!(text.contains(source), "{source}");
    }
}

#[test]
fn a_header_that_the_sketch_no_longer_has_is_not_found_in_its_old_copy() {
    let project = project().sketch(
        "S",
        "#include \"config.h\"\nvoid setup() {}\nvoid loop() {}\n",
    );
    project.write("S/config.h", "#define CONFIG 1\n");
    project.compile_many(["S"]).ok();
    fs_err::remove_file(project.path("S/config.h")).unwrap();
    let run = project.compile_many(["S"]);
    assert_eq!(run.outcomes(), pairs(&[("S", "failed")]));
    assert!(!project.path(".fbuild/solo/S/sketch/config.h").exists());
}

#[test]
fn a_linker_script_that_an_option_names_counts_by_its_content() {
    let project = libraries();
    let script = project.path("memory.ld");
    let args = [
        "--build-property".to_owned(),
        format!("compiler.libraries.ldflags=-T{script}"),
    ];
    let linked = |text: &str| {
        fs_err::write(&script, text).unwrap();
        project.forget_calls();
        let run = project.compile(BOTH).args(&args).run().ok();
        let links = project.calls().of(fbuild_testkit::calls::Role::Link).len();
        (links, run.report()["counts"]["cached"].as_u64().unwrap())
    };
    assert_eq!(linked("one"), (2, 0));
    assert_eq!(linked("one"), (0, 2));
    assert_eq!(linked("two"), (2, 0));
}

#[test]
fn a_source_that_takes_in_a_binary_is_compiled_each_time() {
    let project = project().sketch("I", PLAIN);
    project.write("I/image.S", "image:\n\t.incbin \"/dev/null\"\n");
    for _ in 0..2 {
        project.forget_calls();
        project.compile_many(["I"]).ok();
        assert_eq!(project.calls().compiles_of("image.S"), 1);
    }
}
