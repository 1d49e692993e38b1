//! Commands that are made of several recipes, or of one recipe for several files.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Command;
use fbuild_platform::{HookPoint, RecipeError, SketchRecipes};

/// Returns the commands that make an archive of objects.
///
/// The recipe is for one object per run. `ar r` with several does the same at once, and does not rewrite a growing archive for each of them.
pub(crate) fn archive_commands(
    recipes: &SketchRecipes,
    archive: &Utf8Path,
    objects: &[Utf8PathBuf],
) -> Result<Vec<Command>, RecipeError> {
    let one = "/fbuild.object";
    let mut command = recipes.archive(archive, Utf8Path::new(one))?;
    let Some(at) = command.args.iter().position(|argument| argument == one) else {
        return objects
            .iter()
            .map(|object| recipes.archive(archive, object))
            .collect();
    };
    command
        .args
        .splice(at..=at, objects.iter().map(|object| object.to_string()));
    Ok(vec![command])
}

/// Returns what the files of a firmware begin with, if a property (`--build-property build.project_name=…`) says that it is not the sketch's name.
pub(crate) fn project_name(recipes: &SketchRecipes) -> Option<String> {
    let key = "build.project_name";
    recipes.board().raw(key)?;
    let properties = recipes.properties(true).into_iter();
    let mut named = properties.filter(|(name, value)| name == key && !value.is_empty());
    named.next().map(|(_, value)| value)
}

/// Returns the commands that convert and measure what was linked, and the hooks around the link; that of [`steps`] for sizes is one of them.
///
/// # Errors
/// If one of the recipes cannot be used.
pub fn conversions(recipes: &SketchRecipes) -> Result<Vec<Command>, RecipeError> {
    let mut commands = recipes.objcopy()?;
    commands.extend(recipes.size()?);
    commands.extend(recipes.advanced_size()?);
    for point in [
        HookPoint::LinkingPrelink,
        HookPoint::LinkingPostlink,
        HookPoint::ObjcopyPreobjcopy,
        HookPoint::ObjcopyPostobjcopy,
        HookPoint::Postbuild,
    ] {
        commands.extend(recipes.hooks(point)?);
    }
    Ok(commands)
}
