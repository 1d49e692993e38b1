//! Text of sources, names and compilers cannot act on a terminal, on a GitHub runner or on readers of JSON.

use fbuild_testkit::Project;
use fbuild_testkit::project::PLAIN;

use crate::project;

/// What acts on a terminal, or shows text in another order than it is in.
const ACTIVE: [char; 4] = ['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}'];

fn hostile() -> Project {
    project().sketch(
        "Evil",
        "#error \u{1b}]0;title\u{7}\u{202e}\u{9b}31m gone\n::error::own\nvoid setup() {}\nvoid loop() {}\n",
    )
}

fn is_harmless(text: &str, context: &str) {
    let found: Vec<char> = text.chars().filter(|c| ACTIVE.contains(c)).collect();
    assert!(found.is_empty(), "{found:?}\n{context}");
}

#[test]
fn nothing_reaches_the_terminal_that_it_acts_on() {
    for env in [("X", "1"), ("GITHUB_ACTIONS", "true")] {
        for args in [
            &["compile-many", "--board", "solo", "Evil"][..],
            &["preprocess", "--board", "solo", "Evil"],
            &["libraries", "--board", "solo", "Evil"],
        ] {
            let run = hostile().command(args).env(env.0, env.1).run();
            is_harmless(&run.stderr, &run.transcript());
            if env.0 == "GITHUB_ACTIONS" {
                is_harmless(&run.stdout, &run.transcript());
            }
        }
    }
}

#[test]
fn a_sources_lines_are_no_workflow_commands_in_any_command() {
    let project = project().sketch(
        "Evil",
        "::error::own\n// ##[error]own\nvoid setup() {}\nvoid loop() {}\n",
    );
    let run = project
        .command(["preprocess", "--board", "solo", "Evil"])
        .env("GITHUB_ACTIONS", "true")
        .run();
    let both = format!("{}{}", run.stdout, run.stderr);
    assert!(
        !both.contains("##[")
            && !both
                .lines()
                .any(|line| line.trim_start().starts_with("::error")),
        "{}",
        run.transcript()
    );
}

#[test]
fn json_messages_stay_json_on_github() {
    let project = hostile();
    let run = project
        .compile(["Evil"])
        .args(["--message-format", "json"])
        .env("GITHUB_ACTIONS", "true")
        .run()
        .expect_code(1);
    for line in run.stdout.lines() {
        let value: Result<serde_json::Value, _> = serde_json::from_str(line);
        assert!(value.is_ok(), "{line}");
    }
    is_harmless(&run.stdout, &run.transcript());
    assert!(
        run.stderr.contains("::error "),
        "annotations go beside it\n{}",
        run.transcript()
    );
}

#[test]
fn standard_output_that_cannot_be_written_is_an_error() {
    let run = project()
        .sketch("Good", PLAIN)
        .compile(["Good"])
        .under("sh", ["-c", "exec \"$@\" > /dev/full", "sh"])
        .run()
        .expect_code(2);
    assert!(
        run.stderr.contains("cannot write to standard output"),
        "{}",
        run.transcript()
    );
    let run = project()
        .sketch("Bad", "// fake: fail no\nvoid setup() {}\nvoid loop() {}\n")
        .compile(["Bad"])
        .under("sh", ["-c", "exec \"$@\" > /dev/full", "sh"])
        .run();
    assert_eq!(run.code(), Some(1), "{}", run.transcript());
}

