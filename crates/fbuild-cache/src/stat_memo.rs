//! Digests of large files, remembered by what `stat` says of them.
//!
//! A compiler's programs and the archives in an output directory have tens of megabytes, and a warm run must not read them each time. This is the one place
//! where file times stand for bytes. The memo is not made while the file is so young that another write could leave the same time stamp.

use std::time::{Duration, SystemTime};

use camino::Utf8Path;
use fbuild_model::{Digest, DigestWriter};
use serde::{Deserialize, Serialize};

use crate::content::digest_of_file;
use crate::store::Cache;

/// Time stamps can be this coarse; a file changed less than this before it was read may change again without a trace.
const RACY: Duration = Duration::from_secs(2);

/// What a change of the file would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    size: u64,
    modified_ns: i128,
    changed_ns: i128,
    inode: u64,
}

#[derive(Serialize, Deserialize)]
struct Memo {
    path: String,
    stamp: Stamp,
    digest: Digest,
}

/// Digests programs and archives, reading each only when `stat` says that it changed. For nothing else: sources and headers are always read.
#[derive(Debug, Clone, Copy)]
pub struct StatMemo<'a> {
    cache: &'a Cache,
}

impl<'a> StatMemo<'a> {
    /// Returns a memo that keeps what it learns in `cache`.
    pub fn new(cache: &'a Cache) -> Self {
        Self { cache }
    }

    /// Returns the digest of the program at `path`, links followed: a remembered one if size, both times (ns) and inode are those of then.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn digest(&self, path: &Utf8Path) -> std::io::Result<Digest> {
        let mut writer = DigestWriter::new("stat memo 1");
        writer.field(path.as_str());
        let key = writer.finish();
        let before = Stamp::of(path)?;
        if let Some(stamp) = &before
            && let Some(memo) = self
                .cache
                .recall(key)
                .and_then(|bytes| serde_json::from_slice::<Memo>(&bytes).ok())
            && memo.path == path.as_str()
            && memo.stamp == *stamp
        {
            return Ok(memo.digest);
        }
        let now = SystemTime::now();
        let (digest, _) = digest_of_file(path)?;
        if let Some(stamp) = before
            && stamp.is_settled(now)
            && Stamp::of(path)?.as_ref() == Some(&stamp)
        {
            let memo = Memo {
                path: path.to_string(),
                stamp,
                digest,
            };
            self.cache
                .remember(key, &serde_json::to_vec(&memo).expect("all keys are text"));
        }
        Ok(digest)
    }
}

impl Stamp {
    /// Returns the stamp of a file, or `None` where the system has no such numbers.
    #[cfg(unix)]
    fn of(path: &Utf8Path) -> std::io::Result<Option<Self>> {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs_err::metadata(path)?;
        let nanoseconds =
            |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Ok(Some(Self {
            size: metadata.size(),
            modified_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }))
    }

    #[cfg(not(unix))]
    fn of(path: &Utf8Path) -> std::io::Result<Option<Self>> {
        fs_err::metadata(path).map(|_| None)
    }

    /// Tells whether both times lay far enough before `now` that a later write gets others.
    fn is_settled(&self, now: SystemTime) -> bool {
        let now = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_nanos() as i128;
        now - self.modified_ns.max(self.changed_ns) >= RACY.as_nanos() as i128
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settled_means_both_times_are_old() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        let check = |modified: i128, changed: i128, expect: bool| {
            let stamp = Stamp {
                size: 1,
                modified_ns: modified * 1_000_000_000,
                changed_ns: changed * 1_000_000_000,
                inode: 1,
            };
            assert_eq!(stamp.is_settled(now), expect, "{modified} {changed}");
        };
        check(97, 97, true);
        check(98, 98, true);
        check(99, 97, false);
        // Set back by `touch -d`: the change time tells.
        check(3, 99, false);
        // A server's clock ahead of ours.
        check(105, 3, false);
    }

    #[test]
    fn a_settled_program_is_read_once_and_a_changed_one_again() {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        let cache = Cache::open(&root.join("cache")).unwrap();
        let program = root.join("cc1plus");
        fs_err::write(&program, "one").unwrap();
        let facts = || crate::walk::files(&cache.layout, crate::layout::Bucket::Facts).count();
        assert_eq!(
            StatMemo::new(&cache).digest(&program).unwrap(),
            Digest::of(b"one")
        );
        assert_eq!(facts(), 0, "too young to be remembered");
        std::thread::sleep(RACY + Duration::from_millis(50));
        assert_eq!(
            StatMemo::new(&cache).digest(&program).unwrap(),
            Digest::of(b"one")
        );
        assert_eq!(facts(), 1);

        // A lie in the memo is believed, so the memo is what answers.
        let mut writer = DigestWriter::new("stat memo 1");
        writer.field(program.as_str());
        let lie = |path: &str, stamp: Stamp| {
            let memo = Memo {
                path: path.to_owned(),
                stamp,
                digest: Digest::of(b"lie"),
            };
            cache.remember(writer.finish(), &serde_json::to_vec(&memo).unwrap());
            StatMemo::new(&cache).digest(&program).unwrap()
        };
        let stamp = Stamp::of(&program).unwrap().unwrap();
        assert_eq!(lie(program.as_str(), stamp.clone()), Digest::of(b"lie"));
        for other in [
            Stamp {
                size: 4,
                ..stamp.clone()
            },
            Stamp {
                modified_ns: stamp.modified_ns + 1,
                ..stamp.clone()
            },
            Stamp {
                changed_ns: stamp.changed_ns - 1,
                ..stamp.clone()
            },
            Stamp {
                inode: stamp.inode + 1,
                ..stamp.clone()
            },
        ] {
            assert_eq!(
                lie(program.as_str(), other.clone()),
                Digest::of(b"one"),
                "{other:?}"
            );
        }
        assert_eq!(lie("/elsewhere", stamp.clone()), Digest::of(b"one"));

        assert_eq!(lie(program.as_str(), stamp), Digest::of(b"lie"));
        fs_err::write(&program, "two").unwrap();
        assert_eq!(
            StatMemo::new(&cache).digest(&program).unwrap(),
            Digest::of(b"two")
        );
        assert!(StatMemo::new(&cache).digest(&root.join("absent")).is_err());
    }
}
