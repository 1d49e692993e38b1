//! Tests of sketches, libraries, discovery and skip rules, on folders made for the purpose and with the real compiler.

#![allow(
    clippy::unwrap_used,
    reason = "the lint's exception for tests does not cover their helpers"
)]

mod alone;
mod avr;
mod debian;
mod depfiles;
mod discovery;
mod find;
mod libraries;
mod memo;
mod merge;
mod messages;
mod resolve;
mod sketch;
mod skip;
mod space;
