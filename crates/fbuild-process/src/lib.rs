//! Child processes: starts, limits, measures and stops them.
//!
//! This crate does not know what a command means, and knows neither plans nor cached results.

mod addresses;
mod capture;
mod child;
pub mod job_slots;
pub mod limits;
pub mod lock;
pub mod memory;
mod output;
pub mod runner;
pub mod stop;
