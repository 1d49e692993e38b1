//! Where reports go: files, links, pipes, devices and standard output; and what is written when something is wrong.

use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use fbuild_testkit::Project;
use fbuild_testkit::project::PLAIN;
use serde_json::Value;

use crate::project;

fn broken() -> Project {
    project()
        .sketch("A", PLAIN)
        .sketch("B", "// fake: fail typo\nvoid setup() {}\nvoid loop() {}\n")
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_device_is_written_and_stays() {
    let project = broken();
    // A copy of the null device, so that a defect cannot remove the system's.
    let null = project.path("null");
    let made = Command::new("mknod")
        .args([null.as_str(), "c", "1", "3"])
        .status();
    if !made.is_ok_and(|status| status.success()) {
        symlink("/dev/null", &null).unwrap();
    }
    let before = null.symlink_metadata().unwrap().file_type();
    project
        .fbuild(["compile-many", "-b", "solo", "--report", "null", "A"])
        .ok();
    assert_eq!(null.symlink_metadata().unwrap().file_type(), before);
}

#[test]
fn a_dash_and_the_names_of_standard_output_are_standard_output() {
    let project = broken();
    for name in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let run = project
            .fbuild(["compile-many", "-b", "solo", "--report", name, "A", "B"])
            .expect_code(1);
        assert_eq!(json(&run.stdout)["verdict"], "some-failed", "{name}");
    }
    assert!(!project.path("-").exists());
}

#[test]
fn a_reader_that_closes_the_pipe_ends_nothing() {
    let project = broken();
    let script = "\"$0\" \"$@\" | head -c 10; exit ${PIPESTATUS[0]}";
    let run = project
        .command([
            "compile-many",
            "-b",
            "solo",
            "--report",
            "/dev/stdout",
            "A",
            "B",
        ])
        .under("bash", ["-c", script])
        .run();
    assert_eq!(run.code(), Some(1), "{}", run.transcript());
    assert_eq!(run.stdout.len(), 10);
}

#[test]
fn a_named_pipe_carries_the_report() {
    let project = broken();
    let pipe = project.path("pipe");
    nix::unistd::mkfifo(pipe.as_std_path(), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let reader = Command::new("cat")
        .arg(&pipe)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    project
        .fbuild(["compile-many", "-b", "solo", "--report", "pipe", "A"])
        .ok();
    let read = reader.wait_with_output().unwrap();
    let text = String::from_utf8(read.stdout).unwrap();
    assert_eq!(json(&text)["verdict"], "success");
}

#[test]
fn a_link_is_followed_also_to_a_file_that_does_not_exist_yet() {
    let project = broken().file("deep/x", "");
    symlink("deep/report.json", project.path("link.json")).unwrap();
    for _ in 0..2 {
        project
            .fbuild(["compile-many", "-b", "solo", "--report", "link.json", "A"])
            .ok();
        assert!(project.path("link.json").is_symlink());
        assert_eq!(
            json(&project.read("deep/report.json"))["verdict"],
            "success"
        );
    }
}

#[test]
fn an_earlier_report_does_not_outlive_an_error() {
    let project = broken().file("r.json", "old").file("r.xml", "old");
    let run = project.fbuild([
        "compile-many",
        "-b",
        "unno",
        "--report",
        "r.json",
        "--report-junit",
        "r.xml",
        "A",
    ]);
    let run = run.expect_code(2);
    let report = json(&project.read("r.json"));
    assert_eq!(report["verdict"], "error");
    let error = report["error"].as_str().unwrap();
    assert!(error.contains("unno"), "{error}");
    assert!(run.stderr.contains(error), "{}", run.transcript());
    assert!(project.read("r.xml").contains("<testsuites"));
}

#[test]
fn a_report_that_fails_drops_neither_the_others_nor_the_verdict() {
    let project = broken();
    let args = ["--report", "/dev/full", "--report-junit", "junit.xml"];
    for (sketch, code) in [("A", 2), ("B", 1)] {
        let _ = std::fs::remove_file(project.path("junit.xml"));
        let run = project
            .fbuild(["compile-many", "-b", "solo", sketch].iter().chain(&args))
            .expect_code(code)
            .says("cannot write /dev/full")
            .says("Finished ");
        assert!(
            project.read("junit.xml").contains(sketch),
            "{}",
            run.transcript()
        );
    }
}

#[test]
fn messages_stay_pure_on_githubs_runners() {
    let run = broken()
        .command([
            "compile-many",
            "-b",
            "solo",
            "--message-format",
            "json",
            "A",
            "B",
        ])
        .env("GITHUB_ACTIONS", "true")
        .run()
        .expect_code(1)
        .says("::error ");
    assert_eq!(run.messages().last().unwrap()["type"], "run-finished");
}

#[test]
fn the_summary_of_a_step_on_githubs_runners_is_appended_to_its_file() {
    let project = broken();
    project.write("summary.md", "earlier\n");
    let path = project.path("summary.md");
    let build = |sketches: &[&str], on_github: bool| {
        let run = project
            .command(["compile-many", "-b", "solo"].iter().chain(sketches))
            .env("GITHUB_STEP_SUMMARY", path.as_str());
        match on_github {
            true => run.env("GITHUB_ACTIONS", "true").run(),
            false => run.run(),
        }
    };
    build(&["A"], false).ok();
    assert_eq!(project.read("summary.md"), "earlier\n");
    build(&["A", "B"], true).expect_code(1);
    build(&["A"], true).ok();
    let text = project.read("summary.md");
    assert!(text.starts_with("earlier\n### fbuild: "), "{text}");
    assert_eq!(text.matches("### fbuild: ").count(), 2, "{text}");
    assert!(text.contains("| failure | where |"), "{text}");
    fs_err::remove_file(&path).unwrap();
    fs_err::create_dir(&path).unwrap();
    // The firmware is there, and the summary is not.
    build(&["A"], true).expect_code(2).says("summary.md");
}
