//! Micro benchmarks: scanning, planning, cache lookups, and a warm run, each in this process.
//!
//! `scan` and `cache` make their own input. `run` plans and builds the repository's examples for an Uno and needs the AVR core and compiler of
//! this machine for that; without them it says so and measures nothing.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark stops at the first surprise"
)]

mod cache;
mod examples;
mod run;
mod scan;

fn main() {
    divan::main();
}
