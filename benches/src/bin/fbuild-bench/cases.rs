//! The cases that are measured, and their order. It knows neither how cost is measured nor how it is shown.

use std::io::Write as _;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};

use crate::Options;
use crate::fbuild::{Call, Ran};
use crate::measure::{self, Cost};
use crate::table::Row;

/// The floor: the plain commands under `ninja -j2`.
pub const FLOOR: &str = "ninja floor `-j2`";
/// The part of the floor that belongs to the sketches, with core and library built.
pub const FLOOR_SKETCHES: &str = "ninja floor `-j2`, sketches only";
/// Cold with two workers in each stage.
pub const COLD: &str = "fbuild cold, jobs 2/2";
/// Nothing changed.
pub const WARM: &str = "fbuild, nothing changed";
/// What the sample of the loop makes for all sketches.
pub const LOOP_WHOLE: &str = "arduino-builder in a loop, extrapolated";

/// A library, its sketches, and a place to work in.
pub struct Bench<'a> {
    options: &'a Options,
    program: Utf8PathBuf,
    scratch: Utf8PathBuf,
    /// The untouched copy of the checkout; rounds copy it again.
    library: Utf8PathBuf,
    /// Sketch folders relative to the checkout.
    sketches: Vec<String>,
}

impl<'a> Bench<'a> {
    /// Copies the library and finds the sketches that build, by building all.
    ///
    /// # Errors
    /// If the library has no examples, or none builds.
    pub fn prepare(
        options: &'a Options,
        program: Utf8PathBuf,
        scratch: Utf8PathBuf,
    ) -> Result<Self> {
        let name = options
            .library
            .canonicalize_utf8()?
            .file_name()
            .context("the library's folder has no name")?
            .to_owned();
        let library = scratch.join("pristine").join(&name);
        fs_err::create_dir_all(&library)?;
        for part in ["src", "examples", "library.properties"] {
            let from = options.library.join(part);
            if from.exists() {
                copy(&from, &library.join(part), true)?;
            }
        }
        let (cache, output) = (scratch.join("list-cache"), scratch.join("list-out"));
        let all = ["examples".to_owned()];
        let call = Call {
            program: &program,
            board: &options.board,
            library: &library,
            sketches: &all,
            cache: &cache,
            output: &output,
            jobs: (2, 2),
            scratch: &scratch,
        };
        let ran = call.run()?;
        let built: Vec<String> = ran
            .sketches
            .iter()
            .filter(|sketch| sketch.1 == "built")
            .map(|sketch| sketch.0.clone())
            .collect();
        ensure!(
            !built.is_empty(),
            "no sketch of {} builds for {}",
            options.library,
            options.board
        );
        let count = if options.sketches == "all" {
            built.len()
        } else {
            options
                .sketches
                .parse()
                .context("--sketches takes a number or `all`")?
        };
        eprintln!(
            "{} sketches, {} build, {} are measured",
            ran.sketches.len(),
            built.len(),
            count.min(built.len())
        );
        for dir in [&cache, &output] {
            fs_err::remove_dir_all(dir)?;
        }
        let sketches = spread(&built, count);
        Ok(Self {
            options,
            program,
            scratch,
            library,
            sketches,
        })
    }

    /// Measures every case once, and calls `shown` with the rows so far after each: an interrupted run has shown something.
    ///
    /// # Errors
    /// If a program cannot be started or a file not be written; a run that fails is only noted.
    pub fn round(
        &self,
        round: usize,
        rows: &mut Vec<Row>,
        shown: &dyn Fn(&[Row]) -> Result<()>,
    ) -> Result<()> {
        let mut push = |row: Row| {
            eprintln!(
                "round {round}: {}, {} sketches: {:.2} s{}",
                row.case,
                row.sketches,
                row.cost.wall,
                if row.cost.success { "" } else { " FAILED" }
            );
            rows.push(Row { round, ..row });
            shown(rows)
        };
        for count in self
            .options
            .points
            .iter()
            .copied()
            .filter(|count| *count < self.sketches.len())
        {
            let place = Place::make(self, &spread(&self.sketches, count), "points")?;
            let mut runs: [&mut dyn FnMut() -> Result<Vec<Row>>; 2] =
                [&mut || place.floor(), &mut || place.cold_and_warm()];
            // Every second round in the other order, so that neither always comes first.
            if round.is_multiple_of(2) {
                runs.reverse();
            }
            for run in runs {
                run()?.into_iter().try_for_each(&mut push)?;
            }
        }
        let place = Place::make(self, &self.sketches, "all")?;
        place.plan()?.into_iter().try_for_each(&mut push)?;
        if round.is_multiple_of(2) {
            place.cold_and_warm()?.into_iter().try_for_each(&mut push)?;
            place.floor()?.into_iter().try_for_each(&mut push)?;
        } else {
            place.floor()?.into_iter().try_for_each(&mut push)?;
            place.cold_and_warm()?.into_iter().try_for_each(&mut push)?;
        }
        place.changes(round)?.into_iter().try_for_each(&mut push)?;
        for (case, jobs) in [
            ("fbuild cold, jobs 1/2", (1, 2)),
            ("fbuild cold, jobs 2/4", (2, 4)),
        ] {
            push(row(case, &place.fresh(jobs)?, Some(FLOOR)))?;
        }
        if self.options.sample > 0 {
            place
                .looped(self.options.sample)?
                .into_iter()
                .try_for_each(&mut push)?;
        }
        Ok(())
    }
}

