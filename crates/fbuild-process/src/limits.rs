//! What one process may use.

use std::time::Duration;

/// Limits of one process; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Wall time after which the process and all it started are killed.
    pub time: Option<Duration>,
    /// Address space in bytes, of the process and of each process that it starts.
    pub memory: Option<u64>,
}

impl Limits {
    /// Returns the limits with a time of at most `left`.
    #[must_use]
    pub fn within(self, left: Duration) -> Self {
        Self {
            time: Some(self.time.map_or(left, |limit| limit.min(left))),
            ..self
        }
    }

    /// Returns the limits without one for memory: some programs that platforms bring reserve far more address space than they use.
    #[must_use]
    pub fn without_memory(self) -> Self {
        Self {
            memory: None,
            ..self
        }
    }
}
