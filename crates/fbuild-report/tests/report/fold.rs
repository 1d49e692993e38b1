//! The fold and the verdict.

use fbuild_model::Event;
use fbuild_model::event::{ActionEnding, ActionReport};
use fbuild_model::fingerprint::MissReason;
use fbuild_model::outcome::{Phase, SketchOutcome, SkipRule, Stage};
use fbuild_report::fold::Progress;
use fbuild_report::{RunReport, Verdict};
use proptest::prelude::*;

use crate::fixture::{self, UNO, built, cost, failure, result, run};

fn failed() -> SketchOutcome {
    SketchOutcome::Failed(failure(
        Phase::Link,
        "x.cpp:1: undefined reference to `f'\n",
    ))
}

fn blocked(by: &str) -> SketchOutcome {
    SketchOutcome::Blocked {
        by: by.to_owned(),
        failure: failure(Phase::Compile, "x.cpp:1:1: error: no\n"),
    }
}

fn skipped() -> SketchOutcome {
    SketchOutcome::Skipped(SkipRule {
        text: "no".into(),
        file: "/x".into(),
        line: None,
    })
}

#[test]
fn results_stand_in_the_order_of_the_request_whenever_they_come() {
    let report = fixture::report();
    let names: Vec<(&str, &str)> = report
        .results()
        .iter()
        .map(|result| (result.board.as_str(), result.outcome.name()))
        .collect();
    let outcomes = [
        "built",
        "built",
        "failed",
        "blocked",
        "skipped",
        "not-run",
        "cancelled",
    ];
    let expect: Vec<_> = [UNO, fixture::NANO]
        .into_iter()
        .flat_map(|board| outcomes.map(|name| (board, name)))
        .collect();
    assert_eq!(names, expect);
}

#[test]
fn counts_add_up_to_the_request() {
    let counts = fixture::report().counts();
    assert_eq!((counts.requested, counts.built, counts.cached), (14, 4, 2));
    assert_eq!(
        (
            counts.failed,
            counts.blocked,
            counts.skipped,
            counts.not_run,
            counts.cancelled
        ),
        (2, 2, 2, 2, 2)
    );
}

#[test]
fn a_stage_that_ended_says_itself_what_it_did() {
    let report = fixture::report();
    assert_eq!(report.shared.progress, Progress::Ended);
    assert_eq!(
        (
            report.shared.hits,
            report.shared.ran,
            report.shared.failed,
            report.shared.total
        ),
        (1, 2, 1, 4)
    );
    assert_eq!(report.shared.cost, cost(800, 60, 2));
    assert_eq!(report.shared.key.as_deref(), Some("9f2c"));
    assert_eq!(
        (report.sketch.hits, report.sketch.ran, report.sketch.total),
        (2, 5, 14)
    );
}

#[test]
fn a_stage_that_did_not_end_is_the_sum_of_its_actions() {
    let mut report = RunReport::default();
    for event in fixture::events() {
        if !matches!(event, Event::StageFinished(_) | Event::RunFinished { .. }) {
            report.apply(&event);
        }
    }
    assert_eq!(report.shared.progress, Progress::Running);
    assert_eq!(
        (report.shared.hits, report.shared.ran, report.shared.failed),
        (1, 2, 1)
    );
    assert_eq!(report.shared.cost, cost(800, 60, 2));
    assert_eq!(report.shared.wall, std::time::Duration::ZERO);
}

#[test]
fn an_action_after_the_end_of_its_stage_is_not_counted_twice_but_its_reason_is_kept() {
    let mut report = fixture::report();
    let before = report.shared.clone();
    let ending = ActionEnding::Ran {
        reason: MissReason::New,
        cost: cost(9, 9, 9),
        success: true,
        preamble: None,
    };
    let late = ActionReport {
        stage: Stage::Shared,
        label: "late".into(),
        command: String::new(),
        ending,
    };
    report.apply(&Event::ActionFinished(late));
    assert_eq!(report.shared, before);
    assert_eq!(
        report.misses.last().map(|miss| miss.label.as_str()),
        Some("late")
    );
}

#[test]
fn compiles_that_refused_their_preamble_are_counted() {
    let mut report = fixture::report();
    for preamble in [Some(true), None, Some(false), Some(true)] {
        let ending = ActionEnding::Ran {
            reason: MissReason::New,
            cost: cost(9, 9, 9),
            success: true,
            preamble,
        };
        report.apply(&Event::ActionFinished(ActionReport {
            stage: Stage::Sketch,
            label: "examples/Typo/Typo.ino.cpp".into(),
            command: String::new(),
            ending,
        }));
    }
    assert_eq!((report.pch.used, report.pch.not_used), (2, 1));
    let document = fbuild_report::json::document(&report, &fixture::origin());
    assert_eq!(
        (document.preambles.used, document.preambles.not_used),
        (2, 1)
    );
}

