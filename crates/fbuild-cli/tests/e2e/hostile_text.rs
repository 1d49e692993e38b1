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
