//! Which files a source has read, and whether one is to be read again.

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use crate::file::{Likeness, SourceFile};

const READ: u8 = 1;
const ONCE: u8 = 2;
const GUARDED: u8 = 4;

/// The files read so far.
#[derive(Default)]
pub(crate) struct Reads {
    /// In the order of their first reading.
    files: Vec<Arc<SourceFile>>,
    /// By file number: [`READ`], [`ONCE`] (`#pragma once`), [`GUARDED`] (read to its end).
    states: Vec<u8>,
    /// The files to be read once only, by what gcc takes them for the same by.
    once: HashMap<Likeness, usize, FxBuildHasher>,
}

impl Reads {
    fn state(&mut self, file: &SourceFile) -> &mut u8 {
        if self.states.len() <= file.id() {
            self.states.resize(file.id() + 1, 0);
        }
        &mut self.states[file.id()]
    }

    /// Takes note that a file is opened.
    pub(crate) fn open(&mut self, file: &Arc<SourceFile>) {
        let state = self.state(file);
        let is_first = *state & READ == 0;
        *state |= READ;
        if is_first {
            self.files.push(Arc::clone(file));
        }
    }

    /// Takes note that a file was read to its end.
    pub(crate) fn close(&mut self, file: &SourceFile) {
        *self.state(file) |= GUARDED;
    }

    /// Marks a file as one to be read once only.
    pub(crate) fn mark_once(&mut self, file: &SourceFile) {
        let state = self.state(file);
        let is_first = *state & ONCE == 0;
        *state |= ONCE;
        if let Some(likeness) = file.likeness().filter(|_| is_first) {
            self.once.entry(likeness).or_insert(file.id());
        }
    }

    /// Decides whether a file that is included is to be read. `import`: by `#import`. `guard_holds` tells whether the macro is defined that makes
    /// the file empty.
    pub(crate) fn must_read(
        &mut self,
        file: &Arc<SourceFile>,
        import: bool,
        guard_holds: impl FnOnce() -> bool,
    ) -> bool {
        let state = *self.state(file);
        if state & ONCE != 0 {
            return false;
        }
        if import {
            self.mark_once(file);
            if state & READ != 0 {
                return false;
            }
        }
        if state & GUARDED != 0 && guard_holds() {
            return false;
        }
        // gcc takes two files for one if they have the same length, time of change and content, and one of them is to be read once only.
        let Some(likeness) = file.likeness() else {
            return true;
        };
        let once = self.once.get(&likeness);
        let same = |other: &Arc<SourceFile>| {
            !Arc::ptr_eq(other, file) && other.likeness() == Some(likeness)
        };
        once.is_none_or(|&first| first == file.id()) && !(import && self.files.iter().any(same))
    }

    /// Returns the files in the order of their first reading.
    pub(crate) fn into_files(self) -> Vec<Arc<SourceFile>> {
        self.files
    }
}
