//! Keeping the store small: what was not used for longest goes first.
//!
//! A collection may run while others read and publish. Whatever it takes away is a miss for them; it never waits for them, nor they for it.
//! An entry goes before its blobs, so that a collection killed half-way leaves blobs without entries and not the reverse.
//!
//! The store does not know what its blobs are, but a few very large ones (precompiled headers) must not push out thousands of small
//! ones that cost as much to make. So results with a bulky file together get at most half of the room.

use fbuild_model::input;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Digest;

use crate::layout::Bucket;
use crate::scratch;
use crate::store::{Cache, CacheError};
use crate::walk::{self, Found};

/// The store's size limit unless the user sets another, in bytes.
pub const DEFAULT_MAX_SIZE: u64 = 5 << 30;

/// From this length on a blob is bulky.
const BULKY: u64 = 16 << 20;

/// A blob that no entry names may belong to an entry that is just being written, but not for this long.
const GRACE: Duration = Duration::from_secs(60 * 60);

/// After this many runs that wrote, the estimated size is measured again.
const RUNS_BETWEEN_LOOKS: u64 = 50;

/// What a collection shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GcRequest {
    /// Evict until the store has at most this many bytes.
    pub max_size: Option<u64>,
    /// Never evict what the last run used; without `max_size`, evict everything else.
    pub keep_last_run: bool,
    /// Stop evicting after this time; the next collection goes on. Looking around is not counted.
    pub budget: Option<Duration>,
}

/// What a collection did.
#[derive(Debug, Default)]
pub struct GcReport {
    /// Bytes in the store before, in whole disk blocks.
    pub before: u64,
    /// Bytes in the store afterwards.
    pub after: u64,
    /// Results that were evicted.
    pub evicted: u64,
    /// Blobs, facts and histories that were removed, results that could not be used, and leftovers of killed processes.
    pub removed_files: u64,
    /// Whether the time was too short to reach the limit.
    pub unfinished: bool,
    /// What could not be removed.
    pub problems: Vec<CacheError>,
}

impl Cache {
    /// Removes leftovers and what was not used for longest, as requested.
    pub fn gc(&self, request: GcRequest) -> GcReport {
        let mut collection = Collection::look(self);
        collection.deadline = request.budget.map(|budget| Instant::now() + budget);
        collection.sweep();
        let protected: HashSet<Digest> = if request.keep_last_run {
            self.used_by_last_run().into_iter().collect()
        } else {
            HashSet::new()
        };
        let limit = match (request.max_size, request.keep_last_run) {
            (Some(limit), _) => limit,
            (None, true) => 0,
            (None, false) => u64::MAX,
        };
        collection.trim_small(request.max_size.unwrap_or(DEFAULT_MAX_SIZE) / 8);
        if collection.report.after > limit || collection.bulky > limit / 2 {
            // A little below the limit, so that not every run has to collect.
            collection.evict(limit - limit / 10, limit / 2, &protected);
        }
        self.write_estimate(collection.report.after, 0);
        collection.report
    }

    /// Collects down to `max_size` if this process wrote and the store has probably grown beyond it. Called once at the end of a run;
    /// a run that wrote nothing does nothing here.
    pub fn gc_if_over(&self, max_size: u64, budget: Duration) -> Option<GcReport> {
        let added = self.added.swap(0, std::sync::atomic::Ordering::Relaxed);
        if added == 0 || self.is_private() {
            return None;
        }
        match self.read_estimate() {
            Some((bytes, runs))
                if runs < RUNS_BETWEEN_LOOKS && bytes.saturating_add(added) <= max_size =>
            {
                self.write_estimate(bytes.saturating_add(added), runs + 1);
                None
            }
            _ => Some(self.gc(GcRequest {
                max_size: Some(max_size),
                keep_last_run: false,
                budget: Some(budget),
            })),
        }
    }