/// Names of a sketch and of a library with everything that acts on a terminal, and a compiler that says such text.
fn hostile_names() -> Project {
    let evil = "E\u{1b}]0;t\u{7}\u{202e}\u{9b}x";
    let library = format!("libraries/L{evil}");
    let warns = format!("// fake: warn {evil}\n");
    project()
        .sketch(
            &format!("all/{evil}"),
            &format!("#error {evil}\nvoid setup() {{}}\nvoid loop() {{}}\n"),
        )
        .sketch(
            "all/N\n::error::own",
            "#include <Lib.h>\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch("all/ok", &format!("{warns}#include <Lib.h>\n{PLAIN}"))
        .sketch("all/gone", &format!("#include <{evil}.h>\n{PLAIN}"))
        .file(
            &format!("{library}/library.properties"),
            &format!("name=L{evil}\nversion=1{evil}\n"),
        )
        .file(&format!("{library}/src/Lib.h"), "#pragma once\n")
        .file(&format!("{library}/src/Lib.cpp"), &warns)
}

#[test]
fn no_report_holds_what_acts_on_a_terminal() {
    let project = hostile_names();
    let summary = project.path("summary.md");
    project
        .compile(["all"])
        .args([
            "--report-junit",
            "r.xml",
            "--phase-tsv",
            "r.tsv",
            "--report-compile-sketches",
            "sketches",
        ])
        .env("GITHUB_STEP_SUMMARY", summary.as_str())
        .env("GITHUB_ACTIONS", "true")
        .run()
        .expect_code(1);
    let mut paths = vec![
        project.report_path(),
        project.path("r.xml"),
        project.path("r.tsv"),
    ];
    paths.push(project.path("sketches/fake-avr-solo.json"));
    paths.extend(Some(summary).filter(|path| path.exists()));
    for path in paths {
        let text = fs_err::read_to_string(&path).unwrap();
        is_harmless(&text, path.as_str());
        assert!(
            !text.lines().any(|line| line.starts_with("::error")),
            "{path}: {text}"
        );
    }
    // The names are the same in what programs read.
    let report = fs_err::read_to_string(project.report_path()).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let names = report["sketches"].as_array().unwrap().iter();
    assert!(
        names
            .clone()
            .any(|sketch| sketch["name"].as_str().unwrap().contains('\u{202e}')),
        "{report}"
    );
}

#[test]
fn what_is_for_people_is_harmless_through_a_pipe_and_names_stay_on_their_line() {
    let project = hostile_names();
    let libraries = project.libraries();
    let libraries = libraries.as_str();
    for env in [("X", "1"), ("GITHUB_ACTIONS", "true")] {
        for args in [
            &["build"][..],
            &["build", "-v"],
            &["build", "--explain"],
            &["build", "--message-format", "json"],
            &["libraries"],
            &["libraries", "--format", "json"],
            &["config"],
            &["doctor"],
        ] {
            let mut args = args.to_vec();
            if args[0] != "doctor" {
                args.extend(["-b", "solo", "--libraries", libraries, "all"]);
            }
            let run = project.command(&args).env(env.0, env.1).run();
            let both = format!("{}{}", run.stdout, run.stderr);
            is_harmless(&both, &run.transcript());
            let names_a_line = |line: &str| line.trim_start().starts_with("::error::own");
            let is_runner = env.0 == "GITHUB_ACTIONS";
            assert!(
                !is_runner || !both.lines().any(names_a_line),
                "{}",
                run.transcript()
            );
        }
    }
    let run = project
        .command(["preprocess", "-b", "solo", "--libraries", libraries, "all"])
        .run();
    let heading = "// all/N ::error::own on fake:avr:solo";
    assert!(run.stdout.contains(heading), "{}", run.transcript());
}

#[test]
fn words_of_the_command_line_are_printed_without_control_characters() {
    let project = project();
    let run = project
        .fbuild(["build", "--\u{1b}[31mRED\u{7}"])
        .expect_code(2);
    assert!(run.stderr.contains("RED"), "{}", run.transcript());
    assert!(
        !run.stderr.contains(['\u{1b}', '\u{7}']),
        "{:?}",
        run.stderr
    );
}

#[test]
fn help_that_cannot_be_printed_is_an_error() {
    let project = project();
    for word in ["--help", "--version"] {
        let run = project
            .command([word].iter())
            .under("sh", ["-c", "exec \"$@\" > /dev/full", "sh"])
            .run();
        run.expect_code(2).says("cannot write to standard output");
    }
    project.fbuild(["--version"]).ok();
}
