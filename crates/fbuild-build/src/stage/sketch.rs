//! One sketch of stage 2: compiled, linked, measured and put in place.
//!
//! It does not know other sketches. Nothing here compiles a core or library source, runs library discovery or writes an archive.

use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use fbuild_cache::Output;
use fbuild_model::outcome::{Failure, Firmware, Phase, SketchOutcome, SketchResult};
use fbuild_model::{Command, Digest, Event, error_chain};

use crate::action::{Action, Done, NotDone};
use crate::exec::{Executor, Terms, place};
use crate::incremental::record::Record;
use crate::plan::link_steps::SIZE_OUTPUT;
use crate::plan::{BuildPlan, SketchEntry, SketchPlan, SketchUnit, SketchWork, hooks};
use crate::stage::link;
use crate::stage::pch::Made;
use crate::stage::shared::Shared;
use crate::stage::trace::{Trace, stopped};
use crate::stage::{ArchiveSet, Missing, deliver};

/// A sketch whose units were compiled.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// One result per unit that was tried; the last one may be a failure.
    units: Vec<Result<Done, NotDone>>,
    /// What the platform's hooks around compiling printed, or the one that failed.
    hooks: Result<String, Failure>,
    took: Duration,
}

/// A sketch and what its build needs.
pub(crate) struct OneSketch<'a> {
    pub(crate) plan: &'a BuildPlan,
    pub(crate) entry: &'a SketchEntry,
    pub(crate) shared: &'a Shared,
    pub(crate) executor: &'a Executor<'a>,
    /// How long its processes may run in sum.
    pub(crate) time_limit: Option<Duration>,
}

