//! Annotations, and output that must not become a command.

use camino::Utf8Path;
use fbuild_model::outcome::{Failure, Phase, SketchOutcome};
use fbuild_report::annotations::{self, MOST, bracketed, group, neutral};
use fbuild_report::causes::causes;
use proptest::prelude::*;

use crate::fixture::{self, NANO, UNO, failure, result, run};

/// Returns whether GitHub's runner takes `line` for a command: `::` and a name after white space, or `##[` and a name anywhere.
fn is_command(line: &str) -> bool {
    let v2 = line
        .trim_start()
        .strip_prefix("::")
        .is_some_and(|rest| rest.contains("::"));
    let v1 = line.find("##[").is_some_and(|at| line[at..].contains(']'));
    v1 || v2
}

/// Splits like the runner, for which a lone carriage return ends a line.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r'])
}

fn failed(board: &str, sketch: &str, output: &str) -> fbuild_model::SketchResult {
    result(
        board,
        sketch,
        SketchOutcome::Failed(failure(Phase::Compile, output)),
    )
}

#[test]
fn one_cause_is_one_annotation_over_sketches_and_boards() {
    let output = "/w/src/Lib.h:9:2: error: no: 100%, really\n";
    let report = run(vec![
        failed(UNO, "a", output),
        failed(UNO, "b", "/w/b/b.ino:1:1: error: other\n"),
        failed(NANO, "a", output),
        failed(NANO, "c", output),
    ]);
    assert_eq!(
        annotations::render(&report, Some(Utf8Path::new("/w"))),
        "::error file=src/Lib.h,line=9,col=2,title=2 sketches%3A compile failed::no: 100%25, really%0Ain a, c on arduino:avr:uno, arduino:avr:nano:cpu=atmega328old\n\
         ::error file=b/b.ino,line=1,col=1,title=b%3A compile failed::other%0Ain b on arduino:avr:uno\n"
    );
}

#[test]
fn the_same_message_elsewhere_is_another_cause() {
    let report = run(vec![
        failed(UNO, "a", "x.h:1:1: error: no\n"),
        failed(UNO, "b", "x.h:2:1: error: no\n"),
        failed(UNO, "c", "y.h:1:1: error: no\n"),
        failed(UNO, "d", "not understood\n"),
        failed(UNO, "e", "not understood\n"),
    ]);
    let sizes: Vec<usize> = causes(&report)
        .iter()
        .map(|cause| cause.results.len())
        .collect();
    assert_eq!(sizes, [1, 1, 1, 2]);
}

#[test]
fn there_are_never_more_than_github_shows() {
    let several = |count: usize| {
        run((0..count)
            .map(|at| failed(UNO, "a", &format!("x.h:{}:1: error: no\n", at + 1)))
            .collect())
    };
    assert_eq!(
        annotations::render(&several(MOST), None).lines().count(),
        MOST
    );
    let text = annotations::render(&several(25), None);
    assert_eq!(text.lines().count(), MOST);
    assert!(
        text.lines().last().unwrap().contains("16 more root causes"),
        "{text}"
    );
}

#[test]
fn without_a_place_there_is_only_a_title() {
    let report = run(vec![failed(UNO, "a,b:c", "no such tool\n")]);
    assert_eq!(
        annotations::render(&report, None),
        "::error title=a%2Cb%3Ac%3A compile failed::no such tool%0Ain a,b:c on arduino:avr:uno\n"
    );
}

#[test]
fn the_text_of_an_error_directive_is_no_command() {
    let output = include_str!("../../../fbuild-model/tests/diagnostics/directives.txt");
    assert!(output.contains("#error ::add-mask::secret"));
    let source = format!(
        "{output}::add-mask::secret\r   ::set-env name=A::b\n\u{feff}::x::y\n a ##[add-path]/evil\n::TOKEN::\n"
    );
    assert!(lines(&source).any(is_command));
    let safe = neutral(&source);
    assert!(!lines(&safe).any(is_command), "{safe}");
    assert_eq!(safe.lines().count(), source.lines().count());
    // Nothing is lost: without the blanks that were put in, it is the same text.
    assert_eq!(safe.replace(": :", "::").replace("## [", "##["), source);
    let shown = bracketed(&source, "TOKEN");
    let commands: Vec<&str> = lines(&shown).filter(|line| is_command(line)).collect();
    assert_eq!(commands, ["::stop-commands::TOKEN", "::TOKEN::"]);
}

#[test]
fn ordinary_output_is_not_touched() {
    for text in [
        "",
        "a::b::c\n",
        "x.cpp:1:2: error: ::f\n",
        "  x ## y\n",
        "no line end",
        "std::string\r\n",
        "é: ::a\n",
    ] {
        assert_eq!(neutral(text), text);
    }
}

#[test]
fn a_group_is_closed_and_its_title_is_one_line() {
    assert_eq!(
        group("examples/Noise\n::error::x", "out", "t0k"),
        "::group::examples/Noise ::error::x\n::stop-commands::t0k\nout\n::t0k::\n::endgroup::\n"
    );
    assert_eq!(bracketed("", "t"), "::stop-commands::t\n::t::\n");
}

#[test]
fn annotations_of_the_whole_run_are_commands_on_one_line_each() {
    let text = annotations::render(&fixture::report(), None);
    // Two root causes and a warning.
    assert_eq!(text.lines().count(), 3);
    assert!(
        text.lines().all(|line| line.starts_with("::error ")
            || line.starts_with("::warning ") && !line.contains("##[")),
        "{text}"
    );
    assert!(text.contains("library Broken"), "{text}");
}

proptest! {
    #[test]
    fn no_text_is_a_command(text in "(::|##\\[|[a-z]{1,3}|\\]|\\s|\\PC|\r|\n){0,30}") {
        let safe = neutral(&text);
        prop_assert!(!lines(&safe).any(is_command), "{:?}", safe);
        prop_assert_eq!(neutral(&safe), safe);
    }

    #[test]
    fn no_failure_makes_a_second_command(message in any::<String>(), sketch in any::<String>(), file in "\\PC{0,9}") {
        let text = annotations::render(&run(vec![failed(UNO, &sketch, &format!("{file}:1:1: error: {message}\n"))]), None);
        prop_assert_eq!(lines(&text).filter(|line| !line.is_empty()).count(), 1);
        prop_assert!(!text.contains("##["));
    }
}

#[test]
fn every_root_cause_has_a_group_with_its_way_out() {
    let help = |failure: &Failure| (failure.phase == Phase::Compile).then(|| "try".to_owned());
    let text = annotations::groups(&fixture::report(), "T", help);
    let titles: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("::group::"))
        .collect();
    assert_eq!(
        titles,
        [
            "examples/Typo: compile failed on arduino:avr:uno, arduino:avr:nano:cpu=atmega328old",
            "library Broken: compile failed, needed by examples/Radio on arduino:avr:uno, arduino:avr:nano:cpu=atmega328old",
        ]
    );
    assert_eq!(text.matches("::endgroup::").count(), titles.len());
    let whole = "   ledd = 1;\n   ^\nhelp: try\n";
    assert_eq!(text.matches(whole).count(), 1, "{text}");
    let open: Vec<&str> = text
        .lines()
        .filter(|line| is_command(line) && !line.starts_with("::group::"))
        .collect();
    let expect = ["::stop-commands::T", "::T::", "::endgroup::"];
    assert_eq!(open, [expect, expect].concat());
}
