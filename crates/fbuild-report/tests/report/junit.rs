//! What JUnit readers count, and texts that XML cannot carry.

use fbuild_model::outcome::{Phase, SketchOutcome};
use fbuild_report::junit::render;

use crate::fixture::{self, NANO, UNO, built, failure, result, run};

#[test]
fn every_sketch_is_a_test_case_of_its_board() {
    let xml = render(&fixture::report()).unwrap();
    assert_eq!(xml.matches("<testcase ").count(), 14);
    assert_eq!(xml.matches("<testsuite ").count(), 2);
    assert!(
        xml.contains(r#"<testsuites name="fbuild" tests="14" skipped="4" failures="2" errors="4""#),
        "{xml}"
    );
}

#[test]
fn boards_whose_results_are_mixed_have_one_suite_each() {
    let xml = render(&run(vec![
        result(UNO, "a", built(1, 1)),
        result(NANO, "a", built(1, 1)),
        result(UNO, "b", built(1, 1)),
    ]));
    assert_eq!(xml.unwrap().matches("<testsuite ").count(), 2);
}

#[test]
fn output_is_escaped_and_stripped_of_what_xml_forbids() {
    let output = "x.cpp:1:1: error: \u{1b}[31m<tag> & \"quote\" \u{0} ]]>\n";
    let report = run(vec![result(
        UNO,
        "<a&b>",
        SketchOutcome::Failed(failure(Phase::Compile, output)),
    )]);
    let xml = render(&report).unwrap();
    assert!(xml.contains(r#"name="&lt;a&amp;b&gt;""#), "{xml}");
    assert!(
        !xml.contains(['\u{1b}', '\u{0}']) && !xml.contains("<tag>"),
        "{xml}"
    );
}

#[test]
fn a_run_without_sketches_is_a_document() {
    assert!(
        render(&run(Vec::new()))
            .unwrap()
            .contains("<testsuites name=\"fbuild\" tests=\"0\"")
    );
}
