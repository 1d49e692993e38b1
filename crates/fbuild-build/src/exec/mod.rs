//! Carries out one action: look up, else run, verify, publish.
//!
//! The executor does not know stages or sketches; it is called by pool workers. Where results come from and go to is the business of
//! `results`, how commands run that of `steps`, which of their files count that of `outputs`.

pub(crate) mod audit;
mod depfiles;
mod far;
pub(crate) mod folders;
pub mod ledger;
mod numbered;
mod outputs;
pub mod peaks;
pub mod place;
mod results;
mod run_dir;
mod steps;
pub mod temporary;
mod working_dir;

use std::sync::mpsc::Sender;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Cache, Output as Stored};
use fbuild_model::event::{ActionEnding, ActionReport};
use fbuild_model::{Cost, Digest, Event, Fingerprint, MissReason, error_chain};
use fbuild_process::lock::lock;
use fbuild_process::runner::Runner;
use fbuild_process::stop::Stop;

use self::audit::Hits;
use self::folders::Folders;
use self::ledger::Ledger;
use self::results::{Found, Results};
use self::steps::Ran;
use crate::action::{Action, Done, Failed, NotDone};
use crate::services::Services;

/// What is special about performing an action.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms {
    /// How long its processes may run in sum; `None`: as long as any action's.
    pub time: Option<Duration>,
    /// Whether it is a compile for which a precompiled header was planned that could not be made or used; the report counts those.
    pub lacks_pch: bool,
}

/// Carries out actions.
#[derive(Debug)]
pub struct Executor<'a> {
    /// The store of results, for what is known of earlier runs.
    pub cache: &'a Cache,
    /// Starts the processes.
    pub runner: &'a Runner,
    /// Whether to go on.
    pub stop: &'a Stop,
    /// Where events go.
    pub events: Sender<Event>,
    /// What the actions came to.
    pub ledger: Ledger,
    launcher: Vec<String>,
    results: Results<'a>,
    folders: Folders,
    /// What is taken from the cache, if that is to be audited.
    hits: Option<Hits>,
}

impl<'a> Executor<'a> {
    /// Makes an executor that keeps the files of this run below `output_dir`; `launcher` is a program put in front of compiler commands
    /// (`ccache`), with its arguments.
    pub fn new(
        services: Services<'a>,
        events: Sender<Event>,
        launcher: Vec<String>,
        output_dir: &Utf8Path,
    ) -> Self {
        Self {
            cache: services.cache,
            runner: services.runner,
            stop: services.stop,
            events,
            ledger: Ledger::default(),
            launcher,
            results: Results::new(services.cache, output_dir, services.remote),
            folders: Folders::default(),
            hits: None,
        }
    }

    /// Notes what is taken from the cache for [`Self::audit`] if `audited`; every result is looked up and read then.
    #[must_use]
    pub fn audited(mut self, audited: bool) -> Self {
        self.hits = audited.then(Hits::default);
        self
    }

    /// Returns the file with this content, which is an output of an action of this run.
    pub fn blob(&self, digest: Digest) -> Utf8PathBuf {
        self.results.run_dir.blob(digest)
    }

