//! Where compilers and linkers put their temporary files: in memory, if there is room.
//!
//! A link alone makes a dozen files and deletes them. ext4 avoids reusing recently freed inodes and scans past them on each create, so such a
//! build on it slows itself down. This module does not know what the files are.

use std::num::NonZeroUsize;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::Scratch;
use fbuild_process::memory;

/// Linux's file system in memory for all processes.
const SHARED_MEMORY: &str = "/dev/shm";

/// What each worker may need, in bytes: with two of them FastLED's largest units came to 55 MB together.
const PER_WORKER: u64 = 128 << 20;

/// Makes a directory in memory for the temporary files of `workers` workers. It is removed with the value; those of killed processes are
/// removed first. `None` where there is no such file system or not enough room, or if `TMPDIR` is set.
pub fn in_memory(workers: NonZeroUsize) -> Option<Scratch> {
    if std::env::var_os("TMPDIR").is_some() {
        return None;
    }
    let place = own(Utf8Path::new(SHARED_MEMORY))?;
    let dir = Scratch::swept_in(&place).ok()?;
    let needed = PER_WORKER * workers.get() as u64;
    // Twice, because the compilers need memory as well.
    let has_memory = memory::free(Utf8Path::new("/")).is_some_and(|free| free >= 2 * needed);
    (has_memory && room(&place)? >= needed).then_some(dir)
}

/// Returns the free bytes of a file system.
fn room(place: &Utf8Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(place.as_std_path()).ok()?;
    Some(stat.f_bavail * stat.f_frsize)
}

/// Returns a directory in `place` that only this user can write to; all users may write to `place`.
fn own(place: &Utf8Path) -> Option<Utf8PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let own = place.join(format!("fbuild-{user}"));
    // It may exist already; the check below decides.
    let _ = std::fs::DirBuilder::new().mode(0o700).create(&own);
    let found = std::fs::symlink_metadata(&own).ok()?;
    let is_ours = found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0;
    is_ours.then_some(own)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_directory_is_private() {
        let guard = tempfile::tempdir().unwrap();
        let place = Utf8Path::from_path(guard.path()).unwrap();
        let dir = own(place).unwrap();
        assert_eq!(dir.metadata().unwrap().mode() & 0o777, 0o700);
        assert_eq!(own(place), Some(dir.clone()), "it exists already");
        fs_err::set_permissions(&dir, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(own(place), None, "others can write to it");
        fs_err::remove_dir(&dir).unwrap();
        fs_err::os::unix::fs::symlink(place, &dir).unwrap();
        assert_eq!(own(place), None, "it is a link");
        assert_eq!(own(&place.join("none")), None);
    }

    #[test]
    fn room_is_asked_of_the_system() {
        assert!(room("/".into()).is_some_and(|room| room > 0));
        assert_eq!(room("/no/such/place".into()), None);
        assert!(in_memory(NonZeroUsize::new(1 << 30).unwrap()).is_none());
    }
}
