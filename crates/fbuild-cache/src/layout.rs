//! Where things lie: the drawn tree of the crate's documentation as functions.
//!
//! Knows names only; touches no file.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Digest;

/// The directory of this layout. Another format of any file means another number here, so versions of the tool never meet.
pub(crate) const VERSION: &str = "v1";

/// A directory below the versioned one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bucket {
    /// Bytes by their digest.
    Blobs,
    /// Results by fingerprint.
    Entries,
    /// Small facts by key.
    Facts,
    /// Last inputs and cost by subject.
    History,
    /// What runs used.
    Runs,
    /// Outputs in the making.
    Scratch,
}

impl Bucket {
    /// All buckets but the one for outputs in the making.
    pub(crate) const KEPT: [Self; 5] = [
        Self::Entries,
        Self::Blobs,
        Self::Facts,
        Self::History,
        Self::Runs,
    ];

    /// Returns the directory's name; it also keeps the seals of different buckets apart.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Blobs => "blobs",
            Self::Entries => "entries",
            Self::Facts => "facts",
            Self::History => "history",
            Self::Runs => "runs",
            Self::Scratch => "scratch",
        }
    }
}

/// The paths of one store.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: Utf8PathBuf,
    versioned: Utf8PathBuf,
}

impl Layout {
    pub(crate) fn new(root: Utf8PathBuf) -> Self {
        let versioned = root.join(VERSION);
        Self { root, versioned }
    }

    pub(crate) fn root(&self) -> &Utf8Path {
        &self.root
    }

    pub(crate) fn versioned(&self) -> &Utf8Path {
        &self.versioned
    }

    pub(crate) fn bucket(&self, bucket: Bucket) -> Utf8PathBuf {
        self.versioned.join(bucket.name())
    }

    /// Returns where the thing called `name` lies: in one of 256 directories, so that none gets long.
    pub(crate) fn named(&self, bucket: Bucket, name: Digest) -> Utf8PathBuf {
        let hex = name.to_string();
        let mut path = self.bucket(bucket);
        path.push(&hex[..2]);
        path.push(hex);
        path
    }

    pub(crate) fn blob(&self, digest: Digest) -> Utf8PathBuf {
        self.named(Bucket::Blobs, digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spread_over_directories() {
        let layout = Layout::new("/c".into());
        let digest = Digest::of(b"x");
        let hex = digest.to_string();
        assert_eq!(
            layout.blob(digest),
            format!("/c/v1/blobs/{}/{hex}", &hex[..2])
        );
        assert_eq!(layout.bucket(Bucket::Scratch), "/c/v1/scratch");
        assert_eq!(
            (layout.root().as_str(), layout.versioned().as_str()),
            ("/c", "/c/v1")
        );
    }
}
