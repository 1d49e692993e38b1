//! Locking without a thought for panics.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`. What is kept under the locks of this crate is whole at every moment, so a panic elsewhere does not make it unusable.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
