//! The local store: bytes by digest, results by fingerprint, small facts by key, and what the last run was like.
//!
//! It exists so that nothing is built twice, in any checkout of a user, by any number of processes and machines on one disk. It does not
//! know what a board, a sketch or a compiler is: everything in it is named by a [`Digest`](fbuild_model::Digest), a
//! [`Fingerprint`](fbuild_model::Fingerprint) or a text the caller chose.
//!
//! # Layout
//!
//! ```text
//! <root>/
//! ├── CACHEDIR.TAG                     backup programs leave the directory out
//! └── v1/                              another layout gets another directory
//!     ├── blobs/4f/4f53cd…             any bytes, named by their BLAKE3 digest; read-only, used in place
//!     ├── entries/a0/a09e1b…           one result: its outputs' names, digests and sizes, and a note; sealed JSON
//!     ├── facts/77/77c2d0…             a small thing worth remembering, by key; sealed bytes
//!     ├── history/1c/1c88fe…           the inputs and the cost of the last build of a subject; sealed JSON
//!     ├── runs/5d/5d90aa…              the fingerprints a run used; its time stamp is their time of last use
//!     ├── last-run                     name of the run that ended last
//!     ├── estimate                     bytes in the store, roughly; only decides whether a look is worth it
//!     └── scratch/
//!         └── 9ad0c1f2.4711.3/         outputs in the making of process 4711 of the process space 9ad0c1f2
//! ```
//!
//! # Rules
//!
//! - A file appears under its final name by `rename` and never changes afterwards, so readers need no lock and never see half of one.
//! - Reading writes nothing, not even a time stamp. What a run used is recorded once, at its end ([`Cache::touch_used`]).
//! - Nothing is trusted: small files are sealed with a checksum over their name and content, blobs are checked by length on every
//!   [`Cache::lookup`] and by content on [`Cache::verified`]. What does not fit is a miss with a warning, never an error.
//! - Everything may vanish at any moment. A removed file is a miss; an entry is removed before its blobs.
//! - Clocks decide only what is evicted, never what is served.

mod blob;
mod check;
mod content;
mod entry;
mod fact;
mod gc;
mod history;
mod layout;
mod runs;
mod scratch;
mod sealed;
mod size;
mod stat_memo;
mod store;
mod walk;

pub use blob::BlobProblem;
pub use check::{ClearReport, Count, Damage, Stats, VerifyReport};
pub use content::digest_of_file;
pub use entry::{Entry, Lookup, Note, Output, Slot};
pub use gc::{DEFAULT_MAX_SIZE, GcReport, GcRequest};
pub use scratch::Scratch;
pub use size::{NotASize, parse_size};
pub use stat_memo::StatMemo;
pub use store::{Cache, CacheError};
