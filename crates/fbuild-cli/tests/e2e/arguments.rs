//! What may be typed, and what happens to what may not.
//!
//! A bad sketch never stops the others; a bad command line stops before anything is built.

use fbuild_testkit::project::PLAIN;
use fbuild_testkit::{Project, Run};

use crate::{pairs, project};

/// Fails the test unless the run stopped before anything was built.
fn nothing_was_built(project: &Project, run: Run, code: i32) -> Run {
    let run = run.expect_code(code);
    assert!(project.calls().0.is_empty(), "{:?}", project.calls().0);
    assert!(
        !project.path(".fbuild").exists(),
        "the output directory is not even made"
    );
    run
}

#[test]
fn a_missing_path_is_named() {
    let project = project().sketch("A", PLAIN);
    let run = project.compile_many(["A", "no/such/Sketch"]);
    nothing_was_built(&project, run, 2).says("no/such/Sketch");
}

#[test]
fn without_an_argument_sketches_are_looked_for_in_the_current_folder() {
    let project = project();
    let run = project.fbuild(["compile-many", "--board", "solo"]);
    nothing_was_built(&project, run, 4).says("no sketch in . (");
}

#[test]
fn no_board_is_an_error_that_says_what_to_type() {
    let project = project().sketch("A", PLAIN);
    let run = project.fbuild(["compile-many", "A"]);
    nothing_was_built(&project, run, 2).says("--board");
}

#[test]
fn a_folder_without_any_sketch_has_its_own_exit_code() {
    let project = project().file("empty/readme.txt", "nothing here\n");
    let run = project.compile_many(["empty"]);
    let run = nothing_was_built(&project, run, 4).says("empty");
    assert!(!run.stderr.contains("Finished"), "{}", run.transcript());
}

#[test]
fn a_folder_without_a_main_file_fails_alone() {
    let project = project().sketch("A", PLAIN).file("Wrong/other.ino", PLAIN);
    let run = project.compile_many(["Wrong", "A"]).expect_code(1);
    assert_eq!(
        run.outcomes(),
        pairs(&[("Wrong", "failed"), ("A", "built")])
    );
    assert!(
        run.line("Wrong")
            .message
            .contains("contains other.ino; rename it to Wrong.ino"),
        "{}",
        run.transcript()
    );
}

#[test]
fn ino_and_pde_of_one_name_fail_alone() {
    let project = project()
        .sketch("A", PLAIN)
        .sketch("Both", PLAIN)
        .file("Both/Both.pde", PLAIN);
    let run = project.compile_many(["Both", "A"]).expect_code(1);
    assert_eq!(run.outcomes(), pairs(&[("Both", "failed"), ("A", "built")]));
    assert!(
        run.line("Both").message.contains("Both.pde"),
        "{}",
        run.transcript()
    );
}

#[test]
fn the_same_sketch_twice_is_built_once_reported_once_and_said() {
    let project = project().sketch("A", PLAIN).sketch("B", PLAIN);
    let run = project.compile_many(["A", "B", "./A", "A/A.ino"]).ok();
    assert_eq!(run.outcomes(), pairs(&[("A", "built"), ("B", "built")]));
    assert_eq!(run.lines().len(), 2);
    assert_eq!(project.calls().compiles_of("A.ino.cpp"), 1);
    assert!(
        run.stderr.contains("twice") || run.stderr.contains("once") || run.stderr.contains("again"),
        "{}",
        run.transcript()
    );
}

#[test]
fn a_sketch_behind_a_symbolic_link_is_the_same_sketch() {
    let project = project().sketch("A", PLAIN);
    fs_err::os::unix::fs::symlink(project.path("A"), project.path("Link")).unwrap();
    let run = project.compile_many(["A", "Link"]).ok();
    assert_eq!(run.lines().len(), 1, "{}", run.transcript());
}

