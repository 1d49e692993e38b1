//! Pipes, devices and links to them in place of files: nothing waits for a writer, and nothing is read without end.

use std::os::unix::fs::symlink;
use std::process::Command;

use camino::Utf8Path;
use fbuild_testkit::project::PLAIN;
use fbuild_testkit::{Project, Tree};

use crate::project;

/// What is put in a file's place.
#[derive(Debug, Clone, Copy)]
enum Instead {
    Pipe,
    LinkToZeros,
}

impl Instead {
    fn of(self, path: &Utf8Path) {
        fs_err::remove_file(path).unwrap();
        match self {
            Self::Pipe => {
                let made = Command::new("mkfifo").arg(path).status();
                assert!(made.unwrap().success());
            }
            Self::LinkToZeros => symlink("/dev/zero", path).unwrap(),
        }
    }
}

#[test]
fn a_pipe_in_the_output_directory_is_replaced() {
    let project = project().sketch("A", PLAIN);
    project.compile_many(["A"]).ok();
    let out = project.path(".fbuild");
    let names = [
        "A/build.log",
        "A/A.ino.hex",
        "A/A.ino.elf",
        "A/sketch/A.ino.cpp",
        "core/core.a",
        "core/build.log",
    ];
    for (number, name) in names.into_iter().enumerate() {
        let path = out.join("solo").join(name);
        Instead::Pipe.of(&path);
        project.write("A/A.ino", format!("{PLAIN}// {number}\n"));
        project.compile_many(["A"]).ok();
        assert!(path.symlink_metadata().unwrap().is_file(), "{name}");
    }
}

#[test]
fn what_is_no_file_in_the_cache_is_a_miss() {
    let project = project().sketch("A", PLAIN);
    for instead in [Instead::Pipe, Instead::LinkToZeros] {
        project.compile_many(["A"]).ok();
        let cache = project.cache();
        let tree = Tree::read(&cache);
        let files = tree.files().into_iter();
        let sealed = files.filter(|path| {
            let path = path.as_str();
            ["facts/", "entries/", "history/"]
                .iter()
                .any(|name| path.contains(name))
                // A link in the cache's own directory is refused.
                || matches!(instead, Instead::Pipe)
                    && (path.ends_with("last-run") || path.ends_with("estimate"))
        });
        let number = sealed.map(|path| instead.of(&cache.join(path))).count();
        assert!(number > 3, "{number}");
        fs_err::remove_dir_all(project.path(".fbuild")).unwrap();
        project.compile_many(["A"]).ok();
    }
}

#[test]
fn a_compilation_database_goes_to_pipes_and_devices_and_through_links() {
    let project = project().sketch("A", PLAIN);
    let build = |path: &str| {
        let board = ["build", "-b", "solo", "A", "--compile-commands", path];
        project.command(board.iter()).run()
    };
    assert!(build("/dev/stdout").ok().stdout.contains("\"directory\""));
    assert!(build("-").ok().stdout.contains("\"directory\""));
    assert!(!project.path("-").exists());
    build("/dev/null").ok();
    symlink("real.json", project.path("link.json")).unwrap();
    build("link.json").ok();
    assert!(project.path("link.json").is_symlink());
    assert!(project.read("real.json").contains("\"directory\""));
}

#[test]
fn reports_that_are_read_are_regular_files() {
    let project = project().sketch("A", PLAIN);
    for words in [
        &["build", "-b", "solo", "A", "--baseline", "/dev/zero"][..],
        &["bench-summary", "/dev/zero"],
        &["merge-reports", "/dev/zero"],
    ] {
        project
            .fbuild(words)
            .expect_code(2)
            .says("not a regular file");
    }
}

#[test]
fn compilers_run_under_a_lower_limit_of_memory_too() {
    let project: Project = project().sketch("A", PLAIN);
    let program = env!("CARGO_BIN_EXE_fbuild");
    let script = "ulimit -v 4000000 && exec \"$0\" \"$@\"";
    let platforms = project.hardware();
    let output = Command::new("sh")
        .current_dir(project.root())
        .env("FBUILD_CACHE_DIR", project.cache().as_str())
        .args(["-c", script, program, "build", "-b", "fake:avr:solo"])
        .args(["--platform-path", platforms.as_str(), "A"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}
