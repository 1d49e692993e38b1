//! What became of a sketch in an earlier run, so that a run in which nothing changed need not plan it.
//!
//! A sketch is up to date if its own files, everything that planning asked the disk ([`InputSnapshot`]), the tools and the board's description are
//! those of the record, and the files that it left behind are in place with the same content. Content decides, not time stamps; only
//! programs and archives are recognised by [`StatMemo`]. What is not up to date is planned, which is never wrong.

use std::collections::HashMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Cache, StatMemo};
use fbuild_cpp::SourceTree;
use fbuild_model::outcome::{Firmware, UsedLibrary};
use fbuild_model::{Diagnostic, Digest, DigestWriter, Fingerprint, Sizes};
use fbuild_scan::sketch::Sketch;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::exec::place;
use crate::incremental::scan_cache::{Memos, ScanCache};
use crate::incremental::snapshot::InputSnapshot;

/// A sketch that was built in an earlier run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The trail of the run that planned it.
    pub snapshot: Digest,
    /// A digest over the sketch's own files.
    pub own: Digest,
    /// The files it left behind, the log among them, with their content.
    pub files: Vec<(Utf8PathBuf, Digest)>,
    /// The firmware's files, in the order in which they were made.
    pub artifacts: Vec<Utf8PathBuf>,
    /// Its sizes.
    pub sizes: Option<Sizes>,
    /// Its log.
    pub log: Option<Utf8PathBuf>,
    /// Warnings of its own translation units and of its link.
    pub warnings: Vec<Diagnostic>,
    /// The libraries it uses, in link order.
    pub libraries: Vec<UsedLibrary>,
    /// Where their archives stand.
    pub archives: Vec<Utf8PathBuf>,
    /// Its own results in the cache.
    pub used: Vec<Fingerprint>,
}

/// Where the record of a sketch is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordKey {
    key: Digest,
    own: Digest,
}

impl RecordKey {
    /// Makes the key of a sketch that is built in `out_dir`; `base` is what all its records have in common, and the sketch's own
    /// files are read from `files`. `None` if one cannot be read.
    pub fn new(
        base: Digest,
        sketch: &Sketch,
        files: &SourceTree,
        out_dir: &Utf8Path,
    ) -> Option<Self> {
        let mut key = DigestWriter::new("record 1");
        key.digest(base).field(sketch.dir.as_str());
        key.field(sketch.project_name()).field(out_dir.as_str());
        let mut own = DigestWriter::new("sketch");
        let copied = sketch.additional.iter().map(|file| file.path.as_path());
        for path in sketch.texts().chain(copied) {
            let file = files.read(path).ok()??;
            own.field(path.as_str()).digest(file.digest());
        }
        Some(Self {
            key: key.finish(),
            own: own.finish(),
        })
    }

    /// Returns the digest over the sketch's own files.
    pub fn own(&self) -> Digest {
        self.own
    }
}

impl Record {
    /// Returns what it built.
    pub fn firmware(&self) -> Firmware {
        Firmware {
            artifacts: self.artifacts.clone(),
            sizes: self.sizes,
        }
    }

    fn is_in_place(&self) -> bool {
        self.files
            .iter()
            .all(|(path, known)| place::holds(path, *known))
    }
}

/// The records of earlier runs.
#[derive(Debug)]
pub struct Records<'a> {
    cache: &'a Cache,
    tree: &'a SourceTree,
    /// Trails that hold, by digest.
    snapshots: HashMap<Digest, Option<Arc<InputSnapshot>>>,
}

impl<'a> Records<'a> {
    /// Opens the records in `cache`; what is found out about files on the way is put into `tree`.
    pub fn new(cache: &'a Cache, tree: &'a SourceTree) -> Self {
        Self {
            cache,
            tree,
            snapshots: HashMap::new(),
        }
    }

    /// Returns the trails that were found to hold, sorted by digest.
    pub fn into_snapshots(self) -> Vec<(Digest, Arc<InputSnapshot>)> {
        let mut snapshots: Vec<_> = self
            .snapshots
            .into_iter()
            .filter_map(|(digest, snapshot)| Some((digest, snapshot?)))
            .collect();
        snapshots.sort_by_key(|(digest, _)| *digest);
        snapshots
    }