    pub(crate) fn estimate_file(&self) -> Utf8PathBuf {
        self.layout.versioned().join("estimate")
    }

    /// Returns the bytes at the last look plus what runs said they added, and the number of those runs.
    fn read_estimate(&self) -> Option<(u64, u64)> {
        let text = input::read_text(&self.estimate_file()).ok()?;
        let (bytes, runs) = text.trim_end().split_once(' ')?;
        Some((bytes.parse().ok()?, runs.parse().ok()?))
    }

    fn write_estimate(&self, bytes: u64, runs: u64) {
        if let Err(error) = self.put(
            &self.estimate_file(),
            format!("{bytes} {runs}\n").as_bytes(),
        ) {
            self.warn(format!("the cache cannot note its size: {error}"));
        }
        self.added.store(0, std::sync::atomic::Ordering::Relaxed);
    }
}

/// A result as the collection sees it.
struct Candidate {
    path: Utf8PathBuf,
    name: Digest,
    on_disk: u64,
    used: SystemTime,
    blobs: Vec<Digest>,
}

/// A blob as the collection sees it.
struct Blob {
    found: Found,
    /// Number of entries that name it.
    named: u32,
}

struct Collection<'a> {
    cache: &'a Cache,
    results: Vec<Candidate>,
    unusable: Vec<Found>,
    blobs: HashMap<Digest, Blob>,
    foreign: Vec<Found>,
    small: Vec<Found>,
    /// Bytes in bulky blobs.
    bulky: u64,
    deadline: Option<Instant>,
    report: GcReport,
}

impl<'a> Collection<'a> {
    /// Takes stock: reads all entries and lists everything else.
    fn look(cache: &'a Cache) -> Self {
        let times = cache.times_of_use();
        let mut this = Self {
            cache,
            results: Vec::new(),
            unusable: Vec::new(),
            blobs: HashMap::new(),
            foreign: Vec::new(),
            small: Vec::new(),
            bulky: 0,
            deadline: None,
            report: GcReport::default(),
        };
        // Entries before blobs: what is published meanwhile then shows as a blob without an entry, which is left alone while young.
        for found in walk::files(&cache.layout, Bucket::Entries) {
            this.report.before += found.on_disk();
            let entry = found.name.and_then(|name| {
                cache
                    .read_entry(name)
                    .ok()
                    .flatten()
                    .map(|entry| (name, entry))
            });
            match entry {
                Some((name, entry)) => this.results.push(Candidate {
                    name,
                    on_disk: found.on_disk(),
                    used: times
                        .get(&name)
                        .copied()
                        .unwrap_or(found.modified)
                        .max(found.modified),
                    blobs: entry.outputs.iter().map(|output| output.digest).collect(),
                    path: found.path,
                }),
                None => this.unusable.push(found),
            }
        }
        for found in walk::files(&cache.layout, Bucket::Blobs) {
            this.report.before += found.on_disk();
            match found.name {
                Some(name) => {
                    if found.length >= BULKY {
                        this.bulky += found.on_disk();
                    }
                    this.blobs.insert(name, Blob { found, named: 0 });
                }
                None => this.foreign.push(found),
            }
        }
        for bucket in [Bucket::Facts, Bucket::History, Bucket::Runs] {
            for found in walk::files(&cache.layout, bucket) {
                this.report.before += found.on_disk();
                if bucket != Bucket::Runs {
                    this.small.push(found);
                }
            }
        }
        for result in &this.results {
            for blob in &result.blobs {
                if let Some(blob) = this.blobs.get_mut(blob) {
                    blob.named += 1;
                }
            }
        }
        this.report.after = this.report.before;
        this
    }

