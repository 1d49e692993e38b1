//! Tests of sketches, libraries, discovery and skip rules, on folders made for the purpose and with the real compiler.

mod avr;
mod debian;
mod depfiles;
mod discovery;
mod find;
mod libraries;
mod merge;
mod messages;
mod resolve;
mod sketch;
mod skip;
mod space;
