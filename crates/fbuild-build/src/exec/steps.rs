//! Runs the commands of one action in a directory. What becomes of the outputs, it does not know.

use std::mem;
use std::time::Instant;

use camino::Utf8Path;
use fbuild_model::outcome::Phase;
use fbuild_model::{Command, Cost, diagnostic};
use fbuild_platform::fit_command_line;

use fbuild_model::error_chain;

use super::{Executor, NotDone, own_failure};
use crate::action::{Action, Outputs, Step};
use crate::exec::folders::FolderError;
use crate::exec::place;
use crate::stage::deliver::{self, Merged};
use fbuild_process::runner::RunError;

impl Executor<'_> {
    /// Runs the commands in `work`; returns what they printed.
    pub(super) fn run_steps_in(
        &self,
        action: &Action,
        work: &Utf8Path,
        cost: &mut Cost,
    ) -> Result<String, NotDone> {
        let own = |phase, message: String| own_failure(action, phase, message);
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
            let mut command = self.launched(&step);
            if phase != Phase::Compile {
                // What a compiler reads does not lie in the directory it works in; its depfile keeps the names that are known.
                command = fit_command_line(command, work, Utf8Path::exists);
            }
            let limits = self.runner.limits();
            let limits = match limits.time {
                Some(limit) => limits.within(limit.saturating_sub(began.elapsed())),
                None => limits,
            };
            let run = || match self.runner.run_within(&command, limits) {
                Ok(output) => Ok(output),
                Err(RunError::Stopped { .. }) => Err(NotDone::Stopped),
                Err(error) => Err(own(phase, error_chain(&error))),
            };
            let mut output = run()?;
            *cost = cost.plus(output.cost);
            // A tool that works in a directory of its own can run again; a hook cannot.
            if output.lost_temporary_files && action.in_place.is_none() {
                output = run()?;
                *cost = cost.plus(output.cost);
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

fn program_name(program: &str) -> &str {
    Utf8Path::new(program).file_name().unwrap_or(program)
}
