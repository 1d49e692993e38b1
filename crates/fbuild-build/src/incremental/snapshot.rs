//! What a plan depends on: everything that planning asked the disk, with the answers.
//!
//! A plan is a pure function of its inputs. So if every question has the answer of an earlier run, planning would come to the same end, and
//! need not be done again. A trail belongs to a run, not to a sketch, and goes on from the one it was confirmed with: it may hold more than one of
//! the sketches depends on, and then a change costs that sketch a scan that was not needed, and nothing else. It does not know what came out of the plan; see [`crate::incremental::record`].

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::StatMemo;
use fbuild_cpp::SourceTree;
use fbuild_model::{Digest, DigestWriter, Fingerprint};
use fbuild_scan::sources::{self, Depth};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Questions and answers, and what stage 1 made of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSnapshot {
    /// The content of files by path; `None` where there was no regular file.
    files: BTreeMap<String, Option<Digest>>,
    /// The sources found in folders.
    sources: BTreeMap<Folder, Digest>,
    /// The key of stage 1.
    key: Option<Digest>,
    /// The archives by path.
    archives: BTreeMap<Utf8PathBuf, Made>,
    /// The results of the shared compile actions.
    shared: BTreeSet<Fingerprint>,
    /// The results that were made of them, and preambles.
    derived: BTreeSet<Fingerprint>,
}

/// A folder that is searched for sources.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Folder {
    dir: Utf8PathBuf,
    recursive: bool,
}

/// An archive that stands in the output directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// A digest over what it is made of.
    pub of: Digest,
    /// The digest of its bytes.
    pub bytes: Digest,
}

impl InputSnapshot {
    /// Adds questions to the disk and their answers.
    pub fn add_files(&mut self, asked: impl IntoIterator<Item = (String, Option<Digest>)>) {
        self.files.extend(asked);
    }

    /// Adds the sources that were found in a folder, in the order in which a directory walk meets them: what was compiled, and not what is there
    /// by now.
    pub fn add_listed<'f>(
        &mut self,
        dir: &Utf8Path,
        depth: Depth,
        files: impl Iterator<Item = &'f Utf8Path>,
    ) {
        let folder = Folder {
            dir: dir.to_owned(),
            recursive: depth == Depth::Recursive,
        };
        self.sources.insert(folder, digest_of_list(files));
    }

    /// Adds the sources that a folder holds now, before they are listed to be compiled; a folder that cannot be listed is one that answers
    /// differently next time.
    pub fn add_sources(&mut self, dir: &Utf8Path, depth: Depth) {
        let folder = Folder {
            dir: dir.to_owned(),
            recursive: depth == Depth::Recursive,
        };
        if let Entry::Vacant(free) = self.sources.entry(folder) {
            let found = free.key().digest();
            free.insert(found);
        }
    }

    /// Adds what stage 1 made; `key` is the stage's.
    pub fn add_made(
        &mut self,
        key: Digest,
        archives: impl IntoIterator<Item = (Utf8PathBuf, Made)>,
        shared: impl IntoIterator<Item = Fingerprint>,
        derived: impl IntoIterator<Item = Fingerprint>,
    ) {
        self.key = Some(key);
        self.archives.extend(archives);
        self.shared.extend(shared);
        self.derived.extend(derived);
    }

    /// Returns the key of the stage 1 that was run.
    pub fn key(&self) -> Option<Digest> {
        self.key
    }

    /// Returns what the archive at `path` is made of.
    pub fn made_of(&self, path: &Utf8Path) -> Option<Digest> {
        self.archives.get(path).map(|made| made.of)
    }

    /// Returns the results of the shared compile actions.
    pub fn shared(&self) -> &BTreeSet<Fingerprint> {
        &self.shared
    }

    /// Returns the results that were made of them, and preambles.
    pub fn derived(&self) -> &BTreeSet<Fingerprint> {
        &self.derived
    }

    /// Returns whether this trail says all that `other` says.
    pub fn covers(&self, other: &Self) -> bool {
        fn within<K: Ord, V: PartialEq>(part: &BTreeMap<K, V>, whole: &BTreeMap<K, V>) -> bool {
            part.iter()
                .all(|(key, value)| whole.get(key) == Some(value))
        }
        within(&other.files, &self.files)
            && within(&other.sources, &self.sources)
            && within(&other.archives, &self.archives)
            && other.shared.is_subset(&self.shared)
            && other.derived.is_subset(&self.derived)
    }

    /// Asks all questions again, in the current rayon pool; returns whether every answer is the same and the archives are in place. The
    /// answers about files are put into the tree, so that planning need not ask once more.
    pub fn holds(&self, tree: &SourceTree, memo: StatMemo<'_>) -> bool {
        let files = self.files.iter();
        let files: Vec<_> = files.map(|(path, known)| (path.as_str(), *known)).collect();
        let folders: Vec<_> = self.sources.iter().collect();
        tree.confirm(&files)
            && folders
                .par_iter()
                .all(|(folder, known)| folder.digest() == **known)
            && self
                .archives
                .par_iter()
                .all(|(path, made)| memo.digest(path).is_ok_and(|now| now == made.bytes))
    }
}

/// Digests a list of sources, in the order in which a directory walk meets them.
fn digest_of_list<'f>(files: impl Iterator<Item = &'f Utf8Path>) -> Digest {
    let mut writer = DigestWriter::new("sources");
    for file in files {
        writer.field(file.as_str());
    }
    writer.finish()
}

