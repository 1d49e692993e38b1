//! Prototype generation: the rows of semantics 4.3, the tagger against `arduino-ctags`, whole sketches against `arduino-builder`,
//! and arbitrary input.

mod kit;
mod oracle;
mod robust;
mod rows;
