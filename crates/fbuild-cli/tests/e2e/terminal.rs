//! What people see: plain lines in a pipe, a display on a terminal, colour only where it is wanted.

use fbuild_testkit::project::PLAIN;
use fbuild_testkit::{Project, needs};

use crate::project;

const ESCAPE: char = '\u{1b}';

fn good_and_bad() -> Project {
    project().sketch("Good", PLAIN).sketch(
        "Bad",
        "// fake: fail typo\nvoid setup() {}\nvoid loop() {}\n",
    )
}

#[test]
fn a_pipe_gets_plain_lines() {
    let run = good_and_bad().compile_many(["Good", "Bad"]).expect_code(1);
    for text in [&run.stdout, &run.stderr] {
        assert!(
            !text.contains(ESCAPE) && !text.contains('\r'),
            "{}",
            run.transcript()
        );
    }
    let about = |name: &str| run.stderr.lines().any(|line| line.contains(name));
    assert!(
        about("Good") && about("Bad"),
        "a line per finished sketch\n{}",
        run.transcript()
    );
}

#[test]
fn colour_is_used_when_it_is_asked_for_and_never_in_data() {
    let project = good_and_bad();
    let run = project
        .compile(["Good", "Bad"])
        .args(["--color", "always"])
        .env("NO_COLOR", "1")
        .run()
        .expect_code(1);
    assert!(
        run.stderr.contains(ESCAPE),
        "what is typed beats the environment\n{}",
        run.transcript()
    );
    assert_eq!(
        run.lines().len(),
        2,
        "result lines stay readable\n{}",
        run.transcript()
    );
    let run = project
        .compile(["Good", "Bad"])
        .args(["--color", "never"])
        .run()
        .expect_code(1);
    assert!(!run.stderr.contains(ESCAPE));
}

/// Runs a command line on a terminal, which needs `script`; returns what the terminal was sent.
fn on_terminal(project: &Project, env: &[(&str, &str)], args: &[&str]) -> Option<String> {
    needs!("script");
    // The program's path is what stands after the script.
    let line = format!(
        "script -qefc \"$0 compile-many --board solo {}\" /dev/null",
        args.join(" ")
    );
    let mut invocation = project
        .command::<&str>([])
        .under("sh", ["-c", &line])
        .env("TERM", "xterm-256color");
    for (name, value) in env {
        invocation = invocation.env(name, value);
    }
    Some(invocation.run().stdout)
}

#[test]
fn a_terminal_gets_a_display_and_colour_unless_told_otherwise() {
    let project = project().sketch(
        "Good",
        "// fake: sleep 0.5\nvoid setup() {}\nvoid loop() {}\n",
    );
    let Some(text) = on_terminal(&project, &[], &["Good"]) else {
        return;
    };
    assert!(text.contains(ESCAPE), "{text}");
    let Some(text) = on_terminal(
        &project,
        &[("NO_COLOR", "1")],
        &["--progress", "plain", "Good"],
    ) else {
        return;
    };
    assert!(!text.contains(ESCAPE), "{text}");
    let Some(text) = on_terminal(&project, &[("TERM", "dumb")], &["Good"]) else {
        return;
    };
    assert!(!text.contains(ESCAPE), "{text}");
    let Some(text) = on_terminal(&project, &[("CI", "true"), ("NO_COLOR", "1")], &["Good"]) else {
        return;
    };
    assert!(!text.contains(ESCAPE), "{text}");
}

#[test]
fn quiet_is_only_failures_and_the_summary() {
    let run = good_and_bad()
        .compile(["Good", "Bad"])
        .args(["-q"])
        .run()
        .expect_code(1);
    assert!(run.stderr.contains("error: typo"), "{}", run.transcript());
    assert!(
        !run.stderr.lines().any(|line| line.contains("Good")),
        "{}",
        run.transcript()
    );
    assert_eq!(run.stdout, "", "a pipe gets no result lines either");
    let run = good_and_bad()
        .compile(["Good", "Bad"])
        .args(["-q", "--message-format", "lines"])
        .run()
        .expect_code(1);
    assert_eq!(run.lines().len(), 2, "what is asked for wins");
}

