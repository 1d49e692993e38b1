//! What a process cost.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Time and memory of one process tree, or of several added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Time from start to end.
    pub wall: Duration,
    /// User and system time of the process and its waited-for children.
    pub cpu: Duration,
    /// Largest resident set of any single process, in bytes.
    pub peak_memory: u64,
    /// Number of processes that were started directly.
    pub processes: u32,
}

impl Cost {
    /// Returns the cost of both, one after the other: times and counts add up, memory is the larger peak.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            wall: self.wall + other.wall,
            cpu: self.cpu + other.cpu,
            peak_memory: self.peak_memory.max(other.peak_memory),
            processes: self.processes + other.processes,
        }
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), Self::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_add_up_and_memory_peaks() {
        let cost = |seconds, memory| Cost {
            wall: Duration::from_secs(seconds),
            cpu: Duration::from_secs(2 * seconds),
            peak_memory: memory,
            processes: 1,
        };
        let sum: Cost = [cost(1, 70), cost(2, 50)].into_iter().sum();
        assert_eq!(
            sum,
            Cost {
                processes: 2,
                ..cost(3, 70)
            }
        );
    }
}