/// A fresh copy of the checkout for the cases of one round, and directories beside it.
struct Place<'a> {
    bench: &'a Bench<'a>,
    sketches: Vec<String>,
    dir: Utf8PathBuf,
    library: Utf8PathBuf,
}

impl<'a> Place<'a> {
    fn make(bench: &'a Bench<'a>, sketches: &[String], name: &str) -> Result<Self> {
        let dir = bench.scratch.join(name);
        reset(&dir)?;
        let library = dir
            .join("checkout")
            .join(bench.library.file_name().unwrap_or("library"));
        fs_err::create_dir_all(dir.join("checkout"))?;
        copy(&bench.library, &library, true)?;
        Ok(Self {
            bench,
            sketches: sketches.to_vec(),
            dir,
            library,
        })
    }

    /// Calls fbuild with the cache and the output directory of this name.
    fn call<T>(
        &self,
        library: &Utf8Path,
        cache: &str,
        output: &str,
        jobs: (u32, u32),
        call: impl FnOnce(&Call<'_>) -> Result<T>,
    ) -> Result<T> {
        let (cache, output) = (self.dir.join(cache), self.dir.join(output));
        let (program, board, sketches) = (
            self.bench.program.as_path(),
            self.bench.options.board.as_str(),
            self.sketches.as_slice(),
        );
        call(&Call {
            program,
            board,
            library,
            sketches,
            cache: &cache,
            output: &output,
            jobs,
            scratch: &self.dir,
        })
    }

    /// Runs with nothing to build on; what it makes is thrown away.
    fn fresh(&self, jobs: (u32, u32)) -> Result<Ran> {
        reset(&self.dir.join("fresh"))?;
        let ran = self.call(&self.library, "fresh/cache", "fresh/out", jobs, |call| {
            call.run()
        })?;
        reset(&self.dir.join("fresh"))?;
        Ok(ran)
    }

    /// Discovery and planning alone, cold.
    fn plan(&self) -> Result<Vec<Row>> {
        reset(&self.dir.join("fresh"))?;
        let (cost, _) = self.call(&self.library, "fresh/cache", "fresh/out", (2, 2), |call| {
            call.plan()
        })?;
        let ran = Ran {
            cost,
            ..Ran::default()
        };
        Ok(vec![
            Row {
                processes: None,
                own_cpu: Some(cost.cpu),
                ..row(
                    "fbuild, discovery and plan only (`--dry-run`), cold",
                    &ran,
                    None,
                )
            }
            .of(self.sketches.len()),
        ])
    }

    /// Makes the build file, and runs all of it, then the sketches alone.
    fn floor(&self) -> Result<Vec<Row>> {
        let (dir, tree) = (self.dir.join("floor"), self.dir.join("floor/tree"));
        reset(&dir)?;
        let (_, plan) = self.call(&self.library, "floor/cache", "floor/out", (2, 2), |call| {
            call.plan()
        })?;
        let floor = crate::floor::generate(&plan, &tree)?;
        fs_err::write(dir.join("build.ninja"), &floor.ninja)?;
        let links = plan
            .lines()
            .filter(|line| line.starts_with("# ") && line.contains(" for "))
            .count();
        ensure!(
            links == self.sketches.len(),
            "the plan links {links} of {} sketches",
            self.sketches.len()
        );
        let ninja = |case: &str, against, processes| -> Result<Row> {
            let cost = measure::run(
                Command::new("ninja").args(["-j2", "-C", dir.as_str()]),
                &dir.join("ninja.log"),
            )?;
            let ran = Ran {
                cost,
                processes,
                ..Ran::default()
            };
            Ok(Row {
                own_cpu: None,
                ..row(case, &ran, against)
            }
            .of(self.sketches.len()))
        };
        let whole = ninja(FLOOR, None, floor.commands as u64)?;
        fs_err::remove_dir_all(tree.join("sketches"))?;
        // Per sketch: its units, the link, two conversions and the size; units are those that are neither shared nor followed by more.
        let shared = plan
            .lines()
            .filter(|line| {
                line.starts_with("# core")
                    || line.starts_with("# libraries/")
                    || line.starts_with("# variant")
            })
            .count();
        let part = ninja(
            FLOOR_SKETCHES,
            None,
            (floor.commands - shared.min(floor.commands)) as u64,
        )?;
        fs_err::remove_dir_all(&dir)?;
        Ok(vec![whole, part])
    }

    /// From nothing, and again at once.
    fn cold_and_warm(&self) -> Result<Vec<Row>> {
        reset(&self.dir.join("kept"))?;
        let run = || {
            self.call(&self.library, "kept/cache", "kept/out", (2, 2), |call| {
                call.run()
            })
        };
        Ok(vec![
            row(COLD, &run()?, Some(FLOOR)),
            row(WARM, &run()?, Some(FLOOR)),
        ])
    }

    /// The runs that start from what `cold_and_warm` left.
    fn changes(&self, round: usize) -> Result<Vec<Row>> {
        let run = || {
            self.call(&self.library, "kept/cache", "kept/out", (2, 2), |call| {
                call.run()
            })
        };
        let mut rows = Vec::new();
        let header = self.header();
        touch(&header)?;
        rows.push(Row {
            note: format!("`{}`", header.file_name().unwrap_or_default()),
            ..row("fbuild, one library header touched", &run()?, Some(FLOOR))
        });
        let elsewhere = self
            .dir
            .join("elsewhere")
            .join(self.library.file_name().unwrap_or("library"));
        fs_err::create_dir_all(self.dir.join("elsewhere"))?;
        copy(&self.library, &elsewhere, false)?;
        let fresh = self.call(&elsewhere, "kept/cache", "elsewhere/out", (2, 2), |call| {
            call.run()
        })?;
        rows.push(row(
            "fbuild, fresh checkout elsewhere, warm cache",
            &fresh,
            Some(FLOOR),
        ));
        reset(&self.dir.join("elsewhere"))?;
        if let Some(first) = self.sketches.get(round % self.sketches.len().max(1)) {
            self.edit(first)?;
            let ran = run()?;
            let own = ran
                .sketches
                .iter()
                .find(|sketch| &sketch.0 == first)
                .map_or(0.0, |sketch| sketch.2);
            let more = (ran.cost.wall - own) * 1000.0;
            rows.push(Row {
                note: format!("its own processes {own:.2} s, the rest {more:.0} ms"),
                ..row("fbuild, one sketch changed", &ran, Some(FLOOR))
            });
        }
        for sketch in &self.sketches {
            self.edit(sketch)?;
        }
        rows.push(Row {
            note: "÷ the floor's sketches only".to_owned(),
            ..row(
                "fbuild, every sketch changed",
                &run()?,
                Some(FLOOR_SKETCHES),
            )
        });
        Ok(rows)
    }

    /// Returns the header that is touched: the library's own name, or any.
    fn header(&self) -> Utf8PathBuf {
        let named = self.library.join("src").join(format!(
            "{}.h",
            self.library.file_name().unwrap_or("library")
        ));
        if named.is_file() {
            named
        } else {
            self.library.join("library.properties")
        }
    }

    /// Appends a comment and a declaration to a sketch's main file.
    fn edit(&self, sketch: &str) -> Result<()> {
        let main = main_file(&self.library.join(sketch));
        let text = fs_err::read_to_string(&main)?;
        let number = text.len();
        let mut file = fs_err::OpenOptions::new().append(true).open(&main)?;
        Ok(writeln!(
            file,
            "\n// Changed by the benchmark.\nvolatile unsigned char fbuild_bench_{number} = 1;"
        )?)
    }

    /// arduino-builder, one sketch after another: each with its own build directory, the core from its cache of cores.
    fn looped(&self, sample: usize) -> Result<Vec<Row>> {
        let dir = self.dir.join("loop");
        reset(&dir)?;
        fs_err::create_dir_all(dir.join("cache"))?;
        let libraries = self.library.parent().unwrap_or(&self.library);
        let sample = spread(&self.sketches, sample);
        let mut sum = Cost {
            success: true,
            ..Cost::default()
        };
        for (at, sketch) in sample.iter().enumerate() {
            let build = dir.join(at.to_string());
            fs_err::create_dir_all(&build)?;
            let mut command = Command::new("arduino-builder");
            command
                .arg("-compile")
                .args(&self.bench.options.loop_argument);
            command.args([
                "-fqbn",
                &fqbn(&self.bench.options.board),
                "-libraries",
                libraries.as_str(),
                "-build-path",
                build.as_str(),
            ]);
            command
                .args(["-build-cache", dir.join("cache").as_str()])
                .arg(main_file(&self.library.join(sketch)).as_str());
            let cost = measure::run(&mut command, &dir.join(format!("{at}.log")))?;
            sum.wall += cost.wall;
            sum.cpu += cost.cpu;
            sum.tree_peak = sum.tree_peak.max(cost.tree_peak);
            if !cost.success {
                let log = fs_err::read_to_string(dir.join(format!("{at}.log"))).unwrap_or_default();
                eprintln!(
                    "arduino-builder fails on {sketch}: {}",
                    log.lines().last().unwrap_or_default()
                );
            }
            sum.success &= cost.success;
        }
        let loop_row = |case: &str, cost, count, note: String, against| {
            let ran = Ran {
                cost,
                ..Ran::default()
            };
            Row {
                own_cpu: None,
                processes: None,
                note,
                ..row(case, &ran, against)
            }
            .of(count)
        };
        let whole = |count: usize| {
            let factor = count as f64 / sample.len() as f64;
            let cost = Cost {
                wall: sum.wall * factor,
                cpu: sum.cpu * factor,
                ..sum
            };
            loop_row(
                LOOP_WHOLE,
                cost,
                count,
                format!("{} sketches × {factor:.1}", sample.len()),
                Some(FLOOR),
            )
        };
        let mut rows = vec![loop_row(
            "arduino-builder in a loop, sample",
            sum,
            sample.len(),
            "each sketch by itself, core cached".to_owned(),
            None,
        )];
        let points = self
            .bench
            .options
            .points
            .iter()
            .copied()
            .filter(|count| *count < self.sketches.len());
        rows.extend(points.map(whole));
        rows.push(whole(self.sketches.len()));
        Ok(rows)
    }
}

impl Row {
    /// Sets the number of sketches.
    fn of(self, sketches: usize) -> Self {
        Self { sketches, ..self }
    }
}

/// Makes the row of a run of fbuild.
fn row(case: &str, ran: &Ran, against: Option<&'static str>) -> Row {
    let own_cpu = Some((ran.cost.cpu - ran.children_cpu).max(0.0));
    let (case, sketches, note) = (case.to_owned(), ran.sketches.len(), String::new());
    Row {
        round: 0,
        case,
        sketches,
        cost: ran.cost,
        processes: Some(ran.processes),
        own_cpu,
        against,
        note,
    }
}

/// Takes `count` entries at even distances, in order.
fn spread(list: &[String], count: usize) -> Vec<String> {
    let count = count.min(list.len());
    (0..count)
        .filter_map(|at| list.get(at * list.len() / count))
        .cloned()
        .collect()
}

/// Writes a short board name as arduino-builder wants it.
fn fqbn(board: &str) -> String {
    if board.contains(':') {
        board.to_owned()
    } else {
        format!("arduino:avr:{board}")
    }
}

/// Returns the main file of a sketch folder.
fn main_file(sketch: &Utf8Path) -> Utf8PathBuf {
    sketch.join(format!("{}.ino", sketch.file_name().unwrap_or_default()))
}

/// Copies a file or a tree; with or without its times.
fn copy(from: &Utf8Path, to: &Utf8Path, times: bool) -> Result<()> {
    let status = Command::new("cp")
        .args([if times { "-a" } else { "-r" }, from.as_str(), to.as_str()])
        .status()?;
    ensure!(status.success(), "cannot copy {from} to {to}");
    Ok(())
}

/// Makes an empty directory.
fn reset(dir: &Utf8Path) -> Result<()> {
    if dir.exists() {
        fs_err::remove_dir_all(dir)?;
    }
    Ok(fs_err::create_dir_all(dir)?)
}

/// Gives a file the present time.
fn touch(file: &Utf8Path) -> Result<()> {
    let now = std::time::SystemTime::now();
    Ok(fs_err::OpenOptions::new()
        .append(true)
        .open(file)?
        .set_modified(now)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_is_spread_over_the_list() {
        let list: Vec<String> = (0..10).map(|number| number.to_string()).collect();
        for (count, expected) in [
            (3, "036"),
            (10, "0123456789"),
            (99, "0123456789"),
            (1, "0"),
            (0, ""),
        ] {
            assert_eq!(spread(&list, count).concat(), expected);
        }
        assert!(spread(&[], 4).is_empty());
    }

    #[test]
    fn names_are_completed() {
        assert_eq!(
            (fqbn("uno").as_str(), fqbn("a:b:c").as_str()),
            ("arduino:avr:uno", "a:b:c")
        );
        assert_eq!(
            main_file(Utf8Path::new("examples/Fx/Noise")),
            "examples/Fx/Noise/Noise.ino"
        );
    }

    #[test]
    fn fbuilds_own_cpu_is_what_its_children_did_not_use() {
        let ran = Ran {
            cost: Cost {
                cpu: 5.0,
                ..Cost::default()
            },
            processes: 3,
            children_cpu: 4.5,
            sketches: Vec::new(),
        };
        assert_eq!(row("x", &ran, None).own_cpu, Some(0.5));
    }
}
