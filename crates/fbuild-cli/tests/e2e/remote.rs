//! A remote cache saves others the work, and never changes what is built.

use fbuild_testkit::project::PLAIN;
use fbuild_testkit::reapi::Server;
use fbuild_testkit::{Project, Role, Run, needs};

use crate::{pairs, project};

const USER: &str = "#include <X.h>\nvoid setup() {}\nvoid loop() {}\n";
const UPLOAD: &str = "--remote-upload-local-results";
/// Nothing listens there.
const DEAD: &str = "grpc://127.0.0.1:1";

fn two() -> Project {
    project()
        .simple_library("X", "")
        .sketch("A", USER)
        .sketch("B", PLAIN)
}

/// Builds both sketches with the server.
fn build(project: &Project, server: &str, more: &[&str]) -> Run {
    let options = ["A", "B", "--remote-cache", server];
    project.compile_many(options.iter().chain(more)).ok()
}

/// Leaves a project as a new checkout without a cache is.
fn forget(project: &Project) {
    fs_err::remove_dir_all(project.cache()).unwrap();
    fs_err::remove_dir_all(project.path(".fbuild")).unwrap();
    project.forget_calls();
}

fn firmware(project: &Project) -> Vec<Vec<u8>> {
    let files = ["A", "B"].map(|name| format!(".fbuild/solo/{name}/{name}.ino.hex"));
    files.map(|path| project.read_bytes(path)).into()
}

#[test]
fn a_second_user_starts_no_compiler_and_gets_the_same_firmware() {
    needs!("python3");
    let server = Server::start();
    let project = two();
    let first = build(&project, &server.address(), &[UPLOAD]);
    let uploads = first.report()["remote"]["uploads"].as_u64().unwrap();
    assert!(uploads > 3, "{uploads}");
    let expected = firmware(&project);

    forget(&project);
    let second = build(&project, &server.address(), &[]);
    let calls = project.calls();
    assert!(
        calls.0.iter().all(|call| call.role == Role::Query),
        "{calls:?}"
    );
    assert_eq!(second.outcomes(), pairs(&[("A", "built"), ("B", "built")]));
    assert_eq!(firmware(&project), expected);
    let report = second.report();
    assert_eq!(report["counts"]["cached"], 2);
    assert_eq!(report["remote"]["uploads"], 0);
    assert!(report["remote"]["hits"].as_u64() > Some(3), "{report}");

    // Objects and archives stayed on the server, where the next run finds them again.
    project.forget_calls();
    build(&project, &server.address(), &[]);
    assert!(
        project.calls().compiled().is_empty(),
        "{:?}",
        project.calls()
    );
}

#[test]
fn nothing_is_uploaded_unless_asked() {
    needs!("python3");
    let server = Server::start();
    let project = two();
    let run = build(&project, &server.address(), &[]);
    assert_eq!(run.report()["remote"]["uploads"], 0);
    forget(&project);
    let run = build(&project, &server.address(), &[]);
    assert_eq!(run.report()["remote"]["hits"], 0);
}

#[test]
fn objects_are_fetched_for_a_link_that_runs_and_made_again_if_they_are_damaged() {
    needs!("python3");
    for is_damaged in [false, true] {
        let server = Server::start();
        let project = two();
        build(&project, &server.address(), &[UPLOAD]);
        forget(&project);
        project.write("A/A.ino", format!("{USER}int more = 1;\n"));
        if is_damaged {
            assert!(server.damage(1) > 3);
        }
        let run = build(&project, &server.address(), &[]);
        assert_eq!(run.outcomes(), pairs(&[("A", "built"), ("B", "built")]));
        let core = project.calls().compiles_of("main.cpp");
        assert_eq!(core, usize::from(is_damaged), "{:?}", project.calls().0);
        let with_server = firmware(&project);
        forget(&project);
        project.compile_many(["A", "B"]).ok();
        assert_eq!(firmware(&project), with_server);
    }
}

#[test]
fn a_server_that_is_not_there_costs_one_warning() {
    let project = two();
    let run = build(&project, DEAD, &[UPLOAD]);
    assert_eq!(run.outcomes(), pairs(&[("A", "built"), ("B", "built")]));
    let report = run.report();
    let warnings = report["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let text = warnings[0].as_str().unwrap();
    assert!(text.contains("remote cache failed"), "{text}");
}

#[test]
fn the_value_of_a_header_is_never_shown() {
    let project = two();
    let secret = ["--remote-header", "x-key=hunter2"];
    let run = build(&project, DEAD, &["-v", secret[0], secret[1]]);
    let config = project.fbuild(["config", "A", "--board", "solo"].iter().chain(&secret));
    let no_header = ["A", "--remote-cache", DEAD, "--remote-header", "hunter2"];
    let wrong = project.compile_many(no_header);
    for run in [&run, &config, &wrong] {
        let shown = [&run.stdout, &run.stderr];
        assert!(
            shown.iter().all(|text| !text.contains("hunter2")),
            "{shown:?}"
        );
    }
    assert!(
        config.stdout.contains("x-key=<hidden>"),
        "{}",
        config.stdout
    );
    let report = project.read(project.report_path());
    assert!(!report.contains("hunter2"), "{report}");
    wrong.says("NAME=VALUE");
}
