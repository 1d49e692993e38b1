//! From a request to firmware.
//!
//! A [`request::Request`] becomes a [`plan::BuildPlan`] (pure data), stage 1 builds what sketches share and gives an
//! [`archive_set::ArchiveSet`], stage 2 builds the sketches with it; everything that happens is told as [`fbuild_model::Event`]s. The crate
//! does not print and does not know in which format anything is reported.

pub mod action;
pub mod archive_set;
mod assembly;
mod board;
mod budget;
mod companions;
pub mod compile_commands;
mod deliver;
mod depfiles;
mod device;
mod draft;
pub mod dry_run;
pub mod execute;
mod folders;
mod hooks;
mod inputs;
pub mod inspect;
pub mod layout;
mod link;
mod link_line;
mod lock;
mod log;
pub mod memory;
mod option_files;
pub mod parity;
pub mod place;
pub mod plan;
pub mod planner;
mod preamble;
mod preamble_probe;
mod prefix;
mod preprocessor;
mod question;
pub mod record;
pub mod request;
mod results;
mod roots;
pub mod run;
pub mod runner;
mod scans;
mod skip;
mod stage1;
mod stage2;
pub mod stop;
mod tally;
mod temporary;
pub mod toolchain;
mod trace;
pub mod trail;
mod unit;
