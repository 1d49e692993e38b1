//! Carries out one action: look up, else run, check what it read, publish.
//!
//! The executor does not know stages or sketches; it is called by pool workers. Looking up takes no lock and writes nothing.

mod depfiles;
pub(crate) mod folders;
mod keep;
pub mod peaks;
pub mod place;
mod results;
mod steps;
pub mod temporary;

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::sync::mpsc::Sender;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Cache, Entry, Lookup, Output as Stored, Slot};
use fbuild_model::event::{ActionEnding, ActionReport};
use fbuild_model::outcome::{Failure, Phase, Stage};
use fbuild_model::{Cost, Digest, Event, Fingerprint, MissReason, error_chain};

use self::results::Results;
use crate::action::{Action, Done, Failed, NotDone, Reads};
use crate::exec::folders::Folders;
use fbuild_process::lock::lock;
use fbuild_process::runner::Runner;
use fbuild_process::stop::Stop;

/// How often something is tried of which somebody deletes parts. Once a run has its refuge nothing can be lost any more, so that the second
/// time succeeds; the third is for what was lost on the way there.
pub(crate) const ATTEMPTS: usize = 3;

/// Carries out actions.
#[derive(Debug)]
pub struct Executor<'a> {
    /// The store of results, for what is known of earlier runs; results of this run are asked for here.
    pub cache: &'a Cache,
    /// Starts the processes.
    pub runner: &'a Runner,
    /// Whether to go on.
    pub stop: &'a Stop,
    /// Where events go.
    pub events: Sender<Event>,
    /// A program put in front of compiler commands (`ccache`), with its arguments.
    pub launcher: Vec<String>,
    results: Results<'a>,
    used: Mutex<Vec<Fingerprint>>,
    tallies: Mutex<[Tally; 2]>,
    peaks: Mutex<BTreeMap<String, u64>>,
    folders: Folders,
}

/// What the actions of one stage came to so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// Actions whose result was found.
    pub hits: usize,
    /// Actions that ran.
    pub ran: usize,
    /// What they cost.
    pub cost: Cost,
}

impl<'a> Executor<'a> {
    /// Makes an executor; what it cannot keep in the cache it keeps for this run below `dir`.
    pub fn new(
        cache: &'a Cache,
        runner: &'a Runner,
        stop: &'a Stop,
        events: Sender<Event>,
        launcher: Vec<String>,
        dir: &Utf8Path,
    ) -> Self {
        Self {
            results: Results::new(cache, dir),
            cache,
            runner,
            stop,
            events,
            launcher,
            used: Mutex::default(),
            tallies: Mutex::default(),
            peaks: Mutex::default(),
            folders: Folders::default(),
        }
    }

    /// Returns the results that this run used, each once.
    pub fn used(&self) -> Vec<Fingerprint> {
        let mut used = lock(&self.used).clone();
        used.sort();
        used.dedup();
        used
    }

    /// Returns what the actions of `stage` came to so far.
    pub fn tally(&self, stage: Stage) -> Tally {
        lock(&self.tallies)[stage as usize]
    }

    /// Returns the largest resident set of a child in bytes, by board.
    pub fn peaks(&self) -> BTreeMap<String, u64> {
        lock(&self.peaks).clone()
    }

    /// Returns where the file of this content is.
    pub fn blob(&self, digest: Digest) -> Utf8PathBuf {
        self.results.blob(digest)
    }

    /// Returns whether there is a result under this fingerprint.
    pub fn knows(&self, fingerprint: Fingerprint) -> bool {
        self.results.lookup(fingerprint).hit().is_ok()
    }

    /// Puts an output where it is found. If somebody deleted it, [`NotDone::Lost`] says so, and the action has to be performed again.
    ///
    /// # Errors
    /// If it is gone, or the place cannot be written, which is a failure of `phase`.
    pub fn place(
        &self,
        action: &Action,
        phase: Phase,
        output: &Stored,
        path: &Utf8Path,
    ) -> Result<(), NotDone> {
        let placed = self.results.place(output, path).map(drop);
        placed.map_err(|error| self.gone(action, output, Failure::new(phase, error_chain(&error))))
    }

    /// Tells whether something failed because somebody deleted the output.
    fn gone(&self, action: &Action, output: &Stored, failure: Failure) -> NotDone {
        let failed = own_failure(action, failure.phase, failure.message);
        if self.results.has(output.digest) {
            return failed;
        }
        self.take_refuge(&action.label);
        lost(failed)
    }

