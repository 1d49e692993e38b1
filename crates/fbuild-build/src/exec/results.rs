//! Where a run finds and keeps its results: in the cache, and in a store of its own once the cache has gone away under it.
//!
//! Anybody may delete the cache, or evict from it, while a run uses it. A run that finds something gone opens a private store, its *refuge*,
//! beside the output, and works there from then on: what it makes stays until the run ends, and what the cache still has is copied before it is
//! used. So each result is made again at most once, however often the cache is deleted.

use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Cache, CacheError, Entry, Lookup, Note, Output, Scratch, Slot};
use fbuild_model::{Digest, Fingerprint};

use crate::exec::place::{self, FromCacheError};

/// The results of one run.
#[derive(Debug)]
pub(crate) struct Results<'a> {
    cache: &'a Cache,
    /// Where the refuge is made.
    dir: Utf8PathBuf,
    refuge: OnceLock<Option<Cache>>,
}

impl<'a> Results<'a> {
    /// Uses `cache` as long as it is there, and then a store in `dir`.
    pub(crate) fn new(cache: &'a Cache, dir: &Utf8Path) -> Self {
        Self {
            cache,
            dir: dir.to_owned(),
            refuge: OnceLock::new(),
        }
    }

    /// Goes over to the refuge. Returns whether there is one.
    pub(crate) fn take_refuge(&self) -> bool {
        let refuge = self
            .refuge
            .get_or_init(|| Cache::private_in(&self.dir).ok());
        refuge.is_some()
    }

    fn refuge(&self) -> Option<&Cache> {
        self.refuge.get()?.as_ref()
    }

    /// Returns whether results are kept in the cache, where other runs find them.
    pub(crate) fn is_cache(&self) -> bool {
        self.refuge().is_none()
    }

    fn current(&self) -> &Cache {
        self.refuge().unwrap_or(self.cache)
    }

    /// Looks for a result.
    pub(crate) fn lookup(&self, fingerprint: Fingerprint) -> Lookup {
        let Some(refuge) = self.refuge() else {
            return self.cache.lookup(fingerprint);
        };
        match refuge.lookup(fingerprint).hit() {
            Ok(entry) => Lookup::Hit(entry),
            Err(slot) => match self.cache.lookup(fingerprint) {
                Lookup::Hit(entry) => adopt(self.cache, refuge, slot, entry),
                _ => Lookup::Miss(slot),
            },
        }
    }

    /// Returns the place of a result that is to be made again, in the store that is used now.
    pub(crate) fn slot_again(&self, fingerprint: Fingerprint) -> Option<Slot> {
        self.current().lookup(fingerprint).hit().err()
    }

    /// Makes a directory for outputs in the making.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn scratch(&self) -> Result<Scratch, CacheError> {
        self.current().scratch()
    }

    /// Takes a result in, for this run.
    ///
    /// # Errors
    /// If an output cannot be read or moved.
    pub(crate) fn take_in(
        &self,
        outputs: &[(&str, &Utf8Path)],
        note: Note,
    ) -> Result<Entry, CacheError> {
        self.current().publish_unfindable(outputs, note)
    }

    /// Makes a result that was taken in findable for others.
    pub(crate) fn make_findable(&self, slot: Slot, entry: &Entry) {
        self.current().make_findable(slot, entry);
    }

    /// Returns where the file of this content is, if it is anywhere.
    pub(crate) fn blob(&self, digest: Digest) -> Utf8PathBuf {
        let kept = self.refuge().map(|refuge| refuge.blob(digest));
        kept.filter(|path| path.exists())
            .unwrap_or_else(|| self.cache.blob(digest))
    }

    /// Returns whether the file of this content is there.
    pub(crate) fn has(&self, digest: Digest) -> bool {
        self.blob(digest).exists()
    }

    /// Puts an output where users and linkers find it. Returns whether it had to be copied.
    ///
    /// # Errors
    /// If it is gone or the place cannot be written.
    pub(crate) fn place(&self, output: &Output, path: &Utf8Path) -> Result<bool, FromCacheError> {
        let kept = self
            .refuge()
            .filter(|refuge| refuge.present(output).is_ok());
        place::from_cache(kept.unwrap_or(self.cache), output, path)
    }

    /// Takes in bytes that some result consists of, for this run.
    pub(crate) fn restore(&self, bytes: &[u8]) {
        let Some(refuge) = self.refuge() else { return };
        let Ok(scratch) = refuge.scratch() else {
            return;
        };
        let path = scratch.path().join("restored");
        if fs_err::write(&path, bytes).is_ok() {
            // If it does not work, it is still missing, which is found out where it is used.
            let _ = refuge.publish_unfindable(&[("restored", &path)], Note::default());
        }
    }
}

