//! Carries out one action: look up, else run, check what it read, publish.
//!
//! The executor does not know stages or sketches; it is called by pool workers. Looking up takes no lock and writes nothing.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::sync::mpsc::Sender;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Cache, Entry, Lookup, Note, Output as Stored, Scratch, Slot};
use fbuild_model::event::{ActionEnding, ActionReport};
use fbuild_model::outcome::{Failure, Phase, Stage};
use fbuild_model::{Cost, Digest, Event, Fingerprint, MissReason, diagnostic};
use fbuild_platform::fit_command_line;

use crate::action::{Action, Outputs, Reads, Step};
use crate::deliver::{self, Merged};
use crate::depfiles::{self, is_declared};
use crate::folders::{FolderError, Folders};
use crate::lock::lock;
use crate::place;
use crate::results::{self, Results};
use crate::runner::{RunError, Runner};
use crate::stop::Stop;

/// The result of an action that succeeded.
#[derive(Debug, Clone)]
pub struct Done {
    /// Its outputs, in order of name for a set found by prefix.
    pub outputs: Vec<Stored>,
    /// What its commands printed, now or when the result was made.
    pub text: String,
    /// What its processes cost in this run; zero for a hit.
    pub cost: Cost,
    /// Whether the result was found in the cache.
    pub hit: bool,
    /// The fingerprint under which the cache has the result; `None` if it could not be kept.
    pub kept: Option<Fingerprint>,
}

impl Done {
    /// Returns the output of this name.
    pub fn output(&self, name: &str) -> Option<&Stored> {
        self.outputs.iter().find(|output| output.name == name)
    }
}

/// How often something is tried of which somebody deletes parts. Once a run has its refuge nothing can be lost any more, so that the second
/// time succeeds; the third is for what was lost on the way there.
pub(crate) const ATTEMPTS: usize = 3;

/// Why an action has no result.
#[derive(Debug, Clone)]
pub enum NotDone {
    /// A command failed.
    Failed(Box<Failed>),
    /// Somebody deleted what it needs; if that is made again, it can be performed again.
    Lost(Box<Failed>),
    /// The run was stopped.
    Stopped,
}

