//! The store under several processes at once: publishing the same and other results, killed at any moment, collected and deleted meanwhile,
//! and read under `strace`.
//!
//! The processes are this test program itself, started again for the test `worker` with a task in its environment.

#![allow(
    clippy::unwrap_used,
    reason = "test code, which clippy does not see in plain functions"
)]

mod kit;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use camino::Utf8Path;
use fbuild_cache::{BlobProblem, Cache, GcRequest, Lookup, StatMemo};
use fbuild_model::{Digest, Parts};
use fbuild_testkit::{SmallDisk, need, needs};
use kit::{Store, fingerprint, note, publish};

/// How many different results the workers fight for.
const RESULTS: usize = 40;

const TASK: &str = "FBUILD_CACHE_TEST_TASK";
const ROOT: &str = "FBUILD_CACHE_TEST_ROOT";

/// Not a test: what the other tests' processes do. Does nothing when it is run as a test.
#[test]
fn worker() {
    let Ok(task) = std::env::var(TASK) else {
        return;
    };
    let root = std::env::var(ROOT).unwrap();
    let cache = Cache::open(Utf8Path::new(&root)).unwrap();
    match task.split_once(' ').unwrap() {
        ("publish", rounds) => work(&cache, rounds.parse().unwrap(), false),
        ("survive", rounds) => work(&cache, rounds.parse().unwrap(), true),
        ("collect", rounds) => {
            for round in 0..rounds.parse().unwrap() {
                let max_size = [0, 100_000, 400_000][round % 3];
                cache.gc(GcRequest {
                    max_size: Some(max_size),
                    keep_last_run: round % 2 == 0,
                    budget: None,
                });
            }
        }
        ("delete", rounds) => {
            for round in 0..rounds.parse().unwrap() {
                if round % 2 == 0 {
                    cache.clear();
                } else {
                    drop(fs_err::remove_dir_all(&root));
                }
                std::thread::sleep(Duration::from_millis(3));
            }
        }
        ("read", _) => read_only(&cache),
        (other, _) => panic!("{other}"),
    }
}

