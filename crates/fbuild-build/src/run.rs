//! A whole run: plan, stage 1, stage 2.
//!
//! While stage 1 runs, the workers of stage 2 compile sketches in the job slots that it leaves free; then they link. The two phases that are
//! reported do not overlap: stage 1 lasts until its archives are there, stage 2 from then on.

use std::num::NonZeroUsize;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use fbuild_cache::Cache;
use fbuild_model::event::StageReport;
use fbuild_model::outcome::Stage;
use fbuild_model::{Digest, Event};
use fbuild_platform::BoardSpec;

use crate::action::Action;
use crate::exec::Executor;
use crate::exec::peaks;
use crate::incremental::record;
use crate::incremental::snapshot::Made;
use crate::output_dir::{self, OutputDirError};
use crate::plan::PlanError;
use crate::plan::planner::{self, Extent};
use crate::plan::quirks::quirks_applied;
use crate::plan::{ArchiveId, BuildPlan, Planned, SketchWork};
use crate::request::{Exception, Request};
use crate::services::Services;
use crate::stage::shared::{self, Shared};
use crate::stage::sketches::{Handover, Sketches};
use crate::stage::{ArchiveSet, OpenError};
use crate::stage::{pch, warnings};
use crate::toolchain::Toolchain;
use fbuild_process::job_slots::JobSlots;