#[test]
fn a_sketch_is_named_by_folder_by_file_or_by_a_folder_around_it() {
    for argument in ["deep/down/A", "deep/down/A/A.ino", "deep", "deep/"] {
        let project = project().sketch("deep/down/A", PLAIN);
        let run = project.compile_many([argument]).ok();
        assert_eq!(run.lines().len(), 1, "{argument}: {}", run.transcript());
        assert!(project.path(".fbuild/solo").exists());
    }
}

#[test]
fn a_folder_gives_its_sketches_sorted() {
    let project = project()
        .sketch("all/b", PLAIN)
        .sketch("all/sub/a", PLAIN)
        .sketch("all/C", PLAIN);
    let run = project.compile_many(["all"]).ok();
    let names: Vec<String> = run.lines().into_iter().map(|line| line.sketch).collect();
    assert_eq!(names, ["all/C", "all/b", "all/sub/a"]);
}

#[test]
fn files_and_folders_that_a_shell_adds_are_passed_over() {
    let project = project()
        .sketch("examples/A", PLAIN)
        .file("examples/README.md", "# examples\n")
        .file("examples/doc/x.txt", "");
    project
        .compile_many(["examples/A", "examples/README.md", "examples/doc"])
        .ok();
}

#[test]
fn sketches_of_the_same_name_in_different_folders_keep_apart() {
    let project = project()
        .sketch("x/S", "int x;\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("y/S", "int y;\nvoid setup() {}\nvoid loop() {}\n");
    let run = project.compile_many(["x/S", "y/S"]).ok();
    let report = run.report();
    let hex = |index: usize| {
        let artifacts = report["sketches"][index]["artifacts"]
            .as_array()
            .unwrap()
            .clone();
        let path = artifacts
            .iter()
            .filter_map(|path| path.as_str())
            .find(|path| path.ends_with(".hex"))
            .unwrap()
            .to_owned();
        project.read_bytes(&path)
    };
    assert_ne!(hex(0), hex(1));
    assert_ne!(run.lines()[0].log, run.lines()[1].log);
}

#[test]
fn a_sketch_inside_a_sketch_has_a_directory_of_its_own() {
    let project = project().sketch("Outer", PLAIN).sketch(
        "Outer/Inner",
        "int inner;\nvoid setup() {}\nvoid loop() {}\n",
    );
    let run = project.compile_many(["Outer", "Outer/Inner"]).ok();
    let logs: Vec<String> = run.lines().into_iter().map(|line| line.log).collect();
    let dirs: Vec<&str> = logs
        .iter()
        .map(|log| log.strip_suffix("/build.log").unwrap())
        .collect();
    assert!(
        !dirs[0].starts_with(&format!("{}/", dirs[1]))
            && !dirs[1].starts_with(&format!("{}/", dirs[0])),
        "{dirs:?}"
    );
}

#[test]
fn sketches_called_like_shared_directories_do_not_collide_with_them() {
    let project = project()
        .sketch("core", PLAIN)
        .sketch("libraries", PLAIN)
        .simple_library("X", "")
        .sketch("A", "#include <X.h>\nvoid setup() {}\nvoid loop() {}\n");
    let run = project
        .command([
            "compile-many",
            "--board",
            "solo",
            "--libraries",
            "libraries",
            "core",
            "libraries/libraries.ino",
            "A",
        ])
        .run()
        .ok();
    assert_eq!(run.lines().len(), 3);
    assert!(
        project
            .read(".fbuild/solo/core/core.a")
            .starts_with("!<arch>")
    );
}

#[test]
fn an_unknown_board_suggests_the_nearest() {
    let project = project().sketch("A", PLAIN);
    for (board, near) in [("soloo", "solo"), ("fake:avr:deut", "duet")] {
        let run = project.compile_for(board, ["A"]).run();
        nothing_was_built(&project, run, 2).says(board).says(near);
    }
}

#[test]
fn an_unknown_platform_is_named() {
    let project = project().sketch("A", PLAIN);
    let run = project.compile_for("nobody:avr:solo", ["A"]).run();
    nothing_was_built(&project, run, 2).says("nobody");
}

#[test]
fn a_malformed_fqbn_is_refused() {
    let project = project().sketch("A", PLAIN);
    for board in [
        "fake:avr",
        "fake:avr:solo:speed",
        "fake:avr:solo:speed=slow:more",
        "fake:avr:",
        "",
    ] {
        let run = project.compile_for(board, ["A"]).run();
        nothing_was_built(&project, run, 2);
    }
}

#[test]
fn an_unknown_board_option_or_value_is_refused() {
    let project = project().sketch("A", PLAIN);
    for (board, word) in [
        ("fake:avr:solo:colour=red", "colour"),
        ("fake:avr:solo:speed=warp", "warp"),
    ] {
        let run = project.compile_for(board, ["A"]).run();
        nothing_was_built(&project, run, 2).says(word);
    }
}

#[test]
fn one_bad_board_among_good_ones_stops_before_anything_is_built() {
    let project = project().sketch("A", PLAIN);
    let run = project.compile_for("solo,nosuch", ["A"]).run();
    nothing_was_built(&project, run, 2).says("nosuch");
}

#[test]
fn numbers_of_jobs_are_checked() {
    let project = project().sketch("A", PLAIN);
    for (option, value) in [
        ("--sketch-jobs", "0"),
        ("--framework-jobs", "0"),
        ("--sketch-jobs", "many"),
        ("--framework-jobs", "-1"),
    ] {
        let run = project
            .compile(["A"])
            .args([format!("{option}={value}")])
            .run();
        nothing_was_built(&project, run, 2).says(option);
    }
}

#[test]
fn unknown_options_and_commands_are_refused() {
    let project = project().sketch("A", PLAIN);
    let run = project.compile(["A", "--sketch-job", "2"]).run();
    nothing_was_built(&project, run, 2).says("--sketch-jobs");
    project
        .fbuild(["compile-may"])
        .expect_code(2)
        .says("compile-many");
}

#[test]
fn a_build_property_without_a_value_is_refused() {
    let project = project().sketch("A", PLAIN);
    let run = project
        .compile(["A"])
        .args(["--build-property", "compiler.cpp.extra_flags"])
        .run();
    nothing_was_built(&project, run, 2).says("compiler.cpp.extra_flags");
}

#[test]
fn a_toolchain_that_is_not_installed_is_named() {
    let project = project().sketch("A", PLAIN);
    fs_err::remove_dir_all(project.platform().join("bin")).unwrap();
    let run = project.compile_many(["A"]).expect_code(2);
    assert!(run.stderr.contains("fake-g"), "{}", run.transcript());
}

#[test]
fn a_toolchain_that_cannot_compile_the_core_is_exit_code_3() {
    let project = project().sketch("A", PLAIN);
    let tool = project.platform().join("bin/fake-g++");
    fs_err::remove_file(&tool).unwrap();
    fs_err::write(
        &tool,
        "#!/bin/sh\necho 'cc1plus: error: cannot allocate' >&2\nexit 1\n",
    )
    .unwrap();
    fs_err::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let run = project.compile_many(["A"]);
    assert!(matches!(run.code(), Some(1 | 3)), "{}", run.transcript());
    assert!(
        run.stderr.contains("cannot allocate"),
        "{}",
        run.transcript()
    );
}

#[test]
fn build_takes_one_sketch_along_the_same_path() {
    let project = project().sketch("A", PLAIN);
    let run = project.fbuild(["build", "--board", "solo", "A"]).ok();
    assert!(run.line("A").ok);
    assert!(project.path(".fbuild/solo/A/A.ino.hex").exists());
}

#[test]
fn help_answers_at_once() {
    let project = project();
    let run = project.fbuild(["compile-many", "--help"]).ok();
    for option in [
        "--board",
        "--framework-jobs",
        "--sketch-jobs",
        "--phase-tsv",
        "--report",
        "--output-dir",
        "--libraries",
        "--fail-fast",
    ] {
        assert!(run.stdout.contains(option), "{option}");
    }
    assert!(
        project
            .fbuild(["--version"])
            .ok()
            .stdout
            .starts_with("fbuild ")
    );
}
