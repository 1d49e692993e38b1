//! Results of actions: looked up and published by fingerprint.
//!
//! A result is stored into a [`Slot`], and a slot comes only from a lookup that found nothing, so nothing is stored unasked.

use std::collections::BTreeMap;

use camino::Utf8Path;
use fbuild_model::{Cost, Digest, Fingerprint};
use serde::{Deserialize, Serialize};

use crate::content::digest_of_file;
use crate::layout::Bucket;
use crate::sealed::{self, Opened};
use crate::store::{Cache, CacheError};

/// A file that an action made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The name the publisher gave it (`o`, `d`, `hex`).
    pub name: String,
    /// The digest of its bytes, which names the blob.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
}

/// What is worth knowing of an action besides its files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What the tool printed, shown again on a hit.
    pub text: String,
    /// What the action took when it ran.
    pub cost: Cost,
    /// Small values by name that the publisher wants back, such as sizes; meaningless to the store.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
}

/// The stored result of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The files, in the order in which they were published.
    pub outputs: Vec<Output>,
    /// What else is known.
    pub note: Note,
}

impl Entry {
    /// Returns the output called `name`.
    pub fn output(&self, name: &str) -> Option<&Output> {
        self.outputs.iter().find(|output| output.name == name)
    }
}

/// The place for the result of one action that has none yet.
#[derive(Debug)]
#[must_use]
pub struct Slot {
    fingerprint: Fingerprint,
}

impl Slot {
    /// Returns the fingerprint of the action.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

/// What came of a lookup.
#[derive(Debug)]
pub enum Lookup {
    /// There is a result, and all its blobs are there with the recorded lengths.
    Hit(Entry),
    /// There is none.
    Miss(Slot),
    /// There is one that cannot be used; the caller warns and treats it as a miss.
    Damaged {
        /// The place for a new result.
        slot: Slot,
        /// What is wrong, for people.
        problem: String,
    },
}

impl Lookup {
    /// Returns the entry, or the place for one.
    ///
    /// # Errors
    ///
    /// The slot, if there is no usable entry.
    pub fn hit(self) -> Result<Entry, Slot> {
        match self {
            Self::Hit(entry) => Ok(entry),
            Self::Miss(slot) | Self::Damaged { slot, .. } => Err(slot),
        }
    }
}

impl Cache {
    /// Looks for the result of the action with this fingerprint. Reads one small file and asks for the length of each blob; writes nothing.
    pub fn lookup(&self, fingerprint: Fingerprint) -> Lookup {
        let slot = Slot { fingerprint };
        match self.read_entry(fingerprint.digest()) {
            Ok(Some(entry)) => match entry
                .outputs
                .iter()
                .find_map(|output| self.present(output).err())
            {
                None => Lookup::Hit(entry),
                Some(problem) => Lookup::Damaged {
                    slot,
                    problem: problem.to_string(),
                },
            },
            Ok(None) => Lookup::Miss(slot),
            Err(problem) => Lookup::Damaged { slot, problem },
        }
    }

    /// Reads the entry called `name`; an error says what is wrong with it.
    pub(crate) fn read_entry(&self, name: Digest) -> Result<Option<Entry>, String> {
        match sealed::read(
            Bucket::Entries,
            name,
            &self.layout.named(Bucket::Entries, name),
        ) {
            Opened::Intact(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| error.to_string()),
            Opened::Absent => Ok(None),
            Opened::Damaged(problem) => Err(problem),
        }
    }

    /// Stores the result of an action whose outputs, given as name and file, are digested first; else as [`Cache::publish_known`].
    ///
    /// # Errors
    ///
    /// If an output cannot be read.
    pub fn publish(
        &self,
        slot: Slot,
        outputs: &[(&str, &Utf8Path)],
        note: Note,
    ) -> Result<Entry, CacheError> {
        let digested = |&(name, path): &(&str, &Utf8Path)| {
            let (digest, size) = digest_of_file(path).map_err(|source| CacheError::Publish {
                path: path.to_owned(),
                source,
            })?;
            let name = name.to_owned();
            Ok(Output { name, digest, size })
        };
        let entry = Entry {
            outputs: outputs.iter().map(digested).collect::<Result<_, _>>()?,
            note,
        };
        let paths = outputs.iter().map(|&(_, path)| path);
        self.publish_known(slot, &entry, paths);
        Ok(entry)
    }

    /// Stores the result of an action: links or copies the outputs, whose files are `paths`, into the store and then makes them findable.
    /// Returns whether the result is in the store; if not, a warning ([`Cache::take_warnings`]) says why, once if the store is full or read-only.
    ///
    /// The files stay where they are and become read-only. The digests of `entry` must be those of the files. Of two that publish the same at
    /// once either wins.
    pub fn publish_known<'p>(
        &self,
        slot: Slot,
        entry: &Entry,
        paths: impl Iterator<Item = &'p Utf8Path>,
    ) -> bool {
        for (output, path) in entry.outputs.iter().zip(paths) {
            if self.is_unwritable() {
                return false;
            }
            if let Err(error) = self.take_in(path, output.digest) {
                if !self.gives_up(&error) {
                    self.warn(format!("the cache cannot keep `{}`: {error}", output.name));
                }
                return false;
            }
        }
        let content = serde_json::to_vec(entry).expect("an entry has only text keys");
        self.put_sealed(Bucket::Entries, slot.fingerprint.digest(), &content)
    }

    /// Removes the result of the action with this fingerprint; its blobs are collected later.
    pub fn evict(&self, fingerprint: Fingerprint) {
        // What cannot be removed is found damaged again, which costs time only.
        let path = self.layout.named(Bucket::Entries, fingerprint.digest());
        drop(fs_err::remove_file(path));
    }

    /// Writes a sealed file; a failure is a warning. Returns whether it is there.
    pub(crate) fn put_sealed(&self, bucket: Bucket, name: Digest, content: &[u8]) -> bool {
        if self.is_unwritable() {
            return false;
        }
        let path = self.layout.named(bucket, name);
        let Some(bytes) = sealed::seal(bucket, name, content) else {
            self.warn(format!("the cache cannot keep `{path}`: too long"));
            return false;
        };
        let written = self.put(&path, &bytes);
        if let Err(error) = &written
            && !self.gives_up(error)
        {
            self.warn(format!("the cache cannot keep `{path}`: {error}"));
        }
        written.is_ok()
    }
}