/// An action that failed.
#[derive(Debug, Clone)]
pub struct Failed {
    /// The label of the action.
    pub label: String,
    /// What went wrong.
    pub failure: Failure,
    /// What its processes cost.
    pub cost: Cost,
}

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
        placed.map_err(|error| self.gone(action, output, Failure::new(phase, chain(&error))))
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
    pub fn perform_without_preamble(&self, action: &Action) -> Result<Done, NotDone> {
        self.perform_noting(action, Some(false))
    }

    fn perform_noting(&self, action: &Action, preamble: Option<bool>) -> Result<Done, NotDone> {
        match self.find(action) {
            Found::Hit(entry) => Ok(self.hit(action, entry)),
            Found::Miss(..) if !self.stop.may_start() => Err(NotDone::Stopped),
            Found::Miss(slot, why) => self.run(action, slot, why, preamble),
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
            text: action.roots.restore(&entry.note.text),
            cost: Cost::default(),
            hit: true,
            kept: self.results.is_cache().then_some(action.fingerprint),
        }
    }

    fn run(
        &self,
        action: &Action,
        slot: Option<Slot>,
        why: Option<MissReason>,
        mut preamble: Option<bool>,
    ) -> Result<Done, NotDone> {
        // Asked before the run, which is the next that is compared with.
        let reason = why.unwrap_or_else(|| self.cache.reason(&action.subject, &action.parts()));
        let _ = self.events.send(Event::WorkStarted {
            stage: action.stage,
            label: action.label.clone(),
        });
        let mut cost = Cost::default();
        let keep = slot.is_some();
        let mut result = self.run_steps(action, slot, &mut cost, &mut preamble);
        if let Err(NotDone::Lost(_)) = result
            && self.take_refuge(&action.label)
            && inputs_are_there(action)
        {
            let slot = self.results.slot_again(action.fingerprint);
            let slot = slot.filter(|_| keep);
            result = self.run_steps(action, slot, &mut cost, &mut preamble);
        }
        self.report(
            action,
            ActionEnding::Ran {
                reason,
                cost,
                success: result.is_ok(),
                preamble,
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
        preamble: &mut Option<bool>,
    ) -> Result<Done, NotDone> {
        let scratch = self
            .results
            .scratch()
            .map_err(|error| lost(own_failure(action, action.first_phase(), chain(&error))))?;
        let work = action.in_place.as_deref().unwrap_or(scratch.path());
        let result = self.run_steps_in(action, work, cost).and_then(|text| {
            let read = depfiles::dependencies(work);
            *preamble = action
                .preamble
                .as_deref()
                .and_then(|header| depfiles::preamble_used(&read, header))
                .or(*preamble);
            let slot = slot.filter(|_| self.may_keep(action, work, &read));
            self.keep(action, slot, work, &scratch, text, *cost)
        });
        if scratch.is_intact() && inputs_are_there(action) {
            result
        } else {
            result.map_err(lost)
        }
    }

    fn run_steps_in(
        &self,
        action: &Action,
        work: &Utf8Path,
        cost: &mut Cost,
    ) -> Result<String, NotDone> {
        let own = |phase, message: String| own_failure(action, phase, message);
        self.prepare(action, work)
            .map_err(|error| own(action.first_phase(), chain(&error)))?;
        let mut text = String::new();
        for step in action.steps_in(work) {
            let phase = step.phase;
            if let (Some(bootloader), Outputs::Prefix(project)) = (&step.merge, &action.outputs) {
                match deliver::with_bootloader(bootloader, project, work) {
                    Ok(Merged::Not(reason)) => text.push_str(&format!("{reason}\n")),
                    Ok(Merged::Files(_)) => {}
                    Err(failure) => return Err(own(failure.phase, failure.message)),
                }
            }
            let mut command = self.launched(&step);
            if phase != Phase::Compile {
                // What a compiler reads does not lie in the directory it works in; its depfile keeps the names that are known.
                command = fit_command_line(command, work, Utf8Path::exists);
            }
            let output = match self.runner.run(&command) {
                Ok(output) => output,
                Err(RunError::Stopped { .. }) => return Err(NotDone::Stopped),
                Err(error) => return Err(own(phase, chain(&error))),
            };
            *cost = cost.plus(output.cost);
            let failed = output.failure();
            let printed = match (&failed, step.stdout) {
                (None, Some(name)) => {
                    fs_err::write(work.join(name), &output.stdout)
                        .map_err(|error| own(phase, error.to_string()))?;
                    String::from_utf8_lossy(&output.stderr).into_owned()
                }
                _ => output.text(),
            };
            text.push_str(&printed.replace(work.as_str(), "$WORK"));
            match failed {
                Some(how) if !step.optional => {
                    let mut failure = own(
                        phase,
                        format!("{} ended with {how}", program_name(&command.program)),
                    );
                    if let NotDone::Failed(failed) = &mut failure {
                        failed.failure.diagnostics = diagnostic::parse_gcc(&text);
                        if let Some(cause) = diagnostic::root_cause(&failed.failure.diagnostics) {
                            failed.failure.message = cause.to_string();
                        }
                        failed.failure.output = text;
                        failed.cost = *cost;
                    }
                    return Err(failure);
                }
                Some(how) => {
                    self.warn(format!(
                        "{}: `{}` ended with {how}",
                        action.label,
                        program_name(&command.program)
                    ));
                }
                None => {}
            }
        }
        Ok(text)
    }

    /// Writes the generated files and makes the links of an action.
    fn prepare(&self, action: &Action, work: &Utf8Path) -> Result<(), FolderError> {
        for file in &action.generated {
            place::write_if_changed(file.path(), &file.bytes())?;
        }
        for (name, target) in &action.links {
            place::link(target, &work.join(name))?;
        }
        for folder in &action.folders {
            let made = self.folders.get(&folder.links, || self.results.scratch())?;
            place::link(made.path(), &work.join(&folder.name))?;
        }
        if let Outputs::Files(names) = &action.outputs {
            for name in names {
                place::create_parent(&work.join(name))?;
            }
        }
        Ok(())
    }

    /// Takes what the commands made into the store.
    fn keep(
        &self,
        action: &Action,
        slot: Option<Slot>,
        work: &Utf8Path,
        scratch: &Scratch,
        text: String,
        cost: Cost,
    ) -> Result<Done, NotDone> {
        let own = |message: String| own_failure(action, action.first_phase(), message);
        let files = outputs(action, work).map_err(own)?;
        let files: Vec<(&str, &Utf8Path)> = files
            .iter()
            .map(|(name, path)| (name.as_str(), path.as_path()))
            .collect();
        let note = Note {
            text: action.roots.text(&text),
            cost,
            ..Note::default()
        };
        let entry = match self.results.take_in(&files, note) {
            Ok(entry) if scratch.is_intact() => entry,
            // Some of the outputs may have been deleted before they were listed.
            Ok(_) => return Err(lost(own("its outputs were deleted".to_owned()))),
            Err(error) => return Err(lost(own(chain(&error)))),
        };
        let kept = (slot.is_some() && self.results.is_cache()).then_some(action.fingerprint);
        if let Some(slot) = slot {
            self.mark_used(action.fingerprint);
            self.cache.record(&action.subject, &action.parts(), cost);
            self.results.make_findable(slot, &entry);
        }
        Ok(Done {
            outputs: entry.outputs,
            text,
            cost,
            hit: false,
            kept,
        })
    }

    /// Puts the compiler launcher in front of a compiler command.
    fn launched(&self, step: &Step) -> fbuild_model::Command {
        let mut command = step.command.clone();
        if let (Phase::Compile, Some((program, args))) = (step.phase, self.launcher.split_first()) {
            let compiler = std::mem::replace(&mut command.program, program.clone());
            command
                .args
                .splice(0..0, args.iter().cloned().chain([compiler]));
        }
        command
    }

    /// Decides whether the result may be stored: the compiler read what the scanner said, and nothing changed meanwhile.
    fn may_keep(&self, action: &Action, work: &Utf8Path, read: &[Utf8PathBuf]) -> bool {
        let closure = match &action.reads {
            Reads::Objects => return true,
            Reads::Unknown { .. } => return false,
            Reads::Closure(closure) => closure,
        };
        if let Some(file) = closure.files.iter().find(|file| !file.is_unchanged()) {
            self.warn(format!(
                "`{}` changed while `{}` was compiled; the result is not kept",
                file.path(),
                action.label
            ));
            return false;
        }
        let declared: HashSet<&Utf8Path> = closure.files.iter().map(|file| file.path()).collect();
        let undeclared = read.iter().find(|path| {
            // The precompiled preamble stands for headers that are declared one by one.
            path.extension() != Some("gch")
                && !path.starts_with(work)
                && !is_declared(&declared, path)
        });
        match undeclared {
            Some(path) => {
                self.warn(format!(
                    "`{}` read `{path}`, which the scanner did not see; the result is not kept",
                    action.label
                ));
                false
            }
            None => true,
        }
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

/// Lists the files that the action left in its working directory, links apart.
fn outputs(action: &Action, work: &Utf8Path) -> Result<Vec<(String, Utf8PathBuf)>, String> {
    match &action.outputs {
        Outputs::Files(names) => {
            if let Some(missing) = names.iter().find(|name| !work.join(name).is_file()) {
                return Err(format!(
                    "the command succeeded but did not write `{missing}`"
                ));
            }
            Ok(names
                .iter()
                .map(|name| (name.clone(), work.join(name)))
                .collect())
        }
        Outputs::Prefix(prefix) => {
            let mut files = Vec::new();
            for entry in work
                .read_dir_utf8()
                .map_err(|error| format!("list {work}: {error}"))?
            {
                let entry = entry.map_err(|error| format!("list {work}: {error}"))?;
                let wanted = entry.file_name().starts_with(prefix.as_str())
                    || action
                        .steps
                        .iter()
                        .any(|step| step.stdout == Some(entry.file_name()));
                if wanted && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                    files.push((entry.file_name().to_owned(), entry.path().to_owned()));
                }
            }
            files.sort();
            Ok(files)
        }
    }
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

fn program_name(program: &str) -> &str {
    Utf8Path::new(program).file_name().unwrap_or(program)
}

/// Writes an error and its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