    /// Removes what is of no use to anybody.
    fn sweep(&mut self) {
        self.report.removed_files +=
            scratch::sweep(&self.cache.layout.bucket(Bucket::Scratch), self.deadline);
        for found in std::mem::take(&mut self.unusable) {
            self.remove(&found.path, found.on_disk());
        }
        let orphans: Vec<Digest> = self
            .blobs
            .iter()
            .filter(|(_, blob)| blob.named == 0 && is_old(&blob.found))
            .map(|(&name, _)| name)
            .collect();
        for name in orphans {
            self.remove_blob(name);
        }
        for found in std::mem::take(&mut self.foreign) {
            if is_old(&found) {
                self.remove(&found.path, found.on_disk());
            }
        }
    }

    /// Removes the oldest facts and histories if they have more than `limit` bytes together.
    fn trim_small(&mut self, limit: u64) {
        let mut small = std::mem::take(&mut self.small);
        let mut size: u64 = small.iter().map(Found::on_disk).sum();
        if size <= limit {
            return;
        }
        small.sort_by_key(|found| found.modified);
        for found in small {
            if size <= limit - limit / 4 || self.is_late() {
                break;
            }
            size -= found.on_disk();
            self.remove(&found.path, found.on_disk());
        }
    }

    /// Evicts results, least recently used first, until everything has at most `limit` and bulky blobs at most `bulky_limit` bytes.
    fn evict(&mut self, limit: u64, bulky_limit: u64, protected: &HashSet<Digest>) {
        let mut results = std::mem::take(&mut self.results);
        results.sort_by_key(|result| (result.used, result.name));
        results.retain(|result| !protected.contains(&result.name));
        let (bulky, rest): (Vec<_>, Vec<_>) = results
            .into_iter()
            .partition(|result| self.is_bulky(result));
        let mut left = Vec::new();
        for result in bulky {
            if self.bulky <= bulky_limit {
                left.push(result);
            } else if self.is_late() {
                self.report.unfinished = true;
                return;
            } else {
                self.evict_one(&result);
            }
        }
        let mut all = rest;
        all.extend(left);
        all.sort_by_key(|result| (result.used, result.name));
        for result in all {
            if self.report.after <= limit {
                return;
            }
            if self.is_late() {
                self.report.unfinished = true;
                return;
            }
            self.evict_one(&result);
        }
    }

    fn is_bulky(&self, result: &Candidate) -> bool {
        result.blobs.iter().any(|name| {
            self.blobs
                .get(name)
                .is_some_and(|blob| blob.found.length >= BULKY)
        })
    }

    fn evict_one(&mut self, result: &Candidate) {
        if !self.remove(&result.path, result.on_disk) {
            return;
        }
        self.report.evicted += 1;
        for &name in &result.blobs {
            if let Some(blob) = self.blobs.get_mut(&name) {
                blob.named -= 1;
                if blob.named == 0 {
                    self.remove_blob(name);
                }
            }
        }
    }

    fn remove_blob(&mut self, name: Digest) {
        let Some(blob) = self.blobs.remove(&name) else {
            return;
        };
        // One that was published again since the look belongs to an entry that was not seen.
        let renewed = std::fs::symlink_metadata(&blob.found.path)
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|modified| modified != blob.found.modified);
        if !renewed
            && self.remove(&blob.found.path, blob.found.on_disk())
            && blob.found.length >= BULKY
        {
            self.bulky -= blob.found.on_disk();
        }
    }

    /// Removes one file or foreign directory; tells whether it is gone.
    fn remove(&mut self, path: &Utf8Path, on_disk: u64) -> bool {
        let removed = match std::fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_dir() => fs_err::remove_dir_all(path),
            _ => fs_err::remove_file(path),
        };
        match removed {
            Ok(()) => self.report.removed_files += 1,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => {
                self.report.problems.push(CacheError::Clean {
                    path: path.to_owned(),
                    source,
                });
                return false;
            }
        }
        self.report.after = self.report.after.saturating_sub(on_disk);
        true
    }

    fn is_late(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }
}

fn is_old(found: &Found) -> bool {
    found.modified.elapsed().is_ok_and(|age| age > GRACE)
}
