//! One measured run, and what rows say together: medians, ratios within a round, points of the plot.

use crate::fbuild::Ran;
use crate::measure::Cost;

/// The floor: the plain commands under `ninja -j2`.
pub const FLOOR: &str = "ninja floor `-j2`";
/// The part of the floor that belongs to the sketches, with core and libraries built.
pub const FLOOR_SKETCHES: &str = "ninja floor `-j2`, sketches only";
/// Cold with two workers in each stage.
pub const COLD: &str = "fbuild cold, jobs 2/2";
/// Cold with the flags of the CI job.
pub const COLD12: &str = "fbuild cold, jobs 1/2";
/// Cold with more workers than cores.
pub const COLD24: &str = "fbuild cold, jobs 2/4";
/// Discovery and planning alone.
pub const PLAN: &str = "fbuild, discovery and plan only (`--dry-run`), cold";
/// Nothing changed.
pub const NOTHING: &str = "fbuild, nothing changed";
/// A header with a new time stamp.
pub const HEADER: &str = "fbuild, one library header touched";
/// Another checkout, the same cache.
pub const ELSEWHERE: &str = "fbuild, fresh checkout elsewhere, warm cache";
/// One sketch changed.
pub const ONE: &str = "fbuild, one sketch changed";
/// Every sketch changed.
pub const EVERY: &str = "fbuild, every sketch changed, stage 1 warm";
/// Some sketches in a loop.
pub const LOOP: &str = "arduino-builder in a loop, sample";
/// What the sample of the loop makes for all sketches.
pub const LOOP_WHOLE: &str = "arduino-builder in a loop, extrapolated";

/// One measured run.
#[derive(Debug, Clone)]
pub struct Row {
    /// Round of measurement, from 1.
    pub round: usize,
    /// What was done; one of the names above.
    pub case: &'static str,
    /// Number of sketches.
    pub sketches: usize,
    /// What it cost.
    pub cost: Cost,
    /// Processes started, where that is known.
    pub processes: Option<u64>,
    /// What fbuild says of itself, where it is the program.
    pub own: Option<Own>,
    /// The case that this is compared with.
    pub against: Option<&'static str>,
    /// Something worth saying about this run.
    pub note: String,
}

/// What is known of a run of fbuild besides its cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Own {
    /// Seconds of planning, stage 1 and stage 2, as in the phase TSV.
    pub phases: [f64; 3],
    /// Wall seconds beyond the processes of the one sketch that was built.
    pub rest: Option<f64>,
}

impl Row {
    /// Makes the row of a run of fbuild.
    pub fn of_fbuild(case: &'static str, ran: &Ran, against: Option<&'static str>) -> Self {
        let own = Own {
            phases: ran.phases,
            rest: None,
        };
        Self {
            processes: Some(ran.processes),
            own: Some(own),
            against,
            ..Self::of_cost(case, ran.sketches.len(), ran.cost)
        }
    }

    /// Makes the row of a run of something else.
    pub fn of_cost(case: &'static str, sketches: usize, cost: Cost) -> Self {
        Self {
            round: 0,
            case,
            sketches,
            cost,
            processes: None,
            own: None,
            against: None,
            note: String::new(),
        }
    }

    /// Returns what this run is compared with: of the same round, or else of the last round that measured it.
    pub fn reference<'a>(&self, rows: &'a [Self]) -> Option<&'a Self> {
        let against = self.against?;
        let same = |other: &&Self| other.sketches == self.sketches && other.case == against;
        let of_round = rows
            .iter()
            .filter(same)
            .find(|other| other.round == self.round);
        of_round.or_else(|| rows.iter().rfind(same))
    }
}

/// Values of one quantity over the rounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Values(Vec<f64>);

impl Values {
    /// Takes the values; their order means nothing.
    pub fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// Returns the median, or `None` if there is no value.
    pub fn median(&self) -> Option<f64> {
        let low = self.0.get(self.0.len().saturating_sub(1) / 2)?;
        Some(f64::midpoint(*low, *self.0.get(self.0.len() / 2)?))
    }

    /// Writes the median, and in parentheses the smallest and the largest value if there are several.
    pub fn text(&self, digits: usize) -> String {
        match (self.median(), self.0.first(), self.0.last()) {
            (Some(median), Some(low), Some(high)) if self.0.len() > 1 => {
                format!("{median:.digits$} ({low:.digits$}–{high:.digits$})")
            }
            (Some(only), ..) => format!("{only:.digits$}"),
            _ => "–".to_owned(),
        }
    }
}

/// Returns the median wall seconds of a case over the number of sketches.
pub fn points(rows: &[Row], case: &str) -> Vec<(f64, f64)> {
    let of_case = || rows.iter().filter(|row| row.case == case);
    let mut counts: Vec<usize> = of_case().map(|row| row.sketches).collect();
    counts.sort_unstable();
    counts.dedup();
    let wall = |count: usize| {
        let rows = of_case().filter(|row| row.sketches == count);
        Values::new(rows.map(|row| row.cost.wall)).median()
    };
    counts
        .into_iter()
        .filter_map(|count| Some((count as f64, wall(count)?)))
        .collect()
}

/// Rows for tests.
#[cfg(test)]
pub mod sample {
    use super::{FLOOR, Own, Row};
    use crate::measure::Cost;

    /// A row that took so many seconds, of CPU twice as many.
    pub fn row(round: usize, case: &'static str, sketches: usize, wall: f64) -> Row {
        let cost = Cost {
            wall,
            cpu: wall * 2.0,
            own_cpu: 0.5,
            tree_peak: 5_000_000,
            own_peak: 1_000_000,
            largest: 1_000_000,
            success: true,
        };
        let is_ours = case.starts_with("fbuild");
        Row {
            round,
            processes: Some(4),
            own: is_ours.then_some(Own {
                phases: [0.1, 1.0, 2.0],
                rest: None,
            }),
            against: is_ours.then_some(FLOOR),
            ..Row::of_cost(case, sketches, cost)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::sample::row;
    use super::*;

    #[test]
    fn a_run_is_compared_within_its_round_or_with_the_last() {
        let rows = [
            row(1, FLOOR, 8, 10.0),
            row(2, FLOOR, 8, 20.0),
            row(2, FLOOR, 9, 21.0),
        ];
        let wall = |round| {
            row(round, COLD, 8, 1.0)
                .reference(&rows)
                .map(|row| row.cost.wall)
        };
        assert_eq!(
            [wall(1), wall(2), wall(3)],
            [Some(10.0), Some(20.0), Some(20.0)]
        );
        assert!(row(1, COLD, 7, 1.0).reference(&rows).is_none());
        assert!(row(1, FLOOR, 8, 1.0).reference(&rows).is_none());
    }

    #[test]
    fn medians_and_spread() {
        assert_eq!(Values::new([3.0, 1.0, 2.0]).text(0), "2 (1–3)");
        assert_eq!(Values::new([1.0, 2.0]).median(), Some(1.5));
        assert_eq!(Values::new([1.25]).text(1), "1.2");
        assert_eq!(Values::new([]).text(1), "–");
    }

    #[test]
    fn points_are_medians_in_order() {
        let rows = [
            row(1, COLD, 16, 4.0),
            row(1, COLD, 8, 3.0),
            row(2, COLD, 16, 8.0),
            row(1, FLOOR, 8, 9.0),
        ];
        assert_eq!(points(&rows, COLD), [(8.0, 3.0), (16.0, 6.0)]);
        assert_eq!(points(&rows, "none"), []);
    }
}
