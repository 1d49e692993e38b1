//! The link of one sketch: linking, converting and measuring as one action.
//!
//! What it depends on are the contents of the sketch's objects and of the archives, not the inputs from which they were made: a change that
//! does not reach an object ends there.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::Cache;
use fbuild_model::fingerprint::PartKind;
use fbuild_model::outcome::{Failure, Phase, Stage};
use fbuild_model::{Command, Parts, Sizes};
use fbuild_platform::{AdvancedSize, HookPoint};

use crate::action::{Action, Outputs, Reads, Step, WORK};
use crate::archive_set::{ArchiveSet, LinkInput};
use crate::execute::{Done, Executor, chain};
use crate::log::Log;
use crate::plan::{ArchiveId, BuildPlan, Linkage, SketchEntry, SketchPlan};

/// Name of the output that keeps what the size recipe prints.
pub const SIZE_OUTPUT: &str = "fbuild.size";

/// The number of characters from which on a list of objects is shortened (specification 3.5).
const LONGEST_LIST: usize = 30_000;

/// Makes the link action of a sketch whose units compiled to `objects`.
///
/// # Errors
/// If the platform lacks a recipe.
pub fn action(
    plan: &BuildPlan,
    entry: &SketchEntry,
    sketch: &SketchPlan,
    objects: &[Done],
    archives: &ArchiveSet,
    executor: &Executor<'_>,
) -> Result<Action, Failure> {
    let mut inputs = Inputs::of(plan, sketch, objects, archives, executor, Form::Objects);
    if inputs.length() > LONGEST_LIST {
        inputs = Inputs::of(plan, sketch, objects, archives, executor, Form::Archives);
    }
    let steps =
        steps(sketch, &inputs.words).map_err(|error| Failure::new(Phase::Link, chain(&error)))?;
    let mut parts = Parts::default();
    parts.add(PartKind::Tool, "linker", sketch.linker);
    for argument in steps.iter().flat_map(|step| step.command.argv()) {
        parts.argument(sketch.roots.text(argument));
    }
    inputs
        .parts
        .into_iter()
        .for_each(|(name, digest)| parts.add(PartKind::Object, name, digest));
    Ok(Action {
        stage: Stage::Sketch,
        label: format!("{}/{}.elf", entry.name, sketch.project),
        subject: format!("{} {}/{}.elf", entry.board, entry.name, sketch.project),
        source: Utf8PathBuf::new(),
        steps,
        generated: Vec::new(),
        links: inputs.links,
        outputs: Outputs::Prefix(sketch.project.clone()),
        fingerprint: parts.fingerprint(),
        parts,
        reads: match &sketch.in_place {
            Some(_) => Reads::Unknown {
                because: "the platform runs hooks".to_owned(),
            },
            None => Reads::Objects,
        },
        in_place: sketch.in_place.clone(),
        roots: Arc::clone(&sketch.roots),
    })
}

/// How what is linked whole stands on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// By its objects, as Arduino links it.
    Objects,
    /// By its archive between `--whole-archive` and `--no-whole-archive`.
    Archives,
}

/// The inputs of a link in order.
#[derive(Default)]
struct Inputs {
    words: Vec<String>,
    links: Vec<(Utf8PathBuf, Utf8PathBuf)>,
    parts: Vec<(String, fbuild_model::Digest)>,
}

impl Inputs {
    fn of(
        plan: &BuildPlan,
        sketch: &SketchPlan,
        objects: &[Done],
        archives: &ArchiveSet,
        executor: &Executor<'_>,
        form: Form,
    ) -> Self {
        let mut inputs = Self::default();
        for (unit, done) in sketch.units.iter().zip(objects) {
            if let Some(object) = done.outputs.first() {
                inputs.add(
                    &unit.object,
                    executor.cache.blob(object.digest),
                    object.digest,
                );
                inputs.words.push(format!("{WORK}/{}", unit.object));
            }
        }
        for &id in &sketch.archives {
            inputs.archive(plan, id, archives.get(id).ok(), executor.cache, form);
        }
        inputs
            .words
            .extend(sketch.binaries.objects.iter().map(|path| path.to_string()));
        inputs.parts.extend(sketch.binaries.files.iter().cloned());
        if let Ok(core) = archives.get(sketch.core) {
            inputs.add(
                Utf8Path::new("core/core.a"),
                core.path().to_owned(),
                core.content(),
            );
        }
        inputs
    }

    /// Returns the length of the list of objects in characters, each quoted and followed by a blank.
    fn length(&self) -> usize {
        self.words.iter().map(|word| word.chars().count() + 3).sum()
    }

    fn add(&mut self, name: &Utf8Path, target: Utf8PathBuf, digest: fbuild_model::Digest) {
        self.parts.push((name.to_string(), digest));
        self.links.push((name.to_owned(), target));
    }

