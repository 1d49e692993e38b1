//! What stage 1 hands to stage 2.
//!
//! Only `ArchiveSet::seal` makes a set, and only stage 1 calls it. The archives are opened once, mapped read-only and checked against
//! what stage 1 recorded under its key; all workers of stage 2 share the maps.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::StatMemo;
use fbuild_model::{Digest, DigestWriter, Fingerprint};
use memmap2::Mmap;

use crate::action::Failed;
use crate::plan::ArchiveId;

/// A finished archive as stage 1 recorded it.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Where it stands.
    pub path: Utf8PathBuf,
    /// The digest of its bytes.
    pub digest: Digest,
    /// A digest over its members' names and contents, in order.
    pub content: Digest,
    /// Its members in order: name in the archive and content.
    pub members: Vec<(String, Digest)>,
    /// The fingerprint under which the cache has it; `None` if it, or one of its members, could not be kept.
    pub kept: Option<Fingerprint>,
}

/// Why an archive is not there.
#[derive(Debug, Clone)]
pub enum Missing {
    /// One of its actions failed.
    Failed(Box<Failed>),
    /// The run was stopped before it was made.
    Stopped,
}

/// A mapped archive.
#[derive(Debug)]
pub struct LinkInput {
    recorded: Recorded,
    map: Option<Mmap>,
}

impl LinkInput {
    /// Returns where the archive stands.
    pub fn path(&self) -> &Utf8Path {
        &self.recorded.path
    }

    /// Returns the digest of its bytes.
    pub fn digest(&self) -> Digest {
        self.recorded.digest
    }

    /// Returns the fingerprint under which the cache has it; `None` if it, or one of its members, could not be kept.
    pub fn kept(&self) -> Option<Fingerprint> {
        self.recorded.kept
    }

    /// Returns the digest over its members, which is what a link depends on.
    pub fn content(&self) -> Digest {
        self.recorded.content
    }

    /// Returns its members in order: name in the archive and content.
    pub fn members(&self) -> &[(String, Digest)] {
        &self.recorded.members
    }

    /// Returns the archive's bytes.
    pub fn bytes(&self) -> &[u8] {
        self.map.as_deref().unwrap_or_default()
    }
}

/// An archive that is not what stage 1 recorded.
#[derive(Debug, thiserror::Error)]
#[error("open archive `{path}`: {problem}")]
pub struct OpenError {
    /// The archive.
    pub path: Utf8PathBuf,
    /// What is wrong.
    pub problem: String,
}

/// The results of stage 1.
#[derive(Debug)]
pub struct ArchiveSet {
    key: Digest,
    inputs: Vec<Result<LinkInput, Missing>>,
}

impl ArchiveSet {
    /// Opens, maps and verifies what stage 1 made; `made` is in the order of the plan's archives.
    ///
    /// # Errors
    /// If an archive cannot be opened or does not hold the recorded bytes.
    pub(crate) fn seal(
        made: Vec<Result<Recorded, Missing>>,
        memo: StatMemo<'_>,
    ) -> Result<Self, OpenError> {
        let mut key = DigestWriter::new("stage 1");
        let mut inputs = Vec::with_capacity(made.len());
        for archive in made {
            if let Ok(recorded) = &archive {
                key.digest(recorded.content);
            }
            inputs.push(match archive {
                Ok(recorded) => Ok(open(recorded, memo)?),
                Err(missing) => Err(missing),
            });
        }
        Ok(Self {
            key: key.finish(),
            inputs,
        })
    }

    /// Returns the key of stage 1: a digest over everything that went into its results.
    pub fn key(&self) -> Digest {
        self.key
    }

    /// Returns one archive, or why it is not there.
    ///
    /// # Errors
    /// If the archive was not made.
    pub fn get(&self, id: ArchiveId) -> Result<&LinkInput, &Missing> {
        self.inputs[id.index()].as_ref()
    }
}

fn open(recorded: Recorded, memo: StatMemo<'_>) -> Result<LinkInput, OpenError> {
    let problem = |problem: String| OpenError {
        path: recorded.path.clone(),
        problem,
    };
    // Read in pieces and not through the map, whose pages would count as this process's memory from then on.
    let digest = memo
        .digest(&recorded.path)
        .map_err(|error| problem(error.to_string()))?;
    if digest != recorded.digest {
        return Err(problem(
            "its content is not what stage 1 recorded".to_owned(),
        ));
    }
    let file = fs_err::File::open(&recorded.path).map_err(|error| problem(error.to_string()))?;
    let length = file
        .metadata()
        .map_err(|error| problem(error.to_string()))?
        .len();
    let map = match length {
        // An empty file cannot be mapped.
        0 => None,
        _ => Some(map(file.file()).map_err(|error| problem(error.to_string()))?),
    };
    Ok(LinkInput { recorded, map })
}

#[expect(
    unsafe_code,
    reason = "mapping a file is a system call with a precondition"
)]
fn map(file: &std::fs::File) -> std::io::Result<Mmap> {
    // SAFETY: the bytes must not change while mapped. fbuild replaces archives by rename and never writes into one, so the mapped inode
    // keeps its content; somebody else who truncates a file in the output directory during a build ends this process, nothing worse.
    unsafe { Mmap::map(file) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(path: &Utf8Path, bytes: &[u8]) -> Recorded {
        Recorded {
            path: path.to_owned(),
            digest: Digest::of(bytes),
            content: Digest::of(path.as_str().as_bytes()),
            members: Vec::new(),
            kept: None,
        }
    }

    fn seal(dir: &Utf8Path, made: Vec<Result<Recorded, Missing>>) -> Result<ArchiveSet, OpenError> {
        let cache = fbuild_cache::Cache::open(&dir.join("cache")).unwrap();
        ArchiveSet::seal(made, StatMemo::new(&cache))
    }

    #[test]
    fn archives_are_verified_and_keyed() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        let path = dir.join("x.a");
        fs_err::write(&path, "!<arch>\n").unwrap();
        let set = seal(
            dir,
            vec![Ok(recorded(&path, b"!<arch>\n")), Err(Missing::Stopped)],
        )
        .unwrap();
        assert_eq!(set.get(ArchiveId::new(0)).unwrap().bytes(), b"!<arch>\n");
        assert!(matches!(set.get(ArchiveId::new(1)), Err(Missing::Stopped)));
        let alone = seal(dir, vec![Ok(recorded(&path, b"!<arch>\n"))]).unwrap();
        assert_eq!(set.key(), alone.key());
        assert_ne!(set.key(), seal(dir, vec![]).unwrap().key());
    }

    #[test]
    fn other_bytes_are_refused() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        let path = dir.join("x.a");
        fs_err::write(&path, "").unwrap();
        assert!(seal(dir, vec![Ok(recorded(&path, b""))]).is_ok());
        let error = seal(dir, vec![Ok(recorded(&path, b"!<arch>\n"))]).unwrap_err();
        assert!(error.to_string().contains("x.a"), "{error}");
        fs_err::remove_file(&path).unwrap();
        assert!(seal(dir, vec![Ok(recorded(&path, b""))]).is_err());
    }
}
