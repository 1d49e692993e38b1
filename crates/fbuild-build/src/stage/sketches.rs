//! Stage 2: compiles each sketch's own code and links it with what stage 1 made.
//!
//! Compiling needs nothing of stage 1 but perhaps a preamble, so it may begin while stage 1 still runs and seats are free. Linking needs an
//! [`ArchiveSet`]. Nothing here compiles a core or library source, runs library discovery or writes an archive.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use fbuild_model::outcome::{Failure, Firmware, Phase, SketchOutcome, SketchResult};
use fbuild_model::{Command, Cost, Digest, Event};

use crate::action::Action;
use crate::action::{Done, NotDone};
use crate::exec::place;
use crate::exec::{ATTEMPTS, Executor};
use crate::incremental::record::{Record, RecordKey};
use crate::plan::hooks;
use crate::plan::link_steps::SIZE_OUTPUT;
use crate::plan::{BuildPlan, SketchEntry, SketchPlan, SketchUnit, SketchWork};
use crate::stage::deliver;
use crate::stage::link;
use crate::stage::pch::Made;
use crate::stage::shared::{Shared, expected_cost};
use crate::stage::trace::{Trace, stopped};
use crate::stage::{ArchiveSet, Missing};
use fbuild_model::error_chain;
use fbuild_process::job_slots::Budget;
use fbuild_process::lock::lock;

/// The sketches of a run and how far they are.
#[derive(Debug)]
pub struct Sketches<'a> {
    plan: &'a BuildPlan,
    shared: &'a Shared,
    executor: &'a Executor<'a>,
    states: Vec<State>,
    /// Positions in the plan, the most expensive sketch first.
    order: Vec<usize>,
    /// Failures after which no more work starts.
    max_failures: Option<NonZeroUsize>,
    failures: AtomicUsize,
}

/// Stage 1's archives, once they are there; `None` if they cannot be used.
#[derive(Debug, Default)]
pub struct Handover(OnceLock<Option<ArchiveSet>>);

impl Handover {
    /// Hands the archives over; from then on sketches are linked.
    pub fn give(&self, archives: Option<ArchiveSet>) {
        let _ = self.0.set(archives);
    }

    /// Returns the archives if they were handed over.
    pub fn get(&self) -> Option<&Option<ArchiveSet>> {
        self.0.get()
    }
}

/// How far one sketch is.
#[derive(Debug, Default)]
struct State {
    /// Somebody compiles it while stage 1 runs.
    busy: AtomicBool,
    /// Somebody finishes it or has finished it.
    finished: AtomicBool,
    compiled: Mutex<Option<Compiled>>,
    /// What a later run may know of it.
    record: OnceLock<Record>,
}

/// A sketch whose units were compiled.
#[derive(Debug)]
struct Compiled {
    /// One result per unit that was tried; the last one may be a failure.
    units: Vec<Result<Done, NotDone>>,
    /// What the platform's hooks around compiling printed, or the one that failed.
    hooks: Result<String, Failure>,
    took: Duration,
}

impl<'a> Sketches<'a> {
    /// Prepares stage 2 of a plan.
    pub fn new(
        plan: &'a BuildPlan,
        shared: &'a Shared,
        executor: &'a Executor<'a>,
        max_failures: Option<NonZeroUsize>,
    ) -> Self {
        let states = plan.sketches.iter().map(|_| State::default()).collect();
        let mut order: Vec<(u128, usize)> = plan
            .sketches
            .iter()
            .enumerate()
            .map(|(index, entry)| match &entry.work {
                SketchWork::Build(sketch) => (
                    sketch
                        .units
                        .iter()
                        .map(|unit| expected_cost(&unit.action, executor))
                        .sum(),
                    index,
                ),
                _ => (0, index),
            })
            .collect();
        order.sort_by_key(|&(cost, index)| (std::cmp::Reverse(cost), index));
        Self {
            plan,
            shared,
            executor,
            states,
            order: order.into_iter().map(|(_, index)| index).collect(),
            max_failures,
            failures: AtomicUsize::new(0),
        }
    }

