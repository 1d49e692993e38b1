//! The program under test: its command lines, and what its report says about a run. It knows nothing of the cases measured.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::measure::{self, Cost};
use crate::workload::Workload;

/// One way to call fbuild.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// The program.
    pub program: &'a Utf8Path,
    /// The board.
    pub board: &'a str,
    /// Whether to build what rules in the tree leave out.
    pub ignore_filters: bool,
    /// The tree, which is the current directory of the run.
    pub workload: &'a Workload,
    /// What to build, relative to the tree.
    pub sketches: &'a [String],
    /// The cache's directory.
    pub cache: Utf8PathBuf,
    /// The output directory.
    pub output: Utf8PathBuf,
    /// Workers of stage 1 and stage 2.
    pub jobs: (u32, u32),
    /// Where logs and reports go.
    pub scratch: &'a Utf8Path,
}

/// What a run cost, and what its report adds to that.
#[derive(Debug, Clone, Default)]
pub struct Ran {
    /// As measured from outside.
    pub cost: Cost,
    /// Processes that fbuild started itself.
    pub processes: u64,
    /// Seconds of planning, stage 1 and stage 2.
    pub phases: [f64; 3],
    /// The sketches, in the order of the report.
    pub sketches: Vec<Sketch>,
    /// What was built although a result might have been in the cache, and why it was not.
    pub misses: Vec<(String, String)>,
}

/// What became of a sketch.
#[derive(Debug, Clone, PartialEq)]
pub struct Sketch {
    /// Its folder, relative to the tree.
    pub dir: String,
    /// How it ended.
    pub outcome: String,
    /// Wall seconds of its own processes.
    pub seconds: f64,
}

impl Call<'_> {
    /// Builds, and reads the report; sketches may fail or be left out.
    ///
    /// # Errors
    /// If fbuild cannot be started or writes no report.
    pub fn run(&self) -> Result<Ran> {
        let report = self.scratch.join("report.json");
        let mut command = self.command();
        command.args(["--progress", "none", "--report", report.as_str()]);
        let log = self.scratch.join("fbuild.log");
        let cost = measure::run(&mut command, &log)?;
        let text = fs_err::read_to_string(&report).with_context(|| format!("see {log}"))?;
        let report_of_run =
            serde_json::from_str(&text).with_context(|| format!("read {report}"))?;
        fs_err::remove_file(&report)?;
        let mut ran = read(&report_of_run, self.workload.root());
        ran.cost = cost;
        if ran.processes == 0 {
            // Too short for samples, but there is nobody else whom the kernel could mean.
            ran.cost.own_peak = ran.cost.own_peak.max(cost.largest);
            ran.cost.tree_peak = ran.cost.tree_peak.max(cost.largest);
        }
        Ok(ran)
    }

    /// Builds, and insists that every sketch that was named is built.
    ///
    /// # Errors
    /// As [`Call::run`], and if anything was not built: a number measured on that would say nothing.
    pub fn build(&self) -> Result<Ran> {
        let ran = self.run()?;
        let others: Vec<String> = ran
            .sketches
            .iter()
            .filter(|sketch| sketch.outcome != "built")
            .map(|sketch| format!("{} is {}", sketch.dir, sketch.outcome))
            .collect();
        ensure!(
            ran.cost.success && others.is_empty() && ran.sketches.len() == self.sketches.len(),
            "fbuild built {} of {} sketches; {}; see {}",
            ran.sketches.len() - others.len(),
            self.sketches.len(),
            others.join(", "),
            self.scratch.join("fbuild.log"),
        );
        Ok(ran)
    }

    /// Plans without building: returns the cost, and the commands that would run without preambles.
    ///
    /// # Errors
    /// If planning fails.
    pub fn plan(&self) -> Result<(Cost, String)> {
        let log = self.scratch.join("plan.txt");
        let mut command = self.command();
        command.args(["--dry-run", "--pch", "off", "-q"]);
        let cost = measure::run(&mut command, &log)?;
        ensure!(cost.success, "fbuild cannot plan; see {log}");
        Ok((cost, fs_err::read_to_string(log)?))
    }

    /// Returns the part of the command line that all calls share.
    fn command(&self) -> Command {
        let mut command = Command::new(self.program.as_str());
        command
            .current_dir(self.workload.root())
            .args(["compile-many", "--board", self.board])
            .args(["--cache-dir", self.cache.as_str()])
            .args(["--output-dir", self.output.as_str()])
            .args(["--framework-jobs", &self.jobs.0.to_string()])
            .args(["--sketch-jobs", &self.jobs.1.to_string()]);
        for library in self.workload.libraries() {
            command.args(["--library", library]);
        }
        if self.ignore_filters {
            command.arg("--ignore-filters");
        }
        command.args(self.sketches);
        command
    }
}

/// Reads what is needed from a report.
fn read(report: &Value, root: &Utf8Path) -> Ran {
    let parts = [&report["plan"], &report["stages"][0], &report["stages"][1]];
    let list = |name: &str| {
        report[name]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
    };
    let sketch = |sketch: &Value| {
        let dir = Utf8Path::new(sketch["dir"].as_str()?);
        Some(Sketch {
            dir: dir.strip_prefix(root).unwrap_or(dir).to_string(),
            outcome: sketch["outcome"].as_str()?.to_owned(),
            seconds: sketch["cost"]["wall_seconds"].as_f64().unwrap_or(0.0),
        })
    };
    Ran {
        cost: Cost::default(),
        processes: parts
            .iter()
            .filter_map(|part| part["cost"]["processes"].as_u64())
            .sum(),
        phases: parts.map(|part| part["seconds"].as_f64().unwrap_or(0.0)),
        sketches: list("sketches").iter().filter_map(sketch).collect(),
        misses: list("misses")
            .iter()
            .filter_map(|miss| {
                let text = |name: &str| Some(miss[name].as_str()?.to_owned());
                Some((text("label")?, text("reason")?))
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_summed_over_planning_and_both_stages() {
        let report = serde_json::json!({
            "plan": {"seconds": 0.25, "cost": {"processes": 3}},
            "stages": [
                {"seconds": 2.0, "cost": {"processes": 10}},
                {"seconds": 5.0, "cost": {"processes": 20}},
            ],
            "sketches": [
                {"dir": "/l/examples/A/B", "outcome": "built", "cost": {"wall_seconds": 1.5}},
                {"dir": "/x", "outcome": "skipped", "cost": null},
            ],
            "misses": [{"label": "core/a.c", "reason": "not built before"}],
        });
        let ran = read(&report, Utf8Path::new("/l"));
        assert_eq!(ran.processes, 33);
        assert_eq!(ran.phases, [0.25, 2.0, 5.0]);
        assert_eq!(
            ran.misses,
            [("core/a.c".to_owned(), "not built before".to_owned())]
        );
        let sketch = |dir: &str, outcome: &str, seconds| Sketch {
            dir: dir.to_owned(),
            outcome: outcome.to_owned(),
            seconds,
        };
        assert_eq!(
            ran.sketches,
            [
                sketch("examples/A/B", "built", 1.5),
                sketch("/x", "skipped", 0.0)
            ]
        );
        let empty = read(&serde_json::json!({"plan": null}), Utf8Path::new("/l"));
        assert_eq!((empty.processes, empty.phases), (0, [0.0; 3]));
    }
}
