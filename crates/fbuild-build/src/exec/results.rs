//! Where the results of actions come from and go to: the cache, by way of the run's own directory.
//!
//! Whatever is found is brought into the run's directory and digested before it is returned. So a damaged result is a miss like any other, and a
//! result that was returned cannot be lost. A cache that cannot be written loses nothing but the next run's time.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Cache, Entry, Lookup, Note, Output};
use fbuild_model::event::RemoteUse;
use fbuild_model::{Cost, Fingerprint, MissReason};
use fbuild_remote::Remote;

use crate::action::{Action, Done, Reads};
use crate::exec::far::{self, Far, FarBlob};
use crate::exec::run_dir::{RunDir, RunDirError};
use crate::exec::steps::Ran;

/// Name of the value of a note that digests the paths which the outputs may contain.
const PATHS: &str = "paths";

/// What came of looking for the result of an action.
pub(super) enum Found {
    /// It is there, verified.
    Hit(Done),
    /// It is not, for this reason if it is not to be found in the history.
    Miss(Option<MissReason>),
}

/// The results of one run.
#[derive(Debug)]
pub(super) struct Results<'a> {
    cache: &'a Cache,
    /// The files.
    pub(super) run_dir: RunDir,
    /// The results of other machines.
    far: Option<Far>,
}

impl<'a> Results<'a> {
    pub(super) fn new(
        cache: &'a Cache,
        output_dir: &Utf8Path,
        remote: Option<&Arc<Remote>>,
    ) -> Self {
        Self {
            cache,
            run_dir: RunDir::new(output_dir),
            far: remote.map(Far::new),
        }
    }

