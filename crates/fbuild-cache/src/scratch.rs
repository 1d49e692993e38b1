//! Scratch directories: where outputs are made before they are published.
//!
//! They lie on the store's file system, so publishing is a rename. Their names say which process owns them, so those of killed processes
//! can be told from those in use and swept.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::DigestWriter;

/// Things in the making of processes that cannot be asked for are left alone for this long.
pub(crate) const FOREIGN_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// A file in each scratch directory that nobody but who deletes the directory touches.
const INTACT: &str = ".scratch";

/// A directory of its own for outputs in the making, removed with everything in it on drop.
#[derive(Debug)]
pub struct Scratch {
    path: Utf8PathBuf,
}

impl Scratch {
    /// Creates a directory below `parent`, which is created as well if needed.
    pub(crate) fn create_in(parent: &Utf8Path) -> std::io::Result<Self> {
        refuse_link(parent)?;
        loop {
            let path = parent.join(own_name());
            match fs_err::create_dir(&path) {
                // Without the file nothing is lost but certainty about what a tool's failure means.
                Ok(()) => {
                    drop(fs_err::write(path.join(INTACT), ""));
                    return Ok(Self { path });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    fs_err::create_dir_all(parent)?
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Creates a directory below `parent`, which holds nothing else and is created if needed, and removes those that killed processes left in it.
    ///
    /// # Errors
    /// If it cannot be created, or `parent` is a link: what is there would not be ours to remove.
    pub fn swept_in(parent: &Utf8Path) -> std::io::Result<Self> {
        let scratch = Self::create_in(parent)?;
        sweep(parent, None);
        Ok(scratch)
    }

    /// Returns the directory's absolute path.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Tells whether the directory is still as it was made; somebody may have deleted the whole store while a tool wrote to it, so that only
    /// what the tool wrote since then is there.
    pub fn is_intact(&self) -> bool {
        self.path.join(INTACT).exists()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is swept by a later collection.
        drop(fs_err::remove_dir_all(&self.path));
    }
}

/// Fails if `directory` is a symbolic link: nothing is made or removed in what it leads to.
fn refuse_link(directory: &Utf8Path) -> std::io::Result<()> {
    match std::fs::symlink_metadata(directory) {
        Ok(found) if found.is_symlink() => Err(std::io::Error::new(
            std::io::ErrorKind::NotADirectory,
            format!("`{directory}` is a symbolic link"),
        )),
        _ => Ok(()),
    }
}

/// Returns a name that no other process gets while this one lives, and that this one gets once.
pub(crate) fn own_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{}.{}.{count}", process_space(), std::process::id())
}

/// Returns a name for everything that shares our process numbers: one boot of one machine, and one container on it.
///
/// A host name would not do: containers with the host's network share it without sharing process numbers.
fn process_space() -> &'static str {
    static SPACE: OnceLock<String> = OnceLock::new();
    SPACE.get_or_init(|| {
        let mut writer = DigestWriter::new("process space");
        match (
            fs_err::read("/proc/sys/kernel/random/boot_id"),
            fs_err::read_link("/proc/self/ns/pid"),
        ) {
            (Ok(boot), Ok(namespace)) => {
                writer
                    .field(boot)
                    .field(namespace.as_os_str().as_encoded_bytes());
            }
            // Where neither is known each process is its own space, and what it leaves is swept by age.
            _ => {
                let now = SystemTime::now()
                    .duration_since(SystemTime::UNIX_EPOCH)
                    .unwrap_or_default();
                writer
                    .field(now.as_nanos().to_le_bytes())
                    .field(std::process::id().to_le_bytes());
            }
        }
        writer.finish().short()
    })
}

/// Tells whether the thing called `name`, last written to `age` ago, was left behind by a process that is no more.
pub(crate) fn is_abandoned(name: &str, age: Duration) -> bool {
    let mut fields = name.split('.');
    let (space, pid) = (
        fields.next(),
        fields.next().and_then(|pid| pid.parse().ok()),
    );
    match pid {
        Some(pid) if space == Some(process_space()) => !is_alive(pid),
        _ => age > FOREIGN_AGE,
    }
}

/// Removes from `parent` what killed processes left there, until `deadline`; returns the number of things removed.
pub(crate) fn sweep(parent: &Utf8Path, deadline: Option<Instant>) -> u64 {
    if refuse_link(parent).is_err() {
        return 0;
    }
    let Ok(listing) = parent.read_dir_utf8() else {
        return 0;
    };
    let mut removed = 0;
    for item in listing.flatten() {
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            break;
        }
        if is_abandoned(item.file_name(), age(item.path())) {
            let gone = match item.file_type() {
                Ok(kind) if kind.is_dir() => fs_err::remove_dir_all(item.path()),
                _ => fs_err::remove_file(item.path()),
            };
            removed += u64::from(gone.is_ok());
        }
    }
    removed
}

/// Returns the time since something was last written at or directly in `path`; zero if that is not known.
fn age(path: &Utf8Path) -> Duration {
    let modified = |path: &Utf8Path| {
        std::fs::symlink_metadata(path)
            .and_then(|metadata| metadata.modified())
            .ok()
    };
    let inside = path
        .read_dir_utf8()
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|item| modified(item.path()));
    let latest = inside.chain(modified(path)).max();
    latest
        .and_then(|latest| latest.elapsed().ok())
        .unwrap_or_default()
}

#[cfg(unix)]
fn is_alive(pid: i32) -> bool {
    // Signal 0 is not sent, only asked for. Zero and negative numbers would ask for groups. Any other error than "no such process" means
    // that there is one.
    pid > 0
        && nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None)
            != Err(nix::errno::Errno::ESRCH)
}

#[cfg(not(unix))]
fn is_alive(_pid: i32) -> bool {
    // Never reached for another process: without /proc each process is its own space.
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scratch_is_unique_and_goes_away() {
        let dir = tempfile::tempdir().unwrap();
        let parent = Utf8Path::from_path(dir.path())
            .unwrap()
            .join("not/yet/there");
        let one = Scratch::create_in(&parent).unwrap();
        let two = Scratch::create_in(&parent).unwrap();
        assert_ne!(one.path(), two.path());
        fs_err::create_dir_all(one.path().join("a/b")).unwrap();
        fs_err::write(one.path().join("a/b/c"), "x").unwrap();
        let path = one.path().to_owned();
        assert!(one.is_intact());
        drop(one);
        assert!(!path.exists());
        assert!(two.is_intact());
        fs_err::remove_dir_all(&parent).unwrap();
        assert!(!two.is_intact());
    }

    #[test]
    fn only_dead_or_old_ones_are_abandoned() {
        let day = FOREIGN_AGE + Duration::from_secs(1);
        let check = |name: &str, age: Duration, expect: bool| {
            assert_eq!(is_abandoned(name, age), expect, "{name}")
        };
        check(&own_name(), day * 30, false);
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = format!("{}.{}.0", process_space(), child.id());
        child.wait().unwrap();
        check(&dead, Duration::ZERO, true);
        check(&format!("{}.1.0", process_space()), Duration::ZERO, false);
        check("00000000.1.0", Duration::ZERO, false);
        check("00000000.1.0", day, true);
        check("something else", Duration::ZERO, false);
        check("something else", day, true);
        check("", day, true);
        check(&format!("{}.0.0", process_space()), Duration::ZERO, true);
    }
}