/// Looks up, checks, and publishes what is missing. With `hostile` others take things away meanwhile, so everything may fail, but
/// nothing may be wrong.
fn work(cache: &Cache, rounds: usize, hostile: bool) {
    let mut state = u64::from(std::process::id()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..rounds {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let number = (state >> 33) as usize % RESULTS;
        match cache.lookup(fingerprint(number)) {
            Lookup::Hit(entry) => check(cache, number, &entry, hostile),
            Lookup::Damaged { problem, .. } if !hostile => panic!("{number}: {problem}"),
            Lookup::Miss(slot) | Lookup::Damaged { slot, .. } => {
                let body = body(number);
                let published = kit::publish_into(cache, slot, &[("o", &body), ("d", &body[..40])]);
                match published {
                    Ok(entry) => check(cache, number, &entry, hostile),
                    Err(error) if !hostile => panic!("{number}: {error:?}"),
                    Err(_) => {}
                }
            }
        }
        let key = Digest::of(&number.to_le_bytes());
        if let Some(fact) = cache.recall(key) {
            assert_eq!(fact, vec![number as u8; 1000 + number]);
        }
        cache.remember(key, &vec![number as u8; 1000 + number]);
        let mut parts = Parts::default();
        parts.argument(number.to_string());
        cache.record(&number.to_string(), &parts, note().cost);
        cache.touch_used([fingerprint(number)]);
    }
    if !hostile {
        assert_eq!(cache.take_warnings(), [""; 0]);
    }
}

/// What a publisher stores for `number`: another publisher's differs, as outputs of a compiler that is not deterministic do.
fn body(number: usize) -> Vec<u8> {
    let line = format!("result {number:6} of process {:10}\n", std::process::id());
    line.repeat(100 + number * 7).into_bytes()
}

/// Both outputs belong to the number, come from one publisher and are whole.
fn check(cache: &Cache, number: usize, entry: &fbuild_cache::Entry, hostile: bool) {
    assert_eq!(entry.note, note());
    let read = |name: &str| {
        let path = match cache.verified(entry.output(name).unwrap()) {
            Ok(path) => path,
            Err(BlobProblem::Missing { .. }) if hostile => return None,
            Err(problem) => panic!("{problem:?}"),
        };
        match fs_err::read(path) {
            Ok(bytes) => Some(bytes),
            Err(_) if hostile => None,
            Err(error) => panic!("{error}"),
        }
    };
    if let (Some(object), Some(start)) = (read("o"), read("d")) {
        assert!(object.starts_with(format!("result {number:6} of").as_bytes()));
        assert!(object.starts_with(&start));
        assert_eq!(start.len(), 40);
    }
}

fn read_only(cache: &Cache) {
    for number in 0..RESULTS {
        let Lookup::Hit(entry) = cache.lookup(fingerprint(number)) else {
            panic!("{number}")
        };
        for output in &entry.outputs {
            cache.verified(output).unwrap();
        }
        cache.recall(Digest::of(&number.to_le_bytes())).unwrap();
        assert!(cache.last_cost(&number.to_string()).is_some());
        cache.reason(&number.to_string(), &Parts::default());
    }
    assert!(matches!(
        cache.lookup(fingerprint(RESULTS)),
        Lookup::Miss(_)
    ));
    StatMemo::new(cache)
        .digest(Utf8Path::new("/bin/true"))
        .unwrap();
    cache.touch_used((0..RESULTS).map(fingerprint));
    assert!(cache.gc_if_over(0, Duration::ZERO).is_none());
}

fn command(cache: &Cache, task: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    prepare(&mut command, cache, task);
    command.args(["worker", "--exact", "--nocapture", "--test-threads=1"]);
    command
}

fn prepare(command: &mut Command, cache: &Cache, task: &str) {
    command
        .env(TASK, task)
        .env(ROOT, cache.root())
        .stdout(Stdio::null());
}

fn finish(children: Vec<Child>) {
    let statuses: Vec<_> = children
        .into_iter()
        .map(|mut child| child.wait().unwrap())
        .collect();
    assert!(
        statuses.iter().all(std::process::ExitStatus::success),
        "{statuses:?}"
    );
}

#[test]
fn eight_processes_publish_and_read_the_same_results() {
    let store = Store::new();
    finish(
        (0..8)
            .map(|_| command(&store.cache, "publish 150").spawn().unwrap())
            .collect(),
    );
    let report = store.cache.verify();
    assert!(report.damaged.is_empty(), "{report:?}");
    assert_eq!(report.entries, RESULTS as u64);
    let stats = store.cache.stats();
    assert_eq!(
        (stats.entries.files, stats.facts.files, stats.history.files),
        (40, 40, 40)
    );
    assert_eq!(stats.scratch, 0);
}

#[test]
fn killed_at_any_moment_nothing_half_is_left_to_be_found() {
    let store = Store::new();
    let until = Instant::now() + Duration::from_secs(6);
    let mut rounds = 0u64;
    let mut leftovers = 0;
    while Instant::now() < until || rounds < 20 {
        let mut children: Vec<_> = (0..3)
            .map(|_| command(&store.cache, "publish 1000000000").spawn().unwrap())
            .collect();
        // Start-up takes some milliseconds; then every moment is as good as another.
        let nanoseconds = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_nanos() as u64;
        std::thread::sleep(Duration::from_micros(8_000 + nanoseconds % 40_000));
        for child in &mut children {
            child.kill().unwrap();
        }
        for child in &mut children {
            child.wait().unwrap();
        }
        let report = store.cache.verify();
        assert!(
            report.damaged.is_empty() && report.problems.is_empty(),
            "{report:?}"
        );
        for number in 0..RESULTS {
            match store.cache.lookup(fingerprint(number)) {
                Lookup::Hit(entry) => check(&store.cache, number, &entry, false),
                Lookup::Miss(_) => {}
                Lookup::Damaged { problem, .. } => panic!("{problem}"),
            }
        }
        leftovers += store.cache.stats().scratch;
        if rounds % 4 == 3 {
            store.cache.gc(GcRequest {
                max_size: None,
                keep_last_run: false,
                budget: None,
            });
            assert_eq!(store.cache.stats().scratch, 0);
            store.cache.clear();
        }
        rounds += 1;
    }
    assert!(
        leftovers > 0,
        "no process was killed at work in {rounds} rounds; the test proves nothing"
    );
    assert_eq!(store.cache.take_warnings(), [""; 0]);
}

#[test]
fn collecting_and_deleting_meanwhile_is_harmless() {
    let store = Store::new();
    let tasks = [
        "survive 400",
        "survive 400",
        "survive 400",
        "collect 150",
        "delete 60",
    ];
    finish(
        tasks
            .iter()
            .map(|task| command(&store.cache, task).spawn().unwrap())
            .collect(),
    );
    // The storm over, the store works as ever.
    store.cache.clear();
    finish(vec![command(&store.cache, "publish 50").spawn().unwrap()]);
    assert!(store.cache.verify().damaged.is_empty());
}

#[test]
fn threads_share_one_store() {
    let store = Store::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| work(&store.cache, 100, false));
        }
    });
    assert!(store.cache.verify().damaged.is_empty());
}

