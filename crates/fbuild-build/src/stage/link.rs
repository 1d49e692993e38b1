//! The link of one sketch: linking, converting and measuring as one action.
//!
//! What it depends on are the contents of the sketch's objects and of the archives, not the inputs from which they were made: a change that
//! does not reach an object ends there.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::fingerprint::PartKind;
use fbuild_model::outcome::{Failure, Phase, Stage};
use fbuild_model::{Digest, Parts, Sizes};
use fbuild_platform::{AdvancedSize, SizeRules};

use crate::action::Done;
use crate::action::inputs::Inputs;
use crate::action::{Action, Folder, Links, Outputs, Reads, WORK};
use crate::exec::Executor;
use crate::plan::link_line::{Input, Origin, inputs, line};
use crate::plan::link_steps::{SIZE_OUTPUT, steps};
use crate::plan::{BuildPlan, SketchEntry, SketchPlan};
use crate::stage::ArchiveSet;
use crate::stage::log::Log;
use crate::stage::too_big;
use fbuild_model::error_chain;

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
    let inputs = inputs(plan, sketch);
    let line = line(&inputs, WORK.into());
    let steps =
        steps(sketch, &line).map_err(|error| Failure::new(Phase::Link, error_chain(&error)))?;
    let mut parts = Parts::default();
    parts.add(PartKind::Tool, "linker", sketch.linker);
    if !line.archives.is_empty() {
        let archiver = plan.archives[sketch.core.index()].tool;
        parts.add(PartKind::Tool, "archiver", archiver);
    }
    for argument in steps.iter().flat_map(|step| step.command.argv()) {
        parts.argument(sketch.path_map.text(argument));
    }
    let (mut links, mut folders) = (Links::new(), Vec::new());
    // Where a step makes archives of objects, or hooks run, something may be written beside the objects.
    let only_read = line.archives.is_empty() && sketch.in_place.is_none();
    let mut add = |name: &Utf8Path, own: bool, (target, digest): (Utf8PathBuf, Digest)| {
        parts.add(PartKind::Object, name.as_str(), digest);
        if own || !only_read {
            links.push((name.to_owned(), target));
        } else {
            add_to_folder(&mut folders, name, target);
        }
    };
    for input in &inputs {
        if let Some(content) = content(input, objects, archives, executor) {
            let own = matches!(input.origin, Origin::Unit(_));
            add(&input.path, own, content);
        }
    }
    if let Ok(core) = archives.get(sketch.core)
        && let Some(file) = core.file()
    {
        add(
            "core/core.a".into(),
            false,
            (file.to_owned(), core.content()),
        );
    }
    for (name, digest) in &sketch.binaries.files {
        parts.add(PartKind::Object, name, *digest);
    }
    for bootloader in steps.iter().filter_map(|step| step.merge.as_ref()) {
        // An image that is not there is not merged, nor is one that cannot be read.
        if let Ok(bytes) = fs_err::read(&bootloader.file) {
            parts.add(PartKind::Object, "bootloader", Digest::of(&bytes));
        }
    }
    Ok(Action {
        stage: Stage::Sketch,
        label: format!("{}/{}.elf", entry.name, sketch.project),
        subject: format!("{} {}/{}.elf", entry.board, entry.name, sketch.project),
        source: Utf8PathBuf::new(),
        steps,
        generated: Vec::new(),
        links,
        folders,
        outputs: Outputs::Prefix(sketch.project.clone()),
        fingerprint: parts.fingerprint(),
        inputs: Inputs::Listed(parts),
        reads: match (&sketch.in_place, unknown_input(plan, sketch)) {
            (Some(_), _) => Reads::Unknown {
                because: "the platform runs hooks".to_owned(),
            },
            // With link-time optimisation the linker runs the assembler, which reads such files.
            (None, Some(label)) => Reads::Unknown {
                because: format!("the inputs of {label} are not known"),
            },
            (None, None) => Reads::Objects,
        },
        pch: None,
        in_place: sketch.in_place.clone(),
        path_map: Arc::clone(&sketch.path_map),
    })
}

/// Returns an object of the link that may have inputs which are not known; `None` if there is none.
fn unknown_input<'p>(plan: &'p BuildPlan, sketch: &'p SketchPlan) -> Option<&'p str> {
    let own = sketch.units.iter().map(|unit| &unit.action);
    let archives = sketch.archives.iter().chain([&sketch.core]);
    let members = archives.flat_map(|id| &plan.archives[id.index()].members);
    let shared = members.map(|member| &plan.shared[member.action.index()]);
    let mut unknown = own
        .chain(shared)
        .filter(|action| !action.is_known_by_content());
    unknown.next().map(|action| action.label.as_str())
}

