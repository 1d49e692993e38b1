//! Results of actions: looked up and published by fingerprint.
//!
//! A result is stored into a [`Slot`], and a slot comes only from a lookup that found nothing, so nothing is stored unasked.

use std::collections::BTreeMap;

use camino::Utf8Path;
use fbuild_model::{Cost, Digest, Fingerprint};
use serde::{Deserialize, Serialize};

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

    /// Stores the result of an action: moves the outputs, given as name and file, into the store and then makes them findable.
    ///
    /// The files should lie in a [`Scratch`](crate::Scratch) and are gone afterwards; their blobs can be used at once. If the outputs are in
    /// place and only the entry cannot be written, the result is usable but will not be found again: that is a warning
    /// ([`Cache::take_warnings`]). Of two that publish the same at once either wins, and both may go on with what they get.
    ///
    /// # Errors
    ///
    /// If an output cannot be read or moved.
    pub fn publish(
        &self,
        slot: Slot,
        outputs: &[(&str, &Utf8Path)],
        note: Note,
    ) -> Result<Entry, CacheError> {
        let entry = self.publish_unfindable(outputs, note)?;
        self.make_findable(slot, &entry);
        Ok(entry)
    }

    /// Makes a result findable whose outputs were taken in by [`Cache::publish_unfindable`]. A failure is a warning.
    pub fn make_findable(&self, slot: Slot, entry: &Entry) {
        let name = slot.fingerprint.digest();
        let content = serde_json::to_vec(entry).expect("an entry has only text keys");
        self.put_sealed(Bucket::Entries, name, &content);
    }

    /// Takes the outputs of an action whose result must not be found again, as it depends on something unknown. They can be used in place
    /// in this run; a collection removes them later.
    ///
    /// # Errors
    ///
    /// If an output cannot be read or moved.
    pub fn publish_unfindable(
        &self,
        outputs: &[(&str, &Utf8Path)],
        note: Note,
    ) -> Result<Entry, CacheError> {
        Ok(Entry {
            outputs: self.take_in_all(outputs)?,
            note,
        })
    }

    fn take_in_all(&self, outputs: &[(&str, &Utf8Path)]) -> Result<Vec<Output>, CacheError> {
        outputs
            .iter()
            .map(|&(name, path)| match self.take_in(path) {
                Ok((digest, size)) => Ok(Output {
                    name: name.to_owned(),
                    digest,
                    size,
                }),
                Err(source) => Err(CacheError::Publish {
                    path: path.to_owned(),
                    source,
                }),
            })
            .collect()
    }

    /// Writes a sealed file; a failure is a warning.
    pub(crate) fn put_sealed(&self, bucket: Bucket, name: Digest, content: &[u8]) {
        let path = self.layout.named(bucket, name);
        match sealed::seal(bucket, name, content) {
            Some(bytes) => {
                if let Err(error) = self.put(&path, &bytes) {
                    self.warn(format!("the cache cannot keep `{path}`: {error}"));
                }
            }
            None => self.warn(format!("the cache cannot keep `{path}`: too long")),
        }
    }
}
