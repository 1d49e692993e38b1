//! What the actions of a run came to: counts, costs, peaks and the results used. It does not decide anything.

use std::collections::BTreeMap;
use std::sync::Mutex;

use fbuild_model::event::ActionEnding;
use fbuild_model::outcome::Stage;
use fbuild_model::{Cost, Fingerprint};
use fbuild_process::lock::lock;

use crate::action::Action;

/// What the actions of one stage came to so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// Actions whose result was found.
    pub hits: usize,
    /// Actions that ran.
    pub ran: usize,
    /// What they cost.
    pub cost: Cost,
}

/// What all actions came to so far.
#[derive(Debug, Default)]
pub struct Ledger {
    used: Mutex<Vec<Fingerprint>>,
    tallies: Mutex<[Tally; 2]>,
    peaks: Mutex<BTreeMap<String, u64>>,
}

impl Ledger {
    /// Returns the results that this run used, each once.
    pub fn used(&self) -> Vec<Fingerprint> {
        let mut used = lock(&self.used).clone();
        used.sort();
        used.dedup();
        used
    }

    /// Returns what the actions of `stage` came to so far.
    pub fn tally(&self, stage: Stage) -> Tally {
        lock(&self.tallies)[stage as usize]
    }

    /// Returns the largest resident set of a child in bytes, by board.
    pub fn peaks(&self) -> BTreeMap<String, u64> {
        lock(&self.peaks).clone()
    }

    /// Counts results of an earlier run that were not looked at, because what was made of them is up to date.
    pub fn count_up_to_date(&self, stage: Stage, results: impl Iterator<Item = Fingerprint>) {
        let mut used = lock(&self.used);
        let before = used.len();
        used.extend(results);
        lock(&self.tallies)[stage as usize].hits += used.len() - before;
    }

    pub(super) fn mark_used(&self, fingerprint: Fingerprint) {
        lock(&self.used).push(fingerprint);
    }

    pub(super) fn count(&self, action: &Action, ending: &ActionEnding) {
        let tally = &mut lock(&self.tallies)[action.stage as usize];
        match ending {
            ActionEnding::Hit => tally.hits += 1,
            ActionEnding::Ran { cost, .. } => {
                tally.ran += 1;
                tally.cost = tally.cost.plus(*cost);
                let mut peaks = lock(&self.peaks);
                let peak = peaks.entry(action.board().to_owned()).or_default();
                *peak = cost.peak_memory.max(*peak);
            }
        }
    }
}