    /// Looks up on the server what of these actions the cache does not have.
    pub(super) fn look_up<'p>(&self, actions: impl Iterator<Item = &'p Action>) {
        let Some(far) = &self.far else { return };
        let lacks = |action: &&Action| {
            far::travels(action) && self.cache.lookup(action.fingerprint).hit().is_err()
        };
        far.look_up(
            actions
                .filter(lacks)
                .map(|action| action.fingerprint)
                .collect(),
        );
    }

    /// Fetches the files at those of `paths` that are on the server only. Returns those of which that failed.
    pub(super) fn fetch<'p>(&self, paths: impl Iterator<Item = &'p Utf8Path>) -> Vec<Arc<FarBlob>> {
        let Some(far) = &self.far else {
            return Vec::new();
        };
        let mut lacking = far.at(paths);
        lacking.retain(|blob| !self.run_dir.has(blob.output.digest));
        if lacking.is_empty() {
            return lacking;
        }
        let wanted: Vec<&FarBlob> = lacking.iter().map(Arc::as_ref).collect();
        for (digest, bytes) in far.fetch(&wanted) {
            // What cannot be written is made again, which tells the cause.
            let _ = self.run_dir.write(digest, &bytes);
        }
        lacking.retain(|blob| !self.run_dir.has(blob.output.digest));
        lacking
    }

    /// Keeps a result of the server in the cache if all of it is here.
    pub(super) fn adopt(&self, action: &Action, done: &Done) {
        if self.far.is_none()
            || !done
                .outputs
                .iter()
                .all(|output| self.run_dir.has(output.digest))
        {
            return;
        }
        let entry = Entry {
            outputs: done.outputs.clone(),
            note: Note {
                text: action.path_map.text(&done.text),
                ..Note::default()
            },
        };
        self.store(action, &entry);
    }

    /// Ends the use of the server, if there is one. Returns what it was used for, and why it failed, if it did.
    pub(super) fn finish(&self) -> Option<(RemoteUse, Option<String>)> {
        self.far.as_ref().map(Far::finish)
    }

    /// Returns whether there is a result under this fingerprint.
    pub(super) fn knows(&self, fingerprint: Fingerprint) -> bool {
        self.cache.lookup(fingerprint).hit().is_ok()
            || self.far.as_ref().is_some_and(|far| far.knows(fingerprint))
    }

    /// Returns the digest of the paths with which the result under this fingerprint was made, if it is known.
    pub(super) fn paths(&self, fingerprint: Fingerprint) -> Option<String> {
        let entry = self.cache.lookup(fingerprint).hit().ok()?;
        entry.note.values.get(PATHS).cloned()
    }

    /// Returns the recorded result of an action. Its outputs are neither verified nor brought in.
    pub(super) fn recorded(&self, action: &Action) -> Option<Done> {
        if !action.is_known_by_content() {
            return None;
        }
        let entry = self.cache.lookup(action.fingerprint).hit().ok()?;
        Some(done(action, entry))
    }

    /// Looks for the result of an action and brings it in.
    pub(super) fn find(&self, action: &Action) -> Found {
        if let Reads::Unknown { because } = &action.reads {
            let because = because.clone();
            return Found::Miss(Some(MissReason::Uncacheable { because }));
        }
        let entry = match self.cache.lookup(action.fingerprint) {
            Lookup::Hit(entry) => entry,
            Lookup::Miss(_) => return self.find_far(action),
            Lookup::Damaged { problem, .. } => return self.damaged(action, problem),
        };
        for output in &entry.outputs {
            if let Err(problem) = self.run_dir.take(self.cache, output) {
                return self.damaged(action, problem.to_string());
            }
        }
        Found::Hit(done(action, entry))
    }

    /// Looks for the result of an action on the server. Its bytes stay there until they are needed.
    fn find_far(&self, action: &Action) -> Found {
        let found = self.far.as_ref().and_then(|far| {
            self.run_dir.prepare().ok()?;
            far.find(action, |digest| self.run_dir.blob(digest))
        });
        match found {
            Some(entry) => Found::Hit(done(action, entry)),
            None => Found::Miss(None),
        }
    }

    fn damaged(&self, action: &Action, problem: String) -> Found {
        self.cache.evict(action.fingerprint);
        Found::Miss(Some(MissReason::Damaged { problem }))
    }

    /// Takes the files that an action made; if `keep`, for other runs as well.
    ///
    /// # Errors
    /// If one cannot be read or moved.
    pub(super) fn publish(
        &self,
        action: &Action,
        files: &[(String, Utf8PathBuf)],
        ran: Ran,
        keep: bool,
    ) -> Result<Done, RunDirError> {
        let mut outputs = Vec::with_capacity(files.len());
        for (name, path) in files {
            let (digest, size) = self.run_dir.keep(path)?;
            let name = name.clone();
            outputs.push(Output { name, digest, size });
        }
        let entry = Entry {
            outputs,
            note: Note {
                text: action.path_map.text(&ran.text),
                cost: ran.cost,
                values: [(PATHS.to_owned(), ran.paths.to_string())].into(),
            },
        };
        let kept = keep && self.offer(action, &entry);
        Ok(Done {
            outputs: entry.outputs,
            text: ran.text,
            cost: ran.cost,
            kept: kept.then_some(action.fingerprint),
        })
    }

    /// Puts a result into the cache. Returns whether it is there.
    fn offer(&self, action: &Action, entry: &Entry) -> bool {
        self.cache
            .record(&action.subject, &action.parts(), entry.note.cost);
        let kept = self.store(action, entry);
        if let Some(far) = &self.far {
            let paths: Vec<_> = self.blob_paths(entry).collect();
            far.offer(action, entry, &paths);
        }
        kept
    }

    fn store(&self, action: &Action, entry: &Entry) -> bool {
        let Err(slot) = self.cache.lookup(action.fingerprint).hit() else {
            return true;
        };
        let paths: Vec<Utf8PathBuf> = self.blob_paths(entry).collect();
        let paths = paths.iter().map(Utf8PathBuf::as_path);
        self.cache.publish_known(slot, entry, paths)
    }

    fn blob_paths(&self, entry: &Entry) -> impl Iterator<Item = Utf8PathBuf> {
        entry
            .outputs
            .iter()
            .map(|output| self.run_dir.blob(output.digest))
    }
}

fn done(action: &Action, entry: Entry) -> Done {
    Done {
        outputs: entry.outputs,
        text: action.path_map.restore(&entry.note.text),
        cost: Cost::default(),
        kept: Some(action.fingerprint),
    }
}
