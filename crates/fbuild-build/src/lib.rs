//! From a request to firmware.
//!
//! A [`request::Request`] becomes a plan (pure data), stage 1 builds what sketches share, stage 2 builds the sketches; everything that happens
//! is told as [`fbuild_model::Event`]s. The crate does not print and does not know in which format anything is reported.

pub mod runner;
pub mod stop;
