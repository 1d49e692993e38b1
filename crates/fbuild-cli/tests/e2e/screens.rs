//! The screens of a build on terminals of 80 and of 40 columns, as a whole.

use fbuild_testkit::project::PLAIN;
use fbuild_testkit::{Project, needs};

use crate::project;

/// Returns what a terminal of so many columns shows at the end; `args` begin with the command. Lines, not the display: that depends on time.
fn screen(project: &Project, columns: usize, env: &[(&str, &str)], args: &str) -> String {
    let line = format!(
        "script -qefc \"stty cols {columns} rows 30; $0 {args} --sketch-jobs 1 --framework-jobs 1\" /dev/null"
    );
    let mut invocation = project
        .command::<&str>([])
        .under("sh", ["-c", &line])
        .env("TERM", "xterm-256color")
        .env("NO_COLOR", "1");
    for (name, value) in env {
        invocation = invocation.env(name, value);
    }
    let run = invocation.run();
    run.redact(&run.stdout.replace("\r\n", "\n"))
}

fn all_kinds() -> Project {
    project()
        .simple_library("Broken", "// fake: fail no such register")
        .simple_library("Noisy", "// fake: warn comparison of integers")
        .sketch("a/Good", PLAIN)
        .sketch(
            "a/Warns",
            "#include <Noisy.h>\n// fake: warn unused variable 'x'\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch("a/Typo", "// fake: fail expected ';'\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("a/Matrix", "// fake: size 500 5190\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("a/Needs", "#include <Broken.h>\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("a/Web", "#include <Ethernet.h>\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("a/Web2", "#include <Ethernet.h>\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("a/Esp", "// @filter: (platform is esp32)\nvoid setup() {}\nvoid loop() {}\n")
}

#[test]
fn every_kind_of_result_on_a_terminal() {
    needs!("script");
    for columns in [80, 40] {
        let text = screen(
            &all_kinds(),
            columns,
            &[],
            "compile-many --board solo --progress plain a",
        );
        assert!(!text.contains("[stage2]"), "results are shown once\n{text}");
        insta::assert_snapshot!(format!("all_kinds_{columns}"), text);
    }
}

#[test]
fn several_boards_have_a_column() {
    needs!("script");
    let project = project().sketch("a/Good", PLAIN).sketch(
        "a/Web",
        "#include <Ethernet.h>\nvoid setup() {}\nvoid loop() {}\n",
    );
    for columns in [80, 40] {
        let args = "compile-many --board solo,duet --progress plain a";
        insta::assert_snapshot!(
            format!("boards_{columns}"),
            screen(&project, columns, &[], args)
        );
        let _ = fs_err::remove_dir_all(project.path(".fbuild"));
        let _ = fs_err::remove_dir_all(project.cache());
    }
}

#[test]
fn results_from_the_cache_and_quiet_ones() {
    needs!("script");
    let project = project().sketch("Good", PLAIN).sketch(
        "Warns",
        "// fake: warn unused variable 'x'\nvoid setup() {}\nvoid loop() {}\n",
    );
    let args = "compile-many --board solo --progress plain Good Warns";
    let first = screen(&project, 80, &[], args);
    let again = screen(&project, 80, &[], args);
    insta::assert_snapshot!("cached_80", again);
    let warning = |text: &str| text.matches("unused variable 'x'").count();
    assert_eq!((warning(&first), warning(&again)), (1, 1), "{first}{again}");
    insta::assert_snapshot!("quiet_80", screen(&project, 80, &[], &format!("{args} -q")));
    let verbose = screen(&project, 80, &[], &format!("{args} -v"));
    let shown = |text: &str| {
        verbose
            .lines()
            .any(|line| line.starts_with("(cached)") && line.contains(text))
    };
    assert!(shown("Good.ino.cpp") && shown("main.cpp"), "{verbose}");
}

#[test]
fn a_dumb_terminal_and_githubs_get_plain_text() {
    needs!("script");
    let project = project().sketch("Good", PLAIN);
    for (name, value) in [("TERM", "dumb"), ("GITHUB_ACTIONS", "true")] {
        let env = [(name, value), ("CI", "true")];
        let text = screen(&project, 80, &env, "compile-many --board solo Good");
        assert!(!text.contains(['\u{1b}', '\r']), "{name}: {text}");
        assert!(text.contains("Built Good"), "{name}: {text}");
    }
}

#[test]
fn result_lines_can_be_asked_for_on_a_terminal() {
    needs!("script");
    let project = project().sketch("Good", PLAIN);
    let args = "compile-many --board solo --message-format lines Good";
    assert!(screen(&project, 80, &[], args).contains("  [stage2] OK "));
}