/// Adds a file to the folder of the working directory in which its name lies.
fn add_to_folder(folders: &mut Vec<Folder>, name: &Utf8Path, target: Utf8PathBuf) {
    let top = name.components().next().map_or("", |first| first.as_str());
    let below = name.strip_prefix(top).unwrap_or(name).to_owned();
    match folders.iter_mut().find(|folder| folder.name == top) {
        Some(folder) => folder.links.push((below, target)),
        None => folders.push(Folder {
            name: top.into(),
            links: vec![(below, target)],
        }),
    }
}

/// Returns the file that an input of a link stands for, and its content; `None` for one that is named by its own path.
fn content(
    input: &Input,
    objects: &[Done],
    archives: &ArchiveSet,
    executor: &Executor<'_>,
) -> Option<(Utf8PathBuf, Digest)> {
    let of = |digest: Digest| (executor.blob(digest), digest);
    match input.origin {
        Origin::Unit(at) => Some(of(objects.get(at)?.outputs.first()?.digest)),
        Origin::Member(id, at) => Some(of(archives.get(id).ok()?.members().get(at)?.1)),
        Origin::Archive(id) => {
            let archive = archives.get(id).ok()?;
            Some((archive.file()?.to_owned(), archive.content()))
        }
        Origin::Binary => None,
    }
}

/// What ld says where a program does not fit.
const OVERFLOW: [&str; 3] = [
    "is not within region",
    "will not fit in region",
    "overflowed by",
];

/// Says which memory is too small, and what takes most of it, for a program that the linker refused because it does not fit: it is linked once
/// more without that check and measured. `None` if `failure` has another reason, or nothing could be measured.
pub fn overflow(
    sketch: &SketchPlan,
    action: &Action,
    failure: &Failure,
    executor: &Executor<'_>,
) -> Option<String> {
    let says = |text: &&str| failure.output.contains(*text);
    if failure.phase != Phase::Link || !OVERFLOW.iter().any(says) {
        return None;
    }
    // Hooks of the platform would run again.
    if action.in_place.is_some() {
        return None;
    }
    let mut action = action.clone();
    action
        .steps
        .retain(|step| matches!(step.phase, Phase::Archive | Phase::Link | Phase::Size));
    for step in action
        .steps
        .iter_mut()
        .filter(|step| step.phase == Phase::Link)
    {
        step.command.args.push("-Wl,--noinhibit-exec".to_owned());
    }
    executor.run_aside(&action, |work| {
        let printed = fs_err::read_to_string(work.join(SIZE_OUTPUT)).ok()?;
        let elf = work.join(format!("{}.elf", sketch.project));
        let measured = measured(sketch, Some(&printed), Some(&elf), &mut Log::default());
        measured.err()?.output.lines().next().map(str::to_owned)
    })?
}

/// Reads the sizes of `elf` that the size recipe `printed` and checks them against the board (specification 6); a platform that has a recipe for advanced
/// sizes checks them itself (specification 6.6).
///
/// # Errors
/// If the firmware does not fit.
pub fn measured(
    sketch: &SketchPlan,
    printed: Option<&str>,
    elf: Option<&Utf8Path>,
    log: &mut Log,
) -> Result<Option<Sizes>, Failure> {
    let Some(printed) = printed else {
        return Ok(None);
    };
    let fail = |error: &dyn std::error::Error| Failure::new(Phase::Size, error_chain(error));
    let (sizes, verdict) = if sketch
        .recipes
        .advanced_size()
        .is_ok_and(|recipe| recipe.is_some())
    {
        let advanced = AdvancedSize::parse(printed).map_err(|error| fail(&error))?;
        (advanced.sizes(), advanced.verdict)
    } else {
        let Some(rules) = SizeRules::of(sketch.recipes.board()).map_err(|error| fail(&error))?
        else {
            return Ok(None);
        };
        let sizes = rules.measure(printed).map_err(|error| fail(&error))?;
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
        Some(reason) => {
            let mut failure = Failure::new(Phase::Size, reason);
            let detail = sizes.and_then(|sizes| too_big::explained(&sizes, elf));
            failure.output = detail.map(|line| line + "\n").unwrap_or_default();
            Err(failure)
        }
    }
}
