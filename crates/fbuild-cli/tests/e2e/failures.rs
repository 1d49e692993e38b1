//! A failure hits whom it must and nobody else.

use fbuild_testkit::Project;
use fbuild_testkit::calls::Role;
use fbuild_testkit::project::PLAIN;

use fbuild_testkit::{need, needs};

use crate::{pairs, project};

const TYPO: &str = "void setup() {}\n// fake: fail expected ';' before '}' token\nvoid loop() {}\n";

#[test]
fn a_sketch_with_a_typo_fails_alone_wherever_it_stands() {
    for order in [["Typo", "B", "C"], ["B", "Typo", "C"], ["B", "C", "Typo"]] {
        let project = project().sketches(["B", "C"], PLAIN).sketch("Typo", TYPO);
        let run = project.compile_many(order).expect_code(1);
        let expect = order.map(|name| (name, if name == "Typo" { "failed" } else { "built" }));
        assert_eq!(run.outcomes(), pairs(&expect));
        let line = run.line("Typo");
        assert_eq!((line.stage.as_str(), line.ok), ("stage2", false));
        let log = fs_err::read_to_string(project.path(&line.log)).unwrap();
        let place = format!(
            "{}:2:1: error: expected ';' before '}}' token",
            project.path("Typo/Typo.ino")
        );
        assert!(log.contains(&place), "{log}");
        assert!(
            run.stderr.contains(&place),
            "the failure is shown\n{}",
            run.transcript()
        );
    }
}

#[test]
fn the_report_says_where_a_sketch_failed() {
    let project = project().sketch("Typo", TYPO);
    let report = project.compile_many(["Typo"]).expect_code(1).report();
    assert_eq!(report["verdict"], "some-failed");
    let sketch = &report["sketches"][0];
    assert_eq!(sketch["phase"], "compile");
    let diagnostic = &sketch["diagnostics"][0];
    assert_eq!(diagnostic["severity"], "error");
    assert_eq!(diagnostic["message"], "expected ';' before '}' token");
    assert_eq!(
        (diagnostic["line"].as_u64(), diagnostic["column"].as_u64()),
        (Some(2), Some(1))
    );
    assert_eq!(diagnostic["file"], "Typo/Typo.ino");
    assert_eq!(sketch["cause"]["code"], "compile-error");
    assert_eq!(report["invocation"]["dir"], project.root().as_str());
    assert_eq!(report["boards"][0]["platform"], "fake:avr");
}