    /// Returns for each of `sketches`, built in the directory at its place of `out_dirs`, its record if it is up to date. If not all are, the
    /// board's preprocessors learn what earlier runs knew about the sources that sketches share.
    ///
    /// Beside each sketch is what all its records have in common, `base` is what those of the board have. Runs in the current rayon pool.
    pub(crate) fn up_to_date(
        &mut self,
        base: Digest,
        memos: &Memos<'_>,
        sketches: &[Option<(&Sketch, Digest)>],
        out_dirs: &[Utf8PathBuf],
    ) -> Vec<Option<Record>> {
        let recorded: Vec<Option<(Record, RecordKey)>> = sketches
            .par_iter()
            .zip(out_dirs)
            .map(|(sketch, out_dir)| {
                let (sketch, base) = (*sketch)?;
                self.find(base, sketch, out_dir)
            })
            .collect();
        let mut snapshots: Vec<Digest> = recorded
            .iter()
            .flatten()
            .map(|(record, _)| record.snapshot)
            .collect();
        snapshots.sort();
        snapshots.dedup();
        for &digest in &snapshots {
            if !self.snapshots.contains_key(&digest) {
                let snapshot = self.snapshot(digest);
                self.snapshots.insert(digest, snapshot);
            }
        }
        let up_to_date: Vec<Option<Record>> = recorded
            .into_par_iter()
            .map(|found| {
                let (record, key) = found?;
                let holds = matches!(self.snapshots.get(&record.snapshot), Some(Some(_)));
                (record.own == key.own && holds && record.is_in_place()).then_some(record)
            })
            .collect();
        if up_to_date.iter().any(Option::is_none) {
            snapshots
                .into_iter()
                .for_each(|digest| self.teach(digest, base, memos));
        }
        up_to_date
    }

    /// Finds the record of a sketch, which may be one of other files of the sketch.
    fn find(
        &self,
        base: Digest,
        sketch: &Sketch,
        out_dir: &Utf8Path,
    ) -> Option<(Record, RecordKey)> {
        let key = RecordKey::new(base, sketch, &SourceTree::new(), out_dir)?;
        let bytes = self.cache.recall(key.key)?;
        Some((serde_json::from_slice(&bytes).ok()?, key))
    }

    /// Returns a trail if it still holds.
    fn snapshot(&self, digest: Digest) -> Option<Arc<InputSnapshot>> {
        let bytes = self.cache.recall(snapshot_key(digest))?;
        let snapshot: InputSnapshot = serde_json::from_slice(&bytes).ok()?;
        snapshot
            .holds(self.tree, StatMemo::new(self.cache))
            .then(|| Arc::new(snapshot))
    }

    /// Lets a board's preprocessors know the scans that belong to a trail, if it holds.
    fn teach(&self, digest: Digest, base: Digest, memos: &Memos<'_>) {
        if !matches!(self.snapshots.get(&digest), Some(Some(_))) {
            return;
        }
        let scan_cache = self.cache.recall(scans_key(digest));
        let scan_cache: Option<ScanCache> =
            scan_cache.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(scan_cache) = scan_cache {
            scan_cache.teach(base, memos, self.tree);
        }
    }
}

/// Keeps a trail and the scans that belong to it unless one of `earlier` covers it; returns by which digest it is found.
pub(crate) fn keep_snapshot(
    cache: &Cache,
    snapshot: &InputSnapshot,
    scan_cache: &ScanCache,
    earlier: &[(Digest, Arc<InputSnapshot>)],
) -> Option<Digest> {
    if let Some((known, _)) = earlier.iter().find(|(_, known)| known.covers(snapshot)) {
        return Some(*known);
    }
    let bytes = serde_json::to_vec(snapshot).ok()?;
    let digest = Digest::of(&bytes);
    cache.remember(snapshot_key(digest), &bytes);
    if let Ok(bytes) = serde_json::to_vec(scan_cache) {
        cache.remember(scans_key(digest), &bytes);
    }
    Some(digest)
}

/// Keeps what became of a sketch.
pub fn keep(cache: &Cache, key: RecordKey, record: &Record) {
    if let Ok(bytes) = serde_json::to_vec(record) {
        cache.remember(key.key, &bytes);
    }
}

fn snapshot_key(digest: Digest) -> Digest {
    DigestWriter::new("trail 1").digest(digest).finish()
}

fn scans_key(snapshot: Digest) -> Digest {
    DigestWriter::new("scans 2").digest(snapshot).finish()
}
