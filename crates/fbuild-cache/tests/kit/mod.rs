//! What the tests of the store share: a store in a temporary directory, and results to put into it.

#![allow(dead_code, reason = "every test file uses another part")]
#![allow(
    clippy::unwrap_used,
    reason = "test code, which clippy does not see in plain functions"
)]
#![allow(unreachable_pub, reason = "the module is compiled into each test file")]

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Cache, CacheError, Entry, Note, Slot};
use fbuild_model::{Cost, Fingerprint, Parts};

/// A store that goes away with its directory.
pub struct Store {
    pub cache: Cache,
    pub root: Utf8PathBuf,
    _dir: tempfile::TempDir,
}

impl Store {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap().to_owned();
        Self {
            cache: Cache::open(&root.join("cache")).unwrap(),
            root,
            _dir: dir,
        }
    }
}

pub fn fingerprint(number: usize) -> Fingerprint {
    let mut parts = Parts::default();
    parts.argument(number.to_string());
    parts.fingerprint()
}

pub fn note() -> Note {
    Note {
        text: "x.cpp:1:1: warning: \u{201c}odd\u{201d}\n".to_owned(),
        cost: Cost {
            wall: Duration::from_millis(750),
            cpu: Duration::from_micros(740_123),
            peak_memory: 170 << 20,
            processes: 1,
        },
        values: [("text".to_owned(), "924".to_owned())].into(),
    }
}

/// Publishes outputs with these contents after a lookup that must miss.
pub fn publish(cache: &Cache, fingerprint: Fingerprint, outputs: &[(&str, &[u8])]) -> Entry {
    let slot = cache.lookup(fingerprint).hit().expect_err("not there yet");
    publish_into(cache, slot, outputs).unwrap()
}

pub fn publish_into(
    cache: &Cache,
    slot: Slot,
    outputs: &[(&str, &[u8])],
) -> Result<Entry, CacheError> {
    let scratch = cache.scratch()?;
    let files: Vec<_> = outputs
        .iter()
        .map(|(name, bytes)| {
            let path = scratch.path().join(name);
            // The directory may have been deleted by a test; then publishing reports it.
            drop(fs_err::write(&path, bytes));
            (*name, path)
        })
        .collect();
    let files: Vec<_> = files
        .iter()
        .map(|(name, path)| (*name, path.as_path()))
        .collect();
    cache.publish(slot, &files, note())
}

/// Changes a read-only file in place, as a broken disk would.
pub fn overwrite(path: &Utf8Path, bytes: &[u8]) {
    let mut permissions = fs_err::metadata(path).unwrap().permissions();
    #[expect(
        clippy::permissions_set_readonly_false,
        reason = "a file of this test only"
    )]
    permissions.set_readonly(false);
    fs_err::set_permissions(path, permissions).unwrap();
    fs_err::write(path, bytes).unwrap();
}
