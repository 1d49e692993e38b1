//! arduino-builder, one sketch after another.

use std::process::Command;

use anyhow::{Result, ensure};
use camino::Utf8Path;

use super::Bench;
use crate::measure::{self, Cost};
use crate::row::{FLOOR, LOOP, LOOP_WHOLE, Row};

/// What the sketches of the sample cost together.
#[derive(Default)]
struct Sum {
    cost: Cost,
    processes: u64,
    built: usize,
    /// Sketches that arduino-builder cannot build; another was taken in their place.
    failed: Vec<String>,
}

impl Bench<'_> {
    /// Builds a sample, each sketch with its own build directory, the core from arduino-builder's cache of cores; then extrapolates.
    pub(super) fn looped(&self) -> Result<Vec<Row>> {
        let sum = self.in_dir("loop", Self::sample)?;
        let mut note = "each sketch by itself, core cached".to_owned();
        if !sum.failed.is_empty() {
            note += &format!("; cannot build {}", sum.failed.join(", "));
        }
        let mut rows = vec![Row {
            processes: Some(sum.processes),
            note,
            ..Row::of_cost(LOOP, sum.built, sum.cost)
        }];
        rows.extend(
            self.fewer()
                .chain([self.sketches.len()])
                .map(|count| sum.extrapolated(count)),
        );
        Ok(rows)
    }

    /// Builds sketches at even distances; for one that fails, the next.
    fn sample(&self) -> Result<Sum> {
        let dir = self.scratch.join("loop");
        let wanted = self.options.sample.clamp(1, self.sketches.len());
        let mut sum = Sum::default();
        for part in 0..wanted {
            let (from, to) = (
                part * self.sketches.len() / wanted,
                (part + 1) * self.sketches.len() / wanted,
            );
            for sketch in self.sketches.get(from..to).unwrap_or_default() {
                if self.loop_once(&dir, sketch, &mut sum)? {
                    break;
                }
            }
        }
        ensure!(
            sum.built == wanted,
            "arduino-builder builds {} of {wanted} sketches; it fails on {}; see {}",
            sum.built,
            sum.failed.join(", "),
            self.scratch.join("loop.log")
        );
        Ok(sum)
    }

    /// Builds one sketch and adds its cost; returns whether it was built.
    fn loop_once(&self, dir: &Utf8Path, sketch: &str, sum: &mut Sum) -> Result<bool> {
        let (build, cache) = (dir.join("build"), dir.join("cores"));
        super::reset(&build)?;
        fs_err::create_dir_all(&cache)?;
        let mut command = Command::new("arduino-builder");
        command
            .args(["-compile", "-verbose"])
            .args(&self.options.loop_argument)
            .args(["-fqbn", &fqbn(&self.options.board)])
            .args(["-libraries", self.workload.library_folder().as_str()])
            .args(["-build-path", build.as_str()])
            .args(["-build-cache", cache.as_str()])
            .arg(self.workload.main_file(sketch).as_str());
        let log = self.scratch.join("loop.log");
        let cost = measure::run(&mut command, &log)?;
        if !cost.success {
            let text = fs_err::read_to_string(&log).unwrap_or_default();
            eprintln!(
                "arduino-builder fails on {sketch}: {}",
                text.lines().last().unwrap_or_default()
            );
            sum.failed.push(sketch.to_owned());
            return Ok(false);
        }
        sum.cost.wall += cost.wall;
        sum.cost.cpu += cost.cpu;
        sum.cost.tree_peak = sum.cost.tree_peak.max(cost.tree_peak);
        sum.cost.own_peak = sum.cost.own_peak.max(cost.own_peak);
        sum.processes += commands(&fs_err::read_to_string(&log)?);
        sum.built += 1;
        Ok(true)
    }
}

impl Sum {
    /// Makes a row for so many sketches, as if each cost what those of the sample cost on average.
    fn extrapolated(&self, sketches: usize) -> Row {
        let factor = sketches as f64 / self.built as f64;
        let cost = Cost {
            wall: self.cost.wall * factor,
            cpu: self.cost.cpu * factor,
            ..self.cost
        };
        Row {
            against: Some(FLOOR),
            note: format!("{} sketches × {factor:.1}", self.built),
            ..Row::of_cost(LOOP_WHOLE, sketches, cost)
        }
    }
}

/// Counts the commands that arduino-builder printed; it runs one more, the measurement of the size, without a word.
fn commands(log: &str) -> u64 {
    let is_command = |line: &&str| line.starts_with("\"/") || line.starts_with('/');
    log.lines().filter(is_command).count() as u64 + 1
}

/// Writes a short board name as arduino-builder wants it.
fn fqbn(board: &str) -> String {
    if board.contains(':') {
        board.to_owned()
    } else {
        format!("arduino:avr:{board}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_boards_are_completed() {
        assert_eq!(
            (fqbn("uno").as_str(), fqbn("a:b:c").as_str()),
            ("arduino:avr:uno", "a:b:c")
        );
    }

    #[test]
    fn printed_commands_are_counted() {
        let log = "Using board 'uno'\n\"/usr/bin/avr-g++\" -c \"/s/a.cpp\"\n/usr/bin/ctags x\n\nSketch uses 9 bytes\n";
        assert_eq!(commands(log), 3);
    }

    #[test]
    fn the_whole_is_a_multiple_of_the_sample() {
        let sum = Sum {
            cost: Cost {
                wall: 6.0,
                cpu: 4.0,
                tree_peak: 7,
                ..Cost::default()
            },
            built: 2,
            ..Sum::default()
        };
        let row = sum.extrapolated(5);
        assert_eq!(
            (row.cost.wall, row.cost.cpu, row.cost.tree_peak),
            (15.0, 10.0, 7)
        );
        assert_eq!(row.note, "2 sketches × 2.5");
    }
}
