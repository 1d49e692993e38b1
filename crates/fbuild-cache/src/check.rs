//! Looking at the whole store: its numbers, its health, and emptying it.

use std::collections::HashSet;

use camino::Utf8PathBuf;
use fbuild_model::Digest;

use crate::content::digest_of_file;
use crate::layout::Bucket;
use crate::scratch;
use crate::sealed::{self, Opened};
use crate::store::{Cache, CacheError};
use crate::walk::{self, Found};

/// Number and size of some files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// How many there are.
    pub files: u64,
    /// Their bytes, in whole disk blocks.
    pub bytes: u64,
}

impl Count {
    fn add(&mut self, found: &Found) {
        self.files += 1;
        self.bytes += found.on_disk();
    }
}

/// The store in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Results.
    pub entries: Count,
    /// Files of results.
    pub blobs: Count,
    /// Facts.
    pub facts: Count,
    /// Last builds of subjects.
    pub history: Count,
    /// Records of what runs used.
    pub runs: Count,
    /// Results that the last run used and that are still there.
    pub used_by_last_run: u64,
    /// Scratch directories and files, of living and dead processes.
    pub scratch: u64,
}

impl Stats {
    /// Returns the bytes of everything but scratch directories.
    pub fn bytes(&self) -> u64 {
        [
            self.entries,
            self.blobs,
            self.facts,
            self.history,
            self.runs,
        ]
        .iter()
        .map(|count| count.bytes)
        .sum()
    }
}

/// Something in the store that was not as it should be; it has been removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: Utf8PathBuf,
    /// What was wrong with it.
    pub problem: String,
}

/// What a check of the whole store found.
#[derive(Debug, Default)]
pub struct VerifyReport {
    /// Results that are sound.
    pub entries: u64,
    /// Blobs whose bytes are right.
    pub blobs: u64,
    /// Bytes read of blobs.
    pub bytes: u64,
    /// What was damaged and has been removed; it will be made anew when needed.
    pub damaged: Vec<Damage>,
    /// What could not be removed.
    pub problems: Vec<CacheError>,
}

/// What emptying the store did.
#[derive(Debug, Default)]
pub struct ClearReport {
    /// What was removed.
    pub removed: Count,
    /// Scratch directories of running processes, which were left alone.
    pub in_use: u64,
    /// What could not be removed.
    pub problems: Vec<CacheError>,
}

impl Cache {
    /// Counts what is in the store.
    pub fn stats(&self) -> Stats {
        let count = |bucket| {
            let mut count = Count::default();
            walk::files(&self.layout, bucket).for_each(|found| count.add(&found));
            count
        };
        let last = self.used_by_last_run();
        Stats {
            entries: count(Bucket::Entries),
            blobs: count(Bucket::Blobs),
            facts: count(Bucket::Facts),
            history: count(Bucket::History),
            runs: count(Bucket::Runs),
            used_by_last_run: last
                .iter()
                .filter(|&&name| self.layout.named(Bucket::Entries, name).exists())
                .count() as u64,
            scratch: walk::list(&self.layout.bucket(Bucket::Scratch)).count() as u64,
        }
    }

    /// Reads everything in the store and removes what is damaged.
    pub fn verify(&self) -> VerifyReport {
        let mut report = VerifyReport::default();
        let mut sound = HashSet::new();
        for found in walk::files(&self.layout, Bucket::Blobs) {
            match found.name.map(|name| (name, digest_of_file(&found.path))) {
                None => report.remove(found.path, "not a name that the store gives".to_owned()),
                Some((_, Err(error))) if error.kind() == std::io::ErrorKind::NotFound => {}
                Some((_, Err(error))) => report.remove(found.path, error.to_string()),
                Some((name, Ok((digest, size)))) if name == digest => {
                    report.blobs += 1;
                    report.bytes += size;
                    sound.insert((name, size));
                }
                Some(_) => report.remove(found.path, "other bytes than its name says".to_owned()),
            }
        }
        for found in walk::files(&self.layout, Bucket::Entries) {
            match found
                .name
                .map_or(Err("not a name that the store gives".to_owned()), |name| {
                    self.check_entry(name, &sound)
                }) {
                Ok(there) => report.entries += u64::from(there),
                Err(problem) => report.remove(found.path, problem),
            }
        }
        for bucket in [Bucket::Facts, Bucket::History, Bucket::Runs] {
            for found in walk::files(&self.layout, bucket) {
                match found
                    .name
                    .map(|name| sealed::read(bucket, name, &found.path))
                {
                    None => report.remove(found.path, "not a name that the store gives".to_owned()),
                    Some(Opened::Damaged(problem)) => report.remove(found.path, problem),
                    Some(Opened::Intact(_) | Opened::Absent) => {}
                }
            }
        }
        report
    }

    /// Tells whether the entry is still there, or what is wrong with it.
    fn check_entry(&self, name: Digest, sound: &HashSet<(Digest, u64)>) -> Result<bool, String> {
        let Some(entry) = self.read_entry(name)? else {
            return Ok(false);
        };
        // A blob published since the look at the blobs is not among the sound ones, but present.
        let bad = |output: &&crate::Output| {
            !sound.contains(&(output.digest, output.size)) && self.verified(output).is_err()
        };
        match entry.outputs.iter().find(bad) {
            None => Ok(true),
            Some(output) => Err(format!(
                "its `{}` ({}) is gone or damaged",
                output.name,
                output.digest.short()
            )),
        }
    }

    /// Removes everything that the store keeps; only outputs in the making of running processes stay.
    pub fn clear(&self) -> ClearReport {
        let mut report = ClearReport::default();
        let scratch = self.layout.bucket(Bucket::Scratch);
        for bucket in Bucket::KEPT {
            let path = self.layout.bucket(bucket);
            if path.symlink_metadata().is_err() {
                continue;
            }
            walk::files(&self.layout, bucket).for_each(|found| report.removed.add(&found));
            // Moved out of the way first, so that it is gone at once and nobody publishes into it while it is taken apart.
            let aside = scratch.join(scratch::own_name());
            let moved =
                fs_err::create_dir_all(&scratch).and_then(|()| fs_err::rename(&path, &aside));
            let doomed = if moved.is_ok() { aside } else { path };
            if let Err(source) = fs_err::remove_dir_all(&doomed) {
                report.problems.push(CacheError::Clean {
                    path: doomed,
                    source,
                });
            }
        }
        for file in [self.last_run_file(), self.estimate_file()] {
            drop(fs_err::remove_file(file));
        }
        scratch::sweep(&scratch, None);
        report.in_use = walk::list(&scratch).count() as u64;
        report
    }
}

impl VerifyReport {
    fn remove(&mut self, path: Utf8PathBuf, problem: String) {
        let removed = if path.is_dir() {
            fs_err::remove_dir_all(&path)
        } else {
            fs_err::remove_file(&path)
        };
        match removed {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                self.problems.push(CacheError::Clean {
                    path: path.clone(),
                    source,
                });
            }
            _ => {}
        }
        self.damaged.push(Damage { path, problem });
    }
}
