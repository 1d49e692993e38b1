//! Completion scripts in the shells they are for, with the boards that are installed.

use camino::Utf8Path;
use fbuild_testkit::{Project, needs};

use crate::project;

/// Runs a script of a shell in which `fbuild` is on the path; returns the lines it prints.
fn lines(project: &Project, shell: &str, script: &str) -> Vec<String> {
    let bin = Utf8Path::new(env!("CARGO_BIN_EXE_fbuild"))
        .parent()
        .unwrap();
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap());
    let run = project
        .command::<&str>([])
        .under(shell, ["-c", script])
        .env("PATH", path)
        .run()
        .ok();
    let mut lines: Vec<String> = run.stdout.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn bash_completes_commands_boards_and_options() {
    needs!("bash");
    let project = project().file("Blink/Blink.ino", "");
    let complete = |line: &str| {
        let script = format!(
            "source <(fbuild completions bash)
             COMP_WORDBREAKS=$' \\t\\n\"\\'><=;|&(:' COMP_LINE='{line}' COMP_POINT={}
             _fbuild
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            line.len()
        );
        lines(&project, "bash", &script)
    };
    assert_eq!(complete("fbuild doc"), ["doctor"]);
    assert_eq!(complete("fbuild build --board so"), ["solo"]);
    assert_eq!(complete("fbuild build --board=so"), ["solo"]);
    assert_eq!(complete("fbuild build -b solo,du"), ["solo,duet"]);
    // What follows the last colon replaces what is typed after it.
    assert_eq!(complete("fbuild build -b fake:avr:so"), ["solo"]);
    assert_eq!(
        complete("fbuild build -b solo:sp"),
        ["speed=fast", "speed=slow"]
    );
    let options = complete("fbuild build -b solo --board-options sp");
    assert_eq!(options, ["speed=fast", "speed=slow"]);
    assert_eq!(complete("fbuild build --warnings a"), ["all"]);
    assert_eq!(complete("fbuild build Bl"), ["Blink/"]);
}

#[test]
fn fish_completes_boards_and_options() {
    needs!("fish");
    let project = project();
    let complete = |line: &str| {
        let script = format!("fbuild completions fish | source; complete -C '{line}'");
        let lines = lines(&project, "fish", &script);
        let value = |line: String| line.split('\t').next().unwrap().to_owned();
        lines.into_iter().map(value).collect::<Vec<_>>()
    };
    assert_eq!(complete("fbuild build --board so"), ["solo"]);
    let options = complete("fbuild build -b solo --board-options sp");
    assert_eq!(options, ["speed=fast", "speed=slow"]);
}

#[test]
fn zsh_completes_boards_and_options() {
    needs!("zsh");
    let project = project();
    let complete = |words: &str| {
        // The script hands its values to `_describe`, which works in an interactive shell only.
        let script = format!(
            "compdef() {{ }}; _describe() {{ print -l ${{(P)3}} }}
             source <(fbuild completions zsh)
             words=({words}); CURRENT=$#words
             _clap_dynamic_completer_fbuild"
        );
        let lines = lines(&project, "zsh", &script);
        let value = |line: String| line.split(':').next().unwrap().to_owned();
        lines.into_iter().map(value).collect::<Vec<_>>()
    };
    assert_eq!(complete("fbuild build --board so"), ["solo"]);
    let options = complete("fbuild build -b solo --board-options sp");
    assert_eq!(options, ["speed=fast", "speed=slow"]);
}
