//! The numbers to reach, each with what was measured and whether that is enough. It knows nothing of how they were measured.

use std::fmt::Write as _;

use crate::row::{COLD, COLD12, COLD24, ELSEWHERE, EVERY, NOTHING, ONE, PLAN, Row, Values};
use crate::table::own_share;

/// One number to reach.
struct Target {
    name: &'static str,
    most: f64,
    unit: &'static str,
    digits: usize,
    measured: Values,
}

/// Writes a line for every target; one that no case of the run measured is `not measured`.
///
/// Verdicts go by the median over the rounds. `name` says what was built.
pub fn markdown(rows: &[Row], name: &str) -> String {
    let count = rows.iter().map(|row| row.sketches).max().unwrap_or(0);
    let mut table =
        format!("| {name}, {count} sketches | at most | measured | |\n|---|---|---|---|\n");
    for target in targets(rows, count) {
        let Target { unit, digits, .. } = target;
        let verdict = match target.measured.median() {
            None => "not measured",
            // A hair above is within what the clock can tell.
            Some(value) if value <= target.most + 1e-9 => "reached",
            Some(_) => "not reached",
        };
        let most_digits = if target.most.fract() == 0.0 { 0 } else { 2 };
        let _ = writeln!(
            table,
            "| {} | {:.most_digits$}{unit} | {}{} | {verdict} |",
            target.name,
            target.most,
            target.measured.text(digits),
            if verdict == "not measured" { "" } else { unit },
        );
    }
    table
}

/// Collects the targets over the runs with all `count` sketches.
#[expect(clippy::too_many_lines, reason = "a table of targets")]
fn targets(rows: &[Row], count: usize) -> Vec<Target> {
    let of = |case: &str, value: &dyn Fn(&Row) -> Option<f64>| {
        let whole = rows
            .iter()
            .filter(|row| row.case == case && row.sketches == count);
        Values::new(whole.filter_map(value))
    };
    let ratio = |row: &Row| Some(row.cost.wall / row.reference(rows)?.cost.wall);
    let wall = |row: &Row| Some(row.cost.wall);
    let processes = |row: &Row| row.processes.map(|count| count as f64);
    let target = |name, most, unit, digits, measured| Target {
        name,
        most,
        unit,
        digits,
        measured,
    };
    vec![
        target(
            "cold, jobs 2/2, wall ÷ floor",
            0.75,
            "",
            2,
            of(COLD, &ratio),
        ),
        target(
            "cold, jobs 1/2, wall ÷ floor",
            0.85,
            "",
            2,
            of(COLD12, &ratio),
        ),
        target(
            "every sketch changed, wall ÷ the floor's sketches",
            0.65,
            "",
            2,
            of(EVERY, &ratio),
        ),
        target(
            "nothing changed, wall",
            150.0,
            " ms",
            0,
            of(NOTHING, &|row| Some(row.cost.wall * 1e3)),
        ),
        target(
            "nothing changed, processes",
            0.0,
            "",
            0,
            of(NOTHING, &processes),
        ),
        target(
            "nothing changed, CPU per sketch",
            2.0,
            " ms",
            2,
            of(NOTHING, &|row| {
                Some(row.cost.cpu * 1e3 / row.sketches as f64)
            }),
        ),
        target(
            "fresh checkout elsewhere, wall",
            1.0,
            " s",
            2,
            of(ELSEWHERE, &wall),
        ),
        target(
            "fresh checkout elsewhere, processes (units whose bytes contain their path may be compiled)",
            0.0,
            "",
            0,
            of(ELSEWHERE, &processes),
        ),
        target(
            "one sketch changed, wall beyond its own compile and link",
            100.0,
            " ms",
            0,
            of(ONE, &|row| Some(row.own?.rest? * 1e3)),
        ),
        target(
            "discovery and plan, cold, CPU",
            0.5,
            " s",
            3,
            of(PLAN, &|row| Some(row.cost.cpu)),
        ),
        target(
            "fbuild's own CPU, cold, of its children's",
            2.0,
            " %",
            1,
            of(COLD, &own_share),
        ),
        target(
            "fbuild's own memory, cold",
            40.0,
            " MB",
            0,
            own_memory(rows, count),
        ),
        target(
            "peak of the tree, all sketches ÷ the fewest",
            1.1,
            "",
            2,
            growth(rows, count),
        ),
    ]
}

/// Returns the peaks of fbuild itself over all cold runs.
fn own_memory(rows: &[Row], count: usize) -> Values {
    let cold = rows
        .iter()
        .filter(|row| [COLD, COLD12, COLD24].contains(&row.case) && row.sketches == count);
    Values::new(cold.map(|row| row.cost.own_peak as f64 / 1e6))
}

/// Returns, round by round, the tree's peak in a cold run of all sketches over that of the smallest number.
fn growth(rows: &[Row], count: usize) -> Values {
    let cold = || rows.iter().filter(|row| row.case == COLD);
    let fewest = cold()
        .map(|row| row.sketches)
        .min()
        .filter(|fewest| *fewest < count);
    let peak = |round: usize, sketches: usize| {
        cold()
            .find(|row| row.round == round && row.sketches == sketches)
            .map(|row| row.cost.tree_peak as f64)
    };
    let rounds = cold()
        .filter(|row| row.sketches == count)
        .map(|row| row.round);
    Values::new(rounds.filter_map(|round| Some(peak(round, count)? / peak(round, fewest?)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::sample::row;
    use crate::row::{FLOOR, FLOOR_SKETCHES, Own};

    fn line(table: &str, name: &str) -> String {
        let found = table
            .lines()
            .find(|line| line.contains(name))
            .unwrap_or_default();
        found.rsplit_once(name).unwrap_or_default().1.to_owned()
    }

    #[test]
    fn verdicts_go_by_the_median() {
        let mut rows = vec![
            row(1, FLOOR, 60, 100.0),
            row(1, FLOOR_SKETCHES, 60, 50.0),
            row(1, COLD, 60, 70.0),
            row(1, COLD, 8, 20.0),
            row(2, FLOOR, 60, 100.0),
            row(2, COLD, 60, 90.0),
            row(3, NOTHING, 60, 0.05),
            row(1, COLD12, 60, 80.0),
        ];
        rows.push(Row {
            own: Some(Own {
                rest: Some(0.06),
                ..Own::default()
            }),
            ..row(1, ONE, 60, 1.5)
        });
        let table = markdown(&rows, "x");
        for (name, rest) in [
            (
                "2/2, wall ÷ floor",
                " | 0.75 | 0.80 (0.70–0.90) | not reached |",
            ),
            ("1/2, wall ÷ floor", " | 0.85 | 0.80 | reached |"),
            ("the floor's sketches", " | 0.65 | – | not measured |"),
            ("nothing changed, wall", " | 150 ms | 50 ms | reached |"),
            ("nothing changed, processes", " | 0 | 4 | not reached |"),
            ("CPU per sketch", " | 2 ms | 1.67 ms | reached |"),
            ("own compile and link", " | 100 ms | 60 ms | reached |"),
            ("of its children's", " | 2 % | 0.3 (0.3–0.4) % | reached |"),
            ("own memory, cold", " | 40 MB | 1 (1–1) MB | reached |"),
            ("÷ the fewest", " | 1.10 | 1.00 | reached |"),
        ] {
            assert_eq!(line(&table, name), rest, "{name} in {table}");
        }
    }

    #[test]
    fn nothing_is_claimed_of_what_was_not_measured() {
        let table = markdown(&[], "x");
        assert_eq!(table.matches("not measured").count(), 13);
        assert_eq!(table.matches("reached").count(), 0);
    }
}
