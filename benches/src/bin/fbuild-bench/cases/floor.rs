//! The floor: the same commands under ninja.

use std::process::Command;

use anyhow::{Result, ensure};

use super::{Bench, JOBS};
use crate::floor::generate;
use crate::measure;
use crate::row::{FLOOR, FLOOR_SKETCHES, Row};

impl Bench<'_> {
    /// Makes the build file, and runs all of it, then the sketches alone.
    pub(super) fn floor(&self, sketches: &[String]) -> Result<Vec<Row>> {
        self.in_dir("floor", |bench| {
            let (_, plan) = bench.call(sketches, "floor", "floor", JOBS).plan()?;
            let dir = bench.scratch.join("floor");
            let tree = dir.join("tree");
            let floor = generate(&plan, &tree)?;
            ensure!(
                floor.links == sketches.len(),
                "the plan links {} of {} sketches",
                floor.links,
                sketches.len()
            );
            fs_err::write(dir.join("build.ninja"), &floor.ninja)?;
            let ninja = |case, commands: usize| -> Result<Row> {
                let log = bench.scratch.join("ninja.log");
                let mut command = Command::new("ninja");
                command.args(["-j2", "-C", dir.as_str()]);
                // As fbuild does it, so that both look for the library in the same place.
                command.current_dir(bench.workload.root());
                let cost = measure::run(&mut command, &log)?;
                ensure!(cost.success, "ninja cannot build the floor; see {log}");
                Ok(Row {
                    processes: Some(commands as u64),
                    ..Row::of_cost(case, sketches.len(), cost)
                })
            };
            let whole = ninja(FLOOR, floor.commands)?;
            fs_err::remove_dir_all(tree.join("sketches"))?;
            let part = ninja(FLOOR_SKETCHES, floor.commands - floor.shared)?;
            Ok(vec![whole, part])
        })
    }
}
