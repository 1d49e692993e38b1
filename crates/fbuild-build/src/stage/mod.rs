//! The two stages: stage 1 builds what sketches share, stage 2 compiles and links each sketch.
//!
//! Stage 2 cannot link without the [`ArchiveSet`], which only stage 1 makes.

mod archive_set;
pub(crate) mod deliver;
pub(crate) mod link;
pub(crate) mod log;
pub(crate) mod pch;
pub(crate) mod shared;
pub(crate) mod sketch;
pub(crate) mod sketches;
mod too_big;
pub(crate) mod trace;
pub(crate) mod warnings;

pub use archive_set::{ArchiveSet, LinkInput, Missing, OpenError, Recorded};

/// Does a piece of work and turns a panic into its message, so that one sketch or action cannot take others along.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).map_err(|payload| {
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        format!(
            "internal error: {}; please report it",
            text.unwrap_or_default()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::caught;

    #[test]
    fn a_panic_becomes_a_message() {
        assert_eq!(caught(|| 1), Ok(1));
        let panic = caught(|| -> u8 { panic!("index {}", 7) });
        assert_eq!(
            panic.unwrap_err(),
            "internal error: index 7; please report it"
        );
    }
}