/// Why a run ended without outcomes.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A worker pool could not be made.
    #[error("start the workers")]
    Pool(#[from] rayon::ThreadPoolBuildError),
    /// Another process changed what stage 1 made.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The output directory cannot be used.
    #[error(transparent)]
    OutputDir(#[from] OutputDirError),
}

/// Makes the plan of a request and says so; with [`Extent::NotUpToDate`], sketches whose firmware is in place are not planned.
///
/// # Errors
/// If a tool is missing, a platform cannot be used, or the output directory cannot be written.
pub fn plan(
    request: &Request,
    extent: Extent,
    services: Services<'_>,
    events: &Sender<Event>,
) -> Result<Planned, BuildError> {
    output_dir::check(request)?;
    // An audit needs the results, and those of a sketch that is up to date are not looked up.
    let extent = match request.audit {
        Some(_) => Extent::All,
        None => extent,
    };
    planned(
        request,
        services,
        events,
        &Toolchain::new(services.cache, services.runner).launched_by(&request.launcher),
        extent,
    )
}

/// Makes a plan that is only looked at: it may name programs that are not installed. Sketches whose compiler is missing are planned unscanned,
/// without libraries and prototypes, and no hook runs for them.
///
/// # Errors
/// If a platform cannot be used.
pub fn preview(
    request: &Request,
    services: Services<'_>,
    events: &Sender<Event>,
) -> Result<Planned, BuildError> {
    planned(
        request,
        services,
        events,
        &Toolchain::for_preview(services.cache, services.runner).launched_by(&request.launcher),
        Extent::All,
    )
}

fn planned(
    request: &Request,
    services: Services<'_>,
    events: &Sender<Event>,
    tools: &Toolchain<'_>,
    extent: Extent,
) -> Result<Planned, BuildError> {
    let began = Instant::now();
    let _ = events.send(Event::RunStarted {
        boards: request
            .boards
            .iter()
            .map(|board| board.fqbn().to_string())
            .collect(),
        sketches: request.sketches.len(),
        unrequested: request
            .exceptions
            .values()
            .filter(|exception| matches!(exception, Exception::NotRequested))
            .count(),
        framework_jobs: request.framework_jobs.get(),
        sketch_jobs: request.sketch_jobs.get(),
    });
    let pool = pool("plan", request.sketch_jobs.get())?;
    let boards: Vec<BoardSpec> = request
        .boards
        .iter()
        .map(|board| {
            if request.quirks {
                quirks_applied(board, tools)
            } else {
                board.clone()
            }
        })
        .collect();
    let planned = pool.install(|| planner::plan(request, &boards, tools, services, extent))?;
    let plan = &planned.plan;
    for warning in &plan.warnings {
        let _ = events.send(Event::Warning(warning.clone()));
    }
    let _ = events.send(Event::Planned {
        duration: began.elapsed(),
        cost: planned.cost,
        libraries: plan.libraries.clone(),
        shared_actions: plan.shared.len() + planned.shared_up_to_date().len(),
        fallbacks: planned.fallbacks.clone(),
    });
    Ok(planned)
}

/// Carries out a plan. Every entry of the plan ends with one [`Event::SketchFinished`].
///
/// # Errors
/// If the workers cannot be started, or another process changed what stage 1 made.
pub fn build(
    request: &Request,
    planned: &Planned,
    services: Services<'_>,
    events: Sender<Event>,
) -> Result<(), BuildError> {
    let plan = &planned.plan;
    let (stage1_jobs, stage2_jobs) = (request.framework_jobs.get(), request.sketch_jobs.get());
    let (stage1_pool, stage2_pool) = (pool("stage1", stage1_jobs)?, pool("stage2", stage2_jobs)?);
    let launcher = request.launcher.clone();
    let executor = Executor::new(services, events, launcher, &request.output_dir)
        .audited(request.audit.is_some());
    count_up_to_date(planned, &executor);
    executor.look_up(plan.shared.iter().chain(own_actions(plan)));
    warnings::report_up_to_date(plan, &executor);
    let shared = Shared::new(plan);
    let mut limits = request.limits;
    if request.fail_fast {
        limits.max_failures = Some(NonZeroUsize::MIN);
    }
    let sketches = Sketches::new(plan, &shared, &executor, limits);
    let slots = JobSlots::new(stage1_jobs.max(stage2_jobs));
    // Taken before any sketch is compiled: sketches wait for precompiled headers, so stage 1 must not wait for sketches.
    let taken: Vec<_> = (0..stage1_jobs).map(|_| slots.take()).collect();
    let handover = Handover::default();
    let finished = |stage: Stage, began: Instant, key: Option<Digest>| {
        let tally = executor.ledger.tally(stage);
        let _ = executor.events.send(Event::StageFinished(StageReport {
            stage,
            wall: began.elapsed(),
            cost: tally.cost,
            hits: tally.hits,
            ran: tally.ran,
            key: key.map(|key| key.to_string()),
        }));
    };
    let stage1 = || -> Result<ArchiveSet, OpenError> {
        let began = Instant::now();
        let archives = shared::build(plan, &shared, &executor, &stage1_pool, taken)?;
        // A key of nothing would look like that of a stage that made something else.
        let own = || (!plan.archives.is_empty()).then(|| archives.key());
        finished(Stage::Shared, began, planned.key_up_to_date().or_else(own));
        Ok(archives)
    };
    let opened = std::thread::scope(|scope| {
        scope.spawn(|| sketches.run(&stage2_pool, &slots, &handover));
        let archives = std::panic::catch_unwind(std::panic::AssertUnwindSafe(stage1));
        slots.close();
        let _ = executor.events.send(Event::StageStarted {
            stage: Stage::Sketch,
            total: plan.sketches.len(),
        });
        let began = Instant::now();
        let (archives, opened) = match archives {
            Ok(Ok(archives)) => (Some(archives), Ok(Ok(()))),
            Ok(Err(error)) => (None, Ok(Err(error))),
            // Stage 2 must not wait for archives that never come.
            Err(panic) => (None, Err(panic)),
        };
        handover.give(archives);
        match opened {
            Ok(opened) => opened.map(|()| began),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
    let began = opened?;
    if let Some(Some(archives)) = handover.get() {
        record(planned, archives, &sketches, services.cache);
    }
    finished(Stage::Sketch, began, None);
    if let Some(wanted) = request.audit {
        let prepare = |action: &Action| pch::is_provided(plan, action, &executor);
        stage2_pool.install(|| executor.audit(wanted, prepare));
    }
    executor.finish_remote();
    services.cache.touch_used(executor.ledger.used());
    for (board, peak) in executor.ledger.peaks() {
        peaks::record(services.cache, &board, peak);
    }
    // A little at a time, and only if this run wrote something.
    services
        .cache
        .gc_if_over(request.cache_limit, Duration::from_secs(2));
    Ok(())
}

/// Counts the results that sketches which are up to date were made of.
fn count_up_to_date(planned: &Planned, executor: &Executor<'_>) {
    let ledger = &executor.ledger;
    ledger.count_up_to_date(Stage::Shared, planned.shared_up_to_date().into_iter());
    ledger.count_up_to_date(Stage::Shared, planned.derived_up_to_date().into_iter());
    for entry in &planned.plan.sketches {
        if let SketchWork::UpToDate(record) = &entry.work {
            ledger.count_up_to_date(Stage::Sketch, record.used.iter().copied());
        }
    }
}

/// Lists the actions that compile the sketches' own code, in each form that they have.
fn own_actions(plan: &BuildPlan) -> impl Iterator<Item = &Action> {
    let units = plan.sketches.iter().flat_map(|entry| match &entry.work {
        SketchWork::Build(sketch) => sketch.units.as_slice(),
        _ => &[],
    });
    units.flat_map(|unit| {
        let with_pch = unit.pch.iter().map(|with| &with.action);
        std::iter::once(&unit.action).chain(with_pch)
    })
}

/// Writes down what was built, so that the next run need not plan what has not changed.
fn record(planned: &Planned, archives: &ArchiveSet, sketches: &Sketches<'_>, cache: &Cache) {
    let (plan, of_plan) = (&planned.plan, &planned.snapshot);
    let (Some(snapshot), mut records) = (&of_plan.own, sketches.records()) else {
        return;
    };
    if records.is_empty() {
        return;
    }
    let mut snapshot = snapshot.clone();
    let made = plan
        .archives
        .iter()
        .enumerate()
        .filter_map(|(index, archive)| {
            let input = archives.get(ArchiveId::new(index)).ok()?;
            // What was not fetched is not in the output directory.
            if input.is_far() {
                return None;
            }
            let made = Made {
                of: archive.made_of(&plan.shared),
                bytes: input.digest(),
            };
            input.kept().map(|kept| (archive.path.clone(), made, kept))
        });
    let made: Vec<_> = made.collect();
    let fingerprint = |action: &Action| action.fingerprint;
    let pchs = plan.pchs.iter().map(|pch| &pch.action);
    let results = made.iter().map(|(_, _, kept)| *kept);
    snapshot.add_made(
        archives.key(),
        made.iter().map(|(path, made, _)| (path.clone(), *made)),
        plan.shared.iter().map(fingerprint),
        pchs.map(fingerprint).chain(results),
    );
    let Some(digest) =
        record::keep_snapshot(cache, &snapshot, &of_plan.scan_cache, &of_plan.earlier)
    else {
        return;
    };
    for (key, record) in &mut records {
        record.snapshot = digest;
        record::keep(cache, *key, record);
    }
}

fn pool(name: &'static str, jobs: usize) -> Result<rayon::ThreadPool, rayon::ThreadPoolBuildError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .thread_name(move |index| format!("{name}-{index}"))
        .build()
}
