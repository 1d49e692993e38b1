//! The cache may be deleted at any time, also while a run uses it: everything is built all the same.

use std::time::Duration;

use camino::Utf8Path;
use fbuild_testkit::{Invocation, Project, Run, Tree, need, needs};

use crate::project;
use crate::toolchain::repository;

/// Runs `build` while somebody deletes the cache over and over, with a pause in between.
fn while_the_cache_is_deleted(build: Invocation, cache: &Utf8Path, pause: Duration) -> Run {
    let mut running = build.spawn();
    while !running.has_ended() {
        // What is made meanwhile stays, and is deleted the next time.
        let _ = std::fs::remove_dir_all(cache);
        std::thread::sleep(pause);
    }
    running.wait()
}

fn firmware(project: &Project, dir: &str) -> Vec<(String, Vec<u8>)> {
    let dir = project.path(dir);
    let tree = Tree::read(&dir);
    let hex = tree
        .files()
        .into_iter()
        .filter(|path| path.extension() == Some("hex"));
    hex.map(|path| (path.to_string(), fs_err::read(dir.join(path)).unwrap()))
        .collect()
}

#[test]
fn a_cache_that_is_deleted_over_and_over_fails_nothing() {
    let names: Vec<String> = (0..8).map(|number| format!("S{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let text = "#include <X.h>\n#include <Y.h>\nvoid setup() {}\nvoid loop() {}\n";
    let project = project()
        .simple_library("X", "")
        .simple_library("Y", "")
        .sketches(names.iter().copied(), text);
    project.compile_many(&names).ok();
    let expect = firmware(&project, ".fbuild");
    assert_eq!(expect.len(), names.len());
    for pause in [1, 10, 50] {
        // Once from nothing, once from a cache that has everything.
        for args in [&["--output-dir", "out"], &["--output-dir", ".fbuild"]] {
            let _ = fs_err::remove_dir_all(project.path("out"));
            let build = project.compile(&names).args(args);
            let pause = Duration::from_millis(pause);
            let run = while_the_cache_is_deleted(build, &project.cache(), pause);
            assert_eq!(run.code(), Some(0), "{}", run.transcript());
            assert_eq!(firmware(&project, args[1]), expect, "{}", run.transcript());
        }
        project.compile_many(&names).ok();
    }
    let left = Tree::read(&project.path(".fbuild"));
    assert!(
        !left
            .files()
            .iter()
            .any(|path| path.as_str().contains("fbuild-run"))
    );
}

#[test]
fn with_the_real_toolchain_too() {
    needs!(need::AVR);
    let project = Project::new(env!("CARGO_BIN_EXE_fbuild"));
    let build = |dir: &str| {
        let output = project.path(dir);
        project
            .compile_for("uno", ["examples", "--output-dir", output.as_str()])
            .cwd(repository())
    };
    build("quiet").run().ok();
    let expect = firmware(&project, "quiet");
    for pause in [20, 150] {
        let _ = fs_err::remove_dir_all(project.path("out"));
        let pause = Duration::from_millis(pause);
        let run = while_the_cache_is_deleted(build("out"), &project.cache(), pause);
        assert_eq!(run.code(), Some(0), "{}", run.transcript());
        assert_eq!(firmware(&project, "out"), expect, "{}", run.transcript());
    }
}

#[test]
fn a_cache_that_is_cleared_by_another_process_fails_nothing() {
    let project = project().sketches(["A", "B", "C"], "void setup() {}\nvoid loop() {}\n");
    for _ in 0..3 {
        let mut running = project.compile(["A", "B", "C"]).spawn();
        while !running.has_ended() {
            // It may meet a directory that its owner removes at the same moment, and say so.
            project.fbuild(["cache", "clear"]);
        }
        let run = running.wait();
        assert_eq!(run.code(), Some(0), "{}", run.transcript());
    }
}
