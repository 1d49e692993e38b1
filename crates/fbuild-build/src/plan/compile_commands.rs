//! The compilation database of a run: one `compile_commands.json` for all boards and sketches (specification 7.6).

use serde::Serialize;

use crate::action::Action;
use crate::plan::{BuildPlan, SketchWork};

#[derive(Serialize)]
struct Entry<'a> {
    directory: &'a str,
    arguments: Vec<&'a str>,
    file: &'a str,
}

/// Returns the database of a plan as JSON; it depends on the plan alone, so it is complete also when something fails to compile.
pub fn render(plan: &BuildPlan) -> String {
    let directory = std::env::current_dir().unwrap_or_default();
    let directory = directory.to_string_lossy();
    let own = plan.sketches.iter().filter_map(|entry| match &entry.work {
        SketchWork::Build(sketch) => Some(sketch.units.iter().map(|unit| &unit.action)),
        _ => None,
    });
    let actions = plan.shared.iter().chain(own.flatten());
    let entries: Vec<Entry<'_>> = actions
        .filter_map(|action| entry(action, &directory))
        .collect();
    serde_json::to_string_pretty(&entries).unwrap_or_default() + "\n"
}

fn entry<'a>(action: &'a Action, directory: &'a str) -> Option<Entry<'a>> {
    let command = &action.steps.first()?.command;
    Some(Entry {
        directory,
        arguments: command.argv().collect(),
        file: action.source.as_str(),
    })
}