#[test]
fn quiet_and_nothing_wrong_is_nearly_silent() {
    let run = project()
        .sketch("Good", PLAIN)
        .compile(["Good"])
        .args(["-q"])
        .run()
        .ok();
    assert!(run.stderr.lines().count() <= 1, "{}", run.transcript());
}

#[test]
fn verbose_shows_every_command() {
    let project = good_and_bad();
    let plain = project
        .compile(["Good"])
        .args(["--output-dir", "x", "--no-cache"])
        .run()
        .ok();
    assert!(!plain.stderr.contains("fake-g++"));
    let run = project.compile(["Good"]).args(["-v"]).run().ok();
    for text in [
        "wiring.c",
        "main.cpp",
        "fake-ar",
        "Good.ino.cpp",
        "fake-objcopy",
    ] {
        assert!(run.stderr.contains(text), "{text}\n{}", run.transcript());
    }
}

#[test]
fn quiet_and_verbose_exclude_each_other() {
    good_and_bad()
        .compile(["Good"])
        .args(["-q", "-v"])
        .run()
        .expect_code(2);
}

#[test]
fn the_summary_counts() {
    let run = good_and_bad().compile_many(["Good", "Bad"]).expect_code(1);
    let last = run.stderr.lines().last().unwrap_or_default();
    assert!(
        last.contains("Finished 1 of 2 built, 1 failed in "),
        "{}",
        run.transcript()
    );
}

#[test]
fn progress_none_is_silent_about_progress() {
    let run = good_and_bad()
        .compile(["Good"])
        .args(["--progress", "none"])
        .run()
        .ok();
    assert!(run.stderr.lines().count() <= 1, "{}", run.transcript());
}

#[test]
fn on_github_the_text_of_compilers_cannot_become_a_command() {
    let project = project().sketch(
        "Evil",
        "// fake: fail no\n// fake: warn ::set-output name=x::y\nvoid setup() {}\nvoid loop() {}\n",
    );
    project.write(
        "Evil/Evil.ino",
        "// fake: warn x\n// fake: fail ::error::own\nvoid setup() {}\nvoid loop() {}\n",
    );
    let run = project
        .compile(["Evil"])
        .env("GITHUB_ACTIONS", "true")
        .run()
        .expect_code(1);
    for line in run.stdout.lines().chain(run.stderr.lines()) {
        let trimmed = line.trim_start();
        assert!(!trimmed.starts_with("::error::own"), "{}", run.transcript());
    }
}

#[test]
fn completions_are_printed_for_every_shell() {
    let project = project();
    for shell in ["bash", "zsh", "fish"] {
        let run = project.fbuild(["completions", shell]).ok();
        assert!(run.stdout.contains("FBUILD_COMPLETE"), "{shell}");
    }
}

#[test]
fn a_run_of_all_kinds_reads_well() {
    let project = good_and_bad()
        .simple_library("Broken", "// fake: fail no such register")
        .sketch(
            "Needs",
            "#include <Broken.h>\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch(
            "Warns",
            "// fake: warn unused variable 'x'\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch(
            "Skipped",
            "// @filter: (platform is esp32)\nvoid setup() {}\nvoid loop() {}\n",
        );
    let args = ["--sketch-jobs", "1", "--framework-jobs", "1"];
    let run = project
        .compile(["Good", "Bad", "Needs", "Warns", "Skipped"])
        .args(args)
        .run()
        .expect_code(1);
    insta::assert_snapshot!("all_kinds_stdout", run.redact(&run.stdout));
    insta::assert_snapshot!("all_kinds_stderr", run.redact(&run.stderr));
}
