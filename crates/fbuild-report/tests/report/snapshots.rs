//! Every format as text, from the one run.

use fbuild_report::{annotations, compile_sketches, json, junit, lines, markdown, messages, tsv};

use crate::fixture;

/// Replaces our own version, which every release changes.
fn redacted(text: String) -> String {
    text.replace(
        concat!("\"", env!("CARGO_PKG_VERSION"), "\""),
        "\"VERSION\"",
    )
}

#[test]
fn result_lines() {
    insta::assert_snapshot!(lines::render(&fixture::report()));
}

#[test]
fn phase_tsv() {
    insta::assert_snapshot!(tsv::render(&fixture::report(), ""));
}

#[test]
fn json_report() {
    insta::assert_snapshot!(redacted(json::render(
        &fixture::report(),
        &fixture::origin()
    )));
}

#[test]
fn junit_report() {
    insta::assert_snapshot!(junit::render(&fixture::report()).unwrap());
}

#[test]
fn markdown_summary() {
    insta::assert_snapshot!(markdown::render(&fixture::report()));
}

#[test]
fn github_annotations() {
    insta::assert_snapshot!(annotations::render(&fixture::report(), Some("/w".into())));
}

#[test]
fn json_messages() {
    let lines: String = fixture::events()
        .iter()
        .map(|event| messages::render(event, &fixture::origin()))
        .collect();
    assert_eq!(lines.lines().count(), fixture::events().len());
    insta::assert_snapshot!(lines);
}

#[test]
fn compile_sketches_report() {
    let context = compile_sketches::Context {
        commit_hash: "0123abc".into(),
        commit_url: "https://github.com/o/r/commit/0123abc".into(),
        workspace: Some("/w".into()),
        warnings: true,
        ..compile_sketches::Context::default()
    };
    let files = compile_sketches::render(&fixture::report(), &context);
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "arduino-avr-uno.json",
            "arduino-avr-nano-cpu=atmega328old.json"
        ]
    );
    insta::assert_snapshot!(files[0].text);
}
