//! An action: commands with declared inputs and outputs, as data.
//!
//! Actions are made by the planner and by stage 2 (links), and carried out by [`crate::exec`]. Paths inside the directory in which an
//! action works are written below [`WORK`], because that directory exists only once the action runs; so an action's text is the same in
//! every run.

pub mod inputs;
pub mod path_map;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::Output;
use fbuild_cpp::Closure;
use fbuild_cpp::SourceFile;
use fbuild_model::outcome::{Failure, Phase, Stage};
use fbuild_model::{Command, Cost, Fingerprint, Parts};

use crate::action::inputs::Inputs;
use crate::action::path_map::PathMap;

/// Stands for the action's working directory in commands.
pub const WORK: &str = "/fbuild.work";

/// Files to make visible: name, and what it stands for.
pub type Links = Vec<(Utf8PathBuf, Utf8PathBuf)>;

/// A folder of an action's working directory that holds nothing but links, and that the action only reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Its name in the working directory.
    pub name: Utf8PathBuf,
    /// What is in it, by names below it.
    pub links: Links,
}

/// A bootloader's image.
#[derive(Debug, Clone)]
pub struct Bootloader {
    /// The `.hex` file.
    pub file: Utf8PathBuf,
    /// The largest span in bytes for which a `.bin` is made as well.
    pub largest_bin: u64,
}

/// One command of an action.
#[derive(Debug, Clone)]
pub struct Step {
    /// What it is part of.
    pub phase: Phase,
    /// The command; paths below [`WORK`] are replaced before it runs.
    pub command: Command,
    /// Name of the output that keeps what it prints on standard output.
    pub stdout: Option<&'static str>,
    /// The image with which the firmware is merged before the command runs (specification 1.8).
    pub merge: Option<Bootloader>,
    /// A failure of this step ends neither the action nor the sketch (the size measurement, specification 6.2).
    pub optional: bool,
}

impl Step {
    /// A step that must succeed and whose output is only shown.
    pub fn new(phase: Phase, command: Command) -> Self {
        Self {
            phase,
            command,
            stdout: None,
            merge: None,
            optional: false,
        }
    }
}

/// Which files an action leaves behind.
#[derive(Debug, Clone)]
pub enum Outputs {
    /// Exactly these files, relative to the working directory.
    Files(Vec<String>),
    /// Every file in the working directory whose name starts with this text (specification 7.5).
    Prefix(String),
}

/// What is known about the files an action reads.
#[derive(Debug, Clone)]
pub enum Reads {
    /// The inputs are outputs of other actions, named by digest in the parts.
    Objects,
    /// The files that the scanner saw; checked against the compiler's own depfile.
    Closure(Arc<Closure>),
    /// Nobody could tell, so the result is not kept.
    Unknown {
        /// Why not.
        because: String,
    },
}

/// Commands with declared inputs and outputs.
#[derive(Debug, Clone)]
pub struct Action {
    /// Which stage it belongs to.
    pub stage: Stage,
    /// Name for people: `core/main.cpp`.
    pub label: String,
    /// Name in the cache's history, the same in every run: the board's FQBN, a blank, the label.
    pub subject: String,
    /// The source that it compiles; empty where it compiles none.
    pub source: Utf8PathBuf,
    /// The commands, in order.
    pub steps: Vec<Step>,
    /// Generated files that must be on disk first, at their own paths.
    pub generated: Vec<Arc<SourceFile>>,
    /// Files to make visible in the working directory: name there, and what it stands for.
    pub links: Links,
    /// Folders of such files that other actions have as well.
    pub folders: Vec<Folder>,
    /// What it leaves behind.
    pub outputs: Outputs,
    /// Everything the outputs depend on.
    pub inputs: Inputs,
    /// The fingerprint of `inputs`.
    pub fingerprint: Fingerprint,
    /// What is known about the files it reads.
    pub reads: Reads,
    /// The header whose precompiled form the compiler should use.
    pub pch: Option<Utf8PathBuf>,
    /// The directory in which it must work because a platform's hooks work there; else it gets one of its own.
    pub in_place: Option<Utf8PathBuf>,
    /// Directories by name: what is printed is kept with names, and shown with the directories of the run that finds it.
    pub path_map: Arc<PathMap>,
}

impl Action {
    /// Returns whether equal fingerprints mean equal results, so that two such actions are one.
    pub fn is_known_by_content(&self) -> bool {
        !matches!(self.reads, Reads::Unknown { .. })
    }

    /// Returns the phase that a failure belongs to which is not that of one of the commands.
    pub fn first_phase(&self) -> Phase {
        self.steps.first().map_or(Phase::Compile, |step| step.phase)
    }

    /// Returns the list of everything that the outputs depend on.
    pub fn parts(&self) -> Parts {
        self.inputs.parts(&self.path_map)
    }

    /// Returns the FQBN of the board that it is for.
    pub fn board(&self) -> &str {
        self.subject.split(' ').next().unwrap_or_default()
    }

    /// Returns the commands with the working directory filled in.
    pub fn steps_in<'a>(&'a self, work: &'a Utf8Path) -> impl Iterator<Item = Step> + 'a {
        self.steps.iter().map(move |step| {
            let fill = |text: &String| text.replace(WORK, work.as_str());
            Step {
                command: Command {
                    program: fill(&step.command.program),
                    args: step.command.args.iter().map(fill).collect(),
                    cwd: step.command.cwd.clone(),
                },
                ..step.clone()
            }
        })
    }

    /// Returns the commands as shell lines, a line each, as they stand in logs.
    pub fn command_lines(&self) -> Vec<String> {
        self.steps
            .iter()
            .map(|step| step.command.to_shell().replace(WORK, "$WORK"))
            .collect()
    }
}

/// The result of an action that succeeded.
#[derive(Debug, Clone)]
pub struct Done {
    /// Its outputs, in order of name for a set found by prefix.
    pub outputs: Vec<Output>,
    /// What its commands printed, now or when the result was made.
    pub text: String,
    /// What its processes cost in this run; zero for a hit.
    pub cost: Cost,
    /// The fingerprint under which the cache has the result; `None` if it could not be kept.
    pub kept: Option<Fingerprint>,
}

impl Done {
    /// Returns the output of this name.
    pub fn output(&self, name: &str) -> Option<&Output> {
        self.outputs.iter().find(|output| output.name == name)
    }
}

/// Why an action has no result.
#[derive(Debug, Clone)]
pub enum NotDone {
    /// A command failed.
    Failed(Box<Failed>),
    /// The run was stopped.
    Stopped,
}

impl NotDone {
    /// Says what the processes of an action that failed cost.
    pub(crate) fn costing(mut self, cost: Cost) -> Self {
        if let Self::Failed(failed) = &mut self {
            failed.cost = cost;
        }
        self
    }
}

/// An action that failed.
#[derive(Debug, Clone)]
pub struct Failed {
    /// The label of the action.
    pub label: String,
    /// What went wrong.
    pub failure: Failure,
    /// What its processes cost.
    pub cost: Cost,
    /// Whether a command ran to its end and failed; else it was not started, was killed at a limit, or left no output.
    pub by_command: bool,
}

impl Failed {
    /// The failure of an action whose code panicked.
    pub(crate) fn panicked(action: &Action, panic: String) -> NotDone {
        Self::own(action, action.first_phase(), panic)
    }

    /// A failure that is not a command's.
    pub(crate) fn own(action: &Action, phase: Phase, message: String) -> NotDone {
        NotDone::Failed(Box::new(Self {
            label: action.label.clone(),
            failure: Failure::new(phase, message),
            cost: Cost::default(),
            by_command: false,
        }))
    }
}
