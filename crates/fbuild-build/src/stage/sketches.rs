//! Stage 2: compiles each sketch's own code and links it with what stage 1 made.
//!
//! Compiling needs nothing of stage 1 but perhaps a precompiled header, so it may begin while stage 1 still runs and job slots are free. Linking
//! needs an [`ArchiveSet`]. What is done for one sketch is in [`crate::stage::sketch`]; this file decides which worker does it when.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use fbuild_model::outcome::{Failure, Phase, SketchOutcome, SketchResult};
use fbuild_model::{Cost, Event};

use crate::exec::Executor;
use crate::incremental::record::{Record, RecordKey};
use crate::plan::{BuildPlan, SketchEntry, SketchPlan, SketchWork};
use crate::request::Limits;
use crate::stage::shared::{Shared, expected_cost};
use crate::stage::sketch::{Compiled, OneSketch};
use crate::stage::{ArchiveSet, caught};
use fbuild_process::job_slots::JobSlots;
use fbuild_process::lock::lock;

/// The sketches of a run and how far they are.
#[derive(Debug)]
pub struct Sketches<'a> {
    plan: &'a BuildPlan,
    shared: &'a Shared,
    executor: &'a Executor<'a>,
    states: Vec<Mutex<SketchState>>,
    /// Positions in the plan, the most expensive sketch first.
    order: Vec<usize>,
    /// Failed sketches so far.
    failures: AtomicUsize,
    limits: Limits,
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

/// How far one sketch is. Each change is made under the lock by the worker that does the next step, so two workers never do the same.
#[derive(Debug)]
enum SketchState {
    /// Nothing was done.
    Waiting,
    /// A worker compiles it while stage 1 runs.
    Compiling,
    /// It is compiled and waits for the archives.
    Compiled(Compiled),
    /// A worker brings it to its outcome.
    Finishing,
    /// It has its outcome; a later run may know this of it.
    Finished(Option<Box<Record>>),
}

impl<'a> Sketches<'a> {
    /// Prepares stage 2 of a plan.
    pub fn new(
        plan: &'a BuildPlan,
        shared: &'a Shared,
        executor: &'a Executor<'a>,
        limits: Limits,
    ) -> Self {
        let cost = |entry: &SketchEntry| match &entry.work {
            SketchWork::Build(sketch) => sketch
                .units
                .iter()
                .map(|unit| expected_cost(&unit.action, executor))
                .sum(),
            _ => 0,
        };
        let costs = plan.sketches.iter().map(cost);
        let mut order: Vec<(u128, usize)> = costs.zip(0..).collect();
        order.sort_by_key(|&(cost, index)| (std::cmp::Reverse(cost), index));
        Self {
            plan,
            shared,
            executor,
            states: plan
                .sketches
                .iter()
                .map(|_| Mutex::new(SketchState::Waiting))
                .collect(),
            order: order.into_iter().map(|(_, index)| index).collect(),
            failures: AtomicUsize::new(0),
            limits,
        }
    }

    /// Brings every sketch to its outcome.
    ///
    /// Until stage 1 hands its archives over, workers compile in job slots that it leaves free; from then on each links what is compiled and
    /// compiles what is not. A worker goes from the one to the other by itself, so a sketch that compiles for long holds up no other.
    pub fn run(&self, pool: &rayon::ThreadPool, slots: &JobSlots, handover: &Handover) {
        let (early, late) = (AtomicUsize::new(0), AtomicUsize::new(0));
        pool.broadcast(|_| {
            while let Some(slot) = slots.take_while_open() {
                let Some(&index) = self.order.get(early.fetch_add(1, Ordering::SeqCst)) else {
                    break;
                };
                self.compile_early(index);
                drop(slot);
                if let Some(Some(archives)) = handover.0.get() {
                    self.finish(index, archives);
                }
            }
            let Some(archives) = handover.0.wait() else {
                return;
            };
            while let Some(&index) = self.order.get(late.fetch_add(1, Ordering::SeqCst)) {
                self.finish(index, archives);
            }
        });
    }

