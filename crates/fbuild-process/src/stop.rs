//! Whether the run should go on.
//!
//! One [`Stop`] is shared by everything that works on a run. It only ever moves forward: running → no new work → children are killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const RUNNING: u8 = 0;
const DRAINING: u8 = 1;
const CANCELLED: u8 = 2;
const KILLED: u8 = 3;

/// The shared state.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicU8>);

impl Stop {
    /// Returns a state in which work goes on.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts no more work because something failed and the user asked to end then (`--fail-fast`).
    pub fn drain(&self) {
        self.advance(DRAINING);
    }

    /// Starts no more work because the user interrupted; a second call kills the processes that still run.
    pub fn interrupt(&self) {
        if self.0.load(Ordering::SeqCst) >= CANCELLED {
            self.kill()
        } else {
            self.advance(CANCELLED)
        }
    }

    /// Starts no more work and kills the processes that still run.
    pub fn kill(&self) {
        self.advance(KILLED);
    }

    /// Returns whether new work may start.
    pub fn may_start(&self) -> bool {
        self.0.load(Ordering::SeqCst) == RUNNING
    }

    /// Returns whether the user interrupted.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst) >= CANCELLED
    }

    /// Returns whether running processes are to be killed.
    pub fn is_killed(&self) -> bool {
        self.0.load(Ordering::SeqCst) >= KILLED
    }

    fn advance(&self, to: u8) {
        self.0.fetch_max(to, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_only_moves_forward() {
        let stop = Stop::new();
        assert!(stop.may_start() && !stop.is_cancelled());
        stop.drain();
        assert!(!stop.may_start() && !stop.is_cancelled());
        stop.interrupt();
        assert!(stop.is_cancelled() && !stop.is_killed());
        stop.drain();
        assert!(stop.is_cancelled());
    }

    #[test]
    fn the_second_interrupt_kills() {
        let stop = Stop::new();
        stop.interrupt();
        stop.clone().interrupt();
        assert!(stop.is_killed());
    }
}
