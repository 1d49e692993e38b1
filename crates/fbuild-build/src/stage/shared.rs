//! Stage 1: builds what sketches share, once, and stops.
//!
//! A bounded pool compiles the plan's shared actions, most expensive first; an archive is made by the worker that finished its last member.
//! The result is an [`ArchiveSet`], which only this module makes. The stage does not know sketches.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use camino::Utf8PathBuf;
use fbuild_cache::{Output, StatMemo};
use fbuild_model::fingerprint::PartKind;
use fbuild_model::outcome::{Failure, Phase, Stage};
use fbuild_model::{Cost, DigestWriter, Event, Parts};

use crate::action::inputs::Inputs;
use crate::action::{Action, Outputs, Reads, Step};
use crate::action::{Done, Failed, NotDone};
use crate::exec::{Executor, place};
use crate::plan::{ActionId, ArchiveId, ArchivePlan, BuildPlan, Linkage, PchId};
use crate::stage::caught;
use crate::stage::log::Log;
use crate::stage::pch::{self, Made};
use crate::stage::warnings;
use crate::stage::{ArchiveSet, Missing, OpenError, Recorded};
use fbuild_model::error_chain;
use fbuild_process::job_slots::JobSlot;
use fbuild_process::lock::lock;

/// Results of stage 1 while it runs; complete when it has ended.
#[derive(Debug)]
pub struct Shared {
    done: Vec<OnceLock<Result<Done, NotDone>>>,
    archives: Vec<OnceLock<Result<Recorded, Missing>>>,
    pchs: Vec<OnceLock<Made>>,
    left: Vec<AtomicUsize>,
}

impl Shared {
    /// Makes the empty results of a plan.
    pub fn new(plan: &BuildPlan) -> Self {
        fn empty<T>(count: usize) -> Vec<OnceLock<T>> {
            std::iter::repeat_with(OnceLock::new).take(count).collect()
        }
        let left = plan
            .archives
            .iter()
            .map(|archive| AtomicUsize::new(archive.members.len()))
            .collect();
        Self {
            done: empty(plan.shared.len()),
            archives: empty(plan.archives.len()),
            pchs: empty(plan.pchs.len()),
            left,
        }
    }

    /// Waits for a preamble and returns what became of it.
    pub(crate) fn pch(&self, id: PchId) -> Made {
        *self.pchs[id.index()].wait()
    }
}

/// What a worker of stage 1 does next.
#[derive(Debug, Clone, Copy)]
enum Task {
    Preamble(PchId),
    Compile(ActionId),
    /// An archive without members.
    Archive(ArchiveId),
}

/// Runs stage 1 to its end.
///
/// # Errors
/// If an archive is not what was just recorded. Failures of actions are part of the set.
pub fn build(
    plan: &BuildPlan,
    shared: &Shared,
    executor: &Executor<'_>,
    pool: &rayon::ThreadPool,
    slots: Vec<JobSlot<'_>>,
) -> Result<ArchiveSet, OpenError> {
    let _ = executor.events.send(Event::StageStarted {
        stage: Stage::Shared,
        total: plan.shared.len() + plan.pchs.len() + plan.archives.len(),
    });
    let queue = Mutex::new(queue(plan, executor).into_iter());
    let users = users(plan);
    let slots = Mutex::new(slots);
    let next = || lock(&queue).next();
    pool.broadcast(|_| {
        // A worker holds its job slot until nothing is left for it; then a sketch may be compiled in it.
        let _slot = lock(&slots).pop();
        while let Some(task) = next() {
            match task {
                Task::Preamble(id) => {
                    let make = || pch::make(plan, &plan.pchs[id.index()], executor);
                    // Sketches wait for it, so it is set in any case.
                    let made = caught(make).unwrap_or(Made::Failed);
                    let _ = shared.pchs[id.index()].set(made);
                }
                Task::Archive(id) => archive(plan, shared, executor, id),
                Task::Compile(id) => {
                    let action = &plan.shared[id.index()];
                    let done = caught(|| executor.perform(action))
                        .unwrap_or_else(|panic| Err(Failed::panicked(action, panic)));
                    let _ = shared.done[id.index()].set(done);
                    for &user in &users[id.index()] {
                        if shared.left[user.index()].fetch_sub(1, Ordering::SeqCst) == 1 {
                            archive(plan, shared, executor, user);
                        }
                    }
                }
            }
        }
    });
    let made = shared
        .archives
        .iter()
        .map(|archive| archive.get().cloned().unwrap_or(Err(Missing::Stopped)))
        .collect();
    ArchiveSet::seal(made)
}

