//! From a request to firmware.
//!
//! A [`request::Request`] becomes a [`plan::BuildPlan`], stage 1 builds what sketches share and returns a [`stage::ArchiveSet`], stage 2
//! builds the sketches with it. Each step is reported as a [`fbuild_model::Event`]. The crate does not print and does not know any report
//! format.
//!
//! | room | subject |
//! |---|---|
//! | [`action`] | an action as data |
//! | [`toolchain`] | what the tools are, by content |
//! | [`plan`] | from a request to the build graph |
//! | [`exec`] | one action: look up, run, verify, publish |
//! | [`incremental`] | whether an earlier build is still current |
//! | [`stage`] | the two stages |

pub mod action;
pub mod exec;
pub mod incremental;
pub mod output_dir;
pub mod plan;
pub mod request;
pub mod run;
pub mod services;
pub mod stage;
pub mod toolchain;
