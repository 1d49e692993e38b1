//! Blobs: bytes named by their digest, usable in place by path.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Digest;
use fbuild_model::input;

use crate::content::digest_of_file;
use crate::entry::Output;
use crate::layout::Bucket;
use crate::scratch;
use crate::store::{Cache, in_directory};

/// What is wrong with a blob. It is a miss: what it came from has to be made again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobProblem {
    /// There is none of that name.
    #[error("`{name}` ({digest}) is gone")]
    Missing {
        /// Name of the output.
        name: String,
        /// The first digits of its digest.
        digest: String,
    },
    /// It is longer or shorter than recorded.
    #[error("`{name}` ({digest}) has {found} bytes instead of {expected}")]
    Length {
        /// Name of the output.
        name: String,
        /// The first digits of its digest.
        digest: String,
        /// Bytes recorded.
        expected: u64,
        /// Bytes found.
        found: u64,
    },
    /// Its bytes have another digest than its name.
    #[error("`{name}` ({digest}) has other bytes than its digest says")]
    Content {
        /// Name of the output.
        name: String,
        /// The first digits of its digest.
        digest: String,
    },
    /// It cannot be read, or its copy cannot be written.
    #[error("`{name}` ({digest}) cannot be read or copied")]
    Unreadable {
        /// Name of the output.
        name: String,
        /// The first digits of its digest.
        digest: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Cache {
    /// Returns the absolute path of the blob called `digest`, whether or not it is there. The file is read-only.
    pub fn blob(&self, digest: Digest) -> Utf8PathBuf {
        self.layout.blob(digest)
    }

    /// Checks by `stat` alone that the blob of `output` is there and has the recorded length.
    ///
    /// # Errors
    ///
    /// What does not fit.
    pub fn present(&self, output: &Output) -> Result<Utf8PathBuf, BlobProblem> {
        let path = self.blob(output.digest);
        match std::fs::symlink_metadata(&path) {
            Ok(metadata) if !metadata.is_file() => Err(output.missing()),
            Ok(metadata) if metadata.len() != output.size => Err(output.length(metadata.len())),
            Ok(_) => Ok(path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(output.missing()),
            Err(error) => Err(output.unreadable(error)),
        }
    }

    /// Digests the blob of `output` anew and returns its path if the bytes are right; a wrong one is removed, so that it becomes a miss.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn verified(&self, output: &Output) -> Result<Utf8PathBuf, BlobProblem> {
        let path = self.present(output).inspect_err(|problem| {
            if matches!(problem, BlobProblem::Length { .. }) {
                drop(fs_err::remove_file(self.blob(output.digest)));
            }
        })?;
        self.check_content(output, &path)?;
        Ok(path)
    }

    /// Digests `path`, which is the blob of `output` or holds its bytes; the blob is removed if they are wrong.
    fn check_content(&self, output: &Output, path: &Utf8Path) -> Result<(), BlobProblem> {
        match digest_of_file(path) {
            Ok((digest, _)) if digest == output.digest => Ok(()),
            Ok(_) => {
                drop(fs_err::remove_file(self.blob(output.digest)));
                Err(output.content())
            }
            Err(error) => Err(output.unread(error)),
        }
    }

    /// Makes the bytes of `output` available at `to`, which must not exist and whose directory must: by a hard link, or by a copy where the
    /// file systems or the rights allow no link. Then digests what is at `to`, so that the caller may use it without another check, also after the
    /// store was deleted. A blob with other bytes is removed, so that it becomes a miss.
    ///
    /// # Errors
    ///
    /// What is wrong with the blob, or why `to` cannot be written. Nothing is left at `to` then.
    pub fn hold(&self, output: &Output, to: &Utf8Path) -> Result<(), BlobProblem> {
        let path = self.present(output)?;
        if std::fs::hard_link(&path, to).is_err() {
            copy_new(&path, to).map_err(|error| output.unread(error))?;
        }
        self.check_content(output, to)
            .inspect_err(|_| drop(fs_err::remove_file(to)))
    }

    /// Puts the file at `path`, whose content has this digest, into the store: by a hard link, or by a copy. The file stays and becomes read-only.
    pub(crate) fn take_in(&self, path: &Utf8Path, digest: Digest) -> std::io::Result<()> {
        let mut permissions = fs_err::metadata(path)?.permissions();
        permissions.set_readonly(true);
        fs_err::set_permissions(path, permissions)?;
        let scratch = self.layout.bucket(Bucket::Scratch);
        let near = scratch.join(scratch::own_name());
        let size = in_directory(&scratch, || {
            if std::fs::hard_link(path, &near).is_err() {
                copy_new(path, &near)?;
            }
            Ok(fs_err::metadata(&near)?.len())
        })?;
        // A blob of that name is replaced rather than left: that heals one that rotted, and renews its time stamp.
        let placed = self.move_into_place(&near, &self.blob(digest), size);
        // Renaming one of two names of the same file to the other leaves both.
        drop(std::fs::remove_file(&near));
        placed
    }
}

/// Copies a file to a name that is not taken.
fn copy_new(from: &Utf8Path, to: &Utf8Path) -> std::io::Result<()> {
    let mut source = input::open_regular(from)?;
    let mut copy = fs_err::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(to)?;
    let copied = std::io::copy(&mut source, &mut copy).and_then(|_| {
        let mut permissions = copy.metadata()?.permissions();
        permissions.set_readonly(true);
        fs_err::set_permissions(to, permissions)
    });
    copied.inspect_err(|_| drop(fs_err::remove_file(to)))
}

impl Output {
    /// What is wrong with a blob that could not be read: it may have been deleted meanwhile.
    fn unread(&self, error: std::io::Error) -> BlobProblem {
        match error.kind() {
            std::io::ErrorKind::NotFound => self.missing(),
            _ => self.unreadable(error),
        }
    }

    fn missing(&self) -> BlobProblem {
        BlobProblem::Missing {
            name: self.name.clone(),
            digest: self.digest.short(),
        }
    }

    fn length(&self, found: u64) -> BlobProblem {
        BlobProblem::Length {
            name: self.name.clone(),
            digest: self.digest.short(),
            expected: self.size,
            found,
        }
    }

    fn content(&self) -> BlobProblem {
        BlobProblem::Content {
            name: self.name.clone(),
            digest: self.digest.short(),
        }
    }

    fn unreadable(&self, source: std::io::Error) -> BlobProblem {
        BlobProblem::Unreadable {
            name: self.name.clone(),
            digest: self.digest.short(),
            source,
        }
    }
}
