//! The nouns of fbuild.
//!
//! Everything another crate passes on or stores is named here once. The crate's only I/O is [`input`]; it reads no clock and no environment, and prints
//! nothing; it does not know how a board is found, how a sketch is scanned or how a process is started.

pub mod command;
pub mod cost;
pub mod diagnostic;
pub mod digest;
mod error_chain;
pub mod event;
pub mod fingerprint;
pub mod input;
pub mod outcome;
pub mod properties;
pub mod size;
pub mod untrusted;

pub use command::Command;
pub use cost::Cost;
pub use diagnostic::{Diagnostic, Severity};
pub use digest::{Digest, DigestStream, DigestWriter};
pub use error_chain::error_chain;
pub use event::Event;
pub use fingerprint::{Fingerprint, MissReason, Part, Parts};
pub use outcome::{Failure, Firmware, Phase, SketchOutcome, SketchResult};
pub use properties::Properties;
pub use size::{Sizes, Usage};
pub use untrusted::Untrusted;
