//! The phase TSV: appended to, and read back.

use fbuild_model::Event;
use fbuild_model::outcome::Stage;
use fbuild_report::RunReport;
use fbuild_report::tsv::{self, Row, TsvProblem, Value};
use proptest::prelude::*;

use crate::fixture::{self, UNO};

#[test]
fn the_header_stands_once_and_no_row_is_glued_to_another() {
    let report = fixture::report();
    let rows = "plan\t0.041\nstage1_archives\t1.500\nstage2_sketches\t2.250\n\
        sketches\t14 requested: 4 built, 2 failed, 2 skipped, 2 blocked, 2 not run, 2 cancelled\n";
    assert_eq!(tsv::render(&report, ""), format!("phase\tseconds\n{rows}"));
    assert_eq!(
        tsv::render(&report, "\n"),
        format!("phase\tseconds\n{rows}")
    );
    assert_eq!(tsv::render(&report, "phase\tseconds\n"), rows);
    assert_eq!(
        tsv::render(&report, "phase\tseconds\nclone_fastled\t1.0"),
        format!("\n{rows}")
    );
}

#[test]
fn what_is_not_known_has_no_row() {
    let names = |report: &RunReport| {
        tsv::rows(report)
            .into_iter()
            .map(|row| row.name)
            .collect::<Vec<_>>()
    };
    let mut report = RunReport::default();
    assert_eq!(names(&report), <[&str; 0]>::default());
    let boards = vec![UNO.into()];
    report.apply(&Event::RunStarted {
        boards,
        sketches: 1,
        unrequested: 0,
        framework_jobs: 1,
        sketch_jobs: 1,
    });
    report.apply(&Event::StageStarted {
        stage: Stage::Shared,
        total: 1,
    });
    assert_eq!(names(&report), ["sketches"]);
    // Stage 1 was interrupted, so its time is not known; stage 2 never began.
    report.apply(&Event::RunFinished {
        duration: fixture::ms(5),
    });
    assert_eq!(names(&report), ["stage2_sketches", "sketches"]);
    assert_eq!(tsv::rows(&report)[0].value, Value::Seconds(0.0));
    assert_eq!(
        tsv::rows(&report)[1].value,
        Value::Note("1 requested: 0 built, 0 failed, 0 skipped, 1 unknown".into())
    );
}

#[test]
fn rows_of_others_are_kept_and_texts_are_notes() {
    let text = "phase\tseconds\r\nclone\t1.5\r\n\r\ncache\tmiss\nphase\tseconds\nodd\tnan\nbig\t1e3\nempty\t\n";
    let rows: Vec<(String, Value)> = tsv::parse(text)
        .unwrap()
        .into_iter()
        .map(|row| (row.name, row.value))
        .collect();
    let note = |text: &str| Value::Note(text.to_owned());
    let expect = [
        ("clone", Value::Seconds(1.5)),
        ("cache", note("miss")),
        ("odd", note("nan")),
        ("big", Value::Seconds(1000.0)),
        ("empty", note("")),
    ];
    assert_eq!(rows, expect.map(|(name, value)| (name.to_owned(), value)));
}

#[test]
fn malformed_lines_are_named() {
    let check = |text: &str, line: usize, problem: TsvProblem| {
        let error = tsv::parse(text).unwrap_err();
        assert_eq!((error.line, error.problem), (line, problem), "{text:?}");
    };
    check("", 1, TsvProblem::NoHeader);
    check("\n\n", 2, TsvProblem::NoHeader);
    check("plan\t1.0\n", 1, TsvProblem::NoHeader);
    check("phase seconds\n", 1, TsvProblem::NoHeader);
    check("phase\tseconds\nplan 1.0\n", 2, TsvProblem::NotTwoColumns);
    check(
        "phase\tseconds\nplan\t1.0\ta\n",
        2,
        TsvProblem::NotTwoColumns,
    );
    check("phase\tseconds\nplan\t1.0\n\t1.0\n", 3, TsvProblem::NoName);
    check("phase\tseconds\nplan\t-1.0\n", 2, TsvProblem::Negative);
}

fn row() -> impl Strategy<Value = Row> {
    let seconds = (0..100_000_000_u32)
        .prop_map(|milliseconds| Value::Seconds(f64::from(milliseconds) / 1000.0));
    let note = "[a-z][a-z ,:|]{0,20}[.;]"
        .prop_map(|note| Value::Note(fbuild_report::text::one_line(&note)));
    ("[a-zA-Z_][a-z0-9_ ()é]{0,12}", prop_oneof![seconds, note]).prop_map(|(name, value)| Row {
        name: fbuild_report::text::one_line(&name),
        value,
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(rows in prop::collection::vec(row(), 0..8), more in prop::collection::vec(row(), 0..4), cut in any::<bool>()) {
        let mut text = tsv::append(&rows, "");
        if cut {
            text.pop();
        }
        let addition = tsv::append(&more, &text);
        text.push_str(&addition);
        prop_assert_eq!(tsv::parse(&text).unwrap(), [rows, more].concat());
    }

    #[test]
    fn any_text_can_be_read_or_refused(text in any::<String>()) {
        let _ = tsv::parse(&text);
        let _ = tsv::parse(&format!("phase\tseconds\n{text}"));
    }

    #[test]
    fn any_names_and_notes_make_a_readable_file(names in prop::collection::vec(any::<(String, String)>(), 0..5)) {
        let rows: Vec<Row> = names.into_iter().map(|(name, note)| Row { name, value: Value::Note(note) }).collect();
        let text = tsv::append(&rows, "");
        let read = tsv::parse(&text);
        prop_assert!(read.is_ok(), "{:?}: {:?}", text, read);
        prop_assert!(read.unwrap().iter().all(|row| matches!(row.value, Value::Note(_))));
    }
}
