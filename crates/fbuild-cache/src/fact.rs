//! Facts: small things worth remembering, by key.
//!
//! What a key covers and how the bytes read is the caller's; the store only makes sure that they are the bytes that were remembered.

use fbuild_model::Digest;

use crate::layout::Bucket;
use crate::sealed::{self, Opened};
use crate::store::Cache;

impl Cache {
    /// Returns what was last remembered under `key`; anything damaged is nothing.
    pub fn recall(&self, key: Digest) -> Option<Vec<u8>> {
        match sealed::read(Bucket::Facts, key, &self.layout.named(Bucket::Facts, key)) {
            Opened::Intact(bytes) => Some(bytes),
            Opened::Absent => None,
            Opened::Damaged(problem) => {
                self.warn(format!(
                    "the cache forgot the fact {}: {problem}",
                    key.short()
                ));
                None
            }
        }
    }

    /// Remembers `bytes` under `key` instead of what was there. A failure, or more than 16 MiB, is a warning.
    pub fn remember(&self, key: Digest, bytes: &[u8]) {
        self.put_sealed(Bucket::Facts, key, bytes);
    }
}
