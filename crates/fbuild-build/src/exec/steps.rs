//! Runs the commands of one action in a directory. What becomes of the outputs, it does not know.

use std::mem;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use fbuild_model::outcome::Phase;
use fbuild_model::{Command, Cost, Digest, diagnostic, error_chain};
use fbuild_platform::fit_command_line;
use fbuild_process::runner::RunError;

use super::Executor;
use crate::action::{Action, Failed, NotDone, Outputs, Step};
use crate::exec::folders::FolderError;
use crate::exec::{place, run_dir, working_dir};
use crate::stage::deliver::{self, Merged};

/// What the commands of an action printed and cost.
pub(super) struct Ran {
    /// What they printed.
    pub(super) text: String,
    /// What they cost.
    pub(super) cost: Cost,
    /// A digest of the paths that the outputs may contain.
    pub(super) paths: Digest,
}

impl Executor<'_> {
    /// Runs the commands in a directory of their own and lets `read` look at what they made; nothing is kept or counted. `None` if one failed.
    pub fn run_aside<T>(&self, action: &Action, read: impl FnOnce(&Utf8Path) -> T) -> Option<T> {
        let private = self.results.run_dir.work(action.fingerprint).ok()?;
        let work = run_dir::utf8(&private).ok()?;
        let ran = self.run_steps_in(action, work, None, &mut Cost::default());
        ran.ok().map(|_| read(work))
    }

    /// Runs the commands in `work`; returns what they printed.
    pub(super) fn run_steps_in(
        &self,
        action: &Action,
        work: &Utf8Path,
        time: Option<Duration>,
        cost: &mut Cost,
    ) -> Result<String, NotDone> {
        let own = |phase, message: String| Failed::own(action, phase, message);
        let folders = action.folders.iter().flat_map(|folder| &folder.links);
        let inputs = action.links.iter().chain(folders);
        self.bring(inputs.map(|(_, target)| target.as_path()))?;
        self.prepare(action, work)
            .map_err(|error| own(action.first_phase(), error_chain(&error)))?;
        let began = Instant::now();
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
            let command = self
                .command(&step, work)
                .map_err(|error| own(phase, error_chain(&error)))?;
            let limits = self.runner.limits();
            let limits = match limits.time.into_iter().chain(time).min() {
                Some(limit) => limits.within(limit.saturating_sub(began.elapsed())),
                None => limits,
            };
            let mut run = || {
                let result = self.runner.run_within(&command, limits);
                *cost = match &result {
                    Ok(output) => cost.plus(output.cost),
                    // What a killed process cost is not known, but how long it ran.
                    Err(RunError::TimedOut { .. }) => cost.plus(Cost {
                        wall: began.elapsed(),
                        ..Cost::default()
                    }),
                    Err(_) => *cost,
                };
                result.map_err(|error| match error {
                    RunError::Stopped { .. } => NotDone::Stopped,
                    error => Failed::own(action, phase, error_chain(&error)).costing(*cost),
                })
            };
            let mut output = run()?;
            // A tool that works in a directory of its own can run again; a hook cannot.
            if output.lost_temporary_files && action.in_place.is_none() {
                output = run()?;
            }
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
            if let Some(how) = failed {
                let problem = format!("{} ended with {how}", program_name(&command.program));
                if !step.optional {
                    return Err(failure(action, phase, problem, text, *cost));
                }
                self.warn(format!("{}: {problem}", action.label));
            }
        }
        Ok(text)
    }

    /// Completes the command of a step. A tool works in `work`; a hook works where fbuild was started, as with arduino-cli.
    fn command(&self, step: &Step, work: &Utf8Path) -> Result<Command, FolderError> {
        let mut command = self.launched(step);
        if step.phase != Phase::Compile {
            // What a compiler reads is not in the directory it works in; its depfile keeps the names that are known.
            command = fit_command_line(command, work, Utf8Path::exists);
        }
        if step.phase == Phase::Hook || command.cwd.is_some() {
            return Ok(command);
        }
        let current = std::env::current_dir()
            .ok()
            .and_then(|dir| camino::Utf8PathBuf::from_path_buf(dir).ok());
        let names = match &current {
            Some(current) => working_dir::local_names(&command, current),
            None => Some(Default::default()),
        };
        if let Some(names) = names {
            for (name, current) in names.iter().zip(current.iter().cycle()) {
                let there = work.join(name);
                if there.symlink_metadata().is_err() {
                    place::link(&current.join(name), &there)?;
                }
            }
            command.cwd = Some(work.to_owned());
        }
        Ok(command)
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
            let made = self.folders.get(&folder.links, &self.results.run_dir)?;
            place::link(run_dir::utf8(&made)?, &work.join(&folder.name))?;
        }
        if let Outputs::Files(names) = &action.outputs {
            for name in names {
                place::create_parent(&work.join(name))?;
            }
        }
        Ok(())
    }

    /// Puts the compiler launcher in front of a compiler command.
    fn launched(&self, step: &Step) -> Command {
        let mut command = step.command.clone();
        if let (Phase::Compile, Some((program, args))) = (step.phase, self.launcher.split_first()) {
            let compiler = mem::replace(&mut command.program, program.clone());
            command
                .args
                .splice(0..0, args.iter().cloned().chain([compiler]));
        }
        command
    }
}

/// Returns the failure of a command that printed `output` and did what `problem` says.
fn failure(action: &Action, phase: Phase, problem: String, output: String, cost: Cost) -> NotDone {
    let mut not_done = Failed::own(action, phase, problem);
    if let NotDone::Failed(failed) = &mut not_done {
        failed.failure.diagnostics = diagnostic::parse_gcc(&output);
        if let Some(cause) = diagnostic::root_cause(&failed.failure.diagnostics) {
            failed.failure.message = cause.to_string();
        }
        failed.failure.output = output;
        failed.cost = cost;
        failed.by_command = true;
    }
    not_done
}

fn program_name(program: &str) -> &str {
    Utf8Path::new(program).file_name().unwrap_or(program)
}