/// Orders the work: preambles first because sketches wait for them, then the most expensive action first.
fn queue(plan: &BuildPlan, executor: &Executor<'_>) -> Vec<Task> {
    let mut compiles: Vec<(std::cmp::Reverse<u128>, ActionId)> = plan
        .shared
        .iter()
        .enumerate()
        .map(|(index, action)| {
            (
                std::cmp::Reverse(expected_cost(action, executor)),
                ActionId::new(index),
            )
        })
        .collect();
    compiles.sort();
    let pchs = (0..plan.pchs.len()).map(|index| Task::Preamble(PchId::new(index)));
    let empty = (0..plan.archives.len()).filter(|&index| plan.archives[index].members.is_empty());
    pchs.chain(empty.map(|index| Task::Archive(ArchiveId::new(index))))
        .chain(compiles.into_iter().map(|(_, id)| Task::Compile(id)))
        .collect()
}

/// Estimates what an action will cost: what it cost last time, else by the amount of text it reads.
pub(crate) fn expected_cost(action: &Action, executor: &Executor<'_>) -> u128 {
    if let Some(cost) = executor.cache.last_cost(&action.subject) {
        return cost.cpu.as_nanos();
    }
    match &action.reads {
        // About what avr-gcc takes per byte of source and header.
        Reads::Closure(closure) => closure
            .files
            .iter()
            .map(|file| file.length() as u128 * 400)
            .sum(),
        _ => 0,
    }
}

/// Lists for each action the archives that it is a member of.
fn users(plan: &BuildPlan) -> Vec<Vec<ArchiveId>> {
    let mut users = vec![Vec::new(); plan.shared.len()];
    for (index, archive) in plan.archives.iter().enumerate() {
        for member in &archive.members {
            users[member.action.index()].push(ArchiveId::new(index));
        }
    }
    users
}

fn archive(plan: &BuildPlan, shared: &Shared, executor: &Executor<'_>, id: ArchiveId) {
    let archive = &plan.archives[id.index()];
    let result = caught(|| make_archive(plan, archive, shared, executor)).unwrap_or_else(|panic| {
        let failure = Failure::new(Phase::Archive, panic);
        Err(Missing::Failed(Box::new(Failed {
            label: archive.label.clone(),
            failure,
            cost: Cost::default(),
            by_command: false,
        })))
    });
    let _ = shared.archives[id.index()].set(result);
}

fn make_archive(
    plan: &BuildPlan,
    archive: &ArchivePlan,
    shared: &Shared,
    executor: &Executor<'_>,
) -> Result<Recorded, Missing> {
    let log = log(plan, archive, shared);
    let board = archive.subject.split(' ').next().unwrap_or_default();
    warnings::report(executor, board, &archive.blame, log.as_str());
    if let Err(error) = log.save(&archive.path.with_file_name("build.log")) {
        let _ = executor.events.send(Event::Warning(error_chain(&error)));
    }
    let (objects, all_kept) = objects(archive, shared)?;
    let action = archive_action(archive, &objects, executor);
    let is_read = archive.linkage == Linkage::Referenced;
    // A large library's archive is recognised as a program is; reading it whole in every run would be most of a warm run.
    let is_in_place = |output: &Output| {
        let present = StatMemo::new(executor.cache).digest(&archive.path);
        present.is_ok_and(|present| present == output.digest)
    };
    let recognised = match is_read {
        true => None,
        false => executor.recognise(&action, is_in_place),
    };
    let done = match recognised {
        Some(done) => done,
        None => {
            let done = executor.perform(&action).map_err(not_made)?;
            if !done.outputs.first().is_some_and(is_in_place) {
                put_in_place(archive, &action, &done, executor)?;
            }
            done
        }
    };
    let output = done.outputs.first().ok_or(Missing::Stopped)?;
    let file = executor.blob(output.digest);
    let members = objects
        .iter()
        .map(|(name, object)| (name.clone(), object.digest))
        .collect();
    Ok(Recorded {
        is_far: is_read && executor.is_far(output.digest),
        file: is_read.then_some(file),
        digest: output.digest,
        content: content(&objects),
        members,
        kept: done.kept.filter(|_| all_kept),
    })
}