#[test]
fn misses_have_their_reasons() {
    let reasons: Vec<String> = fixture::report()
        .misses
        .iter()
        .map(|miss| format!("{}: {}", miss.label, miss.reason))
        .collect();
    assert_eq!(
        reasons,
        [
            "Widget/Widget.cpp: header `Widget.h` changed",
            "Broken/Broken.cpp: not built before",
            "examples/Typo: the stored result was evicted",
        ]
    );
}

#[test]
fn a_second_result_for_a_position_replaces_the_first() {
    let mut report = run(vec![result(UNO, "a", failed())]);
    report.apply(&Event::SketchFinished {
        index: 0,
        result: Box::new(result(UNO, "a", built(1, 1))),
    });
    assert_eq!(report.results().len(), 1);
    assert_eq!(report.verdict(), Verdict::Success);
}

#[test]
fn verdicts() {
    let check = |outcomes: Vec<SketchOutcome>, expect: Verdict| {
        let text = format!(
            "{:?}",
            outcomes.iter().map(SketchOutcome::name).collect::<Vec<_>>()
        );
        let results = outcomes
            .into_iter()
            .map(|outcome| result(UNO, "x", outcome))
            .collect();
        assert_eq!(run(results).verdict(), expect, "{text}");
    };
    check(vec![], Verdict::NoSketches);
    check(vec![built(1, 1)], Verdict::Success);
    check(vec![built(1, 1), skipped()], Verdict::Success);
    check(vec![skipped(), skipped()], Verdict::AllSkipped);
    check(vec![built(1, 1), failed()], Verdict::SomeFailed);
    check(vec![failed(), SketchOutcome::NotRun], Verdict::SomeFailed);
    check(vec![blocked("core"), blocked("core")], Verdict::CoreFailed);
    check(
        vec![blocked("core"), skipped(), SketchOutcome::NotRun],
        Verdict::CoreFailed,
    );
    check(vec![blocked("core"), built(1, 1)], Verdict::SomeFailed);
    check(
        vec![blocked("core"), blocked("library SD")],
        Verdict::SomeFailed,
    );
    check(vec![blocked("library core")], Verdict::SomeFailed);
    check(vec![SketchOutcome::NotRun], Verdict::SomeFailed);
    check(
        vec![blocked("core"), SketchOutcome::Cancelled],
        Verdict::Cancelled,
    );
    check(
        vec![built(1, 1), SketchOutcome::Cancelled],
        Verdict::Cancelled,
    );
}

#[test]
fn a_sketch_without_a_result_is_never_a_success() {
    let mut report = RunReport::default();
    let boards = vec![UNO.into()];
    report.apply(&Event::RunStarted {
        boards,
        sketches: 2,
        unrequested: 0,
        framework_jobs: 1,
        sketch_jobs: 1,
    });
    report.apply(&Event::SketchFinished {
        index: 1,
        result: Box::new(result(UNO, "b", built(1, 1))),
    });
    report.apply(&Event::RunFinished {
        duration: fixture::ms(1),
    });
    assert_eq!(report.counts().requested, 2);
    assert_eq!(report.verdict(), Verdict::SomeFailed);
}

proptest! {
    /// Any part of a run, in any order, can be folded and shown in every format.
    #[test]
    fn the_fold_is_total(order in Just((0..fixture::events().len()).collect::<Vec<_>>()).prop_shuffle(), keep in 0..30_usize) {
        let events = fixture::events();
        let mut report = RunReport::default();
        for at in order.into_iter().take(keep) {
            report.apply(&events[at]);
        }
        let counts = report.counts();
        let ended = counts.built + counts.failed + counts.blocked + counts.skipped + counts.not_run + counts.cancelled;
        prop_assert_eq!(ended, report.results().len());
        prop_assert!(counts.requested >= ended);
        prop_assert_eq!(fbuild_report::lines::render(&report).lines().count(), ended);
        prop_assert!(serde_json::from_str::<fbuild_report::schema::run::Document>(&fbuild_report::json::render(&report, &fixture::origin())).is_ok());
        prop_assert!(fbuild_report::tsv::parse(&fbuild_report::tsv::render(&report, "")).is_ok());
        prop_assert!(fbuild_report::junit::render(&report).is_ok());
        let _ = fbuild_report::markdown::render(&report);
        let _ = fbuild_report::annotations::render(&report, None);
        let _ = fbuild_report::compile_sketches::render(&report, &fbuild_report::compile_sketches::Context::default());
    }
}
