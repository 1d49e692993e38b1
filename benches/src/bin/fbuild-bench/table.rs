//! The rows that were measured, as TSV, as a Markdown table, and as points of the plot.

use std::fmt::Write as _;

use crate::measure::Cost;

/// One measured run.
#[derive(Debug, Clone)]
pub struct Row {
    /// Round of measurement, from 1.
    pub round: usize,
    /// What was done; the same text in every round.
    pub case: String,
    /// Number of sketches.
    pub sketches: usize,
    /// What it cost.
    pub cost: Cost,
    /// Processes started, where that is known.
    pub processes: Option<u64>,
    /// CPU seconds of fbuild itself, where it is the program.
    pub own_cpu: Option<f64>,
    /// The case whose run of the same round and the same number of sketches this is compared with.
    pub against: Option<&'static str>,
    /// Something worth saying about this run.
    pub note: String,
}

/// Bytes of a megabyte in the tables.
const MB: f64 = 1e6;

/// Writes every run, one a line.
pub fn tsv(rows: &[Row]) -> String {
    let mut tsv = String::from(
        "round\tcase\tsketches\twall_seconds\tcpu_seconds\town_cpu_seconds\ttree_peak_bytes\town_peak_bytes\tprocesses\tsuccess\tnote\n",
    );
    for row in rows {
        let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let (own, processes) = (
            or_dash(row.own_cpu.map(|cpu| format!("{cpu:.3}"))),
            or_dash(row.processes.map(|count| count.to_string())),
        );
        let Cost {
            wall,
            cpu,
            tree_peak,
            own_peak,
            success,
        } = row.cost;
        let _ = writeln!(
            tsv,
            "{}\t{}\t{}\t{wall:.3}\t{cpu:.3}\t{own}\t{tree_peak}\t{own_peak}\t{processes}\t{success}\t{}",
            row.round, row.case, row.sketches, row.note
        );
    }
    tsv
}

/// Writes one line per case and number of sketches: medians over the rounds, with the smallest and largest value where there are several.
pub fn markdown(rows: &[Row]) -> String {
    let mut table = String::from(
        "| case | sketches | wall s | CPU s | peak of the tree MB | peak of fbuild MB | processes | wall ÷ floor | CPU ÷ floor | |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (at, first) in rows.iter().enumerate() {
        let same = |row: &&Row| row.case == first.case && row.sketches == first.sketches;
        if rows.iter().position(|row| same(&row)) != Some(at) {
            continue;
        }
        let group: Vec<&Row> = rows.iter().filter(same).collect();
        let column = |value: &dyn Fn(&Row) -> Option<f64>, digits: usize| {
            spread(
                &group
                    .iter()
                    .filter_map(|row| value(row))
                    .collect::<Vec<f64>>(),
                digits,
            )
        };
        let own = |row: &Row| row.own_cpu.map(|_| row.cost.own_peak as f64 / MB);
        let peak = |row: &Row| (row.cost.tree_peak > 0).then_some(row.cost.tree_peak as f64 / MB);
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            first.case,
            first.sketches,
            column(&|row| Some(row.cost.wall), 2),
            column(&|row| Some(row.cost.cpu), 2),
            column(&peak, 0),
            column(&own, 0),
            column(&|row| row.processes.map(|count| count as f64), 0),
            column(&|row| Some(row.cost.wall / reference(rows, row)?.wall), 2),
            column(&|row| Some(row.cost.cpu / reference(rows, row)?.cpu), 2),
            first.note,
        );
    }
    table
}

/// Finds what a run is compared with.
fn reference(rows: &[Row], row: &Row) -> Option<Cost> {
    let against = row.against?;
    let found = rows.iter().find(|other| {
        other.round == row.round && other.sketches == row.sketches && other.case == against
    })?;
    Some(found.cost)
}

/// Writes the median, and in parentheses the smallest and the largest value if there are several.
fn spread(values: &[f64], digits: usize) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.first(), sorted.last()) {
        (Some(low), Some(high)) if sorted.len() > 1 => format!(
            "{:.digits$} ({low:.digits$}–{high:.digits$})",
            median(&sorted)
        ),
        (Some(only), _) => format!("{only:.digits$}"),
        _ => "–".to_owned(),
    }
}

/// Returns the median of sorted values; 0 if there are none.
fn median(sorted: &[f64]) -> f64 {
    match (
        sorted.get(sorted.len().saturating_sub(1) / 2),
        sorted.get(sorted.len() / 2),
    ) {
        (Some(low), Some(high)) => f64::midpoint(*low, *high),
        _ => 0.0,
    }
}

/// Returns the median wall seconds of a case over the number of sketches.
pub fn points(rows: &[Row], case: &str) -> Vec<(f64, f64)> {
    let mut counts: Vec<usize> = rows
        .iter()
        .filter(|row| row.case == case)
        .map(|row| row.sketches)
        .collect();
    counts.sort_unstable();
    counts.dedup();
    let wall = |count: usize| {
        let mut walls: Vec<f64> = rows
            .iter()
            .filter(|row| row.case == case && row.sketches == count)
            .map(|row| row.cost.wall)
            .collect();
        walls.sort_by(f64::total_cmp);
        median(&walls)
    };
    counts
        .into_iter()
        .map(|count| (count as f64, wall(count)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(round: usize, case: &str, sketches: usize, wall: f64) -> Row {
        let cost = Cost {
            wall,
            cpu: wall * 2.0,
            tree_peak: 5_000_000,
            own_peak: 1_000_000,
            success: true,
        };
        let against = (case == "cold").then_some("floor");
        Row {
            round,
            case: case.to_owned(),
            sketches,
            cost,
            processes: Some(4),
            own_cpu: None,
            against,
            note: String::new(),
        }
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let rows = [
            row(1, "floor", 8, 10.0),
            row(1, "cold", 8, 5.0),
            row(2, "floor", 8, 20.0),
            row(2, "cold", 8, 14.0),
            row(1, "cold", 4, 3.0),
        ];
        let table = markdown(&rows);
        assert_eq!(table.lines().count(), 5);
        assert!(table.contains("| cold | 8 | 9.50 (5.00–14.00) | 19.00 (10.00–28.00) | 5 (5–5) | – | 4 (4–4) | 0.60 (0.50–0.70) | 0.60 (0.50–0.70) |"), "{table}");
        assert!(
            table.contains("| cold | 4 | 3.00 | 6.00 | 5 | – | 4 | – | – |"),
            "{table}"
        );
        assert_eq!(
            tsv(&rows).lines().nth(1),
            Some("1\tfloor\t8\t10.000\t20.000\t-\t5000000\t1000000\t4\ttrue\t")
        );
    }

    #[test]
    fn points_are_medians_in_order() {
        let rows = [
            row(1, "cold", 16, 4.0),
            row(1, "cold", 8, 3.0),
            row(2, "cold", 16, 8.0),
            row(1, "floor", 8, 9.0),
        ];
        assert_eq!(points(&rows, "cold"), [(8.0, 3.0), (16.0, 6.0)]);
        assert_eq!(points(&rows, "none"), []);
        assert_eq!(spread(&[3.0, 1.0, 2.0], 0), "2 (1–3)");
    }
}
