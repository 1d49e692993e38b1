//! What was tried, and how it went.

use std::collections::BTreeMap;

/// How one trial ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As the build of each sketch alone.
    Right,
    /// Firmware differs, or something was reported as built that does not build.
    Wrong(String),
    /// No firmware is wrong, but the run did not do what it promises: it failed, panicked, or took too long.
    Lost(String),
}

/// Counts by kind of trial.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: BTreeMap<&'static str, [usize; 3]>,
    faults: Vec<String>,
}

impl Table {
    /// Counts a trial.
    pub(crate) fn add(&mut self, kind: &'static str, verdict: &Verdict) {
        let [tried, survived, wrong] = self.rows.entry(kind).or_default();
        *tried += 1;
        match verdict {
            Verdict::Right => *survived += 1,
            Verdict::Lost(what) => self.faults.push(format!("{kind}: lost: {what}")),
            Verdict::Wrong(what) => {
                *wrong += 1;
                self.faults.push(format!("{kind}: WRONG: {what}"));
            }
        }
    }

    /// Whether no firmware was wrong.
    pub(crate) fn is_right(&self) -> bool {
        self.rows.values().all(|[_, _, wrong]| *wrong == 0)
    }

    /// Prints faults and counts.
    pub(crate) fn print(&self) {
        for fault in &self.faults {
            println!("{fault}\n");
        }
        println!("| trial | tried | survived | wrong |\n|---|---:|---:|---:|");
        for (kind, [tried, survived, wrong]) in &self.rows {
            println!("| {kind} | {tried} | {survived} | {wrong} |");
        }
    }
}
