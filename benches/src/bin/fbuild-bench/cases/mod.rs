//! The cases that are measured, and their order. It knows neither how cost is measured nor how it is shown.
//!
//! Every case insists that all its sketches were built, or ends the whole run: a number of anything else would say nothing.

mod changes;
mod cold;
mod floor;
mod looped;

use std::process::Command;

use anyhow::{Context, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};

use crate::fbuild::Call;
use crate::options::{Case, Count, Options};
use crate::row::Row;
use crate::workload::{Workload, evenly};

/// Workers of stage 1 and stage 2 where a case does not name them.
const JOBS: (u32, u32) = (2, 2);

/// The heavy cases, in the order of odd rounds; even rounds go backwards, so that none always comes first.
const HEAVY: [Case; 7] = [
    Case::Points,
    Case::Floor,
    Case::Cold,
    Case::Cold12,
    Case::Every,
    Case::Cold24,
    Case::Loop,
];

/// The light cases, in the order of every round.
const LIGHT: [Case; 5] = [
    Case::Plan,
    Case::Nothing,
    Case::Header,
    Case::Elsewhere,
    Case::One,
];

/// A tree, the sketches of it that are measured, and a place to work in.
pub struct Bench<'a> {
    options: &'a Options,
    program: Utf8PathBuf,
    scratch: &'a Utf8Path,
    workload: Workload,
    /// Sketch folders relative to the tree.
    sketches: Vec<String>,
}

impl<'a> Bench<'a> {
    /// Copies the sketches and finds those that build, by building all unless a list is given.
    ///
    /// # Errors
    /// If there is no sketch, or none builds.
    pub fn prepare(
        options: &'a Options,
        program: Utf8PathBuf,
        scratch: &'a Utf8Path,
    ) -> Result<Self> {
        let workload = Workload::copied(options, scratch.join("work/tree"))?;
        let mut bench = Self {
            options,
            program,
            scratch,
            workload,
            sketches: Vec::new(),
        };
        let built = match &options.list {
            Some(list) => fs_err::read_to_string(list)?
                .lines()
                .map(str::to_owned)
                .collect(),
            None => bench.find()?,
        };
        ensure!(!built.is_empty(), "no sketch builds for {}", options.board);
        bench.sketches = match options.sketches {
            Count::All => built,
            Count::AtMost(count) => evenly(&built, count),
        };
        eprintln!("{} sketches are measured", bench.sketches.len());
        Ok(bench)
    }

    /// Returns the folders of the sketches that are measured, relative to the tree.
    pub fn sketches(&self) -> &[String] {
        &self.sketches
    }

    /// Builds everything once, and returns the sketches that were built.
    fn find(&self) -> Result<Vec<String>> {
        let examples = self
            .workload
            .libraries()
            .iter()
            .map(|library| format!("{library}/examples"));
        let folders: Vec<String> = examples
            .chain(["sketches".to_owned()])
            .filter(|folder| {
                let dir = self.workload.root().join(folder);
                dir.read_dir_utf8()
                    .is_ok_and(|mut entries| entries.next().is_some())
            })
            .collect();
        let ran = self.in_dir("find", |bench| {
            bench.call(&folders, "find", "find", JOBS).run()
        })?;
        let of = |outcome: &str| {
            ran.sketches
                .iter()
                .filter(|sketch| sketch.outcome == outcome)
                .map(|sketch| sketch.dir.clone())
                .collect::<Vec<_>>()
        };
        let (built, skipped) = (of("built"), of("skipped"));
        eprintln!(
            "{} sketches found: {} build, {} are left out by rules, {} do not build",
            ran.sketches.len(),
            built.len(),
            skipped.len(),
            ran.sketches.len() - built.len() - skipped.len(),
        );
        Ok(built)
    }

    /// Runs all rounds, and calls `shown` with the rows so far after each case.
    ///
    /// # Errors
    /// If a program cannot be started, a file not be written, or anything is not built.
    pub fn measure(&self, rows: &mut Vec<Row>, shown: &dyn Fn(&[Row]) -> Result<()>) -> Result<()> {
        let (runs, heavy_runs) = (self.options.runs, self.options.heavy_runs);
        for round in 1..=runs.max(heavy_runs) {
            for case in order(round) {
                let rounds = if case.is_heavy() { heavy_runs } else { runs };
                if round > rounds || !self.options.cases.contains(&case) {
                    continue;
                }
                let measured = self
                    .case(case, round)
                    .with_context(|| format!("measure {case:?} in round {round}"))?;
                for row in measured {
                    eprintln!(
                        "round {round}: {}, {} sketches: {:.2} s {}",
                        row.case, row.sketches, row.cost.wall, row.note
                    );
                    rows.push(Row { round, ..row });
                }
                shown(rows)?;
            }
        }
        Ok(())
    }

    /// Measures one case once.
    fn case(&self, case: Case, round: usize) -> Result<Vec<Row>> {
        // What others still have to write to the disk is not to be paid for here.
        let _ = Command::new("sync").status();
        match case {
            Case::Plan => self.plan(),
            Case::Points => self.points(round),
            Case::Floor => self.floor(&self.sketches),
            Case::Cold => self.cold_and_keep(),
            Case::Cold12 => self.cold(crate::row::COLD12, (1, 2), &self.sketches),
            Case::Cold24 => self.cold(crate::row::COLD24, (2, 4), &self.sketches),
            Case::Every => self.every(),
            Case::Loop => self.looped(),
            Case::Nothing => self.nothing(),
            Case::Header => self.header(),
            Case::Elsewhere => self.elsewhere(round),
            Case::One => self.one(round),
        }
    }

    /// Returns a call of fbuild with the cache and the output directory in these directories of the working directory.
    fn call<'b>(
        &'b self,
        sketches: &'b [String],
        cache: &str,
        output: &str,
        jobs: (u32, u32),
    ) -> Call<'b> {
        Call {
            program: &self.program,
            board: &self.options.board,
            ignore_filters: self.options.ignore_filters,
            workload: &self.workload,
            sketches,
            cache: self.scratch.join(cache).join("cache"),
            output: self.scratch.join(output).join("out"),
            jobs,
            scratch: self.scratch,
        }
    }

    /// Works with an empty directory of this name in the working directory, and removes it afterwards.
    fn in_dir<T>(&self, name: &str, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let dir = self.scratch.join(name);
        reset(&dir)?;
        let done = work(self)?;
        fs_err::remove_dir_all(&dir)?;
        Ok(done)
    }
}

/// Returns the cases in the order of a round.
fn order(round: usize) -> impl Iterator<Item = Case> {
    let mut heavy = HEAVY;
    if round.is_multiple_of(2) {
        heavy.reverse();
    }
    heavy.into_iter().chain(LIGHT)
}

/// Makes an empty directory.
fn reset(dir: &Utf8Path) -> Result<()> {
    if dir.exists() {
        fs_err::remove_dir_all(dir)?;
    }
    Ok(fs_err::create_dir_all(dir)?)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_round_knows_every_case() {
        for round in [1, 2] {
            let cases: Vec<Case> = order(round).collect();
            assert!(
                Case::value_variants()
                    .iter()
                    .all(|case| cases.contains(case))
            );
            assert!(HEAVY.iter().all(|case| case.is_heavy()));
            assert!(LIGHT.iter().all(|case| !case.is_heavy()));
        }
        assert_eq!(order(1).next(), Some(Case::Points));
        assert_eq!(order(2).next(), Some(Case::Loop));
    }
}