impl OneSketch<'_> {
    /// Brings the sketch to its outcome; also returns what a later run may know of it. Compiles it unless that was done before.
    pub(crate) fn finish(
        &self,
        compiled: Option<Compiled>,
        archives: &ArchiveSet,
    ) -> (SketchResult, Option<Record>) {
        let entry = self.entry;
        let began = Instant::now();
        let mut trace = Trace::new(entry);
        let outcome = match &entry.work {
            SketchWork::Skip(rule) => SketchOutcome::Skipped(rule.clone()),
            SketchWork::UpToDate(record) => SketchOutcome::Built(record.firmware()),
            SketchWork::Fail { .. } if self.executor.stop.is_cancelled() => {
                SketchOutcome::Cancelled
            }
            SketchWork::Fail { failure, remarks } => {
                remarks.iter().for_each(|remark| trace.log.remark(remark));
                SketchOutcome::Failed(failure.clone())
            }
            SketchWork::Build(sketch) => self.build(sketch, compiled, archives, &mut trace),
        };
        if let Some(failure) = outcome.failure() {
            // Firmware that is too big is there to be looked at; any other is that of an earlier build.
            if failure.phase != Phase::Size {
                deliver::withdraw(&entry.out_dir, entry.dir.file_name().unwrap_or_default());
            }
            trace.log.failure(failure);
        }
        let has_log = !matches!(
            outcome,
            SketchOutcome::Skipped(_) | SketchOutcome::NotRun | SketchOutcome::Cancelled
        );
        let path = entry.out_dir.join("build.log");
        let log = has_log.then(|| self.saved(trace.log.save(&path))).flatten();
        let (libraries, record) = match &entry.work {
            SketchWork::Build(sketch) => {
                let record = match (&outcome, &log) {
                    (SketchOutcome::Built(firmware), Some(log)) => {
                        trace.record(firmware, log, sketch, self.plan, archives)
                    }
                    _ => None,
                };
                (sketch.libraries.clone(), record)
            }
            _ => (Vec::new(), None),
        };
        let result = SketchResult {
            board: entry.board.clone(),
            sketch: entry.name.clone(),
            dir: entry.dir.clone(),
            cached: matches!(outcome, SketchOutcome::Built(_)) && trace.cost.processes == 0,
            outcome,
            log,
            warnings: trace.warnings,
            duration: began.elapsed() + trace.earlier,
            cost: trace.cost,
            libraries,
        };
        (result, record)
    }

    fn saved(
        &self,
        saved: Result<camino::Utf8PathBuf, place::PlaceError>,
    ) -> Option<camino::Utf8PathBuf> {
        let warn = |error: &place::PlaceError| {
            drop(
                self.executor
                    .events
                    .send(Event::Warning(error_chain(error))),
            );
        };
        saved.inspect_err(warn).ok()
    }

    fn build(
        &self,
        sketch: &SketchPlan,
        compiled: Option<Compiled>,
        archives: &ArchiveSet,
        trace: &mut Trace,
    ) -> SketchOutcome {
        sketch
            .remarks
            .iter()
            .for_each(|remark| trace.log.remark(remark));
        if let Some(outcome) = blocked(self.plan, sketch, archives, trace) {
            return outcome;
        }
        let compiled = match compiled {
            Some(compiled) => {
                trace.earlier += compiled.took;
                compiled
            }
            None => self.compile(sketch),
        };
        let mut objects = Vec::with_capacity(sketch.units.len());
        for (unit, done) in sketch.units.iter().zip(compiled.units) {
            let lines = unit.action.command_lines();
            match done {
                Ok(done) => {
                    trace.done(&lines, &done);
                    objects.push(done);
                }
                Err(not_done) => return trace.not_done(&lines, not_done, self.executor),
            }
        }
        match compiled.hooks {
            Ok(printed) if printed.is_empty() => {}
            Ok(printed) => trace.log.text(&printed),
            Err(failure) => return SketchOutcome::Failed(failure),
        }
        if objects.len() < sketch.units.len() {
            return stopped(self.executor);
        }
        self.link(sketch, &objects, archives, trace)
            .unwrap_or_else(SketchOutcome::Failed)
    }

    fn link(
        &self,
        sketch: &SketchPlan,
        objects: &[Done],
        archives: &ArchiveSet,
        trace: &mut Trace,
    ) -> Result<SketchOutcome, Failure> {
        let action = link::action(
            self.plan,
            self.entry,
            sketch,
            objects,
            archives,
            self.executor,
        )?;
        let lines = action.command_lines();
        let terms = Terms {
            time: self.time_left(trace.cost.wall),
            ..Terms::default()
        };
        let lacks = |output: &Output| {
            let path = self.entry.out_dir.join(&output.name);
            output.name == SIZE_OUTPUT || !place::holds(&path, output.digest)
        };
        let done = self.executor.perform_under(&action, terms);
        let done = done.and_then(|done| {
            self.executor.bring_outputs(&action, &done, lacks)?;
            Ok(done)
        });
        match self.in_time(done, trace.cost.wall) {
            Ok(done) => {
                trace.done(&lines, &done);
                self.conclude(sketch, &done, trace)
                    .map(SketchOutcome::Built)
            }
            Err(mut not_done) => {
                if let NotDone::Failed(failed) = &mut not_done {
                    let failure = &mut failed.failure;
                    if let Some(needs) = link::overflow(sketch, &action, failure, self.executor) {
                        failure.output.push_str(&format!("note: needs {needs}\n"));
                    }
                }
                Ok(trace.not_done(&lines, not_done, self.executor))
            }
        }
    }

    /// Puts the firmware in place, then measures and checks it: the files are there also when they are too big.
    fn conclude(
        &self,
        sketch: &SketchPlan,
        done: &Done,
        trace: &mut Trace,
    ) -> Result<Firmware, Failure> {
        let out_dir = &self.entry.out_dir;
        let mut artifacts = Vec::new();
        for output in done
            .outputs
            .iter()
            .filter(|output| output.name != SIZE_OUTPUT)
        {
            let path = out_dir.join(&output.name);
            place::copy(&self.executor.blob(output.digest), output, &path)
                .map_err(|error| Failure::new(Phase::Objcopy, error_chain(&error)))?;
            trace.files.push((path.clone(), output.digest));
            artifacts.push(path);
        }
        let linked = artifacts.len();
        deliver::extras(sketch, out_dir, &mut artifacts, self.executor.runner)?
            .iter()
            .for_each(|remark| trace.log.remark(remark));
        for path in &artifacts[linked..] {
            let bytes = fs_err::read(path)
                .map_err(|error| Failure::new(Phase::Objcopy, error.to_string()))?;
            trace.files.push((path.clone(), Digest::of(&bytes)));
        }
        let printed = done
            .output(SIZE_OUTPUT)
            .map(|output| fs_err::read(self.executor.blob(output.digest)))
            .transpose()
            .map_err(|error| Failure::new(Phase::Size, error.to_string()))?
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let elf = artifacts
            .iter()
            .map(Utf8PathBuf::as_path)
            .find(|path| path.extension() == Some("elf"));
        let sizes = link::measured(sketch, printed.as_deref(), elf, &mut trace.log)?;
        Ok(Firmware { artifacts, sizes })
    }

    /// Compiles the units of the sketch, up to the first that fails.
    pub(crate) fn compile(&self, sketch: &SketchPlan) -> Compiled {
        let began = Instant::now();
        let mut units = Vec::with_capacity(sketch.units.len());
        let hooks = self.compile_units(sketch, &mut units);
        Compiled {
            units,
            hooks,
            took: began.elapsed(),
        }
    }

    /// Returns what the hooks around compiling printed. Those after it run only if everything compiled and the run goes on.
    fn compile_units(
        &self,
        sketch: &SketchPlan,
        units: &mut Vec<Result<Done, NotDone>>,
    ) -> Result<String, Failure> {
        let hooks = |commands: &[Command]| match self.executor.stop.may_start() {
            true => hooks::run(commands, self.executor.runner),
            false => Ok(String::new()),
        };
        let mut printed = hooks(&sketch.hooks.before)?;
        let mut spent = Duration::ZERO;
        for unit in &sketch.units {
            let done = self.in_time(self.compile_unit(unit, self.time_left(spent)), spent);
            let took = done.as_ref().ok().map(|done| done.cost.wall);
            units.push(done);
            let Some(took) = took else {
                return Ok(printed);
            };
            spent += took;
        }
        printed.push_str(&hooks(&sketch.hooks.after)?);
        Ok(printed)
    }

    /// Returns how long the processes of the sketch may still run if they ran for `spent`.
    fn time_left(&self, spent: Duration) -> Option<Duration> {
        self.time_limit.map(|limit| limit.saturating_sub(spent))
    }

    /// Names the limit of the sketch as the cause of a failure that it caused: its processes ran for `before`, and then for what the failure cost.
    fn in_time(&self, done: Result<Done, NotDone>, before: Duration) -> Result<Done, NotDone> {
        done.map_err(|mut not_done| {
            if let (NotDone::Failed(failed), Some(limit)) = (&mut not_done, self.time_limit)
                && !failed.by_command
                && before + failed.cost.wall >= limit
            {
                failed.failure.message = format!(
                    "the sketch took longer than {} s (--sketch-timeout)",
                    limit.as_secs_f64()
                );
            }
            not_done
        })
    }

    /// Compiles with the precompiled header where there is one; a result that is already known is taken in either form. What fails
    /// with one is compiled again without it, so that no failure comes from it: a compiler may crash over it, or understand an option differently.
    fn compile_unit(&self, unit: &SketchUnit, time: Option<Duration>) -> Result<Done, NotDone> {
        let perform = |action: &Action, lacks_pch: bool| {
            self.executor
                .perform_under(action, Terms { time, lacks_pch })
        };
        let Some(with) = &unit.pch else {
            return perform(&unit.action, false);
        };
        let known = self
            .executor
            .peek(&with.action)
            .or_else(|| self.executor.peek(&unit.action));
        if let Some(known) = known {
            return Ok(known);
        }
        match with.id.map(|id| self.shared.pch(id)) {
            Some(Made::Usable) => match perform(&with.action, false) {
                Err(NotDone::Failed(failed)) if failed.by_command => perform(&unit.action, true),
                result => result,
            },
            Some(Made::Failed) => perform(&unit.action, true),
            Some(Made::Skipped) | None => perform(&unit.action, false),
        }
    }
}

/// Returns the outcome of a sketch that lacks something of stage 1.
fn blocked(
    plan: &BuildPlan,
    sketch: &SketchPlan,
    archives: &ArchiveSet,
    trace: &mut Trace,
) -> Option<SketchOutcome> {
    let needed = std::iter::once(sketch.core).chain(sketch.archives.iter().copied());
    for id in needed {
        let archive = &plan.archives[id.index()];
        match archives.get(id) {
            Ok(_) => trace.log.remark(&format!(
                "{}: {}",
                archive.label,
                archive.path.with_file_name("build.log")
            )),
            Err(Missing::Failed(failed)) => {
                let failure = Failure {
                    message: format!("{}: {}", failed.label, failed.failure.message),
                    ..failed.failure.clone()
                };
                return Some(SketchOutcome::Blocked {
                    by: archive.blame.clone(),
                    failure,
                });
            }
            Err(Missing::Stopped) => return Some(SketchOutcome::Cancelled),
        }
    }
    None
}
