//! Takes what the commands of an action made, and decides whether it may be kept for other runs.

use std::collections::HashSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::action::{Action, Outputs, Reads};
use crate::exec::depfiles::is_declared;

/// Lists the files that the action declared and left in its working directory, links apart.
///
/// # Errors
/// If one is missing, or the directory cannot be listed.
pub(crate) fn outputs(
    action: &Action,
    work: &Utf8Path,
) -> Result<Vec<(String, Utf8PathBuf)>, String> {
    match &action.outputs {
        Outputs::Files(names) => {
            let is_file = |name: &&String| {
                work.join(name)
                    .symlink_metadata()
                    .is_ok_and(|found| found.is_file())
            };
            if let Some(missing) = names.iter().find(|name| !is_file(name)) {
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
            let fail = |error: std::io::Error| format!("cannot list `{work}`: {error}");
            let mut files = Vec::new();
            for entry in work.read_dir_utf8().map_err(fail)? {
                let entry = entry.map_err(fail)?;
                let is_printed =
                    |name: &str| action.steps.iter().any(|step| step.stdout == Some(name));
                let wanted =
                    entry.file_name().starts_with(prefix.as_str()) || is_printed(entry.file_name());
                if wanted && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                    files.push((entry.file_name().to_owned(), entry.path().to_owned()));
                }
            }
            files.sort();
            Ok(files)
        }
    }
}

/// Decides whether the result may be kept: the compiler read what the scanner said, and nothing changed meanwhile. `read` is what the depfiles
/// list, or what is wrong with them.
///
/// # Errors
/// Why it may not, for people; empty if that is known already.
pub(crate) fn may_keep(
    action: &Action,
    work: &Utf8Path,
    read: &Result<Vec<Utf8PathBuf>, String>,
) -> Result<(), String> {
    let closure = match &action.reads {
        Reads::Objects => return Ok(()),
        Reads::Unknown { .. } => return Err(String::new()),
        Reads::Closure(closure) => closure,
    };
    if let Some(file) = closure.files.iter().find(|file| !file.is_unchanged()) {
        return Err(format!(
            "`{}` changed while `{}` was compiled; the result is not kept",
            file.path(),
            action.label
        ));
    }
    let read = read.as_ref().map_err(|problem| {
        format!(
            "cannot tell what `{}` read: {problem}; the result is not kept",
            action.label
        )
    })?;
    let declared: HashSet<&Utf8Path> = closure.files.iter().map(|file| file.path()).collect();
    let undeclared = read.iter().find(|path| {
        // The precompiled header stands for headers that are declared one by one.
        path.extension() != Some("gch") && !path.starts_with(work) && !is_declared(&declared, path)
    });
    match undeclared {
        Some(path) => Err(format!(
            "`{}` read `{path}`, which the scanner did not see; the result is not kept",
            action.label
        )),
        None => Ok(()),
    }
}
