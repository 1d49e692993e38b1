//! Commands that a platform runs at places of its own (specification 1.8).
//!
//! A platform whose hooks write into the build directory before the link is built in place: nothing of such a sketch is kept, since nobody can
//! tell what its hooks read. The sequence per sketch is the specification's, with the libraries and the core as already built.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::outcome::{Failure, Phase};
use fbuild_model::{Command, diagnostic};
use fbuild_platform::{HookPoint, RecipeError, SketchRecipes};

use fbuild_model::error_chain;
use fbuild_process::lock::lock;
use fbuild_process::runner::Runner;

/// Hooks between the first preprocessing and the link, by whether they come before or after the sketch is compiled.
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    /// Before the sketch is compiled.
    pub before: Vec<Command>,
    /// After it, before the link.
    pub after: Vec<Command>,
}

impl Hooks {
    /// Collects a platform's hooks.
    ///
    /// # Errors
    /// If one of them cannot be expanded.
    pub fn of(recipes: &SketchRecipes) -> Result<Self, RecipeError> {
        use HookPoint::{
            CorePostbuild, CorePrebuild, LibrariesPostbuild, LibrariesPrebuild, SketchPostbuild,
            SketchPrebuild,
        };
        let mut after = Vec::new();
        for point in [
            SketchPostbuild,
            LibrariesPrebuild,
            LibrariesPostbuild,
            CorePrebuild,
            CorePostbuild,
        ] {
            after.extend(recipes.hooks(point)?);
        }
        Ok(Self {
            before: recipes.hooks(SketchPrebuild)?,
            after,
        })
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }
}

/// Returns whether a board's hooks may leave files for its link in the build directory.
///
/// # Errors
/// If a hook cannot be expanded.
pub fn build_in_place(recipes: &SketchRecipes) -> Result<bool, RecipeError> {
    Ok(!recipes.hooks(HookPoint::Prebuild)?.is_empty() || !Hooks::of(recipes)?.is_empty())
}

/// What the first hooks of sketches printed, by the sketches' output directories.
///
/// They run while a sketch is prepared. Where everything is planned a second time, they do not run again, and for a preview not at all.
#[derive(Debug, Default)]
pub struct FirstHooks {
    printed: Mutex<HashMap<Utf8PathBuf, Result<String, Failure>>>,
    /// For a preview: whether there were any.
    left_out: Option<AtomicBool>,
}

impl FirstHooks {
    /// Makes a collection that runs none.
    pub fn for_preview() -> Self {
        Self {
            left_out: Some(AtomicBool::new(false)),
            ..Self::default()
        }
    }

    /// Returns whether the first hooks of the sketch that is built in `out_dir` ran in this run.
    pub fn ran(&self, out_dir: &Utf8Path) -> bool {
        lock(&self.printed).contains_key(out_dir)
    }

    /// Returns whether hooks did not run because this is a preview.
    pub fn left_any_out(&self) -> bool {
        let left_out = self.left_out.as_ref();
        left_out.is_some_and(|any| any.load(Ordering::Relaxed))
    }

    /// Runs the first hooks of the sketch that is built in `out_dir` unless they ran before; returns what they printed.
    ///
    /// # Errors
    /// As [`run`].
    pub fn run(
        &self,
        out_dir: &Utf8Path,
        commands: &[Command],
        runner: &Runner,
    ) -> Result<String, Failure> {
        if let Some(left_out) = &self.left_out {
            left_out.fetch_or(!commands.is_empty(), Ordering::Relaxed);
            return Ok(String::new());
        }
        if let Some(known) = lock(&self.printed).get(out_dir) {
            return known.clone();
        }
        let printed = run(commands, runner);
        lock(&self.printed).insert(out_dir.to_owned(), printed.clone());
        printed
    }
}

/// Runs hooks in order and returns what they printed.
///
/// # Errors
/// The first that fails, with what it printed.
pub fn run(commands: &[Command], runner: &Runner) -> Result<String, Failure> {
    let mut text = String::new();
    for command in commands {
        let fail = |message: String, output: String| Failure {
            phase: Phase::Hook,
            message,
            diagnostics: diagnostic::parse_gcc(&output),
            output,
        };
        let output = runner
            .run_within(command, runner.limits().without_memory())
            .map_err(|error| fail(error_chain(&error), String::new()))?;
        text.push_str(&output.text());
        if let Some(how) = output.failure() {
            return Err(fail(
                format!("the hook `{}` ended with {how}", command.to_shell()),
                text,
            ));
        }
    }
    Ok(text)
}
