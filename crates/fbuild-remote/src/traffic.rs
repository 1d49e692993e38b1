//! What the remote cache was used for in this run.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fbuild_model::event::RemoteUse;

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) hits: AtomicU64,
    pub(crate) misses: AtomicU64,
    pub(crate) uploads: AtomicU64,
    pub(crate) bytes_down: AtomicU64,
    pub(crate) bytes_up: AtomicU64,
    waited_micros: AtomicU64,
}

impl Counters {
    pub(crate) fn waited(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.waited_micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(crate) fn traffic(&self) -> RemoteUse {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RemoteUse {
            hits: get(&self.hits),
            misses: get(&self.misses),
            uploads: get(&self.uploads),
            bytes_down: get(&self.bytes_down),
            bytes_up: get(&self.bytes_up),
            waited: Duration::from_micros(get(&self.waited_micros)),
        }
    }
}

pub(crate) fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}
