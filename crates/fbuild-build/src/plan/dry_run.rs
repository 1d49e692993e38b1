//! The commands of a plan as text, for people who wonder.

use fbuild_model::{Command, Untrusted};
use fbuild_platform::HookPoint;

use crate::action::{Action, WORK};
use crate::plan::{BuildPlan, SketchWork, link_steps};

/// Returns the plan's commands as shell lines, with a comment line before each group; links are shown as far as they are known.
pub fn lines(plan: &BuildPlan) -> Vec<String> {
    let mut lines = Vec::new();
    let action = |lines: &mut Vec<String>, action: &Action| {
        lines.push(format!("# {}", action.label));
        lines.extend(action.command_lines());
    };
    let hooks = |lines: &mut Vec<String>, title: String, commands: &[Command]| {
        if !commands.is_empty() {
            lines.push(title);
            lines.extend(commands.iter().map(Command::to_shell));
        }
    };
    for entry in &plan.sketches {
        if let SketchWork::Build(sketch) = &entry.work {
            let first = sketch
                .recipes
                .hooks(HookPoint::Prebuild)
                .unwrap_or_default();
            hooks(
                &mut lines,
                format!("# first hooks of {} for {}", entry.name, entry.board),
                &first,
            );
        }
    }
    plan.shared
        .iter()
        .for_each(|shared| action(&mut lines, shared));
    for entry in &plan.sketches {
        if let SketchWork::Build(sketch) = &entry.work {
            hooks(
                &mut lines,
                format!("# hooks before {} for {}", entry.name, entry.board),
                &sketch.hooks.before,
            );
            sketch
                .units
                .iter()
                .for_each(|unit| action(&mut lines, &unit.action));
            hooks(
                &mut lines,
                format!("# hooks after {} for {}", entry.name, entry.board),
                &sketch.hooks.after,
            );
        }
    }
    for archive in &plan.archives {
        lines.push(format!("# {}", archive.label));
        lines.extend(archive.commands.iter().map(|command| command.to_shell()));
    }
    for entry in &plan.sketches {
        lines.push(format!("# {} for {}", entry.name, entry.board));
        match &entry.work {
            SketchWork::Build(sketch) => match link_steps::preview(plan, sketch) {
                Ok(steps) => lines.extend(steps.iter().map(|step| step.command.to_shell())),
                Err(error) => lines.push(format!("# cannot be linked: {error}")),
            },
            SketchWork::Fail { failure, .. } => {
                lines.push(format!("# cannot be built: {}", failure.message))
            }
            SketchWork::UpToDate(_) => lines.push("# up to date".to_owned()),
            SketchWork::Skip(rule) => lines.push(format!("# skipped: {}", rule.text)),
        }
    }
    // The directory in which an action works exists only once it runs.
    lines
        .into_iter()
        .map(|line| harmless(line).replace(WORK, "$WORK"))
        .collect()
}

/// Keeps a comment on one line: in a name with a line end, a shell that reads these lines would run the rest.
fn harmless(line: String) -> String {
    match line.starts_with('#') {
        true => Untrusted(&line).terminal_line(),
        false => line,
    }
}
