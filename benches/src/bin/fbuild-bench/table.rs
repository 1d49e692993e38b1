//! The rows that were measured, as TSV and as Markdown tables.

use std::fmt::Write as _;

use crate::row::{Row, Values};

/// Bytes of a megabyte in the tables.
const MB: f64 = 1e6;

/// What the columns of [`cases`] mean.
pub const LEGEND: &str = "\
Medians over the rounds, in parentheses the smallest and the largest value. Ratios are taken within a round.

- *floor*: exactly the commands of `fbuild compile-many --dry-run --pch off`, as a `build.ninja`, run by `ninja -j2`. *Sketches only*: again, with core and libraries built;
  “every sketch changed” is compared with that, everything else with the whole.
- *jobs 2/2*: `--framework-jobs 2 --sketch-jobs 2`, also in the cases that do not name them.
- *CPU*: user and system time of the process and all its children. *Own CPU*: of fbuild alone, as a share of its children's.
- *Peak of the tree*: largest sum of resident memory over all processes, looked at every 50 ms; memory that processes share counts once for each. *Peak of fbuild*: the kernel's own
  high-water mark, mapped files included.
- *Processes*: those started by the tool itself, without those the compiler driver starts.
- *loop*: a sample is built one after another by arduino-builder, each in a build directory of its own, with the core from its cache; the whole is extrapolated from it.
";

/// Writes every run, one a line.
pub fn tsv(rows: &[Row]) -> String {
    let mut tsv = String::from(
        "round\tcase\tsketches\twall_seconds\tcpu_seconds\town_cpu_seconds\ttree_peak_bytes\town_peak_bytes\tprocesses\tplan\tstage1_archives\tstage2_sketches\tnote\n",
    );
    for row in rows {
        let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let phase = |at: usize| {
            or_dash(
                row.own
                    .and_then(|own| Some(format!("{:.3}", own.phases.get(at)?))),
            )
        };
        let _ = writeln!(
            tsv,
            "{}\t{}\t{}\t{:.3}\t{:.3}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            row.round,
            row.case,
            row.sketches,
            row.cost.wall,
            row.cost.cpu,
            or_dash(row.own.map(|_| format!("{:.3}", row.cost.own_cpu))),
            row.cost.tree_peak,
            row.cost.own_peak,
            or_dash(row.processes.map(|count| count.to_string())),
            phase(0),
            phase(1),
            phase(2),
            row.note
        );
    }
    tsv
}

/// Returns the rows of the same case and number of sketches, group after group in the order of their first.
fn groups(rows: &[Row]) -> Vec<Vec<&Row>> {
    let mut groups: Vec<Vec<&Row>> = Vec::new();
    for row in rows {
        let same = |group: &&mut Vec<&Row>| {
            group
                .first()
                .is_some_and(|first| first.case == row.case && first.sketches == row.sketches)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

/// Writes one line per case and number of sketches.
pub fn cases(rows: &[Row]) -> String {
    let mut table = String::from(
        "| case | sketches | wall s | CPU s | own CPU % | peak of the tree MB | peak of fbuild MB | processes | wall ÷ floor | CPU ÷ floor | |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for group in groups(rows) {
        let Some(first) = group.first() else { continue };
        let column = |value: &dyn Fn(&Row) -> Option<f64>, digits: usize| {
            Values::new(group.iter().filter_map(|row| value(row))).text(digits)
        };
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            first.case,
            first.sketches,
            column(&|row| Some(row.cost.wall), 2),
            column(&|row| Some(row.cost.cpu), 2),
            column(&own_share, 1),
            column(
                &|row| (row.cost.tree_peak > 0).then_some(row.cost.tree_peak as f64 / MB),
                0
            ),
            column(&|row| row.own.map(|_| row.cost.own_peak as f64 / MB), 0),
            column(&|row| row.processes.map(|count| count as f64), 0),
            column(
                &|row| Some(row.cost.wall / row.reference(rows)?.cost.wall),
                2
            ),
            column(&|row| Some(row.cost.cpu / row.reference(rows)?.cost.cpu), 2),
            first.note,
        );
    }
    table
}

/// Returns fbuild's own CPU time as per cent of its children's, where the run was dominated by them.
pub fn own_share(row: &Row) -> Option<f64> {
    let (own, children) = (row.cost.own_cpu, row.cost.cpu - row.cost.own_cpu);
    (row.own.is_some() && own > 0.0 && children > own).then(|| 100.0 * own / children)
}

/// Writes the phases that the phase TSV names, for every run of fbuild that builds something.
pub fn phases(rows: &[Row]) -> String {
    let mut table = String::from(
        "| case | sketches | plan s | stage1_archives s | stage2_sketches s | peak of the tree MB |\n|---|---|---|---|---|---|\n",
    );
    for group in groups(rows) {
        let Some(first) = group
            .first()
            .filter(|row| row.own.is_some() && row.processes > Some(0))
        else {
            continue;
        };
        let phase = |at: usize| {
            let values = group
                .iter()
                .filter_map(|row| row.own?.phases.get(at).copied());
            Values::new(values).text(2)
        };
        let peak = Values::new(group.iter().map(|row| row.cost.tree_peak as f64 / MB)).text(0);
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {peak} |",
            first.case,
            first.sketches,
            phase(0),
            phase(1),
            phase(2)
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::sample::row;
    use crate::row::{COLD, FLOOR};

    #[test]
    fn ratios_are_taken_within_a_round() {
        let rows = [
            row(1, FLOOR, 8, 10.0),
            row(1, COLD, 8, 5.0),
            row(2, FLOOR, 8, 20.0),
            row(2, COLD, 8, 14.0),
            row(1, COLD, 4, 3.0),
        ];
        let table = cases(&rows);
        assert_eq!(table.lines().count(), 5);
        for line in [
            "| fbuild cold, jobs 2/2 | 8 | 9.50 (5.00–14.00) | 19.00 (10.00–28.00) | 3.5 (1.8–5.3) | 5 (5–5) | 1 (1–1) | 4 (4–4) | 0.60 (0.50–0.70) | 0.60 (0.50–0.70) |",
            "| fbuild cold, jobs 2/2 | 4 | 3.00 | 6.00 | 9.1 | 5 | 1 | 4 | – | – |",
            "| ninja floor `-j2` | 8 | 15.00 (10.00–20.00) | 30.00 (20.00–40.00) | – | 5 (5–5) | – | 4 (4–4) | – | – |",
        ] {
            assert!(table.contains(line), "{line} in {table}");
        }
    }

    #[test]
    fn only_runs_of_fbuild_have_phases() {
        let rows = [row(1, FLOOR, 8, 10.0), row(1, COLD, 8, 5.0)];
        let table = phases(&rows);
        assert_eq!(table.lines().count(), 3);
        assert!(
            table.ends_with("| fbuild cold, jobs 2/2 | 8 | 0.10 | 1.00 | 2.00 | 5 |\n"),
            "{table}"
        );
    }

    #[test]
    fn every_run_is_a_line_of_the_tsv() {
        let rows = [row(1, FLOOR, 8, 10.0), row(2, COLD, 8, 5.0)];
        assert_eq!(
            tsv(&rows).lines().skip(1).collect::<Vec<_>>(),
            [
                "1\tninja floor `-j2`\t8\t10.000\t20.000\t-\t5000000\t1000000\t4\t-\t-\t-\t",
                "2\tfbuild cold, jobs 2/2\t8\t5.000\t10.000\t0.500\t5000000\t1000000\t4\t0.100\t1.000\t2.000\t"
            ]
        );
    }
}
