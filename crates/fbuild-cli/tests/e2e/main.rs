//! End-to-end tests: the real program on projects in temporary directories.
//!
//! A module per behaviour. Most use the scripted compiler of `fbuild-testkit`, which needs no toolchain.

#![expect(clippy::unwrap_used, reason = "a test stops at any surprise")]

mod arguments;
mod audit;
mod boards;
mod command_line;
mod completions;
mod editor;
mod failures;
mod families;
mod framework;
mod hostile_text;
mod integrity;
mod interrupt;
mod launcher;
mod libraries;
mod links;
mod looking;
mod outputs;
mod pages;
mod parallel;
mod paths;
mod pipes;
mod preambles;
mod project_file;
mod readme;
mod remote;
mod report;
mod report_places;
mod screens;
mod terminal;
mod toolchain;
mod up_to_date;
mod vanish;
mod warm;
mod warnings;

use fbuild_testkit::Project;

/// A project with the scripted platform.
fn project() -> Project {
    Project::new(env!("CARGO_BIN_EXE_fbuild")).fake_platform()
}

/// A project with the scripted platform, in a directory of this name.
fn project_in(name: &str) -> Project {
    Project::named(env!("CARGO_BIN_EXE_fbuild"), name).fake_platform()
}

/// The pairs as [`fbuild_testkit::Run::outcomes`] returns them.
fn pairs(expect: &[(&str, &str)]) -> Vec<(String, String)> {
    expect
        .iter()
        .map(|&(name, outcome)| (name.to_owned(), outcome.to_owned()))
        .collect()
}
