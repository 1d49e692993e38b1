//! Why there is no comparison.

use camino::Utf8PathBuf;
use fbuild_build::run::BuildError;

/// Why there is no comparison at all.
#[derive(Debug, thiserror::Error)]
pub enum ParityError {
    /// Our own build could not be planned or run.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The workers cannot be started.
    #[error("start the workers of the reference")]
    Pool(#[from] rayon::ThreadPoolBuildError),
    /// A folder for the reference cannot be made.
    #[error("make the folder `{path}` for the reference")]
    Folder {
        /// The folder.
        path: Utf8PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}
