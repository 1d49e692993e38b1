//! The data model of a plan: what stage 1 builds, and what stage 2 does for each sketch.
//!
//! Everything is plain data. The module does not know how a plan is made or carried out.

use std::sync::Arc;

use camino::Utf8PathBuf;
use fbuild_model::event::SharedLibrary;
use fbuild_model::outcome::{Failure, SkipRule, UsedLibrary};
use fbuild_model::{Command, Digest, DigestWriter};
use fbuild_platform::SketchRecipes;

use crate::action::path_map::PathMap;
use crate::action::{Action, Bootloader};
use crate::incremental::record::{Record, RecordKey};
use crate::plan::hooks::Hooks;
use crate::plan::ids::{ActionId, ArchiveId, PchId};

/// Everything that will be done.
#[derive(Debug, Default)]
pub struct BuildPlan {
    /// Compile actions of stage 1, each once.
    pub shared: Vec<Action>,
    /// Archives of stage 1.
    pub archives: Vec<ArchivePlan>,
    /// Precompiled headers of stage 1.
    pub pchs: Vec<PchPlan>,
    /// One entry per (board, sketch), in the order of the request.
    pub sketches: Vec<SketchEntry>,
    /// How libraries are shared.
    pub libraries: Vec<SharedLibrary>,
    /// Remarks for the user.
    pub warnings: Vec<String>,
}

/// How an archive takes part in a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Linkage {
    /// All members are linked, as Arduino links a library's objects (design 5.1).
    Whole,
    /// Members are linked where they are referenced: the core, and libraries with `dot_a_linkage`.
    Referenced,
}

/// An archive of stage 1.
#[derive(Debug)]
pub struct ArchivePlan {
    /// Name for people and logs: `libraries/FastLED`.
    pub label: String,
    /// Name in the cache's history.
    pub subject: String,
    /// What its failure blocks a sketch by: `core`, `library FastLED`.
    pub blame: String,
    /// Its path in the output directory.
    pub path: Utf8PathBuf,
    /// Its members in order.
    pub members: Vec<Member>,
    /// The commands that make it from members below `WORK/members`, into `WORK/NAME.a`.
    pub commands: Vec<Command>,
    /// The archiver, by content.
    pub tool: Digest,
    /// How it is linked.
    pub linkage: Linkage,
}

/// A member of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name in the archive.
    pub name: String,
    /// Path of the object below the build directory as Arduino names it: `libraries/FastLED/fl/x.cpp.o` (specification 2.3.7).
    pub object: Utf8PathBuf,
    /// The action that makes it.
    pub action: ActionId,
}

impl ArchivePlan {
    /// Digests all that its bytes depend on; `shared` are the plan's shared actions.
    pub fn made_of(&self, shared: &[Action]) -> Digest {
        let mut writer = DigestWriter::new("archive");
        writer.digest(self.tool);
        for command in &self.commands {
            writer.field(command.to_shell());
        }
        for member in &self.members {
            writer
                .field(&member.name)
                .digest(shared[member.action.index()].fingerprint.digest());
        }
        writer.finish()
    }
}

/// A precompiled header of stage 1.
#[derive(Debug)]
pub struct PchPlan {
    /// The action that makes it.
    pub action: Action,
    /// The header whose precompiled form it is.
    pub header: Utf8PathBuf,
    /// The sketches that can use it, as positions in the plan.
    pub needed_by: Vec<usize>,
    /// Make it also for a few sketches.
    pub always: bool,
}

/// One (board, sketch).
#[derive(Debug)]
pub struct SketchEntry {
    /// The board's FQBN.
    pub board: String,
    /// The sketch's name in lines and reports.
    pub name: String,
    /// The sketch's folder.
    pub dir: Utf8PathBuf,
    /// The sketch's own output directory.
    pub out_dir: Utf8PathBuf,
    /// What is to be done.
    pub work: SketchWork,
}

/// What is to be done for one sketch.
#[derive(Debug)]
pub enum SketchWork {
    /// Compile and link it.
    Build(Box<SketchPlan>),
    /// It cannot be built; the log says why.
    Fail {
        /// Why not.
        failure: Failure,
        /// Remarks for the log.
        remarks: Vec<String>,
    },
    /// A rule leaves it out.
    Skip(SkipRule),
    /// Nothing: its firmware is in place.
    UpToDate(Box<Record>),
}

/// What stage 2 does for one sketch.
#[derive(Debug)]
pub struct SketchPlan {
    /// The recipes with the sketch's values.
    pub recipes: SketchRecipes,
    /// Name of the project: `Blink.ino`.
    pub project: String,
    /// Its own compile actions, in link order; the name of each object in the link, and the precompiled header it uses.
    pub units: Vec<SketchUnit>,
    /// What it links of stage 1, in link order: libraries, then the variant.
    pub archives: Vec<ArchiveId>,
    /// The core's archive.
    pub core: ArchiveId,
    /// Binaries that come with its libraries.
    pub binaries: Binaries,
    /// The libraries it uses, in link order.
    pub libraries: Vec<UsedLibrary>,
    /// Remarks for the log: libraries chosen, architecture warnings.
    pub remarks: Vec<String>,
    /// The linker and what it brings, by content.
    pub linker: Digest,
    /// The platform's hooks around compiling.
    pub hooks: Hooks,
    /// The directory in which it is linked if hooks work there.
    pub in_place: Option<Utf8PathBuf>,
    /// Where its firmware is copied, with the hooks around it (`--export-binaries`).
    pub export: Option<Export>,
    /// The bootloader's image to merge with (specification 7.4); hooks that may look at the merged image run in the link after the merge.
    pub bootloader: Option<Bootloader>,
    /// Directories by name.
    pub path_map: Arc<PathMap>,
    /// Where it is recorded that the sketch was built, if all that it depends on is known.
    pub record: Option<RecordKey>,
}

/// Where firmware is copied, and the platform's commands around that (specification 7.5).
#[derive(Debug, Clone)]
pub struct Export {
    /// The directory.
    pub dir: Utf8PathBuf,
    /// Commands before.
    pub before: Vec<Command>,
    /// Commands after.
    pub after: Vec<Command>,
}

/// Binaries that come with libraries and are linked (specification 2.3.6).
#[derive(Debug, Clone, Default)]
pub struct Binaries {
    /// Archives that join the objects.
    pub objects: Vec<Utf8PathBuf>,
    /// All files of their folders by name and content: what the link depends on.
    pub files: Vec<(String, Digest)>,
    /// What is appended to the linker flags for libraries.
    pub ldflags: String,
}

impl Binaries {
    /// Returns whether no library brings any.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// One translation unit of a sketch.
#[derive(Debug)]
pub struct SketchUnit {
    /// Path of its object below the build directory: `sketch/Blink.ino.cpp.o`.
    pub object: Utf8PathBuf,
    /// How it is compiled.
    pub action: Action,
    /// How it is compiled with a precompiled header, if it can be.
    pub pch: Option<WithPch>,
}

/// The compile action of a unit whose beginning is precompiled.
#[derive(Debug)]
pub struct WithPch {
    /// The precompiled header; `None` if this run makes none, and only the result of an earlier run can be used.
    pub id: Option<PchId>,
    /// The action; it makes the same firmware as the plain one, whatever the precompiled header covers.
    pub action: Action,
}
