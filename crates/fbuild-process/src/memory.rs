//! How many workers the memory is enough for.
//!
//! A compiler that the system kills for want of memory fails a sketch that is right, so the number of workers that nobody asked for is
//! bounded: free memory, divided by the most that a child of such a build ever took. What is free is what the kernel says could be had without
//! swapping, and no more than what each control group (container) that this process lies in has left. Where the system says nothing of the
//! kind (anything but Linux) there is no bound.

use std::num::NonZeroUsize;

use camino::Utf8Path;

/// Assumed for a child when no build of the board was measured: a compile of a FastLED sketch by avr-gcc takes 170 to 190 MB.
pub const ASSUMED_PEAK: u64 = 200 << 20;

/// Left for this program itself.
const OWN: u64 = 100 << 20;

/// Returns how many workers may run: at most `cores`, at least one, and no more than `free` bytes hold children of `peak` bytes.
pub fn affordable(free: Option<u64>, peak: u64, cores: NonZeroUsize) -> NonZeroUsize {
    let Some(free) = free else { return cores };
    let fit = free.saturating_sub(OWN) / peak.max(1);
    usize::try_from(fit)
        .ok()
        .and_then(NonZeroUsize::new)
        .unwrap_or(NonZeroUsize::MIN)
        .min(cores)
}

/// Returns the bytes that children of this process can have, if the system says; `root` is `/`, or a copy of its `proc` and `sys`.
pub fn free(root: &Utf8Path) -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(root.join(path)).ok();
    let system = read("proc/meminfo").and_then(|text| available(&text));
    let groups = read("proc/self/cgroup").unwrap_or_default();
    let limits = groups.lines().flat_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let controllers = fields.next().unwrap_or_default();
        let path = fields.next().unwrap_or("/").trim_start_matches('/');
        let files = match controllers {
            "" => Some(&UNIFIED),
            _ if controllers.split(',').any(|name| name == "memory") => Some(&V1),
            _ => None,
        };
        files.map_or_else(Vec::new, |files| left_in_groups(root, files, path))
    });
    limits.chain(system).min()
}

/// The files of a memory control group.
struct Files {
    /// Where the hierarchy may be mounted.
    mounts: &'static [&'static str],
    limit: &'static str,
    usage: &'static str,
    /// Keys in `memory.stat` of file pages, which the kernel gives up when memory is wanted.
    reclaimable: [&'static str; 2],
}

const UNIFIED: Files = Files {
    mounts: &["sys/fs/cgroup", "sys/fs/cgroup/unified"],
    limit: "memory.max",
    usage: "memory.current",
    reclaimable: ["inactive_file", "active_file"],
};

const V1: Files = Files {
    mounts: &["sys/fs/cgroup/memory"],
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    reclaimable: ["total_inactive_file", "total_active_file"],
};

/// Lists what is left in the group `path` and in all above it. In a container the path can be that of the host, which is not visible; the root
/// of the mount is then the container's own group.
fn left_in_groups(root: &Utf8Path, files: &Files, path: &str) -> Vec<u64> {
    let mounts = files.mounts.iter().map(|mount| root.join(mount));
    let groups = mounts.flat_map(|mount| {
        let group = mount.join(path);
        let above: Vec<_> = group
            .ancestors()
            .take_while(|dir| dir.starts_with(&mount))
            .map(Utf8Path::to_owned)
            .collect();
        above
    });
    let read = |dir: &Utf8Path, name: &str| std::fs::read_to_string(dir.join(name)).ok();
    groups
        .filter_map(|dir| {
            let limit = read(&dir, files.limit)?;
            let usage = read(&dir, files.usage)?;
            let stat = read(&dir, "memory.stat").unwrap_or_default();
            left(&limit, &usage, &stat, files.reclaimable)
        })
        .collect()
}

/// Returns what a group has left, from the texts of its files; `max` is no limit.
fn left(limit: &str, usage: &str, stat: &str, reclaimable: [&str; 2]) -> Option<u64> {
    let limit: u64 = limit.trim().parse().ok()?;
    let usage: u64 = usage.trim().parse().ok()?;
    let files: u64 = stat
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(key, _)| reclaimable.contains(key))
        .filter_map(|(_, value)| value.trim().parse::<u64>().ok())
        .sum();
    Some(limit.saturating_sub(usage.saturating_sub(files)))
}

