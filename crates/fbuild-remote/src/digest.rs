//! Names of bytes as the protocol has them: SHA-256 and length.

use std::fmt::Write;
use std::io::{self, Read};

use bazel_remote_apis::build::bazel::remote::execution::v2 as reapi;
use sha2::{Digest as _, Sha256};

/// Names a blob on the server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BlobDigest {
    hash: String,
    size: u64,
}

impl BlobDigest {
    /// Digests bytes in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self::named(&Sha256::digest(bytes), bytes.len() as u64)
    }

    /// Digests what `reader` yields, in pieces.
    ///
    /// # Errors
    /// If reading fails.
    pub fn of_reader(mut reader: impl Read) -> io::Result<Self> {
        let mut hasher = Sha256::new();
        let size = io::copy(&mut reader, &mut hasher)?;
        Ok(Self::named(&hasher.finalize(), size))
    }

    /// Returns the length in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the digest in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    fn named(hash: &[u8], size: u64) -> Self {
        let mut text = String::with_capacity(64);
        for byte in hash {
            let _ = write!(text, "{byte:02x}");
        }
        Self { hash: text, size }
    }

    /// Takes a digest from the wire. `None` unless it is 64 hexadecimal digits and a length.
    pub(crate) fn from_wire(digest: &reapi::Digest) -> Option<Self> {
        let is_hash = digest.hash.len() == 64
            && digest
                .hash
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let size = u64::try_from(digest.size_bytes).ok()?;
        is_hash.then(|| Self {
            hash: digest.hash.clone(),
            size,
        })
    }

    pub(crate) fn to_wire(&self) -> reapi::Digest {
        reapi::Digest {
            hash: self.hash.clone(),
            size_bytes: self.size.cast_signed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_readers_agree() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(BlobDigest::of(b"").hash(), empty);
        assert_eq!(
            BlobDigest::of(b"abc"),
            BlobDigest::of_reader(&b"abc"[..]).unwrap()
        );
        let wire = BlobDigest::of(b"abc").to_wire();
        assert_eq!(BlobDigest::from_wire(&wire), Some(BlobDigest::of(b"abc")));
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        let wire = |hash: &str, size_bytes| reapi::Digest {
            hash: hash.to_owned(),
            size_bytes,
        };
        for wrong in [
            wire("../../../etc/passwd", 1),
            wire(&"a".repeat(63), 1),
            wire(&"a".repeat(64), -1),
            wire(&"A".repeat(64), 1),
        ] {
            assert_eq!(BlobDigest::from_wire(&wrong), None, "{wrong:?}");
        }
    }
}
