//! The plan: everything that will be done, before any of it is done.
//!
//! A plan is a pure function of the request, the files and the tools: the same inputs give the same plan, whatever the number of workers.
//! Actions that two sketches or two boards share are one action, because they have one fingerprint. Links are not in the plan: what they
//! depend on is known when the objects are, so stage 2 makes them from [`SketchPlan`] and the archives.

pub(crate) mod board;
mod board_key;
pub(crate) mod builder;
pub mod compile_commands;
mod device;
pub mod dry_run;
pub mod error;
mod generated_dir;
mod graph;
mod hook_made;
pub(crate) mod hooks;
pub mod ids;
pub mod inspect;
pub mod layout;
pub(crate) mod link_line;
pub(crate) mod link_steps;
mod merged;
mod outward_links;
pub(crate) mod pch;
mod planned;
pub mod planner;
mod prefix;
mod prepared;
pub(crate) mod preprocessor;
pub mod quirks;
pub(crate) mod recipes;
mod sketch_libraries;
mod skip;
pub(crate) mod tally;
mod tie;
mod unit;

pub use self::error::PlanError;
pub use self::graph::{
    ArchivePlan, Binaries, BuildPlan, Export, Linkage, Member, PchPlan, SketchEntry, SketchPlan,
    SketchUnit, SketchWork, WithPch,
};
pub use self::ids::{ActionId, ArchiveId, PchId};
pub use self::planned::Planned;
