//! Runs one process tree and says what it cost: wall time, CPU time, and memory sampled from `/proc`.
//!
//! It knows nothing of what is run.

use std::collections::HashMap;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use camino::Utf8Path;
use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use wait4::Wait4;

/// Time between two looks at the process tree.
const SAMPLE: Duration = Duration::from_millis(50);
/// Bytes of a page on the machines this is run on.
const PAGE: u64 = 4096;
/// Steps of the kernel's clock in a second, as `/proc` counts them.
const TICKS: f64 = 100.0;

/// What a process and everything it started cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Seconds from start to end.
    pub wall: f64,
    /// User and system seconds of the process and of all descendants it waited for.
    pub cpu: f64,
    /// Those of the process alone, in steps of the kernel's clock (10 ms); 0 if `/proc` does not say.
    pub own_cpu: f64,
    /// Largest sampled sum of resident bytes over the whole tree; pages that processes share count once for each.
    pub tree_peak: u64,
    /// High-water mark of the resident bytes of the first process alone, as last seen before its end.
    pub own_peak: u64,
    /// Largest resident bytes of any single process of the tree, by the kernel's account.
    pub largest: u64,
    /// Whether it ended with status 0.
    pub success: bool,
}

/// Runs a command with its output in a log file.
///
/// # Errors
/// If the log cannot be written or the program not be started.
pub fn run(command: &mut Command, log: &Utf8Path) -> Result<Cost> {
    let out = fs_err::File::create(log)?.into_parts().0;
    command
        .stdin(Stdio::null())
        .stderr(out.try_clone()?)
        .stdout(out);
    let start = Instant::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("start {}", command.get_program().to_string_lossy()))?;
    let (root, over) = (child.id(), AtomicBool::new(false));
    let (used, wall, (tree_peak, own_peak)) = std::thread::scope(|scope| {
        let sampler = scope.spawn(|| sample(root, &over));
        let own_cpu = ended(root);
        let wall = start.elapsed().as_secs_f64();
        let used = child.wait4().map(|used| (used, own_cpu));
        over.store(true, Ordering::Relaxed);
        sampler.thread().unpark();
        (used, wall, sampler.join().unwrap_or_default())
    });
    let (used, own_cpu) = used.context("wait for the process")?;
    let cpu = (used.rusage.utime + used.rusage.stime).as_secs_f64();
    Ok(Cost {
        wall,
        cpu,
        own_cpu,
        tree_peak,
        own_peak,
        largest: used.rusage.maxrss,
        success: used.status.success(),
    })
}

/// Waits until a child has ended and returns the CPU seconds of it alone, which `/proc` shows as long as nobody has asked for its status.
fn ended(id: u32) -> f64 {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    let child = Pid::from_raw(id.cast_signed());
    while waitid(Id::Pid(child), flags) == Err(Errno::EINTR) {}
    let stat = fs_err::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    parse_stat(&stat).map_or(0.0, |stat| stat.ticks as f64 / TICKS)
}

/// Looks at the tree below `root` until it is over; returns the peaks of the tree and of the root.
fn sample(root: u32, over: &AtomicBool) -> (u64, u64) {
    let (mut tree, mut own) = (0, 0);
    while !over.load(Ordering::Relaxed) {
        let processes = processes();
        own = own.max(high_water(root));
        tree = tree.max(resident(&processes, root));
        std::thread::park_timeout(SAMPLE);
    }
    (tree, own)
}

/// Sums the resident bytes of a process and its descendants.
fn resident(processes: &HashMap<u32, Stat>, root: u32) -> u64 {
    let below = |id: u32| {
        let mut at = id;
        // A chain of parents longer than this would be a torn reading.
        for _ in 0..64 {
            if at == root {
                return true;
            }
            match processes.get(&at) {
                Some(stat) if stat.parent > 1 => at = stat.parent,
                _ => return false,
            }
        }
        false
    };
    processes
        .iter()
        .filter(|(id, _)| below(**id))
        .map(|(_, stat)| stat.resident)
        .sum()
}

/// What a line of `/proc/ID/stat` says.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stat {
    parent: u32,
    /// User and system time of the process without its children.
    ticks: u64,
    /// Resident bytes.
    resident: u64,
}

/// Reads the line of every process.
fn processes() -> HashMap<u32, Stat> {
    let Ok(entries) = fs_err::read_dir("/proc") else {
        return HashMap::new();
    };
    let ids = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter_map(|id| {
        Some((
            id,
            parse_stat(&fs_err::read_to_string(format!("/proc/{id}/stat")).ok()?)?,
        ))
    })
    .collect()
}

/// Returns the high-water mark of a process's resident bytes; 0 if it has ended.
fn high_water(id: u32) -> u64 {
    let status = fs_err::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// Reads a line of `/proc/ID/stat`.
fn parse_stat(line: &str) -> Option<Stat> {
    // The name stands in parentheses and may itself contain spaces and parentheses.
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        ticks: number(11)? + number(12)?,
        resident: number(21)? * PAGE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_lines_are_read_past_odd_names() {
        let line = "12 (a) b (c) S 7 1 1 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 99 1000000 250 18446744073709551615 1 1";
        let stat = Stat {
            parent: 7,
            ticks: 5 + 6,
            resident: 250 * PAGE,
        };
        assert_eq!(parse_stat(line), Some(stat));
        assert_eq!(parse_stat("12 (x) S"), None);
    }

    #[test]
    fn only_descendants_count() {
        let stat = |parent, resident| Stat {
            parent,
            ticks: 0,
            resident,
        };
        let processes = HashMap::from([
            (10, stat(1, 100)),
            (11, stat(10, 20)),
            (12, stat(11, 3)),
            (13, stat(1, 5000)),
            (14, stat(13, 5000)),
        ]);
        assert_eq!(resident(&processes, 10), 123);
        assert_eq!(resident(&processes, 11), 23);
    }

    #[test]
    fn a_run_has_its_childrens_cpu_time_and_status() {
        let dir = tempfile::tempdir().unwrap();
        let log = Utf8Path::from_path(dir.path()).unwrap().join("log");
        let script = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done; exit 3";
        let cost = run(
            Command::new("sh").args(["-c", &format!("(sh -c '{script}'); exit 3")]),
            &log,
        )
        .unwrap();
        assert!(!cost.success && cost.cpu > 0.01 && cost.wall > 0.01);
        assert!(cost.own_cpu < cost.cpu, "the work is done by a child");
        assert!(cost.own_peak > 0 && cost.largest >= cost.own_peak && cost.tree_peak > 0);
        assert_eq!(fs_err::read_to_string(log).unwrap(), "done\n");
    }
}
