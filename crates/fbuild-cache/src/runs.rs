//! Which results a run used, recorded once at its end instead of by touching files while reading.
//!
//! A record is named by the set of fingerprints in it, and its time stamp is when that set was last used. So a project that is built again
//! and again has one record, and a warm run need not write at all.

use fbuild_model::input;
use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, SystemTime};

use camino::Utf8PathBuf;
use fbuild_model::{Digest, DigestWriter, Fingerprint};

use crate::layout::Bucket;
use crate::sealed::{self, Opened};
use crate::store::Cache;
use crate::walk;

/// A record is good enough for this long; using the same results again within it writes nothing.
const FRESH: Duration = Duration::from_secs(60 * 60);

/// Records beyond this number, oldest first, say nothing that the newer ones and the entries' own times do not say well enough.
const MOST_RECORDS: usize = 256;

impl Cache {
    /// Records that the run that ends now used these results. Called once per run, from one thread.
    ///
    /// Writes nothing if the last recorded run of the store used the same ones and is less than an hour old. A failure is a warning.
    pub fn touch_used(&self, used: impl IntoIterator<Item = Fingerprint>) {
        let used: BTreeSet<Digest> = used.into_iter().map(Fingerprint::digest).collect();
        let mut writer = DigestWriter::new("run 1");
        for &digest in &used {
            writer.digest(digest);
        }
        let name = writer.finish();
        if self.last_run() == Some(name) && self.is_fresh(name) {
            return;
        }
        let content = serde_json::to_vec(&used).expect("a list of texts");
        self.put_sealed(Bucket::Runs, name, &content);
        if let Err(error) = self.put(&self.last_run_file(), name.to_string().as_bytes())
            && !self.gives_up(&error)
        {
            self.warn(format!("the cache cannot note the last run: {error}"));
        }
    }

    fn is_fresh(&self, name: Digest) -> bool {
        std::fs::symlink_metadata(self.layout.named(Bucket::Runs, name))
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age < FRESH))
    }

    pub(crate) fn last_run_file(&self) -> Utf8PathBuf {
        self.layout.versioned().join("last-run")
    }

    fn last_run(&self) -> Option<Digest> {
        input::read_text(&self.last_run_file()).ok()?.parse().ok()
    }

    fn read_run(&self, name: Digest) -> Option<Vec<Digest>> {
        match sealed::read(Bucket::Runs, name, &self.layout.named(Bucket::Runs, name)) {
            Opened::Intact(bytes) => serde_json::from_slice(&bytes).ok(),
            Opened::Absent | Opened::Damaged(_) => None,
        }
    }

    /// Returns the results that the last run used; none if that is not known.
    pub(crate) fn used_by_last_run(&self) -> Vec<Digest> {
        self.last_run()
            .and_then(|name| self.read_run(name))
            .unwrap_or_default()
    }

    /// Returns when each result was last used according to the records, and forgets all but the newest records.
    pub(crate) fn times_of_use(&self) -> HashMap<Digest, SystemTime> {
        let mut records: Vec<_> = walk::files(&self.layout, Bucket::Runs).collect();
        records.sort_by_key(|record| std::cmp::Reverse(record.modified));
        let mut times = HashMap::new();
        for (number, record) in records.iter().enumerate() {
            let content = record.name.and_then(|name| self.read_run(name));
            match content {
                Some(used) if number < MOST_RECORDS => {
                    for digest in used {
                        // The newest record comes first.
                        times.entry(digest).or_insert(record.modified);
                    }
                }
                _ => drop(fs_err::remove_file(&record.path)),
            }
        }
        times
    }
}