/// Reads `MemAvailable` of `/proc/meminfo`.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;

    const MB: u64 = 1 << 20;

    #[test]
    fn workers_fit_into_memory() {
        for (free, peak, cores, expect) in [
            (None, 200 * MB, 8, 8),
            (Some(16_000 * MB), 200 * MB, 8, 8),
            (Some(1000 * MB), 200 * MB, 8, 4),
            (Some(1000 * MB), 90 * MB, 8, 8),
            (Some(1000 * MB), 500 * MB, 8, 1),
            (Some(899 * MB), 200 * MB, 8, 3),
            (Some(900 * MB), 200 * MB, 8, 4),
            (Some(50 * MB), 200 * MB, 8, 1),
            (Some(0), 200 * MB, 1, 1),
            (Some(u64::MAX), 0, 3, 3),
            (Some(300 * MB), u64::MAX, 3, 1),
        ] {
            let cores = NonZeroUsize::new(cores).unwrap();
            let jobs = affordable(free, peak, cores).get();
            assert_eq!(jobs, expect, "{free:?} {peak} {cores}");
        }
    }

    /// Makes a directory that looks like `/` to the readers.
    fn system(files: &[(&str, &str)]) -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        for (path, text) in files {
            let path = root.join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        (dir, root)
    }

    const MEMINFO: (&str, &str) = (
        "proc/meminfo",
        "MemTotal:  4000000 kB\nMemFree:   100000 kB\nMemAvailable:    2048000 kB\n",
    );

    #[test]
    fn what_the_system_says_is_read() {
        let check = |files: &[(&str, &str)], expect: Option<u64>| {
            let (_guard, root) = system(files);
            assert_eq!(free(&root), expect, "{files:?}");
        };
        check(&[], None);
        check(&[MEMINFO], Some(2000 * MB));
        check(&[("proc/meminfo", "MemAvailable: lots\n")], None);
        // An old kernel that does not estimate it.
        check(&[("proc/meminfo", "MemTotal: 4000000 kB\n")], None);
        // The second version: a limit on a group above counts too, file pages do not.
        let unified = [
            MEMINFO,
            ("proc/self/cgroup", "0::/user.slice/build\n"),
            ("sys/fs/cgroup/user.slice/build/memory.max", "max\n"),
            ("sys/fs/cgroup/user.slice/build/memory.current", "1048576\n"),
            ("sys/fs/cgroup/user.slice/memory.max", "1048576000\n"),
            ("sys/fs/cgroup/user.slice/memory.current", "943718400\n"),
        ];
        check(&unified, Some(100 * MB));
        let stat = (
            "sys/fs/cgroup/user.slice/memory.stat",
            "anon 5\nactive_file 104857600\ninactive_file 314572800\n",
        );
        check(&[&unified[..], &[stat]].concat(), Some(500 * MB));
        // The first version; no limit is a very large number there.
        check(
            &[
                MEMINFO,
                ("proc/self/cgroup", "9:pids:/\n4:cpu,memory:/a\n0::/\n"),
                (
                    "sys/fs/cgroup/memory/memory.limit_in_bytes",
                    "9223372036854771712\n",
                ),
                ("sys/fs/cgroup/memory/memory.usage_in_bytes", "1\n"),
                ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "524288000"),
                ("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "209715200"),
                (
                    "sys/fs/cgroup/memory/a/memory.stat",
                    "total_inactive_file 104857600\n",
                ),
            ],
            Some(400 * MB),
        );
        // A container that is told the host's path sees its own group at the root of the mount.
        check(
            &[
                MEMINFO,
                ("proc/self/cgroup", "4:memory:/docker/0123\n"),
                ("sys/fs/cgroup/memory/memory.limit_in_bytes", "314572800"),
                ("sys/fs/cgroup/memory/memory.usage_in_bytes", "104857600"),
            ],
            Some(200 * MB),
        );
        // More used than allowed.
        check(
            &[
                MEMINFO,
                ("proc/self/cgroup", "0::/\n"),
                ("sys/fs/cgroup/memory.max", "1000"),
                ("sys/fs/cgroup/memory.current", "2000"),
            ],
            Some(0),
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_system_says_something() {
        assert!(free(Utf8Path::new("/")).is_some_and(|free| free > MB));
    }
}