    /// Brings every sketch to its outcome.
    ///
    /// Until stage 1 hands its archives over, workers compile in seats that it leaves free; from then on each links what is compiled and
    /// compiles what is not. A worker goes from the one to the other by itself, so a sketch that compiles for long holds up nobody.
    pub fn run(&self, pool: &rayon::ThreadPool, budget: &Budget, handover: &Handover) {
        let (early, late) = (AtomicUsize::new(0), AtomicUsize::new(0));
        pool.broadcast(|_| {
            while let Some(seat) = budget.take_as_guest() {
                let Some(&index) = self.order.get(early.fetch_add(1, Ordering::SeqCst)) else {
                    break;
                };
                let SketchWork::Build(sketch) = &self.plan.sketches[index].work else {
                    continue;
                };
                let state = &self.states[index];
                state.busy.store(true, Ordering::SeqCst);
                let compiled = self.compile(sketch);
                *lock(&state.compiled) = Some(compiled);
                state.busy.store(false, Ordering::SeqCst);
                drop(seat);
                if let Some(Some(archives)) = handover.0.get() {
                    self.finish(index, archives);
                }
            }
            let Some(archives) = handover.0.wait() else {
                return;
            };
            while let Some(&index) = self.order.get(late.fetch_add(1, Ordering::SeqCst)) {
                // Who compiles it now sees the archives when that is done, and finishes it.
                if !self.states[index].busy.load(Ordering::SeqCst) {
                    self.finish(index, archives);
                }
            }
        });
    }

    /// Finishes a sketch unless somebody else does.
    fn finish(&self, index: usize, archives: &ArchiveSet) {
        if !self.states[index].finished.swap(true, Ordering::SeqCst) {
            let result = self.one(index, archives);
            let _ = self.executor.events.send(Event::SketchFinished {
                index,
                result: Box::new(result),
            });
        }
    }

    /// Returns what a later run may know of the sketches that were built and where it is kept; the trails are still to be filled in.
    pub fn records(&self) -> Vec<(RecordKey, Record)> {
        let of = |(entry, state): (&SketchEntry, &State)| match &entry.work {
            SketchWork::Build(sketch) => Some((sketch.record?, state.record.get()?.clone())),
            _ => None,
        };
        self.plan
            .sketches
            .iter()
            .zip(&self.states)
            .filter_map(of)
            .collect()
    }