    /// Adds what an archive of stage 1 stands for: its members where all of them are linked, else the archive itself (design 5.1).
    ///
    /// A whole archive makes the same program on most devices, but not on those whose linker makes stubs for calls: avr-ld orders stubs by
    /// numbers that count everything read before, and an archive counts for more than its members (`docs/parity.md`). So archives stand in for
    /// objects only in lists that are too long, where Arduino does the same (specification 3.5).
    fn archive(
        &mut self,
        plan: &BuildPlan,
        id: ArchiveId,
        input: Option<&LinkInput>,
        cache: &Cache,
        form: Form,
    ) {
        let Some(input) = input else { return };
        let archive = &plan.archives[id.index()];
        let dir = Utf8Path::new(&archive.label);
        if archive.linkage == Linkage::Whole && form == Form::Objects {
            for (member, digest) in input.members() {
                let name = dir.join(member);
                self.words.push(format!("{WORK}/{name}"));
                self.add(&name, cache.blob(*digest), *digest);
            }
            return;
        }
        let name = dir.join(input.path().file_name().unwrap_or("objects.a"));
        let word = format!("{WORK}/{name}");
        match archive.linkage {
            Linkage::Whole => self.words.extend([
                "-Wl,--whole-archive".to_owned(),
                word,
                "-Wl,--no-whole-archive".to_owned(),
            ]),
            Linkage::Referenced => self.words.push(word),
        }
        self.add(&name, input.path().to_owned(), input.content());
    }
}

/// Returns the steps of a sketch's link as far as they are known before anything is built.
///
/// # Errors
/// If the platform lacks a recipe.
pub fn preview(
    plan: &BuildPlan,
    sketch: &SketchPlan,
) -> Result<Vec<Step>, fbuild_platform::RecipeError> {
    let mut inputs = Inputs::default();
    inputs.words.extend(
        sketch
            .units
            .iter()
            .map(|unit| format!("{WORK}/{}", unit.object)),
    );
    for &id in &sketch.archives {
        let archive = &plan.archives[id.index()];
        match archive.linkage {
            Linkage::Whole => inputs.words.extend(
                archive
                    .members
                    .iter()
                    .map(|(member, _)| format!("{WORK}/{}/{member}", archive.label)),
            ),
            Linkage::Referenced => inputs.words.push(archive.path.to_string()),
        }
    }
    steps(sketch, &inputs.words)
}

/// Lists the commands from objects to measured firmware (specification 1.8).
fn steps(sketch: &SketchPlan, words: &[String]) -> Result<Vec<Step>, fbuild_platform::RecipeError> {
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
    add(
        Phase::Link,
        recipes.link(words, &Utf8Path::new(WORK).join("core/core.a"))?,
    );
    add(Phase::Hook, recipes.hooks(HookPoint::LinkingPostlink)?);
    add(Phase::Hook, recipes.hooks(HookPoint::ObjcopyPreobjcopy)?);
    add(Phase::Objcopy, recipes.objcopy()?);
    add(Phase::Hook, recipes.hooks(HookPoint::ObjcopyPostobjcopy)?);
    add(Phase::Hook, recipes.hooks(HookPoint::Postbuild)?);
    let size = match recipes.advanced_size()? {
        Some(advanced) => Some(advanced),
        None => recipes.size()?,
    };
    if let Some(command) = size {
        steps.push(Step {
            phase: Phase::Size,
            command,
            stdout: Some(SIZE_OUTPUT),
            optional: true,
        });
    }
    Ok(steps)
}

/// Reads the sizes that the size recipe printed and checks them against the board (specification 6); a platform that has a recipe for advanced
/// sizes checks them itself (specification 6.6).
///
/// # Errors
/// If the firmware does not fit.
pub fn measured(
    sketch: &SketchPlan,
    done: &Done,
    cache: &Cache,
    log: &mut Log,
) -> Result<Option<Sizes>, Failure> {
    let Some(output) = done.output(SIZE_OUTPUT) else {
        return Ok(None);
    };
    let fail = |error: &dyn std::error::Error| Failure::new(Phase::Size, chain(error));
    let printed =
        || fs_err::read_to_string(cache.blob(output.digest)).map_err(|error| fail(&error));
    let (sizes, verdict) = if sketch
        .recipes
        .advanced_size()
        .is_ok_and(|recipe| recipe.is_some())
    {
        let advanced = AdvancedSize::parse(&printed()?).map_err(|error| fail(&error))?;
        (advanced.sizes(), advanced.verdict)
    } else {
        let Some(rules) = sketch
            .recipes
            .board()
            .size_rules()
            .map_err(|error| fail(&error))?
        else {
            return Ok(None);
        };
        let sizes = rules.measure(&printed()?).map_err(|error| fail(&error))?;
        let verdict = rules.check(&sizes);
        (Some(sizes), verdict)
    };
    if let Some(sizes) = &sizes {
        log.sizes(sizes);
    }
    verdict
        .lines
        .iter()
        .chain(&verdict.warnings)
        .for_each(|line| log.text(line));
    match verdict.failure {
        None => Ok(sizes),
        Some(reason) => Err(Failure::new(Phase::Size, reason)),
    }
}