    /// Looks up on the server, all at once, what of these actions the cache does not have.
    pub fn look_up<'p>(&self, actions: impl Iterator<Item = &'p Action>) {
        self.results.look_up(actions);
    }

    /// Waits for uploads, and warns if the server failed.
    pub fn finish_remote(&self) {
        let Some((used, reason)) = self.results.finish() else {
            return;
        };
        let _ = self.events.send(Event::RemoteUsed(used));
        if let Some(reason) = reason {
            self.warn(format!(
                "the remote cache failed, and the run went on without it: {reason}"
            ));
        }
    }

    /// Returns whether the bytes of this output are not on this machine yet.
    pub fn is_far(&self, digest: Digest) -> bool {
        !self.results.run_dir.has(digest)
    }

    /// Makes the files at those of `paths` available that are results of a server: fetches them, or makes them again.
    ///
    /// # Errors
    /// If an action that has to run again fails, or the run is stopped.
    pub fn bring<'p>(&self, paths: impl Iterator<Item = &'p Utf8Path>) -> Result<(), NotDone> {
        for blob in self.results.fetch(paths) {
            let _one = lock(&blob.making);
            let digest = blob.output.digest;
            if self.results.run_dir.has(digest) {
                continue;
            }
            if !self.stop.may_start() {
                return Err(NotDone::Stopped);
            }
            let why = MissReason::Damaged {
                problem: "the remote cache does not have it any more".to_owned(),
            };
            self.run(&blob.producer, Some(why), Terms::default())?;
            if !self.results.run_dir.has(digest) {
                let message = format!(
                    "`{}` has other bytes than on the remote cache; build once without --remote-cache",
                    blob.output.name
                );
                let phase = blob.producer.first_phase();
                return Err(Failed::own(&blob.producer, phase, message));
            }
        }
        Ok(())
    }

    /// Makes the outputs of an action available that `is_needed` names, and keeps the result in the cache if all are here.
    ///
    /// # Errors
    /// As [`Self::bring`].
    pub fn bring_outputs(
        &self,
        action: &Action,
        done: &Done,
        is_needed: impl Fn(&Stored) -> bool,
    ) -> Result<(), NotDone> {
        let needed = done.outputs.iter().filter(|output| is_needed(output));
        let paths: Vec<Utf8PathBuf> = needed.map(|output| self.blob(output.digest)).collect();
        self.bring(paths.iter().map(Utf8PathBuf::as_path))?;
        self.results.adopt(action, done);
        Ok(())
    }

    /// Returns whether there is a result under this fingerprint.
    pub fn knows(&self, fingerprint: Fingerprint) -> bool {
        self.results.knows(fingerprint)
    }

    /// Returns the action's stored result if there is one, without running anything.
    pub fn peek(&self, action: &Action) -> Option<Done> {
        match self.results.find(action) {
            Found::Hit(done) => Some(self.hit(action, done)),
            Found::Miss(_) => None,
        }
    }

    /// Returns the action's stored result if `is_in_place` says of its only output that it is needed no more; the output is not read then.
    pub fn recognise(
        &self,
        action: &Action,
        is_in_place: impl FnOnce(&Stored) -> bool,
    ) -> Option<Done> {
        if self.hits.is_some() {
            return None;
        }
        let done = self.results.recorded(action)?;
        let output = done.outputs.first()?;
        is_in_place(output).then(|| self.hit(action, done.clone()))
    }

    /// Returns the action's result: stored, or made now and stored.
    ///
    /// # Errors
    /// If one of its commands fails or the run is stopped.
    pub fn perform(&self, action: &Action) -> Result<Done, NotDone> {
        self.perform_under(action, Terms::default())
    }

    /// Like [`Self::perform`], under special terms.
    ///
    /// # Errors
    /// As [`Self::perform`], or if the time is not enough.
    pub fn perform_under(&self, action: &Action, terms: Terms) -> Result<Done, NotDone> {
        match self.results.find(action) {
            Found::Hit(done) => Ok(self.hit(action, done)),
            Found::Miss(_) if !self.stop.may_start() => Err(NotDone::Stopped),
            Found::Miss(why) => self.run(action, why, terms),
        }
    }

    fn hit(&self, action: &Action, done: Done) -> Done {
        self.ledger.mark_used(action.fingerprint);
        if let Some(hits) = &self.hits {
            hits.note(action, &done);
        }
        self.report(action, ActionEnding::Hit);
        done
    }

    fn run(&self, action: &Action, why: Option<MissReason>, terms: Terms) -> Result<Done, NotDone> {
        if let Some(MissReason::Damaged { problem }) = &why {
            self.warn(format!(
                "the cached result of `{}` is damaged and is made again: {problem}",
                action.label
            ));
        }
        // Asked before the run, which is the next that is compared with.
        let reason = why.unwrap_or_else(|| self.cache.reason(&action.subject, &action.parts()));
        let _ = self.events.send(Event::WorkStarted {
            stage: action.stage,
            label: action.label.clone(),
        });
        let mut cost = Cost::default();
        let mut pch = terms.lacks_pch.then_some(false);
        let result = self.run_verified(action, terms.time, &mut cost, &mut pch);
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

    /// Runs the commands in a new directory, verifies what they read and publishes what they made.
    fn run_verified(
        &self,
        action: &Action,
        time: Option<Duration>,
        cost: &mut Cost,
        pch: &mut Option<bool>,
    ) -> Result<Done, NotDone> {
        let own = |message: String| Failed::own(action, action.first_phase(), message);
        let private = self
            .results
            .run_dir
            .work(action.fingerprint)
            .map_err(|error| own(error_chain(&error)))?;
        let work = match &action.in_place {
            Some(dir) => dir.as_path(),
            None => run_dir::utf8(&private).map_err(|error| own(error_chain(&error)))?,
        };
        let text = self.run_steps_in(action, work, time, cost)?;
        let read = depfiles::dependencies(work, action);
        *pch = action
            .pch
            .as_deref()
            .zip(read.as_ref().ok())
            .and_then(|(header, read)| depfiles::pch_used(read, header))
            .or(*pch);
        let keep = outputs::may_keep(action, work, &read);
        if let Err(problem) = &keep
            && !problem.is_empty()
        {
            self.warn(problem.clone());
        }
        let files = outputs::outputs(action, work).map_err(own)?;
        let ran = Ran {
            text,
            cost: *cost,
            paths: audit::paths(action, work),
        };
        let done = self
            .results
            .publish(action, &files, ran, keep.is_ok())
            .map_err(|error| own(error_chain(&error)))?;
        if keep.is_ok() {
            self.ledger.mark_used(action.fingerprint);
        }
        Ok(done)
    }

    fn report(&self, action: &Action, ending: ActionEnding) {
        self.ledger.count(action, &ending);
        let command = action.command_lines().join("\n");
        let report = ActionReport {
            stage: action.stage,
            label: action.label.clone(),
            command,
            ending,
        };
        // The receiver outlives the executor; if it is gone, the run is being torn down.
        let _ = self.events.send(Event::ActionFinished(report));
    }

    fn warn(&self, text: String) {
        let _ = self.events.send(Event::Warning(text));
    }
}