    fn one(&self, index: usize, archives: &ArchiveSet) -> SketchResult {
        let entry = &self.plan.sketches[index];
        let began = Instant::now();
        let mut trace = Trace::new(entry);
        let outcome = match &entry.work {
            SketchWork::Skip(rule) => SketchOutcome::Skipped(rule.clone()),
            SketchWork::UpToDate(record) => return up_to_date(entry, record, began.elapsed()),
            SketchWork::Fail { .. } if self.executor.stop.is_cancelled() => {
                SketchOutcome::Cancelled
            }
            SketchWork::Fail { failure, remarks } => {
                remarks.iter().for_each(|remark| trace.log.remark(remark));
                SketchOutcome::Failed(failure.clone())
            }
            SketchWork::Build(sketch) => self.build(index, sketch, archives, &mut trace),
        };
        if let Some(failure) = outcome.failure() {
            let failures = self.failures.fetch_add(1, Ordering::SeqCst) + 1;
            if self
                .max_failures
                .is_some_and(|limit| failures >= limit.get())
            {
                self.executor.stop.drain();
            }
            // Firmware that is too big is there to be looked at (specification 6.4); any other is that of an earlier build.
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
        let log = if has_log {
            self.saved(trace.log.save(&path))
        } else {
            None
        };
        let libraries = match &entry.work {
            SketchWork::Build(sketch) => sketch.libraries.clone(),
            _ => Vec::new(),
        };
        if let (SketchWork::Build(sketch), SketchOutcome::Built(firmware), Some(log)) =
            (&entry.work, &outcome, &log)
            && let Some(record) = trace.record(firmware, log, sketch, self.plan, archives)
        {
            let _ = self.states[index].record.set(record);
        }
        SketchResult {
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
        }
    }

    fn saved(
        &self,
        saved: Result<camino::Utf8PathBuf, place::PlaceError>,
    ) -> Option<camino::Utf8PathBuf> {
        saved
            .inspect_err(|error| {
                drop(
                    self.executor
                        .events
                        .send(Event::Warning(error_chain(error))),
                )
            })
            .ok()
    }

    fn build(
        &self,
        index: usize,
        sketch: &SketchPlan,
        archives: &ArchiveSet,
        trace: &mut Trace,
    ) -> SketchOutcome {
        let mut left = ATTEMPTS;
        loop {
            left -= 1;
            let not_done = match self.attempt(index, sketch, archives, trace) {
                Ok(outcome) => return outcome,
                Err(not_done) => not_done,
            };
            if !matches!(not_done, NotDone::Lost(_)) || left == 0 {
                return trace.not_done(&[], not_done, self.executor);
            }
            // What is lost of stage 1 is in its archives; what is lost of the sketch is compiled again.
            let all = sketch
                .archives
                .iter()
                .filter_map(|id| archives.get(*id).ok());
            self.executor
                .restore(all.map(|archive| (archive.bytes(), archive.members())));
            trace.start_again(&self.plan.sketches[index]);
        }
    }

    /// Builds a sketch once.
    ///
    /// # Errors
    /// If its link has no result.
    fn attempt(
        &self,
        index: usize,
        sketch: &SketchPlan,
        archives: &ArchiveSet,
        trace: &mut Trace,
    ) -> Result<SketchOutcome, NotDone> {
        sketch
            .remarks
            .iter()
            .for_each(|remark| trace.log.remark(remark));
        if let Some(outcome) = blocked(self.plan, sketch, archives, trace) {
            return Ok(outcome);
        }
        let early = lock(&self.states[index].compiled).take();
        let compiled = early.unwrap_or_else(|| {
            let compiled = self.compile(sketch);
            Compiled {
                took: Duration::ZERO,
                ..compiled
            }
        });
        trace.earlier += compiled.took;
        let mut objects = Vec::with_capacity(sketch.units.len());
        for (unit, done) in sketch.units.iter().zip(compiled.units) {
            match done {
                Ok(done) => {
                    trace.done(&unit.action.command_lines(), &done);
                    objects.push(done);
                }
                Err(not_done) => {
                    return Ok(trace.not_done(
                        &unit.action.command_lines(),
                        not_done,
                        self.executor,
                    ));
                }
            }
        }
        match compiled.hooks {
            Ok(printed) if printed.is_empty() => {}
            Ok(printed) => trace.log.text(&printed),
            Err(failure) => return Ok(SketchOutcome::Failed(failure)),
        }
        if objects.len() < sketch.units.len() {
            return Ok(stopped(self.executor));
        }
        let action = match link::action(
            self.plan,
            &self.plan.sketches[index],
            sketch,
            &objects,
            archives,
            self.executor,
        ) {
            Ok(action) => action,
            Err(failure) => return Ok(SketchOutcome::Failed(failure)),
        };
        let lines = action.command_lines();
        match self.executor.perform(&action) {
            Ok(done) => {
                trace.done(&lines, &done);
                self.conclude(index, sketch, &action, &done, trace)
            }
            Err(not_done @ NotDone::Lost(_)) => {
                trace.log.commands(&lines, "");
                Err(not_done)
            }
            Err(not_done) => Ok(trace.not_done(&lines, not_done, self.executor)),
        }
    }

    /// Puts the firmware in place, then measures and checks it: the files are there also when they are too big (specification 6.4).
    fn conclude(
        &self,
        index: usize,
        sketch: &SketchPlan,
        action: &Action,
        done: &Done,
        trace: &mut Trace,
    ) -> Result<SketchOutcome, NotDone> {
        let out_dir = &self.plan.sketches[index].out_dir;
        let mut artifacts = Vec::new();
        for output in done
            .outputs
            .iter()
            .filter(|output| output.name != SIZE_OUTPUT)
        {
            let path = out_dir.join(&output.name);
            self.executor.place(action, Phase::Objcopy, output, &path)?;
            trace.files.push((path.clone(), output.digest));
            artifacts.push(path);
        }
        let linked = artifacts.len();
        match deliver::extras(sketch, out_dir, &mut artifacts, self.executor.runner) {
            Ok(remarks) => remarks.iter().for_each(|remark| trace.log.remark(remark)),
            Err(failure) => return Ok(SketchOutcome::Failed(failure)),
        }
        for path in &artifacts[linked..] {
            match fs_err::read(path) {
                Ok(bytes) => trace.files.push((path.clone(), Digest::of(&bytes))),
                Err(error) => {
                    let failure = Failure::new(Phase::Objcopy, error.to_string());
                    return Ok(SketchOutcome::Failed(failure));
                }
            }
        }
        let elf = artifacts
            .iter()
            .map(Utf8PathBuf::as_path)
            .find(|path| path.extension() == Some("elf"));
        let printed = match done.output(SIZE_OUTPUT) {
            Some(output) => Some(self.executor.text(action, Phase::Size, output)?),
            None => None,
        };
        Ok(
            match link::measured(sketch, printed.as_deref(), elf, &mut trace.log) {
                Ok(sizes) => SketchOutcome::Built(Firmware { artifacts, sizes }),
                Err(failure) => SketchOutcome::Failed(failure),
            },
        )
    }

    /// Compiles the units of one sketch, up to the first that fails.
    fn compile(&self, sketch: &SketchPlan) -> Compiled {
        let began = Instant::now();
        let mut units = Vec::with_capacity(sketch.units.len());
        let hooks = |commands: &[Command]| hooks::run(commands, self.executor.runner);
        let mut printed = match hooks(&sketch.hooks.before) {
            Ok(printed) => printed,
            Err(failure) => {
                return Compiled {
                    units,
                    hooks: Err(failure),
                    took: began.elapsed(),
                };
            }
        };
        for unit in &sketch.units {
            let done = self.compile_unit(unit);
            let go_on = done.is_ok();
            units.push(done);
            if !go_on {
                break;
            }
        }
        let hooks = hooks(&sketch.hooks.after).map(|text| {
            printed.push_str(&text);
            printed
        });
        Compiled {
            units,
            hooks,
            took: began.elapsed(),
        }
    }

    /// Compiles with the precompiled preamble where there is one; a result that is already known is taken in either form.
    fn compile_unit(&self, unit: &SketchUnit) -> Result<Done, NotDone> {
        if let Some(with) = &unit.pch {
            let known = self
                .executor
                .peek(&with.action)
                .or_else(|| self.executor.peek(&unit.action));
            if let Some(known) = known {
                return Ok(known);
            }
            match with.id.map(|id| self.shared.pch(id)) {
                Some(Made::Usable) => return self.executor.perform(&with.action),
                Some(Made::Failed) => return self.executor.perform_without_pch(&unit.action),
                Some(Made::Skipped) | None => {}
            }
        }
        self.executor.perform(&unit.action)
    }
}

/// Returns the result of a sketch whose firmware is in place.
fn up_to_date(entry: &SketchEntry, record: &Record, duration: Duration) -> SketchResult {
    SketchResult {
        board: entry.board.clone(),
        sketch: entry.name.clone(),
        dir: entry.dir.clone(),
        outcome: SketchOutcome::Built(record.firmware()),
        log: record.log.clone(),
        warnings: record.warnings.clone(),
        duration,
        cost: Cost::default(),
        cached: true,
        libraries: record.libraries.clone(),
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
