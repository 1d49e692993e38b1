//! Takes what the commands of an action made into the store, if it may be kept.

use std::collections::HashSet;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Note, Scratch, Slot};
use fbuild_model::Cost;

use fbuild_model::error_chain;

use super::{Executor, lost, own_failure};
use crate::action::{Action, Done, NotDone, Outputs, Reads};
use crate::exec::depfiles::is_declared;

impl Executor<'_> {
    /// Takes what the commands made into the store.
    pub(super) fn keep(
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
            text: action.path_map.text(&text),
            cost,
            ..Note::default()
        };
        let entry = match self.results.take_in(&files, note) {
            Ok(entry) if scratch.is_intact() => entry,
            // Some of the outputs may have been deleted before they were listed.
            Ok(_) => return Err(lost(own("its outputs were deleted".to_owned()))),
            Err(error) => return Err(lost(own(error_chain(&error)))),
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
            kept,
        })
    }

    /// Decides whether the result may be stored: the compiler read what the scanner said, and nothing changed meanwhile.
    pub(super) fn may_keep(&self, action: &Action, work: &Utf8Path, read: &[Utf8PathBuf]) -> bool {
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
