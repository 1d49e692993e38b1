//! Runs with nothing to build on.

use anyhow::Result;

use super::{Bench, JOBS, reset};
use crate::row::{COLD, FLOOR, Own, PLAN, Row};
use crate::workload::evenly;

impl Bench<'_> {
    /// Discovery and planning alone.
    pub(super) fn plan(&self) -> Result<Vec<Row>> {
        let (cost, _) = self.in_dir("fresh", |bench| {
            bench.call(&bench.sketches, "fresh", "fresh", JOBS).plan()
        })?;
        Ok(vec![Row {
            own: Some(Own::default()),
            ..Row::of_cost(PLAN, self.sketches.len(), cost)
        }])
    }

    /// From nothing; what is made is thrown away.
    pub(super) fn cold(
        &self,
        case: &'static str,
        jobs: (u32, u32),
        sketches: &[String],
    ) -> Result<Vec<Row>> {
        let ran = self.in_dir("fresh", |bench| {
            bench.call(sketches, "fresh", "fresh", jobs).build()
        })?;
        Ok(vec![Row::of_fbuild(case, &ran, Some(FLOOR))])
    }

    /// From nothing; what is made is what the cases with changes start from.
    pub(super) fn cold_and_keep(&self) -> Result<Vec<Row>> {
        reset(&self.scratch.join("kept"))?;
        let ran = self.call(&self.sketches, "kept", "kept", JOBS).build()?;
        Ok(vec![Row::of_fbuild(COLD, &ran, Some(FLOOR))])
    }

    /// The floor and a cold run with fewer sketches, in changing order.
    pub(super) fn points(&self, round: usize) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for count in self.fewer() {
            let sketches = evenly(&self.sketches, count);
            let (floor, cold) = (
                || self.floor(&sketches),
                || self.cold(COLD, JOBS, &sketches),
            );
            if round.is_multiple_of(2) {
                rows.extend(cold()?);
                rows.extend(floor()?);
            } else {
                rows.extend(floor()?);
                rows.extend(cold()?);
            }
        }
        Ok(rows)
    }

    /// Returns the numbers of sketches of the plot, without the whole.
    pub(super) fn fewer(&self) -> impl Iterator<Item = usize> {
        let whole = self.sketches.len();
        self.options
            .points
            .iter()
            .copied()
            .filter(move |count| (1..whole).contains(count))
    }
}
