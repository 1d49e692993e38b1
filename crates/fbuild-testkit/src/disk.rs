//! Small file systems, for tests with full and read-only disks.

use std::process::Command;

use camino::Utf8Path;

/// A file system in memory, mounted on a temporary directory; unmounted when dropped. Needs [`MOUNT`](crate::need::MOUNT).
#[derive(Debug)]
pub struct SmallDisk {
    dir: tempfile::TempDir,
}

impl SmallDisk {
    /// Mounts a file system with the options of tmpfs (`size=1m`, `nr_inodes=50`).
    ///
    /// # Panics
    /// If it cannot be mounted.
    pub fn mount(options: &str) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("fbuild-disk-")
            .tempdir()
            .expect("make a temporary directory");
        let disk = Self { dir };
        disk.run("mount", &["-t", "tmpfs", "-o", options, "none"]);
        disk
    }

    /// Returns the directory.
    ///
    /// # Panics
    /// If the temporary directory's path is not UTF-8.
    pub fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.dir.path()).expect("the temporary directory's path is UTF-8")
    }

    /// Mounts it again with other options (`ro`, `size=2m`).
    ///
    /// # Panics
    /// If that is refused.
    pub fn remount(&self, options: &str) {
        self.run("mount", &["-o", &format!("remount,{options}")]);
    }

    /// Writes a file that takes all room that is left.
    ///
    /// # Panics
    /// If the disk is not full afterwards.
    pub fn fill(&self) {
        let blocks = vec![0_u8; 1 << 16];
        let mut file = fs_err::File::create(self.path().join("fill")).expect("make a file");
        while std::io::Write::write_all(&mut file, &blocks).is_ok() {}
        assert!(
            std::io::Write::write_all(&mut file, &blocks).is_err(),
            "the disk is full"
        );
    }

    /// Removes what [`Self::fill`] wrote.
    ///
    /// # Panics
    /// If there is no such file.
    pub fn free(&self) {
        fs_err::remove_file(self.path().join("fill")).expect("remove a file");
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let status = Command::new(program)
            .args(arguments)
            .arg(self.dir.path())
            .status()
            .expect("start mount");
        assert!(status.success(), "{program} {arguments:?}: {status}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazy, because a process that is about to end may have files open.
        let status = Command::new("umount")
            .arg("-l")
            .arg(self.dir.path())
            .status();
        let is_gone = status.is_ok_and(|status| status.success());
        assert!(
            is_gone || std::thread::panicking(),
            "unmount {}",
            self.dir.path().display()
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{need, needs};

    #[test]
    fn a_disk_is_full_and_read_only_on_demand() {
        needs!(need::MOUNT);
        let disk = SmallDisk::mount("size=1m");
        let file = disk.path().join("x");
        fs_err::write(&file, "x").expect("write");
        disk.fill();
        assert!(fs_err::write(disk.path().join("y"), [0; 5000]).is_err());
        disk.free();
        fs_err::write(disk.path().join("y"), [0; 5000]).expect("write");
        disk.remount("ro");
        assert!(fs_err::write(&file, "x").is_err());
        let path = disk.path().to_owned();
        drop(disk);
        assert!(!path.exists());
    }
}
