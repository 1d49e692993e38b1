//! What the first hooks of a sketch left in its build path: sources beside the generated ones, and files that compile commands name.

use std::collections::HashSet;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::error_chain;
use fbuild_model::outcome::{Failure, Phase};
use fbuild_platform::SketchRecipes;
use fbuild_scan::sketch::Sketch;
use fbuild_scan::sources::{self, Depth};

use crate::plan::board::Board;
use crate::plan::preprocessor::ScanServices;

/// What hooks made for one sketch.
#[derive(Debug, Default)]
pub struct HookMade<'a> {
    /// Sources, relative to the directory of the generated ones.
    pub sources: Vec<Utf8PathBuf>,
    /// The board as it is for this sketch, where compile commands name files of its build path.
    pub board: Option<Arc<Board<'a>>>,
}

impl<'a> HookMade<'a> {
    /// Looks at what the hooks of a sketch, which have run, made; `dir` is the directory of its generated sources.
    ///
    /// # Errors
    /// If a directory cannot be listed, or the compiler is not there.
    pub fn of(
        sketch: &Sketch,
        board: &Board<'a>,
        recipes: &SketchRecipes,
        dir: &Utf8Path,
        services: ScanServices<'a>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            sources: hook_made(dir, sketch).map_err(|error| Failure::new(Phase::Load, error))?,
            board: own_board(board, recipes, services)?,
        })
    }
}

/// Returns the sources that hooks put into `dir`, relative to it: beside the sketch's own, and in `src`.
fn hook_made(dir: &Utf8Path, sketch: &Sketch) -> Result<Vec<Utf8PathBuf>, String> {
    let own: HashSet<Utf8PathBuf> = units(sketch, Vec::new()).into_iter().collect();
    let generated = sketch.generated_name();
    let prefix_header = Utf8Path::new(&generated).with_extension("preamble.cpp");
    let mut found = Vec::new();
    for (dir, depth) in [
        (dir.to_owned(), Depth::Flat),
        (dir.join("src"), Depth::Recursive),
    ] {
        if dir.is_dir() {
            let listed = sources::walk_order(&dir, depth);
            found.extend(listed.map_err(|error| error_chain(&error))?);
        }
    }
    let relative = found
        .iter()
        .filter_map(|path| path.strip_prefix(dir).ok().map(Utf8Path::to_owned));
    Ok(relative
        .filter(|path| !own.contains(path) && *path != prefix_header)
        .collect())
}

/// Returns the translation units of a sketch, `more` among them, in link order: those beside the main file, then those in `src`.
pub fn units(sketch: &Sketch, more: Vec<Utf8PathBuf>) -> Vec<Utf8PathBuf> {
    let in_src = |unit: &Utf8PathBuf| unit.components().count() > 1;
    let (more_src, more_root): (Vec<_>, Vec<_>) = more.into_iter().partition(in_src);
    let mut root = sketch.root_units();
    let mut src = sketch.src_units();
    for (units, more) in [(&mut root, more_root), (&mut src, more_src)] {
        units.extend(more);
        sources::sort_as_objects(units);
    }
    root.append(&mut src);
    root
}

/// Returns the board for a sketch whose compile commands name files of its build path.
fn own_board<'a>(
    board: &Board<'a>,
    recipes: &SketchRecipes,
    services: ScanServices<'a>,
) -> Result<Option<Arc<Board<'a>>>, Failure> {
    if board.tie.as_ref().is_none_or(|tie| tie.name_only) {
        return Ok(None);
    }
    let own = board.for_sketch(recipes, services);
    let own = own.map_err(|error| Failure::new(Phase::Scan, error_chain(&error)))?;
    Ok(Some(Arc::new(own)))
}