    /// Returns the text of an output. If somebody deleted it, [`NotDone::Lost`] says so, and the action has to be performed again.
    ///
    /// # Errors
    /// If it is gone or cannot be read, which is a failure of `phase`.
    pub fn text(&self, action: &Action, phase: Phase, output: &Stored) -> Result<String, NotDone> {
        let read = fs_err::read_to_string(self.results.blob(output.digest));
        read.map_err(|error| self.gone(action, output, Failure::new(phase, error.to_string())))
    }

    /// Takes members that were deleted out of the archives that were made of them.
    pub fn restore<'b>(&self, wanted: impl Iterator<Item = (&'b [u8], &'b [(String, Digest)])>) {
        for (archive, members) in wanted {
            let missing: HashSet<Digest> = members
                .iter()
                .map(|(_, digest)| *digest)
                .filter(|digest| !self.results.has(*digest))
                .collect();
            if !missing.is_empty() {
                results::members(archive)
                    .filter(|bytes| missing.contains(&Digest::of(bytes)))
                    .for_each(|bytes| self.results.restore(bytes));
            }
        }
    }

    fn take_refuge(&self, label: &str) -> bool {
        self.warn(format!(
            "something that `{label}` needs was deleted from the cache during the run; it is made again"
        ));
        self.results.take_refuge()
    }

    /// Returns the action's stored result if there is one, without running anything.
    pub fn peek(&self, action: &Action) -> Option<Done> {
        match self.find(action) {
            Found::Hit(entry) => Some(self.hit(action, entry)),
            Found::Miss(..) => None,
        }
    }

    /// Returns the action's result: stored, or made now and stored.
    ///
    /// # Errors
    /// If one of its commands fails or the run is stopped.
    pub fn perform(&self, action: &Action) -> Result<Done, NotDone> {
        self.perform_noting(action, None)
    }

    /// Like [`Self::perform`] for a compile that should have had a precompiled preamble, which could not be made; the report counts those.
    ///
    /// # Errors
    /// As [`Self::perform`].
    pub fn perform_without_pch(&self, action: &Action) -> Result<Done, NotDone> {
        self.perform_noting(action, Some(false))
    }

    fn perform_noting(&self, action: &Action, pch: Option<bool>) -> Result<Done, NotDone> {
        match self.find(action) {
            Found::Hit(entry) => Ok(self.hit(action, entry)),
            Found::Miss(..) if !self.stop.may_start() => Err(NotDone::Stopped),
            Found::Miss(slot, why) => self.run(action, slot, why, pch),
        }
    }

    fn find(&self, action: &Action) -> Found {
        if let Reads::Unknown { because } = &action.reads {
            let because = because.clone();
            return Found::Miss(None, Some(MissReason::Uncacheable { because }));
        }
        match self.results.lookup(action.fingerprint) {
            Lookup::Hit(entry) => Found::Hit(entry),
            Lookup::Miss(slot) => Found::Miss(Some(slot), None),
            Lookup::Damaged { slot, problem } => {
                self.warn(format!(
                    "cache entry of `{}` is not usable and is made again: {problem}",
                    action.label
                ));
                Found::Miss(Some(slot), Some(MissReason::Damaged { problem }))
            }
        }
    }

    fn hit(&self, action: &Action, entry: Entry) -> Done {
        self.mark_used(action.fingerprint);
        self.report(action, ActionEnding::Hit);
        Done {
            outputs: entry.outputs,
            text: action.path_map.restore(&entry.note.text),
            cost: Cost::default(),
            kept: self.results.is_cache().then_some(action.fingerprint),
        }
    }

    fn run(
        &self,
        action: &Action,
        slot: Option<Slot>,
        why: Option<MissReason>,
        mut pch: Option<bool>,
    ) -> Result<Done, NotDone> {
        // Asked before the run, which is the next that is compared with.
        let reason = why.unwrap_or_else(|| self.cache.reason(&action.subject, &action.parts()));
        let _ = self.events.send(Event::WorkStarted {
            stage: action.stage,
            label: action.label.clone(),
        });
        let mut cost = Cost::default();
        let keep = slot.is_some();
        let mut result = self.run_steps(action, slot, &mut cost, &mut pch);
        if let Err(NotDone::Lost(_)) = result
            && self.take_refuge(&action.label)
            && inputs_are_there(action)
        {
            let slot = self.results.slot_again(action.fingerprint);
            let slot = slot.filter(|_| keep);
            result = self.run_steps(action, slot, &mut cost, &mut pch);
        }
        self.report(
            action,
            ActionEnding::Ran {
                reason,
                cost,
                success: result.is_ok(),
                preamble: pch,
            },
        );
        result
    }

    /// Runs the commands in a new directory, and tells a failure from one that is none: somebody deleted what the commands worked with.
    fn run_steps(
        &self,
        action: &Action,
        slot: Option<Slot>,
        cost: &mut Cost,
        pch: &mut Option<bool>,
    ) -> Result<Done, NotDone> {
        let scratch = self.results.scratch().map_err(|error| {
            lost(own_failure(
                action,
                action.first_phase(),
                error_chain(&error),
            ))
        })?;
        let work = action.in_place.as_deref().unwrap_or(scratch.path());
        let result = self.run_steps_in(action, work, cost).and_then(|text| {
            let read = depfiles::dependencies(work);
            *pch = action
                .pch
                .as_deref()
                .and_then(|header| depfiles::pch_used(&read, header))
                .or(*pch);
            let slot = slot.filter(|_| self.may_keep(action, work, &read));
            self.keep(action, slot, work, &scratch, text, *cost)
        });
        if result.is_err() && !(scratch.is_intact() && self.sees_inputs(action, work)) {
            return result.map_err(lost);
        }
        result
    }

    /// Returns whether an action still sees in `work` the files that it works on; a folder of which something is gone is made again next time.
    fn sees_inputs(&self, action: &Action, work: &Utf8Path) -> bool {
        let mut all = inputs_are_there(action);
        for folder in &action.folders {
            let dir = work.join(&folder.name);
            if !folder.links.iter().all(|(name, _)| dir.join(name).exists()) {
                self.folders.forget(&folder.links);
                all = false;
            }
        }
        all
    }

    /// Counts results of an earlier run that nothing needed to look at, because what was made of them is up to date.
    pub fn count_up_to_date(&self, stage: Stage, results: impl Iterator<Item = Fingerprint>) {
        let mut used = lock(&self.used);
        let before = used.len();
        used.extend(results);
        lock(&self.tallies)[stage as usize].hits += used.len() - before;
    }

    fn mark_used(&self, fingerprint: Fingerprint) {
        lock(&self.used).push(fingerprint);
    }

    fn report(&self, action: &Action, ending: ActionEnding) {
        self.count(action, &ending);
        let command = action.command_lines().join("\n");
        let report = ActionReport {
            stage: action.stage,
            label: action.label.clone(),
            command,
            ending,
        };
        // The receiver outlives the executor; if it is gone, the run is being torn down and nobody listens.
        let _ = self.events.send(Event::ActionFinished(report));
    }

    fn count(&self, action: &Action, ending: &ActionEnding) {
        if let ActionEnding::Ran { cost, .. } = ending {
            let mut peaks = lock(&self.peaks);
            let peak = peaks.entry(action.board().to_owned()).or_default();
            *peak = cost.peak_memory.max(*peak);
        }
        let tally = &mut lock(&self.tallies)[action.stage as usize];
        match ending {
            ActionEnding::Hit => tally.hits += 1,
            ActionEnding::Ran { cost, .. } => {
                tally.ran += 1;
                tally.cost = tally.cost.plus(*cost);
            }
        }
    }

    fn warn(&self, text: String) {
        let _ = self.events.send(Event::Warning(text));
    }
}

enum Found {
    Hit(Entry),
    /// The place for a result, if one may be kept, and the reason, if it is not to be found in the history.
    Miss(Option<Slot>, Option<MissReason>),
}

fn lost(not_done: NotDone) -> NotDone {
    match not_done {
        NotDone::Failed(failed) => NotDone::Lost(failed),
        other => other,
    }
}

/// Returns whether the files that an action works on are all there.
fn inputs_are_there(action: &Action) -> bool {
    let in_folders = action.folders.iter().flat_map(|folder| &folder.links);
    let mut all = action.links.iter().chain(in_folders);
    all.all(|(_, target)| target.exists())
}

fn own_failure(action: &Action, phase: Phase, message: String) -> NotDone {
    NotDone::Failed(Box::new(Failed {
        label: action.label.clone(),
        failure: Failure::new(phase, message),
        cost: Cost::default(),
    }))
}
