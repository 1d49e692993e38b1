//! Precompiled preambles.

use fbuild_scan::tree::SourceTree;

use crate::board::Board;
use crate::execute::Executor;
use crate::plan::{BuildPlan, PreamblePlan};
use crate::request::PchMode;
use crate::toolchain::Toolchain;

/// Finds the preambles of one board.
pub struct Preambles<'a> {
    _board: &'a Board<'a>,
}

impl<'a> Preambles<'a> {
    /// Prepares for a board.
    pub fn new(board: &'a Board<'a>, _mode: PchMode, _tools: &'a Toolchain<'a>, _tree: &SourceTree) -> Self {
        Self { _board: board }
    }

    /// Adds the preambles.
    pub fn add(&self, _plan: &mut BuildPlan, _first: usize) {}
}

/// Makes one.
pub fn make(_plan: &PreamblePlan, _executor: &Executor<'_>) -> bool {
    false
}