fn library_users() -> Project {
    project()
        .simple_library("Good", "")
        .simple_library("Bad", "// fake: fail no such register")
        .sketch(
            "UsesGood",
            "#include <Good.h>\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch(
            "UsesBad",
            "#include <Bad.h>\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch(
            "UsesBoth",
            "#include <Good.h>\n#include <Bad.h>\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch("UsesNone", PLAIN)
}

#[test]
fn a_broken_library_blocks_only_its_users() {
    let project = library_users();
    let run = project
        .compile_many(["UsesBad", "UsesBoth", "UsesGood", "UsesNone"])
        .expect_code(1);
    let expect = [
        ("UsesBad", "blocked"),
        ("UsesBoth", "blocked"),
        ("UsesGood", "built"),
        ("UsesNone", "built"),
    ];
    assert_eq!(run.outcomes(), pairs(&expect));
    let line = run.line("UsesBad");
    assert_eq!(line.stage, "stage1");
    assert!(line.message.contains("library Bad"), "{}", line.message);
    let report = run.report();
    assert_eq!(report["sketches"][0]["blocked_by"], "library Bad");
    let log = fs_err::read_to_string(project.path(&line.log)).unwrap();
    assert!(
        log.contains("libraries/Bad/src/Bad.cpp:2:1: error: no such register"),
        "{log}"
    );
    assert_eq!(
        project.calls().compiles_of("Bad.cpp"),
        1,
        "a failure is not tried again for the next sketch"
    );
}

#[test]
fn the_failure_of_a_library_is_told_once_in_the_summary() {
    let run = library_users()
        .compile(["UsesBad", "UsesBoth", "UsesNone"])
        .args(["-q"])
        .run()
        .expect_code(1);
    assert_eq!(
        run.stderr.matches("error: no such register").count(),
        1,
        "{}",
        run.transcript()
    );
}

#[test]
fn a_broken_core_ends_the_run_with_its_own_exit_code() {
    let project = project().sketches(["A", "B"], PLAIN);
    fs_err::write(
        project.platform().join("cores/mini/wiring.c"),
        "// fake: fail bad core\n",
    )
    .unwrap();
    let run = project.compile_many(["A", "B"]).expect_code(3);
    assert_eq!(run.outcomes(), pairs(&[("A", "blocked"), ("B", "blocked")]));
    assert_eq!(run.report()["verdict"], "core-failed");
    assert_eq!(run.report()["sketches"][1]["blocked_by"], "core");
    assert!(
        run.stderr.contains("wiring.c:1:1: error: bad core"),
        "{}",
        run.transcript()
    );
    assert_eq!(project.calls().of(Role::Link).len(), 0);
}

#[test]
fn a_failing_link_is_a_failure_of_its_sketch() {
    let project = project()
        .sketch(
            "Link",
            "// fake: link-fail undefined reference to `x'\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch("B", PLAIN);
    let run = project.compile_many(["Link", "B"]).expect_code(1);
    assert_eq!(run.outcomes(), pairs(&[("Link", "failed"), ("B", "built")]));
    assert_eq!(run.report()["sketches"][0]["phase"], "link");
    let log = fs_err::read_to_string(project.path(&run.line("Link").log)).unwrap();
    assert!(log.contains("undefined reference to `x'"), "{log}");
}

#[test]
fn firmware_that_is_too_big_fails_and_is_there() {
    let project = project()
        .sketch(
            "Big",
            "// fake: size 32769 100\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch(
            "Full",
            "// fake: size 32768 100\nvoid setup() {}\nvoid loop() {}\n",
        );
    let run = project.compile_many(["Big", "Full"]).expect_code(1);
    assert_eq!(
        run.outcomes(),
        pairs(&[("Big", "failed"), ("Full", "built")])
    );
    assert_eq!(run.report()["sketches"][0]["phase"], "size");
    assert!(
        run.line("Big")
            .message
            .contains("text section exceeds available space in board"),
        "{}",
        run.transcript()
    );
    assert!(project.path(".fbuild/solo/Big/Big.ino.hex").exists());
    let log = project.read(".fbuild/solo/Big/build.log");
    assert!(log.contains("Flash: 32.00KB / 32.00KB (100.0%)"), "{log}");
}

#[test]
fn too_many_variables_fail() {
    let project = project().sketch(
        "Ram",
        "// fake: size 500 2049\nvoid setup() {}\nvoid loop() {}\n",
    );
    let run = project.compile_many(["Ram"]).expect_code(1);
    assert!(
        run.line("Ram")
            .message
            .contains("data section exceeds available space in board"),
        "{}",
        run.transcript()
    );
}

#[test]
fn a_compiler_that_crashes_is_a_failure_of_its_sketch() {
    let project = project()
        .sketch("Crash", "// fake: crash\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("B", PLAIN);
    let run = project.compile_many(["Crash", "B"]).expect_code(1);
    assert_eq!(
        run.outcomes(),
        pairs(&[("Crash", "failed"), ("B", "built")])
    );
    assert!(
        run.line("Crash").message.contains("signal"),
        "{}",
        run.transcript()
    );
}

#[test]
fn max_failures_ends_the_run_after_that_many() {
    let project = project().sketches(["A", "B", "C", "D"], TYPO);
    let run = project
        .compile(["A", "B", "C", "D"])
        .args([
            "--max-failures",
            "2",
            "--sketch-jobs",
            "1",
            "--framework-jobs",
            "1",
        ])
        .run()
        .expect_code(1);
    let outcomes = run.outcomes();
    let count = |kind: &str| {
        outcomes
            .iter()
            .filter(|(_, outcome)| outcome == kind)
            .count()
    };
    assert_eq!((count("failed"), count("not-run")), (2, 2), "{outcomes:?}");
}

#[test]
fn fail_fast_starts_nothing_more_and_still_tells_of_every_sketch() {
    let names = ["A", "B", "C", "D"];
    let project = project().sketches(names, PLAIN).sketch("Typo", TYPO);
    let run = project
        .compile(["Typo", "A", "B", "C", "D"])
        .args(["--fail-fast", "--sketch-jobs", "1", "--framework-jobs", "1"])
        .run()
        .expect_code(1);
    let outcomes = run.outcomes();
    assert_eq!(outcomes[0], ("Typo".to_owned(), "failed".to_owned()));
    assert!(
        outcomes[1..]
            .iter()
            .all(|(_, outcome)| outcome == "not-run" || outcome == "built"),
        "{outcomes:?}"
    );
    assert!(
        outcomes.iter().any(|(_, outcome)| outcome == "not-run"),
        "{outcomes:?}"
    );
    assert_eq!(run.lines().len(), 5);
    let counts = &run.report()["counts"];
    assert_eq!(counts["requested"], 5);
    assert_eq!(counts["failed"], 1);
}

#[test]
fn all_failures_are_shown_again_at_the_end_whole() {
    let project = project()
        .sketch(
            "One",
            "// fake: fail first problem\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch(
            "Two",
            "// fake: fail second problem\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketches(["A", "B", "C"], PLAIN);
    let run = project
        .compile_many(["One", "A", "Two", "B", "C"])
        .expect_code(1);
    let (first, second) = (
        run.stderr.rfind("first problem").unwrap(),
        run.stderr.rfind("second problem").unwrap(),
    );
    assert!(
        first < second,
        "in the order of the request\n{}",
        run.transcript()
    );
}

#[test]
fn a_failure_is_cured_by_the_next_run_without_work_for_the_others() {
    let project = project().sketches(["A", "B"], PLAIN).sketch("Typo", TYPO);
    project.compile_many(["A", "B", "Typo"]).expect_code(1);
    project.forget_calls();
    project.write("Typo/Typo.ino", PLAIN);
    project.compile_many(["A", "B", "Typo"]).ok();
    let calls = project.calls();
    assert!(calls.of(Role::Compile).len() <= 1, "{:?}", calls.compiled());
}

#[test]
fn hooks_after_compiling_run_only_for_what_compiled_and_before_fail_fast() {
    let project = project()
        .sketch("A", "// fake: fail no\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("B", PLAIN);
    let hook = |point: &str| {
        let ran = project.path(&format!("{point}-"));
        format!("recipe.hooks.sketch.{point}.1.pattern=touch {ran}{{build.project_name}}")
    };
    let (before, after) = (hook("prebuild"), hook("postbuild"));
    let hooks = ["--build-property", &before, "--build-property", &after];
    let ran = |name: &str| project.path(name).exists();
    let build = || project.compile(["A", "B"]).args(hooks);
    build()
        .args(["--fail-fast", "--jobs", "1"])
        .run()
        .expect_code(1);
    assert!(ran("prebuild-A.ino") && !ran("postbuild-A.ino"));
    assert!(!ran("prebuild-B.ino") && !ran("postbuild-B.ino"));
    build().run().expect_code(1);
    assert!(ran("postbuild-B.ino") && !ran("postbuild-A.ino"));
}

#[test]
fn a_program_that_the_linker_refuses_is_measured() {
    needs!(need::AVR);
    let big = "byte buf[5000];\nvolatile int at;\nvoid setup() { buf[at] = 1; Serial.begin(9600); Serial.print(buf[at + 1]); }\nvoid loop() {}\n";
    let project = Project::new(env!("CARGO_BIN_EXE_fbuild")).sketch("Big", big);
    let run = project.compile_for("uno", ["Big"]).run().expect_code(1);
    run.says("Big: too big; RAM 51")
        .says("of 2048 B (25")
        .says("largest: buf 5000");
    assert!(!project.path(".fbuild/uno/Big/Big.ino.elf").exists());
}
