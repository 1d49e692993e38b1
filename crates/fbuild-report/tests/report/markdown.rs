//! The job summary: nothing a compiler says becomes markup, and it is never larger than GitHub takes.

use fbuild_model::outcome::{Phase, SketchOutcome};
use fbuild_report::markdown::{MOST_BYTES, render};
use proptest::prelude::*;

use crate::fixture::{self, NANO, UNO, built, failure, result, run};

#[test]
fn a_failure_is_listed_once_with_everything_it_hit() {
    let failed = |board: &str, sketch: &str| {
        result(
            board,
            sketch,
            SketchOutcome::Failed(failure(
                Phase::Link,
                "x.cpp:3: undefined reference to `f'\n",
            )),
        )
    };
    let text = render(&run(vec![
        failed(UNO, "a"),
        failed(NANO, "a"),
        failed(NANO, "b"),
    ]));
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("undefined reference"))
        .collect();
    assert_eq!(
        rows,
        [
            r"| link: undefined reference to \`f' | <code>x.cpp:3</code> | a, b | arduino:avr:uno, arduino:avr:nano:cpu=atmega328old |"
        ]
    );
}

#[test]
fn long_lists_are_cut() {
    let output = "x.h:1:1: error: no\n";
    let results = (0..14).map(|at| {
        result(
            UNO,
            &format!("s{at}"),
            SketchOutcome::Failed(failure(Phase::Compile, output)),
        )
    });
    let text = render(&run(results.collect()));
    assert!(text.contains("s8, s9 and 4 more"), "{text}");
}

#[test]
fn markup_in_messages_is_text() {
    let output = "x.h:1:1: error: | <script> **b** [l](u) @someone #1 `c` a_b _i_ $x$\n";
    let text = render(&run(vec![result(
        UNO,
        "a|b",
        SketchOutcome::Failed(failure(Phase::Compile, output)),
    )]));
    assert!(
        text.contains(
            r"\| &lt;script&gt; \*\*b\*\* \[l\](u) &#64;someone &#35;1 \`c\` a_b \_i\_ \$x\$ |"
        ),
        "{text}"
    );
    assert!(text.contains(r"| a\|b |"), "{text}");
}

#[test]
fn a_summary_that_is_too_large_says_so() {
    let name = "x".repeat(500);
    let text = render(&run((0..3000)
        .map(|at| result(UNO, &format!("{name}{at}"), built(1, 1)))
        .collect()));
    assert!(text.len() < MOST_BYTES + 1000, "{}", text.len());
    assert!(
        text.contains("too large") && text.contains("3000 requested"),
        "{}",
        &text[..200]
    );
    assert!(!render(&fixture::report()).contains("too large"));
}

/// Counts the cells of a table row: the bars that are not escaped.
fn cells(row: &str) -> usize {
    row.replace("\\\\", "")
        .replace("\\|", "")
        .matches('|')
        .count()
        - 1
}

proptest! {
    #[test]
    fn no_text_breaks_a_row(message in any::<String>(), sketch in any::<String>(), file in "[a-z<|`*\\\\]{1,9}") {
        let output = format!("{file}:1:1: error: {message}\n");
        let failed = result(UNO, &sketch, SketchOutcome::Failed(failure(Phase::Compile, &output)));
        let text = render(&run(vec![failed]));
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| compile: ")).collect();
        prop_assert_eq!(rows.len(), 1, "{}", text);
        prop_assert_eq!(cells(rows[0]), 4, "{}", text);
    }
}

#[test]
fn several_boards_are_columns_of_one_table() {
    let skipped = fixture::report();
    let text = render(&skipped);
    let header = "| sketch | arduino:avr:uno | arduino:avr:nano:cpu=atmega328old |";
    assert!(text.contains(header), "{text}");
    assert!(
        text.contains("| examples/Typo | **failed** | **failed** |"),
        "{text}"
    );
    assert!(!render(&run(vec![result(UNO, "a", built(1, 1))])).contains("| a | 1 |"));
}
