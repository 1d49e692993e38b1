//! Sizes compared with an earlier report.

use fbuild_report::changes::{changes, parse};
use fbuild_report::{json, markdown};

use crate::fixture::{NANO, UNO, built, failure, origin, result, run};
use fbuild_model::outcome::{Phase, SketchOutcome};

#[test]
fn only_sketches_that_were_built_twice_and_differ_have_changed() {
    let failed = || SketchOutcome::Failed(failure(Phase::Compile, "x.h:1:1: error: no\n"));
    let before = run(vec![
        result(UNO, "same", built(10, 1)),
        result(UNO, "grown", built(4970, 9)),
        result(NANO, "grown", built(900, 9)),
        result(UNO, "broken", built(10, 1)),
        result(UNO, "mended", failed()),
    ]);
    let baseline = parse(&json::render(&before, &origin())).unwrap();
    let now = run(vec![
        result(UNO, "same", built(10, 1)),
        result(UNO, "grown", built(5012, 9)),
        result(NANO, "grown", built(900, 8)),
        result(UNO, "broken", failed()),
        result(UNO, "mended", built(10, 1)),
        result(UNO, "new", built(10, 1)),
    ]);
    let changes = changes(&now, &baseline);
    let texts: Vec<String> = changes
        .iter()
        .map(|one| format!("{} {} {} {one}", one.sketch, one.board, one.memory))
        .collect();
    assert_eq!(
        texts,
        [
            format!("grown {UNO} flash 4970 → 5012 B (+42)"),
            format!("grown {NANO} RAM 9 → 8 B (-1)"),
        ]
    );
    let text = markdown::render_with(&now, &changes);
    assert!(
        text.contains(&format!("| grown | {UNO} | flash | 4970 | 5012 | +42 |")),
        "{text}"
    );
    assert!(!markdown::render(&now).contains("| before |"));
}

#[test]
fn what_is_no_report_is_refused() {
    for (text, expect) in [
        ("", "not a JSON report of fbuild"),
        ("[]", "not a JSON report of fbuild"),
        ("{}", "its schema is ``"),
        (
            r#"{"schema": {"name": "fbuild-bench", "version": "1"}}"#,
            "its schema is `fbuild-bench`",
        ),
        (
            r#"{"schema": {"name": "fbuild-run", "version": "2"}}"#,
            "version `2`",
        ),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(expect), "{text}: {error}");
    }
}