impl Folder {
    fn digest(&self) -> Digest {
        let depth = if self.recursive {
            Depth::Recursive
        } else {
            Depth::Flat
        };
        match sources::walk_order(&self.dir, depth) {
            Ok(files) => digest_of_list(files.iter().map(|file| file.as_path())),
            Err(error) => DigestWriter::new("no sources")
                .field(error.to_string())
                .finish(),
        }
    }
}

/// As JSON a key is text: the folder, with `/**` behind it if what is below it counts.
impl Serialize for Folder {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mark = if self.recursive { "/**" } else { "/*" };
        serializer.collect_str(&format_args!("{}{mark}", self.dir))
    }
}

impl<'de> Deserialize<'de> for Folder {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (dir, mark) = text
            .rsplit_once('/')
            .ok_or_else(|| serde::de::Error::custom("a folder without its mark"))?;
        Ok(Self {
            dir: dir.into(),
            recursive: mark == "**",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fbuild_cache::Cache;

    struct Place {
        _guard: tempfile::TempDir,
        dir: Utf8PathBuf,
        cache: Cache,
    }

    impl Place {
        fn new() -> Self {
            let guard = tempfile::tempdir().unwrap();
            let dir = Utf8PathBuf::from_path_buf(guard.path().canonicalize().unwrap()).unwrap();
            fs_err::create_dir_all(dir.join("lib/src/deep")).unwrap();
            fs_err::write(dir.join("lib/src/a.cpp"), "a").unwrap();
            fs_err::write(dir.join("lib/src/deep/b.c"), "b").unwrap();
            fs_err::write(dir.join("lib/src/a.h"), "header").unwrap();
            fs_err::write(dir.join("lib.a"), "archive").unwrap();
            let cache = Cache::open(&dir.join("cache")).unwrap();
            Self {
                _guard: guard,
                dir,
                cache,
            }
        }

        fn snapshot(&self) -> InputSnapshot {
            let mut snapshot = InputSnapshot::default();
            snapshot.add_files([
                (self.path("lib/src/a.h"), Some(Digest::of(b"header"))),
                (self.path("lib/src/none.h"), None),
                (self.path("lib/src/deep"), None),
            ]);
            snapshot.add_sources(&self.dir.join("lib/src"), Depth::Recursive);
            snapshot.add_sources(&self.dir.join("lib"), Depth::Flat);
            let made = Made {
                of: Digest::of(b"members"),
                bytes: Digest::of(b"archive"),
            };
            snapshot.add_made(Digest::of(b"key"), [(self.dir.join("lib.a"), made)], [], []);
            snapshot
        }

        fn path(&self, name: &str) -> String {
            self.dir.join(name).to_string()
        }

        fn holds(&self, snapshot: &InputSnapshot) -> bool {
            snapshot.holds(&SourceTree::new(), StatMemo::new(&self.cache))
        }
    }

    #[test]
    fn a_trail_holds_as_long_as_every_answer_is_the_same() {
        let place = Place::new();
        let snapshot = place.snapshot();
        assert!(place.holds(&snapshot));
        fs_err::write(
            place.dir.join("lib/src/more.h"),
            "a header nobody asked for",
        )
        .unwrap();
        assert!(place.holds(&snapshot));
        let write = |name: &'static str, text: &'static str| {
            move |dir: &Utf8Path| fs_err::write(dir.join(name), text).unwrap()
        };
        type Change = Box<dyn Fn(&Utf8Path)>;
        let changes: [(&str, Change); 8] = [
            ("a header changed", Box::new(write("lib/src/a.h", "HEADER"))),
            ("a header appeared", Box::new(write("lib/src/none.h", ""))),
            ("a source appeared", Box::new(write("lib/src/deep/c.S", ""))),
            ("a flat source appeared", Box::new(write("lib/x.cpp", ""))),
            ("the archive changed", Box::new(write("lib.a", "ARCHIVE"))),
            (
                "the archive went",
                Box::new(|dir| fs_err::remove_file(dir.join("lib.a")).unwrap()),
            ),
            (
                "the header went",
                Box::new(|dir| fs_err::remove_file(dir.join("lib/src/a.h")).unwrap()),
            ),
            (
                "the folder became a file",
                Box::new(|dir| {
                    fs_err::remove_dir_all(dir.join("lib/src/deep")).unwrap();
                    fs_err::write(dir.join("lib/src/deep"), "").unwrap();
                }),
            ),
        ];
        for (what, change) in changes {
            let place = Place::new();
            let snapshot = place.snapshot();
            change(&place.dir);
            assert!(!place.holds(&snapshot), "{what}");
        }
    }

    #[test]
    fn a_trail_is_read_back_as_it_was_written() {
        let place = Place::new();
        let snapshot = place.snapshot();
        let bytes = serde_json::to_vec(&snapshot).unwrap();
        let back: InputSnapshot = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(back, snapshot);
        assert_eq!(
            back.made_of(&place.dir.join("lib.a")),
            Some(Digest::of(b"members"))
        );
    }

    #[test]
    fn the_larger_trail_covers_the_smaller_one() {
        let place = Place::new();
        let (small, mut large) = (place.snapshot(), place.snapshot());
        large.add_files([("/more.h".to_owned(), None)]);
        assert!(large.covers(&small) && !small.covers(&large));
        let mut other = place.snapshot();
        other.add_files([(place.path("lib/src/a.h"), None)]);
        assert!(
            !large.covers(&other),
            "another answer to the same question is not covered"
        );
    }
}
