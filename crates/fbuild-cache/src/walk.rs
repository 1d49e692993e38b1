//! Listing what is in a bucket, for collecting and checking. Everything listed may be gone a moment later.

use std::time::SystemTime;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Digest;

use crate::layout::{Bucket, Layout};

/// A file in a bucket.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its name, if it is one the store gives, in the directory it belongs to.
    pub(crate) name: Option<Digest>,
    pub(crate) path: Utf8PathBuf,
    /// Its length in bytes.
    pub(crate) length: u64,
    /// When it was put there.
    pub(crate) modified: SystemTime,
}

impl Found {
    /// Returns the bytes it takes on a disk with the usual blocks.
    pub(crate) fn on_disk(&self) -> u64 {
        on_disk(self.length)
    }
}

/// Returns the bytes that a file of this length takes on a disk with the usual blocks.
pub(crate) fn on_disk(length: u64) -> u64 {
    length.div_ceil(4096).saturating_mul(4096)
}

/// Lists the files of a bucket. What cannot be listed is left out, and so are hidden files, which network file systems leave for
/// removed files still in use.
pub(crate) fn files(layout: &Layout, bucket: Bucket) -> impl Iterator<Item = Found> + use<> {
    list(&layout.bucket(bucket))
        .flat_map(|directory| list(&directory))
        .filter_map(|path| {
            let metadata = std::fs::symlink_metadata(&path).ok()?;
            Some(Found {
                name: name_of(&path),
                length: metadata.len(),
                modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                path,
            })
        })
}

/// Lists a directory; an unreadable one, or a file, as empty.
pub(crate) fn list(directory: &Utf8Path) -> impl Iterator<Item = Utf8PathBuf> + use<> {
    let items = directory.read_dir_utf8().into_iter().flatten().flatten();
    items
        .filter(|item| !item.file_name().starts_with('.'))
        .map(|item| item.into_path())
}

fn name_of(path: &Utf8Path) -> Option<Digest> {
    let name = path.file_name()?;
    let digest: Digest = name.parse().ok()?;
    let directory = path.parent()?.file_name()?;
    (digest.to_string() == name && name.starts_with(directory) && directory.len() == 2)
        .then_some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_store_are_names() {
        let hex = Digest::of(b"x").to_string();
        let check = |path: String, expect: bool| {
            assert_eq!(name_of(Utf8Path::new(&path)).is_some(), expect, "{path}")
        };
        check(format!("/c/v1/blobs/{}/{hex}", &hex[..2]), true);
        check(format!("/c/v1/blobs/{}/{hex}", &hex[..3]), false);
        check(format!("/c/v1/blobs/zz/{hex}"), false);
        check(
            format!("/c/v1/blobs/{}/{}", &hex[..2], hex.to_uppercase()),
            false,
        );
        check(format!("/c/v1/blobs/{}/{hex}.tmp", &hex[..2]), false);
        check(hex, false);
    }

    #[test]
    fn sizes_are_whole_blocks() {
        assert_eq!([0, 1, 4096, 4097].map(on_disk), [0, 4096, 4096, 8192]);
    }
}