    /// Compiles a sketch for which nothing was done yet.
    fn compile_early(&self, index: usize) {
        let SketchWork::Build(sketch) = &self.plan.sketches[index].work else {
            return;
        };
        {
            let mut state = lock(&self.states[index]);
            if !matches!(*state, SketchState::Waiting) {
                return;
            }
            *state = SketchState::Compiling;
        }
        let next = match caught(|| self.one(index).compile(sketch)) {
            Ok(compiled) => SketchState::Compiled(compiled),
            // It is tried again in its turn, and fails there with its result.
            Err(_) => SketchState::Waiting,
        };
        *lock(&self.states[index]) = next;
    }

    /// Brings a sketch to its outcome, unless another worker does or will: one that compiles it now sees the archives when that is done.
    fn finish(&self, index: usize, archives: &ArchiveSet) {
        let compiled = {
            let mut state = lock(&self.states[index]);
            match std::mem::replace(&mut *state, SketchState::Finishing) {
                SketchState::Waiting => None,
                SketchState::Compiled(compiled) => Some(compiled),
                other => {
                    *state = other;
                    return;
                }
            }
        };
        let began = Instant::now();
        let done = caught(|| match &self.plan.sketches[index].work {
            SketchWork::UpToDate(record) => {
                let entry = &self.plan.sketches[index];
                (up_to_date(entry, record, began), None)
            }
            _ => self.one(index).finish(compiled, archives),
        });
        let (result, record) =
            done.unwrap_or_else(|panic| (panicked(&self.plan.sketches[index], panic, began), None));
        *lock(&self.states[index]) = SketchState::Finished(record.map(Box::new));
        if result.outcome.failure().is_some() {
            let failures = self.failures.fetch_add(1, Ordering::SeqCst) + 1;
            if self
                .limits
                .max_failures
                .is_some_and(|most| failures >= most.get())
            {
                self.executor.stop.drain();
            }
        }
        let _ = self.executor.events.send(Event::SketchFinished {
            index,
            result: Box::new(result),
        });
    }

    fn one(&self, index: usize) -> OneSketch<'_> {
        OneSketch {
            plan: self.plan,
            entry: &self.plan.sketches[index],
            shared: self.shared,
            executor: self.executor,
            time_limit: self.limits.sketch_timeout,
        }
    }

    /// Returns what a later run may know of the sketches that were built and where it is kept; their snapshots are still to be filled in.
    pub fn records(&self) -> Vec<(RecordKey, Record)> {
        let of = |(entry, state): (&SketchEntry, &Mutex<SketchState>)| {
            let sketch: &SketchPlan = match &entry.work {
                SketchWork::Build(sketch) => sketch,
                _ => return None,
            };
            match &*lock(state) {
                SketchState::Finished(Some(record)) => Some((sketch.record?, (**record).clone())),
                _ => None,
            }
        };
        self.plan
            .sketches
            .iter()
            .zip(&self.states)
            .filter_map(of)
            .collect()
    }
}

/// Returns the result of a sketch whose firmware is in place.
fn up_to_date(entry: &SketchEntry, record: &Record, began: Instant) -> SketchResult {
    SketchResult {
        outcome: SketchOutcome::Built(record.firmware()),
        log: record.log.clone(),
        warnings: record.warnings.clone(),
        cached: true,
        libraries: record.libraries.clone(),
        ..without_work(entry, began)
    }
}

/// Returns the result of a sketch whose build panicked.
fn panicked(entry: &SketchEntry, panic: String, began: Instant) -> SketchResult {
    SketchResult {
        outcome: SketchOutcome::Failed(Failure::new(Phase::Compile, panic)),
        ..without_work(entry, began)
    }
}

fn without_work(entry: &SketchEntry, began: Instant) -> SketchResult {
    SketchResult {
        board: entry.board.clone(),
        sketch: entry.name.clone(),
        dir: entry.dir.clone(),
        outcome: SketchOutcome::NotRun,
        log: None,
        warnings: Vec::new(),
        duration: began.elapsed(),
        cost: Cost::default(),
        cached: false,
        libraries: Vec::new(),
    }
}
