//! The commands of a plan as text, for people who wonder.

use crate::action::Action;
use crate::plan::{BuildPlan, SketchWork};

/// Returns the plan's commands as shell lines, with a comment line before each group; links are shown as far as they are known.
pub fn lines(plan: &BuildPlan) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |action: &Action| {
        lines.push(format!("# {}", action.label));
        lines.extend(action.command_lines());
    };
    plan.shared.iter().for_each(&mut add);
    for entry in &plan.sketches {
        if let SketchWork::Build(sketch) = &entry.work {
            sketch.units.iter().for_each(|unit| add(&unit.action));
        }
    }
    for archive in &plan.archives {
        lines.push(format!("# {}", archive.label));
        lines.extend(archive.commands.iter().map(|command| command.to_shell()));
    }
    for entry in &plan.sketches {
        lines.push(format!("# {} for {}", entry.name, entry.board));
        match &entry.work {
            SketchWork::Build(sketch) => match crate::link::preview(plan, sketch) {
                Ok(steps) => lines.extend(steps.iter().map(|step| step.command.to_shell())),
                Err(error) => lines.push(format!("# cannot be linked: {error}")),
            },
            SketchWork::Fail { failure, .. } => lines.push(format!("# cannot be built: {}", failure.message)),
            SketchWork::Skip(rule) => lines.push(format!("# skipped: {}", rule.text)),
        }
    }
    lines
}