#[test]
fn reading_takes_no_lock_and_writes_nothing() {
    needs!(need::STRACE);
    let store = Store::new();
    for number in 0..RESULTS {
        publish(
            &store.cache,
            fingerprint(number),
            &[("o", &body(number)), ("d", b"x.o: x.cpp\n")],
        );
        store
            .cache
            .remember(Digest::of(&number.to_le_bytes()), b"fact");
        store
            .cache
            .record(&number.to_string(), &Parts::default(), note().cost);
    }
    store.cache.touch_used((0..RESULTS).map(fingerprint));
    StatMemo::new(&store.cache)
        .digest(Utf8Path::new("/bin/true"))
        .unwrap();
    let trace = store.root.join("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-o", trace.as_str()]);
    strace
        .arg(std::env::current_exe().unwrap())
        .args(["worker", "--exact", "--nocapture"]);
    prepare(&mut strace, &store.cache, "read 1");
    assert!(strace.status().unwrap().success());
    let trace = fs_err::read_to_string(trace).unwrap();
    let touching: Vec<_> = trace
        .lines()
        .filter(|line| line.contains(store.cache.root().as_str()))
        .collect();
    assert!(
        touching.len() > RESULTS * 6,
        "the trace is incomplete: {} lines",
        touching.len()
    );
    for line in touching {
        let call = line
            .split_once(' ')
            .map_or(line, |(_, call)| call.trim_start());
        let harmless = [
            "openat(",
            "read(",
            "close(",
            "fstat(",
            "newfstatat(",
            "fstatat64(",
            "statx(",
            "stat(",
            "lstat(",
            "lseek(",
            "execve(",
        ];
        assert!(
            harmless.iter().any(|start| call.starts_with(start))
                || call.starts_with("<...")
                || call.contains("F_GETFD"),
            "{line}"
        );
        for flag in ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"] {
            assert!(!line.contains(flag), "{line}");
        }
    }
    for lock in ["flock(", "F_SETLK", "F_OFD_SETLK", "F_SETLEASE", "lockf("] {
        assert!(!trace.contains(lock), "{lock}");
    }
}

#[test]
fn an_empty_cache_on_a_disk_that_takes_nothing_is_replaced_by_a_private_one() {
    needs!(need::MOUNT);
    let dir = tempfile::tempdir().unwrap();
    let dir = Utf8Path::from_path(dir.path()).unwrap();
    for is_full in [true, false] {
        let disk = SmallDisk::mount("size=1m");
        if is_full {
            disk.fill();
        } else {
            disk.remount("ro");
        }
        let cache = Cache::open_or_private(disk.path(), dir).unwrap();
        assert!(cache.is_private());
        let warnings = cache.take_warnings();
        assert!(warnings[0].contains("cannot be used"), "{warnings:?}");
        publish(&cache, fingerprint(1), &[("o", b"one")]);
        assert!(matches!(cache.lookup(fingerprint(1)), Lookup::Hit(_)));
    }
    let taken = dir.join("file");
    fs_err::write(&taken, "").unwrap();
    assert!(Cache::open_or_private(&taken, dir).is_err());
}

#[test]
fn a_full_disk_costs_only_the_cache() {
    needs!(need::MOUNT);
    let disk = SmallDisk::mount("size=1m");
    let root = disk.path();
    let cache = Cache::open(&root.join("cache")).unwrap();
    publish(&cache, fingerprint(1), &[("o", b"one")]);
    let scratch = cache.scratch().unwrap();
    let made = scratch.path().join("two.o");
    fs_err::write(&made, "two").unwrap();
    // The directory is there, so moving the blob needs no room.
    fs_err::create_dir_all(cache.blob(Digest::of(b"two")).parent().unwrap()).unwrap();
    let filled = fs_err::write(root.join("fill"), vec![1; 2 << 20]);
    assert!(filled.is_err(), "the disk is not full");

    assert!(matches!(cache.lookup(fingerprint(1)), Lookup::Hit(_)));
    let slot = cache.lookup(fingerprint(2)).hit().unwrap_err();
    let entry = cache.publish(slot, &[("o", &made)], note()).unwrap();
    assert!(
        cache.verified(&entry.outputs[0]).is_ok(),
        "usable in this run"
    );
    assert!(matches!(cache.lookup(fingerprint(2)), Lookup::Miss(_)));
    cache.remember(Digest::of(b"k"), &[7; 5000]);
    assert_eq!(cache.recall(Digest::of(b"k")), None);
    cache.record("s", &Parts::default(), note().cost);
    cache.touch_used([fingerprint(1)]);
    let warnings = cache.take_warnings();
    assert!(
        matches!(&*warnings, [one] if one.starts_with("cannot write to the cache")),
        "{warnings:?}"
    );
    assert!(cache.verify().damaged.is_empty());

    fs_err::remove_file(root.join("fill")).unwrap();
    // The kernel may free the pages a little later.
    let probe = || fs_err::write(root.join("probe"), vec![1; 64 << 10]).is_ok();
    assert!((0..500).any(|_| probe() || {
        std::thread::sleep(std::time::Duration::from_millis(10));
        false
    }));
    fs_err::remove_file(root.join("probe")).unwrap();
    let cache = Cache::open(&root.join("cache")).unwrap();
    publish(&cache, fingerprint(2), &[("o", b"two")]);
    let warnings = cache.take_warnings();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert!(matches!(cache.lookup(fingerprint(2)), Lookup::Hit(_)));
    drop(scratch);
    assert_eq!(cache.stats().scratch, 0);
}
