//! A plan together with the observations that planning made.
//!
//! The plan says what is done. What planning read, and which earlier runs it confirmed, is needed only to record the run afterwards
//! ([`crate::incremental`]) and for the report.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use fbuild_model::{Cost, Digest, Fingerprint};

use crate::incremental::scan_cache::ScanCache;
use crate::incremental::snapshot::InputSnapshot;
use crate::plan::BuildPlan;

/// A finished plan and what is known of its making.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: BuildPlan,
    /// The input snapshots that the plan is based on.
    pub(crate) snapshot: Snapshots,
    /// Translation units that the compiler preprocessed because the scanner could not, with the reason.
    pub fallbacks: Vec<String>,
    /// The cost of the processes that planning started.
    pub cost: Cost,
}

/// The input snapshot of a run, and those of earlier runs that still hold.
#[derive(Debug)]
pub(crate) struct Snapshots {
    /// What this run's planning observed; `None` if not all of it is known.
    pub(crate) own: Option<InputSnapshot>,
    /// Scan results that depend on `own`, for sources that sketches share.
    pub(crate) scan_cache: ScanCache,
    /// The snapshots of earlier runs by which sketches are up to date.
    pub(crate) earlier: Vec<(Digest, Arc<InputSnapshot>)>,
}

impl Planned {
    /// Returns whether an archive would be replaced that sketches which are up to date were linked with.
    pub(crate) fn disturbs_what_is_up_to_date(&self) -> bool {
        self.plan.archives.iter().any(|archive| {
            let made_of = archive.made_of(&self.plan.shared);
            self.earlier()
                .filter_map(|snapshot| snapshot.made_of(&archive.path))
                .any(|known| known != made_of)
        })
    }

    /// Returns the shared results that sketches which are up to date were made of, without those that are planned.
    pub(crate) fn shared_up_to_date(&self) -> BTreeSet<Fingerprint> {
        let shared = self.plan.shared.iter();
        let planned: HashSet<Fingerprint> = shared.map(|action| action.fingerprint).collect();
        self.earlier()
            .flat_map(|snapshot| snapshot.shared())
            .filter(|fingerprint| !planned.contains(fingerprint))
            .copied()
            .collect()
    }

    /// Returns the key of stage 1 where all of it is up to date; `None` if something is planned or there were several.
    pub(crate) fn key_up_to_date(&self) -> Option<Digest> {
        match &self.snapshot.earlier[..] {
            [(_, snapshot)] if self.plan.archives.is_empty() => snapshot.key(),
            _ => None,
        }
    }

    /// Returns the archives and precompiled headers that sketches which are up to date were made of, if no archive is planned.
    pub(crate) fn derived_up_to_date(&self) -> BTreeSet<Fingerprint> {
        if !self.plan.archives.is_empty() {
            return BTreeSet::new();
        }
        let derived = self.earlier().flat_map(|snapshot| snapshot.derived());
        derived.copied().collect()
    }

    fn earlier(&self) -> impl Iterator<Item = &InputSnapshot> {
        self.snapshot
            .earlier
            .iter()
            .map(|(_, snapshot)| &**snapshot)
    }
}
