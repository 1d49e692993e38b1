//! Blobs: bytes named by their digest, usable in place by path.

use std::io::Read;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::{Digest, DigestStream};

use crate::entry::Output;
use crate::layout::Bucket;
use crate::scratch;
use crate::store::Cache;

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
        match digest_of_file(&path) {
            Ok((digest, _)) if digest == output.digest => Ok(path),
            Ok(_) => {
                drop(fs_err::remove_file(&path));
                Err(output.content())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(output.missing()),
            Err(error) => Err(output.unreadable(error)),
        }
    }

    /// Puts a writable copy of the blob of `output` at `to`, verified, by rename; `to`'s directory must exist.
    ///
    /// # Errors
    ///
    /// What is wrong with the blob, or why the copy cannot be written.
    pub fn copy_to(&self, output: &Output, to: &Utf8Path) -> Result<(), BlobProblem> {
        let path = self.present(output)?;
        let temporary = to.with_file_name(format!(".fbuild-{}", scratch::own_name()));
        let copied = fs_err::File::open(&path).and_then(|mut from| {
            let mut copy = fs_err::File::create(&temporary)?;
            // `std::io::copy` shares the extents where the file system can; the copy is what is digested, for it is what will be used.
            std::io::copy(&mut from, &mut copy)?;
            digest_of_file(&temporary)
        });
        let result = match copied {
            Ok((digest, _)) if digest == output.digest => {
                fs_err::rename(&temporary, to).map_err(|error| output.unreadable(error))
            }
            Ok(_) => {
                drop(fs_err::remove_file(&path));
                Err(output.content())
            }
            Err(error) => Err(output.unreadable(error)),
        };
        result.inspect_err(|_| drop(fs_err::remove_file(&temporary)))
    }

    /// Moves the file at `path` into the store and returns its digest and length.
    pub(crate) fn take_in(&self, path: &Utf8Path) -> std::io::Result<(Digest, u64)> {
        let (digest, size) = digest_of_file(path)?;
        let mut permissions = fs_err::metadata(path)?.permissions();
        permissions.set_readonly(true);
        fs_err::set_permissions(path, permissions)?;
        let target = self.blob(digest);
        // A blob of that name is replaced rather than left: that heals one that rotted, and renews its time stamp.
        match self.move_into_place(path, &target, size) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::CrossesDevices => {
                let scratch = self.layout.bucket(Bucket::Scratch);
                fs_err::create_dir_all(&scratch)?;
                let near = scratch.join(scratch::own_name());
                fs_err::copy(path, &near)
                    .and_then(|_| self.move_into_place(&near, &target, size))
                    .inspect_err(|_| drop(fs_err::remove_file(&near)))?;
                drop(fs_err::remove_file(path));
            }
            // Where a file in use cannot be replaced (Windows) the one in use has the same bytes.
            Err(error) => match std::fs::symlink_metadata(&target) {
                Ok(metadata) if metadata.is_file() && metadata.len() == size => {
                    drop(fs_err::remove_file(path))
                }
                _ => return Err(error),
            },
        }
        Ok((digest, size))
    }
}

impl Output {
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

/// Returns digest and length of the file at `path`, reading it in pieces: precompiled headers have a hundred megabytes.
pub(crate) fn digest_of_file(path: &Utf8Path) -> std::io::Result<(Digest, u64)> {
    let mut file = fs_err::File::open(path)?;
    let mut stream = DigestStream::default();
    let mut piece = vec![0; 128 << 10];
    let mut size = 0;
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok((stream.finish(), size)),
            Ok(read) => {
                stream.update(&piece[..read]);
                size += read as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
