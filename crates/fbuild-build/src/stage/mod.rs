//! The two stages: stage 1 builds what sketches share, stage 2 compiles and links each sketch.
//!
//! Stage 2 cannot link without the [`ArchiveSet`], which only stage 1 makes.

mod archive_set;
pub(crate) mod deliver;
pub(crate) mod link;
pub(crate) mod log;
pub(crate) mod pch;
pub(crate) mod shared;
pub(crate) mod sketches;
mod too_big;
pub(crate) mod trace;
pub(crate) mod warnings;

pub use archive_set::{ArchiveSet, LinkInput, Missing, OpenError, Recorded};
