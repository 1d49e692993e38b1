//! Tests of every report format, all from the one run in [`fixture`].

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod annotations;
mod bench;
mod changes;
mod compile_sketches;
mod fixture;
mod fold;
mod json;
mod junit;
mod lines;
mod markdown;
mod messages;
mod snapshots;
mod tsv;
