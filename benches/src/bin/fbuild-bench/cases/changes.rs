//! Runs that have a full cache to build on, and what may have changed since.

use anyhow::{Context, Result};

use super::{Bench, JOBS};
use crate::fbuild::{Call, Ran};
use crate::row::{ELSEWHERE, EVERY, FLOOR, FLOOR_SKETCHES, HEADER, NOTHING, ONE, Own, Row};

impl Bench<'_> {
    /// Nothing changed.
    pub(super) fn nothing(&self) -> Result<Vec<Row>> {
        self.keep()?;
        Ok(vec![noted(Row::of_fbuild, NOTHING, &self.again()?)])
    }

    /// A header with a new time stamp and the same content.
    pub(super) fn header(&self) -> Result<Vec<Row>> {
        self.keep()?;
        let Some(header) = self.workload.touch_header()? else {
            return Ok(Vec::new());
        };
        let row = noted(Row::of_fbuild, HEADER, &self.again()?);
        let note = format!("`{header}` {}", row.note);
        Ok(vec![Row { note, ..row }])
    }

    /// Another checkout, in every round at another path: what a path is part of would be found in the cache the second time.
    pub(super) fn elsewhere(&self, round: usize) -> Result<Vec<Row>> {
        self.keep()?;
        let ran = self.in_dir("elsewhere", |bench| {
            let root = bench
                .scratch
                .join(format!("elsewhere/in-round-{round}/tree"));
            let other = bench.workload.checked_out_at(root)?;
            let call = bench.call(&bench.sketches, "kept", "elsewhere", JOBS);
            Call {
                workload: &other,
                ..call
            }
            .build()
        })?;
        Ok(vec![noted(Row::of_fbuild, ELSEWHERE, &ran)])
    }

    /// One sketch changed, in every round another one.
    pub(super) fn one(&self, round: usize) -> Result<Vec<Row>> {
        self.keep()?;
        let at = round * 7 % self.sketches.len();
        let changed = self.sketches.get(at).context("there is no sketch")?;
        self.workload.edit(changed)?;
        let ran = self.again()?;
        let own = ran
            .sketches
            .iter()
            .find(|sketch| &sketch.dir == changed)
            .map(|sketch| sketch.seconds)
            .context("the changed sketch is not in the report")?;
        let rest = ran.cost.wall - own;
        let row = Row::of_fbuild(ONE, &ran, Some(FLOOR));
        Ok(vec![Row {
            note: format!(
                "its own processes {own:.2} s, the rest {:.0} ms",
                rest * 1e3
            ),
            own: row.own.map(|own| Own {
                rest: Some(rest),
                ..own
            }),
            ..row
        }])
    }

    /// Every sketch changed.
    pub(super) fn every(&self) -> Result<Vec<Row>> {
        self.keep()?;
        for sketch in &self.sketches {
            self.workload.edit(sketch)?;
        }
        let ran = self.again()?;
        Ok(vec![Row {
            note: format!("{:.2} s of it stage 1", ran.phases[1]),
            ..Row::of_fbuild(EVERY, &ran, Some(FLOOR_SKETCHES))
        }])
    }

    /// Makes sure that there is a full cache, unmeasured if the cold case did not make it.
    fn keep(&self) -> Result<()> {
        if !self.scratch.join("kept").is_dir() {
            self.cold_and_keep()?;
        }
        Ok(())
    }

    /// Builds with the full cache.
    fn again(&self) -> Result<Ran> {
        self.call(&self.sketches, "kept", "kept", JOBS).build()
    }
}

/// Makes a row, and names what ran although nothing should have.
fn noted(
    row: impl FnOnce(&'static str, &Ran, Option<&'static str>) -> Row,
    case: &'static str,
    ran: &Ran,
) -> Row {
    let note = match ran.misses.first() {
        Some((label, reason)) => {
            format!(
                "{} units ran, the first `{label}`: {reason}",
                ran.misses.len()
            )
        }
        None => String::new(),
    };
    Row {
        note,
        ..row(case, ran, Some(FLOOR))
    }
}
