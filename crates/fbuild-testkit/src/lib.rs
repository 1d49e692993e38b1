//! What end-to-end tests need: projects in temporary directories, a scripted compiler, and runs of the real program.
//!
//! A [`Project`] is a directory with sketches, libraries, a platform whose tools are scripted, a home and a cache of its own; it runs the
//! program under test without anything inherited from the environment. [`Calls`] tells which tools ran, and when. The kit knows no crate of
//! the workspace: it sees what a user sees. [`needs!`] skips a test visibly where a tool is missing.

pub mod calls;
pub mod disk;
pub mod line;
pub mod need;
pub mod platform;
pub mod project;
pub mod reapi;
pub mod redact;
pub mod run;
pub mod tiny;
pub mod tree;
pub mod user;

pub use calls::{Call, Calls, Role};
pub use disk::SmallDisk;
pub use line::ResultLine;
pub use project::Project;
pub use run::{Invocation, Run, Running};
pub use tree::Tree;
pub use user::without_root;