/// Puts an archive into the output directory, where it shares its room with the cache; one whose bytes are on a server only if an archive of an earlier build would be left there.
fn put_in_place(
    archive: &ArchivePlan,
    action: &Action,
    done: &Done,
    executor: &Executor<'_>,
) -> Result<(), Missing> {
    let output = done.outputs.first().ok_or(Missing::Stopped)?;
    if archive.path.exists() {
        executor
            .bring_outputs(action, done, |_| true)
            .map_err(not_made)?;
    }
    let file = executor.blob(output.digest);
    if file.exists()
        && let Err(error) = place::share(&file, output, &archive.path)
    {
        // No link reads the archive there.
        let _ = executor.events.send(Event::Warning(error_chain(&error)));
    }
    Ok(())
}

/// Lists the objects of an archive by name, and says whether the cache has all of them.
fn objects(
    archive: &ArchivePlan,
    shared: &Shared,
) -> Result<(Vec<(String, Output)>, bool), Missing> {
    let mut kept = true;
    let mut objects = Vec::with_capacity(archive.members.len());
    for member in &archive.members {
        let done = shared.done[member.action.index()].get();
        let done = match done.unwrap_or(&Err(NotDone::Stopped)) {
            Ok(done) => done,
            Err(not_done) => return Err(not_made(not_done.clone())),
        };
        // A compile action has exactly one object among its outputs, the first.
        let object = done.outputs.first().cloned().ok_or(Missing::Stopped)?;
        kept &= done.kept.is_some();
        objects.push((member.name.clone(), object));
    }
    Ok((objects, kept))
}

fn not_made(not_done: NotDone) -> Missing {
    match not_done {
        NotDone::Failed(failed) => Missing::Failed(failed),
        NotDone::Stopped => Missing::Stopped,
    }
}

fn archive_action(
    archive: &ArchivePlan,
    objects: &[(String, Output)],
    executor: &Executor<'_>,
) -> Action {
    let name = archive.path.file_name().unwrap_or("objects.a");
    let mut parts = Parts::default();
    for command in &archive.commands {
        parts.add(PartKind::Tool, command.program.clone(), archive.tool);
        command.args.iter().for_each(|arg| parts.argument(arg));
    }
    for (name, object) in objects {
        parts.add(PartKind::Object, name, object.digest);
    }
    let links = objects.iter().map(|(name, object)| {
        (
            format!("members/{name}").into(),
            executor.blob(object.digest),
        )
    });
    Action {
        stage: Stage::Shared,
        label: format!("{}/{name}", archive.label),
        subject: archive.subject.clone(),
        source: Utf8PathBuf::new(),
        steps: archive
            .commands
            .iter()
            .map(|command| Step::new(Phase::Archive, command.clone()))
            .collect(),
        generated: Vec::new(),
        links: links.collect(),
        folders: Vec::new(),
        outputs: Outputs::Files(vec![name.to_owned()]),
        fingerprint: parts.fingerprint(),
        inputs: Inputs::Listed(parts),
        reads: Reads::Objects,
        pch: None,
        in_place: None,
        path_map: Arc::default(),
    }
}

fn content(objects: &[(String, Output)]) -> fbuild_model::Digest {
    let mut writer = DigestWriter::new("archive members");
    for (name, object) in objects {
        writer.field(name).digest(object.digest);
    }
    writer.finish()
}

/// Writes down what the members' commands were and printed.
fn log(plan: &BuildPlan, archive: &ArchivePlan, shared: &Shared) -> Log {
    let mut log = Log::new(&archive.label);
    for member in &archive.members {
        let at = member.action.index();
        let lines = plan.shared[at].command_lines();
        match shared.done[at].get() {
            Some(Ok(done)) => log.commands(&lines, &done.text),
            Some(Err(NotDone::Failed(failed))) => {
                log.commands(&lines, "");
                log.failure(&failed.failure);
            }
            Some(Err(NotDone::Stopped)) | None => {
                log.remark(&format!("not run: {}", lines.join("; ")))
            }
        }
    }
    log
}
