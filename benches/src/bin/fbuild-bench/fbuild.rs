//! The program under test: its command lines, and what its report says about a run. It knows nothing of the cases measured.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::measure::{self, Cost};

/// One way to call fbuild.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// The program.
    pub program: &'a Utf8Path,
    /// The board.
    pub board: &'a str,
    /// The checkout of the library.
    pub library: &'a Utf8Path,
    /// The sketch folders, relative to the checkout.
    pub sketches: &'a [String],
    /// The cache's directory.
    pub cache: &'a Utf8Path,
    /// The output directory.
    pub output: &'a Utf8Path,
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
    /// CPU seconds of those processes.
    pub children_cpu: f64,
    /// Per sketch its folder relative to the checkout, its outcome, and the wall seconds of its own processes.
    pub sketches: Vec<(String, String, f64)>,
}

impl Call<'_> {
    /// Builds, and reads the report.
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
        let mut ran = read(
            &serde_json::from_str(&text).with_context(|| format!("read {report}"))?,
            self.library,
        );
        fs_err::remove_file(&report)?;
        ran.cost = cost;
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
        command.args([
            "compile-many",
            "--board",
            self.board,
            "--library",
            self.library.as_str(),
        ]);
        command.args([
            "--cache-dir",
            self.cache.as_str(),
            "--output-dir",
            self.output.as_str(),
        ]);
        command.args([
            "--framework-jobs".to_owned(),
            self.jobs.0.to_string(),
            "--sketch-jobs".to_owned(),
            self.jobs.1.to_string(),
        ]);
        command.args(self.sketches.iter().map(|sketch| self.library.join(sketch)));
        command
    }
}

/// Reads what is needed from a report.
fn read(report: &Value, library: &Utf8Path) -> Ran {
    let costs = || {
        [
            &report["plan"]["cost"],
            &report["stages"][0]["cost"],
            &report["stages"][1]["cost"],
        ]
        .into_iter()
    };
    let sketches = report["sketches"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    Ran {
        cost: Cost::default(),
        processes: costs().filter_map(|cost| cost["processes"].as_u64()).sum(),
        children_cpu: costs()
            .filter_map(|cost| cost["cpu_seconds"].as_f64())
            .sum(),
        sketches: sketches
            .iter()
            .filter_map(|sketch| {
                let dir = Utf8PathBuf::from(sketch["dir"].as_str()?);
                let name = dir.strip_prefix(library).unwrap_or(&dir).to_string();
                Some((
                    name,
                    sketch["outcome"].as_str()?.to_owned(),
                    sketch["cost"]["wall_seconds"].as_f64().unwrap_or(0.0),
                ))
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
            "plan": {"cost": {"processes": 3, "cpu_seconds": 0.5}},
            "stages": [{"cost": {"processes": 10, "cpu_seconds": 4.0}}, {"cost": {"processes": 20, "cpu_seconds": 8.0}}],
            "sketches": [{"dir": "/l/examples/A/B", "outcome": "built", "cost": {"wall_seconds": 1.5}}, {"dir": "/x", "outcome": "skipped", "cost": null}],
        });
        let ran = read(&report, Utf8Path::new("/l"));
        assert_eq!((ran.processes, ran.children_cpu), (33, 12.5));
        assert_eq!(
            ran.sketches,
            [
                ("examples/A/B".to_owned(), "built".to_owned(), 1.5),
                ("/x".to_owned(), "skipped".to_owned(), 0.0)
            ]
        );
        assert_eq!(
            read(&serde_json::json!({"plan": null}), Utf8Path::new("/l")).processes,
            0
        );
    }
}
