//! How many processes may run at once while both stages are under way.
//!
//! Each stage has a pool of its own width. While they overlap, every worker that keeps a process busy holds a job slot, and there are as many
//! slots as the wider pool has workers: overlapping never makes a run heavier than its wider stage is alone.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::lock::lock;

/// The slots.
#[derive(Debug)]
pub struct JobSlots {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    free: usize,
    /// The overlap has ended.
    closed: bool,
}

/// One taken slot; given back when dropped.
#[derive(Debug)]
pub struct JobSlot<'a>(&'a JobSlots);

impl JobSlots {
    /// Makes `count` free slots.
    pub fn new(count: usize) -> Self {
        Self {
            state: Mutex::new(State {
                free: count,
                closed: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Waits for a free slot.
    pub fn take(&self) -> JobSlot<'_> {
        let state = self
            .changed
            .wait_while(self.lock(), |state| state.free == 0);
        state.unwrap_or_else(PoisonError::into_inner).free -= 1;
        JobSlot(self)
    }

    /// Waits for a free slot, or for the end of the overlap, which gives `None`.
    pub fn take_while_open(&self) -> Option<JobSlot<'_>> {
        let state = self
            .changed
            .wait_while(self.lock(), |state| state.free == 0 && !state.closed);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return None;
        }
        state.free -= 1;
        Some(JobSlot(self))
    }

    /// Ends the overlap: waiting and later calls of [`Self::take_while_open`] get no slot.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for JobSlot<'_> {
    fn drop(&mut self) {
        self.0.lock().free += 1;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn no_more_slots_are_taken_than_there_are() {
        let slots = JobSlots::new(3);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for worker in 0..8 {
                let (slots, now, most) = (&slots, &now, &most);
                scope.spawn(move || {
                    for _ in 0..200 {
                        let slot = if worker % 2 == 0 {
                            Some(slots.take())
                        } else {
                            slots.take_while_open()
                        };
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(1, Ordering::SeqCst);
                        drop(slot);
                    }
                });
            }
        });
        assert!((1..=3).contains(&most.into_inner()));
    }

    #[test]
    fn closing_wakes_those_that_wait() {
        let slots = JobSlots::new(1);
        let slot = slots.take();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| slots.take_while_open().is_none());
            std::thread::sleep(std::time::Duration::from_millis(20));
            slots.close();
            assert!(waiting.join().unwrap());
        });
        drop(slot);
        assert!(slots.take_while_open().is_none());
        drop(slots.take());
    }
}
