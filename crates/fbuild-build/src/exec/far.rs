//! Results that are on a server and not yet here.
//!
//! The results of a plan are looked up at once. A result that was found is used by the digests of its outputs; the bytes are fetched when a process
//! reads them or a user gets them, and digested then. An output that the server has lost is made again by the action that it came from. This
//! module does not run actions; it does not know the local cache.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Entry, Output};
use fbuild_model::event::RemoteUse;
use fbuild_model::{Digest, Fingerprint};
use fbuild_process::lock::lock;
use fbuild_remote::{BlobDigest, Remote, RemoteResult, Uploads};

use crate::action::{Action, Outputs};
use crate::plan::link_steps::SIZE_OUTPUT;

/// The longest output that is taken from a server, in bytes.
const LARGEST: u64 = 1 << 30;

/// An output that is on the server.
#[derive(Debug)]
pub(super) struct FarBlob {
    /// Its name and digest.
    pub(super) output: Output,
    /// Its name on the server.
    digest: BlobDigest,
    /// The action that makes it.
    pub(super) producer: Action,
    /// Held by the worker that makes it again.
    pub(super) making: Mutex<()>,
}

/// The results of other machines.
#[derive(Debug)]
pub(super) struct Far {
    remote: Arc<Remote>,
    /// What the server answered, by fingerprint.
    answers: Mutex<HashMap<Fingerprint, Option<RemoteResult>>>,
    /// The outputs of results that are used, by their paths in the directory of the run.
    blobs: Mutex<HashMap<Utf8PathBuf, Arc<FarBlob>>>,
    uploads: Option<Uploads>,
}

impl Far {
    pub(super) fn new(remote: &Arc<Remote>) -> Self {
        Self {
            remote: Arc::clone(remote),
            answers: Mutex::default(),
            blobs: Mutex::default(),
            uploads: remote
                .uploads_results()
                .then(|| Uploads::start(Arc::clone(remote))),
        }
    }

    /// Looks results up on the server, unless that was done before. A server that fails has none.
    pub(super) fn look_up(&self, mut fingerprints: Vec<Fingerprint>) {
        fingerprints.sort();
        fingerprints.dedup();
        {
            let answers = lock(&self.answers);
            fingerprints.retain(|fingerprint| !answers.contains_key(fingerprint));
        }
        if fingerprints.is_empty() {
            return;
        }
        let mut found = self.remote.lookup(&fingerprints).unwrap_or_default();
        let answers = fingerprints
            .into_iter()
            .map(|fingerprint| (fingerprint, found.remove(&fingerprint)));
        lock(&self.answers).extend(answers);
    }

    /// Returns whether the server has a result under this fingerprint, if it was looked up.
    pub(super) fn knows(&self, fingerprint: Fingerprint) -> bool {
        matches!(lock(&self.answers).get(&fingerprint), Some(Some(_)))
    }

    /// Returns the server's result of an action and remembers where its outputs, whose paths `path` gives, come from. What it says is checked as far as
    /// it can be without the bytes.
    pub(super) fn find(
        &self,
        action: &Action,
        path: impl Fn(Digest) -> Utf8PathBuf,
    ) -> Option<Entry> {
        if !travels(action) {
            return None;
        }
        self.look_up(vec![action.fingerprint]);
        let (entry, digests) = match lock(&self.answers).get(&action.fingerprint) {
            Some(Some(result)) => read(action, result)?,
            _ => return None,
        };
        let mut blobs = lock(&self.blobs);
        for (output, digest) in entry.outputs.iter().zip(digests) {
            blobs.entry(path(output.digest)).or_insert_with(|| {
                Arc::new(FarBlob {
                    output: output.clone(),
                    digest,
                    producer: action.clone(),
                    making: Mutex::default(),
                })
            });
        }
        Some(entry)
    }

    /// Returns the blobs at those of `paths` whose bytes may still be on the server only.
    pub(super) fn at<'p>(&self, paths: impl Iterator<Item = &'p Utf8Path>) -> Vec<Arc<FarBlob>> {
        let blobs = lock(&self.blobs);
        paths.filter_map(|path| blobs.get(path).cloned()).collect()
    }

    /// Fetches blobs, each with bytes of the digests that were promised. A blob that cannot be had is absent.
    pub(super) fn fetch(&self, blobs: &[&FarBlob]) -> Vec<(Digest, Vec<u8>)> {
        let digests: Vec<BlobDigest> = blobs.iter().map(|blob| blob.digest.clone()).collect();
        // If one is lost, the others may be there.
        let mut fetched = self.remote.fetch(&digests).unwrap_or_else(|_| {
            let each = digests.iter();
            each.filter_map(|digest| self.remote.fetch(std::slice::from_ref(digest)).ok())
                .flatten()
                .collect()
        });
        blobs
            .iter()
            .filter_map(|blob| Some((blob.output.digest, fetched.remove(&blob.digest)?)))
            .filter(|(digest, bytes)| Digest::of(bytes) == *digest)
            .collect()
    }

    /// Uploads a result in the background, if uploads are allowed; `paths` are the files of its outputs, which stay until [`Self::finish`].
    pub(super) fn offer(&self, action: &Action, entry: &Entry, paths: &[Utf8PathBuf]) {
        let Some(uploads) = &self.uploads else { return };
        if !travels(action) {
            return;
        }
        let Ok(text) = serde_json::to_vec(entry) else {
            return;
        };
        let names = entry.outputs.iter().map(|output| output.name.clone());
        uploads.add(
            action.fingerprint,
            text,
            names.zip(paths.iter().cloned()).collect(),
        );
    }

    /// Waits until everything is uploaded. Returns what the server was used for, and why it failed, if it did.
    pub(super) fn finish(&self) -> (RemoteUse, Option<String>) {
        if let Some(uploads) = &self.uploads {
            uploads.finish();
        }
        (self.remote.traffic(), self.remote.take_warning())
    }
}

/// Returns whether the result of an action may come from, and go to, another machine.
pub(super) fn travels(action: &Action) -> bool {
    let is_pch = |name: &String| name.ends_with(".gch");
    action.is_known_by_content()
        && action.in_place.is_none()
        && !matches!(&action.outputs, Outputs::Files(names) if names.iter().any(is_pch))
}

/// Reads what the server has of an action's result. `None` if it is not a result of this action: other programs may write to a server.
fn read(action: &Action, result: &RemoteResult) -> Option<(Entry, Vec<BlobDigest>)> {
    let entry: Entry = serde_json::from_slice(&result.entry).ok()?;
    let fits = match &action.outputs {
        Outputs::Files(names) => names
            .iter()
            .eq(entry.outputs.iter().map(|output| &output.name)),
        // Names become those of files in the output directory.
        Outputs::Prefix(prefix) => {
            !entry.outputs.is_empty()
                && entry.outputs.iter().all(|output| {
                    let is_plain = !output.name.contains(['/', '\\', '\0']);
                    is_plain && (output.name.starts_with(prefix) || output.name == SIZE_OUTPUT)
                })
        }
    };
    let pairs = || entry.outputs.iter().zip(&result.blobs);
    let is_whole = entry.outputs.len() == result.blobs.len()
        && pairs().all(|(output, blob)| {
            output.name == blob.name && output.size == blob.digest.size() && output.size <= LARGEST
        });
    let digests = result
        .blobs
        .iter()
        .map(|blob| blob.digest.clone())
        .collect();
    (fits && is_whole).then_some((entry, digests))
}
