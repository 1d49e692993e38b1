//! What stage 1 hands to stage 2.
//!
//! Only `ArchiveSet::seal` makes a set, and only stage 1 calls it. What it names are verified blobs of the run, which no other process changes. The
//! archives that links read as archives are mapped read-only once, so that all links read the same pages; the copies in the output directory are
//! for people.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::{Digest, DigestWriter, Fingerprint};
use memmap2::Mmap;

use crate::action::Failed;
use crate::plan::ArchiveId;

/// A finished archive as stage 1 recorded it.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its file, if links read it as an archive; else they read its members.
    pub file: Option<Utf8PathBuf>,
    /// Whether the file is on a server and not yet here.
    pub is_far: bool,
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

/// What links read of one archive.
#[derive(Debug)]
pub struct LinkInput {
    recorded: Recorded,
    /// Keeps the pages of the file in memory for the links that read it.
    _map: Option<Mmap>,
}

impl LinkInput {
    /// Returns the file that links read, if they read the archive and not its members.
    pub fn file(&self) -> Option<&Utf8Path> {
        self.recorded.file.as_deref()
    }

    /// Returns the digest of its bytes.
    pub fn digest(&self) -> Digest {
        self.recorded.digest
    }

    /// Returns the fingerprint under which the cache has it; `None` if it, or one of its members, could not be kept.
    pub fn kept(&self) -> Option<Fingerprint> {
        self.recorded.kept
    }

    /// Returns whether its file is on a server and was not fetched by stage 1.
    pub fn is_far(&self) -> bool {
        self.recorded.is_far
    }

    /// Returns the digest over its members, which is what a link depends on.
    pub fn content(&self) -> Digest {
        self.recorded.content
    }

    /// Returns its members in order: name in the archive and content.
    pub fn members(&self) -> &[(String, Digest)] {
        &self.recorded.members
    }
}

/// An archive of stage 1 cannot be mapped.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the archive `{path}`: {problem}")]
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
    /// Opens and maps what stage 1 made; `made` is in the order of the plan's archives.
    ///
    /// # Errors
    /// If an archive cannot be opened or mapped.
    pub(crate) fn seal(made: Vec<Result<Recorded, Missing>>) -> Result<Self, OpenError> {
        let mut key = DigestWriter::new("stage 1");
        let mut inputs = Vec::with_capacity(made.len());
        for archive in made {
            if let Ok(recorded) = &archive {
                key.digest(recorded.content);
            }
            inputs.push(match archive {
                Ok(recorded) => Ok(open(recorded)?),
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

fn open(recorded: Recorded) -> Result<LinkInput, OpenError> {
    let Some(path) = recorded.file.as_ref().filter(|_| !recorded.is_far) else {
        return Ok(LinkInput {
            recorded,
            _map: None,
        });
    };
    let problem = |error: std::io::Error| OpenError {
        path: path.clone(),
        problem: error.to_string(),
    };
    let file = fs_err::File::open(path).map_err(problem)?;
    let _map = match file.metadata().map_err(problem)?.len() {
        // An empty file cannot be mapped.
        0 => None,
        _ => Some(map(file.file()).map_err(problem)?),
    };
    Ok(LinkInput { recorded, _map })
}

#[expect(
    unsafe_code,
    reason = "mapping a file is a system call with a precondition"
)]
fn map(file: &std::fs::File) -> std::io::Result<Mmap> {
    // SAFETY: the bytes must not change while they are read through the map. Nothing reads them through it.
    unsafe { Mmap::map(file) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(file: Option<&Utf8Path>, bytes: &[u8]) -> Recorded {
        Recorded {
            file: file.map(Utf8Path::to_owned),
            is_far: false,
            digest: Digest::of(bytes),
            content: Digest::of(bytes),
            members: Vec::new(),
            kept: None,
        }
    }

    #[test]
    fn archives_are_opened_and_keyed() {
        let guard = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(guard.path()).unwrap().join("x.a");
        fs_err::write(&path, "!<arch>\n").unwrap();
        let whole = || Ok(recorded(None, b"!<arch>\n"));
        let set = ArchiveSet::seal(vec![whole(), Err(Missing::Stopped)]).unwrap();
        assert_eq!(set.get(ArchiveId::new(0)).unwrap().file(), None);
        assert!(matches!(set.get(ArchiveId::new(1)), Err(Missing::Stopped)));
        let alone = vec![Ok(recorded(Some(&path), b"!<arch>\n"))];
        let alone = ArchiveSet::seal(alone).unwrap();
        assert_eq!(alone.get(ArchiveId::new(0)).unwrap().file(), Some(&*path));
        assert_eq!(set.key(), alone.key());
        assert_ne!(set.key(), ArchiveSet::seal(vec![]).unwrap().key());
        fs_err::remove_file(&path).unwrap();
        let error = ArchiveSet::seal(vec![Ok(recorded(Some(&path), b""))]).unwrap_err();
        assert!(error.to_string().contains("x.a"), "{error}");
    }
}