/// Copies a result of the cache into the refuge, verified.
fn adopt(cache: &Cache, refuge: &Cache, slot: Slot, entry: Entry) -> Lookup {
    let Ok(scratch) = refuge.scratch() else {
        return Lookup::Miss(slot);
    };
    let mut files = Vec::with_capacity(entry.outputs.len());
    for (index, output) in entry.outputs.iter().enumerate() {
        let path = scratch.path().join(index.to_string());
        if cache.copy_to(output, &path).is_err() {
            return Lookup::Miss(slot);
        }
        files.push(path);
    }
    let named: Vec<(&str, &Utf8Path)> = entry
        .outputs
        .iter()
        .zip(&files)
        .map(|(output, path)| (output.name.as_str(), path.as_path()))
        .collect();
    let fingerprint = slot.fingerprint();
    match refuge.publish(slot, &named, entry.note.clone()) {
        Ok(entry) => Lookup::Hit(entry),
        Err(_) => refuge.lookup(fingerprint),
    }
}

/// Lists the contents of the members of an archive in the format of System V and GNU `ar`; stops at what it does not understand.
pub(crate) fn members(archive: &[u8]) -> impl Iterator<Item = &[u8]> {
    const HEADER: usize = 60;
    let mut rest = archive.strip_prefix(b"!<arch>\n").unwrap_or_default();
    std::iter::from_fn(move || {
        let (header, after) = rest.split_at_checked(HEADER)?;
        let size: usize = std::str::from_utf8(&header[48..58])
            .ok()?
            .trim()
            .parse()
            .ok()?;
        let content = after.get(..size)?;
        // Members begin at even offsets.
        rest = after.get(size + size % 2..).unwrap_or_default();
        Some(content)
    })
}

#[cfg(test)]
mod tests {
    use fbuild_model::fingerprint::PartKind;
    use fbuild_model::{Digest, Parts};

    use super::*;

    struct Place {
        _guard: tempfile::TempDir,
        dir: Utf8PathBuf,
        cache: Cache,
    }

    fn place() -> Place {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(guard.path().to_owned()).unwrap();
        let cache = Cache::open(&dir.join("cache")).unwrap();
        Place {
            _guard: guard,
            dir,
            cache,
        }
    }

    fn fingerprint(name: &str) -> Fingerprint {
        let mut parts = Parts::default();
        parts.add(PartKind::Source, name, Digest::of(name.as_bytes()));
        parts.fingerprint()
    }

    fn make(results: &Results<'_>, name: &str) -> Entry {
        let slot = results.lookup(fingerprint(name)).hit().unwrap_err();
        let scratch = results.scratch().unwrap();
        let path = scratch.path().join("o");
        fs_err::write(&path, name).unwrap();
        let entry = results.take_in(&[("o", &path)], Note::default()).unwrap();
        results.make_findable(slot, &entry);
        entry
    }

    #[test]
    fn nothing_is_lost_once_a_refuge_is_taken() {
        let Place { dir, cache, _guard } = place();
        let results = Results::new(&cache, &dir.join("out"));
        let (one, two) = (make(&results, "one"), make(&results, "two"));
        assert!(results.has(one.outputs[0].digest));
        assert!(
            !dir.join("out").exists(),
            "nothing is made before it is needed"
        );
        fs_err::create_dir_all(dir.join("out")).unwrap();
        assert!(results.take_refuge());
        // What is looked up is copied at once; what is not goes with the cache.
        assert!(results.lookup(fingerprint("one")).hit().is_ok());
        fs_err::remove_dir_all(cache.root()).unwrap();
        assert!(results.has(one.outputs[0].digest));
        assert!(!results.has(two.outputs[0].digest));
        assert!(results.lookup(fingerprint("two")).hit().is_err());
        assert_eq!(make(&results, "two").outputs, two.outputs);
        let to = dir.join("out/two");
        assert!(results.place(&two.outputs[0], &to).unwrap());
        assert_eq!(fs_err::read(&to).unwrap(), b"two");
        results.restore(b"three");
        assert!(results.has(Digest::of(b"three")));
        drop(results);
        assert_eq!(
            dir.join("out").read_dir_utf8().unwrap().count(),
            1,
            "the refuge goes away with the run"
        );
    }

    #[test]
    fn members_of_archives_are_found() {
        let check = |archive: &[u8], expect: &[&[u8]]| {
            assert_eq!(members(archive).collect::<Vec<_>>(), expect);
        };
        let header = |name: &str, size: usize| {
            format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 644)
        };
        check(b"", &[]);
        check(b"!<arch>\n", &[]);
        check(b"no archive", &[]);
        let archive = format!(
            "!<arch>\n{}abc\n{}four",
            header("a.o/", 3),
            header("b.o/", 4)
        );
        check(archive.as_bytes(), &[b"abc", b"four"]);
        let cut = &archive.as_bytes()[..archive.len() - 1];
        check(cut, &[b"abc"]);
        check(&archive.as_bytes()[..30], &[]);
        let odd = format!("!<arch>\n{}abc", header("a.o/", 3));
        check(odd.as_bytes(), &[b"abc"]);
        check(b"!<arch>\nxx", &[]);
    }
}
