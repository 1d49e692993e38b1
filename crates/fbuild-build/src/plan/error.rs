//! Why there is no plan.

use fbuild_scan::library::LibraryError;

use crate::toolchain::ToolError;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A tool is not there.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A library that was named is none.
    #[error(transparent)]
    Library(LibraryError),
    /// A platform cannot be used.
    #[error("use the platform of `{board}`: {problem}")]
    Platform {
        /// The board's FQBN.
        board: String,
        /// What is wrong.
        problem: String,
    },
}
