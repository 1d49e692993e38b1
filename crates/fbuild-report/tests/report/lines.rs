//! The lines against the pattern that FastLED's wrapper uses.

use fbuild_model::outcome::{SketchOutcome, SketchResult};
use fbuild_report::lines;
use proptest::prelude::*;
use regex::Regex;

use crate::fixture::{self, UNO, built, ms, result};

/// Formats section 1, to the letter.
const PATTERN: &str =
    r"^\s+\[(stage1|stage2)\]\s+(OK|FAIL)\s+\(([0-9.]+)s\)\s+(.*?)\s{2}log=(.*?)\s{2}(.*)$";

fn columns(line: &str) -> Option<[String; 6]> {
    let found = Regex::new(PATTERN).unwrap().captures(line)?;
    Some([1, 2, 3, 4, 5, 6].map(|group| found[group].to_owned()))
}

#[test]
fn one_line_per_requested_sketch() {
    let report = fixture::report();
    let text = lines::render(&report);
    assert_eq!(text.lines().count(), report.counts().requested);
    let words: Vec<Option<(String, String)>> = text
        .lines()
        .map(|line| columns(line).map(|[stage, word, ..]| (stage, word)))
        .collect();
    let pair = |stage: &str, word: &str| Some((stage.to_owned(), word.to_owned()));
    let board = [
        pair("stage2", "OK"),
        pair("stage2", "OK"),
        pair("stage2", "FAIL"),
        pair("stage1", "FAIL"),
        None,
        pair("stage2", "FAIL"),
        pair("stage2", "FAIL"),
    ];
    assert_eq!(words, [board.clone(), board].concat());
}

#[test]
fn built_plus_failed_plus_skipped_is_what_was_asked_for() {
    let report = fixture::report();
    let text = lines::render(&report);
    let count = |what: &str| text.lines().filter(|line| line.contains(what)).count();
    assert_eq!(count("] OK (") + count("] FAIL (") + count("[skip]"), 14);
    assert_eq!(count("] OK ("), report.counts().built);
    assert_eq!(count("[skip]"), report.counts().skipped);
}

#[test]
fn the_columns_are_those_of_the_example() {
    let blink = SketchResult {
        log: Some(".fbuild/uno/examples/Blink/build.log".into()),
        duration: ms(204),
        ..result(UNO, "examples/Blink", built(924, 9))
    };
    let line = lines::line(&blink, false, "");
    assert_eq!(
        line,
        "  [stage2] OK (0.20s) examples/Blink  log=.fbuild/uno/examples/Blink/build.log  924 bytes flash, 9 bytes RAM"
    );
    let expect = [
        "stage2",
        "OK",
        "0.20",
        "examples/Blink",
        ".fbuild/uno/examples/Blink/build.log",
    ];
    assert_eq!(columns(&line).unwrap()[..5], expect);
}

#[test]
fn without_a_log_there_is_a_dash() {
    let line = lines::line(&result(UNO, "a", SketchOutcome::Cancelled), false, "");
    assert_eq!(
        columns(&line).unwrap(),
        ["stage2", "FAIL", "0.00", "a", "-", "cancelled"]
    );
}

#[test]
fn a_log_that_the_format_cannot_carry_is_not_cut() {
    for log in [
        "/a  b/build.log",
        "/a\nb/build.log",
        "/a/build.log ",
        "/a\u{a0}\u{a0}b",
    ] {
        let with_log = SketchResult {
            log: Some(log.into()),
            ..result(UNO, "a", built(1, 1))
        };
        assert_eq!(
            columns(&lines::line(&with_log, false, "")).unwrap()[4],
            "-",
            "{log:?}"
        );
    }
    let blank = SketchResult {
        log: Some("/My Sketch/build.log".into()),
        ..result(UNO, "a", built(1, 1))
    };
    assert_eq!(
        columns(&lines::line(&blank, false, "")).unwrap()[4],
        "/My Sketch/build.log"
    );
}

#[test]
fn with_several_boards_the_message_names_the_board() {
    let line = lines::line(&result(UNO, "a", built(1, 1)), true, "");
    assert!(line.ends_with(" on arduino:avr:uno"), "{line}");
}

proptest! {
    #[test]
    fn no_name_or_message_breaks_a_line(sketch in "[a-z]\\PC{0,20}", message in any::<String>(), log in any::<Option<String>>()) {
        let failure = fbuild_model::Failure {
            phase: fbuild_model::Phase::Compile,
            message,
            output: String::new(),
            diagnostics: Vec::new(),
        };
        let mut failed = result(UNO, &sketch, SketchOutcome::Failed(failure));
        failed.log = log.map(Into::into);
        let line = lines::line(&failed, false, "");
        prop_assert_eq!(line.lines().count(), 1);
        let columns = columns(&line).unwrap();
        prop_assert_eq!(&columns[3], &fbuild_report::text::one_line(&sketch));
        prop_assert!(columns[4] == "-" || Some(columns[4].as_str()) == failed.log.as_ref().map(|log| log.as_str()));
        prop_assert!(columns[5].starts_with("compile:"));
    }
}
