//! The commands from objects to measured firmware, in order.
//!
//! They follow from the recipes and the line of the link; what the objects hold is known only after they are compiled.

use camino::Utf8Path;
use fbuild_model::Command;
use fbuild_model::outcome::Phase;
use fbuild_platform::{HookPoint, RecipeError};

use crate::action::{Step, WORK};
use crate::plan::link_line::{Line, inputs, line};
use crate::plan::recipes::archive_commands;
use crate::plan::{BuildPlan, SketchPlan};

/// Name of the output that keeps what the size recipe prints.
pub const SIZE_OUTPUT: &str = "fbuild.size";

/// Returns the steps of a sketch's link before anything is built.
///
/// # Errors
/// If the platform lacks a recipe.
pub fn preview(plan: &BuildPlan, sketch: &SketchPlan) -> Result<Vec<Step>, RecipeError> {
    steps(sketch, &line(&inputs(plan, sketch), WORK.into()))
}

/// Lists the commands from objects to measured firmware (specification 1.8).
///
/// The archives of a list that is too long are made before the line is used; the firmware is merged with the bootloader before the last hooks.
pub fn steps(sketch: &SketchPlan, line: &Line) -> Result<Vec<Step>, RecipeError> {
    let recipes = &sketch.recipes;
    let mut steps = Vec::new();
    let mut add = |phase: Phase, commands: Vec<Command>| {
        steps.extend(
            commands
                .into_iter()
                .map(|command| Step::new(phase, command)),
        )
    };
    add(Phase::Hook, recipes.hooks(HookPoint::LinkingPrelink)?);
    for (archive, objects) in &line.archives {
        add(Phase::Archive, archive_commands(recipes, archive, objects)?);
    }
    add(
        Phase::Link,
        recipes.link(&line.words, &Utf8Path::new(WORK).join("core/core.a"))?,
    );
    add(Phase::Hook, recipes.hooks(HookPoint::LinkingPostlink)?);
    add(Phase::Hook, recipes.hooks(HookPoint::ObjcopyPreobjcopy)?);
    add(Phase::Objcopy, recipes.objcopy()?);
    add(Phase::Hook, recipes.hooks(HookPoint::ObjcopyPostobjcopy)?);
    let first = steps.len();
    let hooks = recipes.hooks(HookPoint::Postbuild)?;
    steps.extend(hooks.into_iter().map(|hook| Step::new(Phase::Hook, hook)));
    if let Some(step) = steps.get_mut(first) {
        step.merge.clone_from(&sketch.bootloader);
    }
    let size = match recipes.advanced_size()? {
        Some(advanced) => Some(advanced),
        None => recipes.size()?,
    };
    if let Some(command) = size {
        steps.push(Step {
            phase: Phase::Size,
            command,
            stdout: Some(SIZE_OUTPUT),
            merge: None,
            optional: true,
        });
    }
    Ok(steps)
}
