//! Where the results of actions come from and go to: the cache, by way of the run's own directory.
//!
//! Whatever is found is brought into the run's directory and digested before it is returned. So a damaged result is a miss like any other, and a
//! result that was returned cannot be lost. A cache that cannot be written loses nothing but the next run's time.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Cache, Entry, Lookup, Note, Output};
use fbuild_model::{Cost, Fingerprint, MissReason};

use crate::action::{Action, Done, Reads};
use crate::exec::run_dir::{RunDir, RunDirError};
use crate::exec::steps::Ran;

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
}

impl<'a> Results<'a> {
    pub(super) fn new(cache: &'a Cache, output_dir: &Utf8Path) -> Self {
        Self {
            cache,
            run_dir: RunDir::new(output_dir),
        }
    }

    /// Returns whether there is a result under this fingerprint.
    pub(super) fn knows(&self, fingerprint: Fingerprint) -> bool {
        self.cache.lookup(fingerprint).hit().is_ok()
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
            Lookup::Miss(_) => return Found::Miss(None),
            Lookup::Damaged { problem, .. } => return self.damaged(action, problem),
        };
        for output in &entry.outputs {
            if let Err(problem) = self.run_dir.take(self.cache, output) {
                return self.damaged(action, problem.to_string());
            }
        }
        Found::Hit(done(action, entry))
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
                ..Note::default()
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
        let Err(slot) = self.cache.lookup(action.fingerprint).hit() else {
            return true;
        };
        let paths: Vec<Utf8PathBuf> = entry
            .outputs
            .iter()
            .map(|output| self.run_dir.blob(output.digest))
            .collect();
        let paths = paths.iter().map(Utf8PathBuf::as_path);
        self.cache.publish_known(slot, entry, paths)
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
