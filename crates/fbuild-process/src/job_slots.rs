//! How many processes may run at once while both stages are under way.
//!
//! Each stage has a pool of its own width. While they overlap, every worker that keeps a process busy holds a seat, and there are as many
//! seats as the wider pool has workers: overlapping never makes a run heavier than its wider stage is alone.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::lock::lock;

/// The seats.
#[derive(Debug)]
pub struct Budget {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    free: usize,
    /// No guest gets a seat any more.
    closed: bool,
}

/// One taken seat; given back when dropped.
#[derive(Debug)]
pub struct Seat<'a>(&'a Budget);

impl Budget {
    /// Makes a budget of `seats` seats.
    pub fn new(seats: usize) -> Self {
        Self {
            state: Mutex::new(State {
                free: seats,
                closed: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Waits for a free seat.
    pub fn take(&self) -> Seat<'_> {
        let state = self
            .changed
            .wait_while(self.lock(), |state| state.free == 0);
        state.unwrap_or_else(PoisonError::into_inner).free -= 1;
        Seat(self)
    }

    /// Waits for a free seat, or for the end of the overlap, which gives `None`.
    pub fn take_as_guest(&self) -> Option<Seat<'_>> {
        let state = self
            .changed
            .wait_while(self.lock(), |state| state.free == 0 && !state.closed);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return None;
        }
        state.free -= 1;
        Some(Seat(self))
    }

    /// Ends the overlap: waiting and later guests get no seat.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for Seat<'_> {
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
    fn no_more_seats_are_taken_than_there_are() {
        let budget = Budget::new(3);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for worker in 0..8 {
                let (budget, now, most) = (&budget, &now, &most);
                scope.spawn(move || {
                    for _ in 0..200 {
                        let seat = if worker % 2 == 0 {
                            Some(budget.take())
                        } else {
                            budget.take_as_guest()
                        };
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(1, Ordering::SeqCst);
                        drop(seat);
                    }
                });
            }
        });
        assert!((1..=3).contains(&most.into_inner()));
    }

    #[test]
    fn closing_sends_waiting_guests_home() {
        let budget = Budget::new(1);
        let seat = budget.take();
        std::thread::scope(|scope| {
            let guest = scope.spawn(|| budget.take_as_guest().is_none());
            std::thread::sleep(std::time::Duration::from_millis(20));
            budget.close();
            assert!(guest.join().unwrap());
        });
        drop(seat);
        assert!(budget.take_as_guest().is_none());
        drop(budget.take());
    }
}
