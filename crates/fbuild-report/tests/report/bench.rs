//! The benchmark summary.

use fbuild_report::bench::{Format, PhaseVerdict, Run, Summary, read, render, summarise};
use fbuild_report::tsv;
use proptest::prelude::*;

fn run(file: &str, rows: &str) -> Run {
    read(file, &format!("phase\tseconds\n{rows}")).unwrap()
}

fn new_side() -> Vec<Run> {
    vec![
        run(
            "new-1.tsv",
            "clone\t2.000\nplan\t0.041\nstage1_archives\t11.500\nstage2_sketches\t30.000\ncache\tmiss | cold\n",
        ),
        run(
            "new-2.tsv",
            "clone\t2.200\nplan\t0.043\nstage1_archives\t11.000\nstage2_sketches\t32.000\nextra\t1.000\n",
        ),
        run(
            "new-3.tsv",
            "clone\t2.400\nplan\t0.047\nstage1_archives\t12.000\nstage2_sketches\t31.000\n",
        ),
    ]
}

fn old_side() -> Vec<Run> {
    vec![
        run(
            "old-1.tsv",
            "clone\t2.200\nplan\t0.039\nstage1_archives\t14.000\nstage2_sketches\t25.000\nuv_sync\t1.000\n",
        ),
        run(
            "old-2.tsv",
            "clone\t2.240\nplan\t0.039\nstage1_archives\t14.500\nstage2_sketches\t25.500\n",
        ),
    ]
}

fn verdicts(summary: &Summary) -> Vec<(&str, Option<PhaseVerdict>)> {
    summary
        .phases
        .iter()
        .map(|phase| (phase.name.as_str(), phase.verdict))
        .collect()
}

#[test]
fn one_run_is_the_plain_table() {
    let summary = summarise(
        &[run("a.tsv", "plan\t0.04\ncompile\t12.345\ncache\thit\n")],
        &[],
        None,
    );
    insta::assert_snapshot!(render(&summary, Format::Markdown), @"
    | phase | seconds |
    |---|--:|
    | plan | 0.040 |
    | compile | 12.345 |

    Notes:

    - cache: hit (a.tsv)
    ");
    assert_eq!(
        render(&summary, Format::Tsv),
        "phase\tseconds\nplan\t0.040\ncompile\t12.345\ncache\thit\n"
    );
    assert!(!summary.exceeded());
}

#[test]
fn several_runs_against_a_baseline() {
    let summary = summarise(&new_side(), &old_side(), Some(10.0));
    insta::assert_snapshot!(render(&summary, Format::Markdown));
    insta::assert_snapshot!("several_runs_tsv", render(&summary, Format::Tsv));
    insta::assert_snapshot!("several_runs_json", render(&summary, Format::Json));
    assert!(summary.exceeded());
}

#[test]
fn verdicts_follow_the_threshold() {
    use PhaseVerdict::{Faster, Gone, New, Same, Slower};
    let verdict = |threshold| {
        let summary = summarise(&new_side(), &old_side(), threshold);
        let exceeded = summary.exceeded();
        (
            verdicts(&summary)
                .into_iter()
                .map(|(_, verdict)| verdict.unwrap())
                .collect::<Vec<_>>(),
            exceeded,
        )
    };
    // clone, plan (4 ms: noise), stage1_archives (-19 %), stage2_sketches (+23 %), extra, uv_sync
    assert_eq!(
        verdict(None),
        (vec![Same, Same, Faster, Slower, New, Gone], false)
    );
    assert_eq!(
        verdict(Some(10.0)),
        (vec![Same, Same, Faster, Slower, New, Gone], true)
    );
    assert_eq!(
        verdict(Some(25.0)),
        (vec![Same, Same, Same, Same, New, Gone], false)
    );
    let at_zero = summarise(&[run("a", "x\t1.0\n")], &[run("b", "x\t0.0\n")], Some(50.0));
    assert_eq!(verdicts(&at_zero), [("x", Some(Slower))]);
    assert_eq!(at_zero.phases[0].difference_percent(), None);
}

#[test]
fn medians() {
    let median = |values: &[f64]| {
        let runs: Vec<Run> = values
            .iter()
            .map(|value| run("f", &format!("x\t{value}\n")))
            .collect();
        let spread = summarise(&runs, &[], None).phases[0].current.unwrap();
        (spread.median, spread.minimum, spread.maximum, spread.runs)
    };
    assert_eq!(median(&[3.0]), (3.0, 3.0, 3.0, 1));
    assert_eq!(median(&[3.0, 1.0]), (2.0, 1.0, 3.0, 2));
    assert_eq!(median(&[3.0, 1.0, 2.5]), (2.5, 1.0, 3.0, 3));
}

#[test]
fn a_phase_that_occurs_twice_in_a_run_was_measured_twice() {
    let both = run("a", "compile\t30.0\ncompile\t0.2\n");
    let summary = summarise(&[both.clone(), both], &[], None);
    let found: Vec<(&str, usize)> = summary
        .phases
        .iter()
        .map(|phase| (phase.name.as_str(), phase.current.unwrap().runs))
        .collect();
    assert_eq!(found, [("compile", 2), ("compile (2)", 2)]);
}

#[test]
fn a_malformed_file_is_named_with_the_line() {
    let error = read("out/phases.tsv", "phase\tseconds\nplan\t1.0\ncompile 12\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "read a phase file: out/phases.tsv:3: expected a name, one tab and a value: `compile 12`"
    );
    assert_eq!(
        read("x.tsv", "").unwrap_err().to_string(),
        "read a phase file: x.tsv:1: expected the header `phase<TAB>seconds`: ``"
    );
}

#[test]
fn nothing_at_all_is_an_empty_table() {
    let summary = summarise(&[], &[], Some(1.0));
    assert!(!summary.exceeded() && !summary.compared);
    assert_eq!(
        render(&summary, Format::Markdown),
        "| phase | seconds |\n|---|--:|\n"
    );
}

proptest! {
    #[test]
    fn a_run_against_itself_is_the_same(values in prop::collection::vec(0.0..1e6_f64, 1..6), threshold in 0.0..50.0_f64) {
        let rows: String = values.iter().enumerate().map(|(at, value)| format!("p{at}\t{value:.3}\n")).collect();
        let side = [run("a", &rows)];
        let summary = summarise(&side, &side, Some(threshold));
        prop_assert!(!summary.exceeded());
        prop_assert!(summary.phases.iter().all(|phase| phase.verdict == Some(PhaseVerdict::Same)));
    }

    #[test]
    fn a_summary_of_one_run_is_a_phase_file_again(values in prop::collection::vec(0..1_000_000_u32, 0..6)) {
        let rows: String = values.iter().enumerate().map(|(at, value)| format!("p{at}\t{:.3}\n", f64::from(*value) / 1000.0)).collect();
        let once = run("a", &rows);
        let text = render(&summarise(std::slice::from_ref(&once), &[], None), Format::Tsv);
        prop_assert_eq!(tsv::parse(&text).unwrap(), once.rows);
    }
}
