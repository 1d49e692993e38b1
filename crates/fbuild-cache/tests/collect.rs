//! Keeping the store small, counting and emptying it.

#![allow(
    clippy::unwrap_used,
    reason = "test code, which clippy does not see in plain functions"
)]

mod kit;

use std::time::{Duration, Instant, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Cache, GcReport, GcRequest, Lookup};
use fbuild_model::{Cost, Digest, Parts};
use kit::{Store, fingerprint, publish};

const HOUR: Duration = Duration::from_secs(60 * 60);

fn gc(cache: &Cache, max_size: Option<u64>, keep_last_run: bool) -> GcReport {
    let report = cache.gc(GcRequest {
        max_size,
        keep_last_run,
        budget: None,
    });
    assert!(report.problems.is_empty(), "{report:?}");
    let stats = cache.stats();
    assert_eq!(report.after, stats.bytes(), "{report:?} {stats:?}");
    report
}

fn made_ago(path: &Utf8Path, age: Duration) {
    // Through a read-only handle: blobs cannot be opened for writing.
    fs_err::File::open(path)
        .unwrap()
        .into_parts()
        .0
        .set_modified(SystemTime::now() - age)
        .unwrap();
}

fn entry_path(cache: &Cache, number: usize) -> Utf8PathBuf {
    let hex = fingerprint(number).digest().to_string();
    cache.root().join(format!("v1/entries/{}/{hex}", &hex[..2]))
}

/// Publishes results of 10 kB, the first one longest ago.
fn fill(cache: &Cache, numbers: std::ops::Range<usize>) {
    for number in numbers.clone() {
        publish(
            cache,
            fingerprint(number),
            &[("o", &vec![number as u8; 10_000])],
        );
        made_ago(
            &entry_path(cache, number),
            HOUR * (numbers.end - number) as u32,
        );
    }
}

fn present(cache: &Cache, numbers: std::ops::Range<usize>) -> Vec<usize> {
    numbers
        .filter(|&number| matches!(cache.lookup(fingerprint(number)), Lookup::Hit(_)))
        .collect()
}

#[test]
fn the_longest_unused_go_first() {
    let store = Store::new();
    fill(&store.cache, 0..10);
    assert_eq!(gc(&store.cache, None, false).evicted, 0);
    // Each takes 4096 bytes for the entry and 12288 for the blob. Used just now: the oldest one.
    store.cache.touch_used([fingerprint(0)]);
    let report = gc(&store.cache, Some(6 * 16384), false);
    assert_eq!(present(&store.cache, 0..10), [0, 6, 7, 8, 9]);
    assert_eq!(
        (report.evicted, report.removed_files, report.unfinished),
        (5, 10, false)
    );
    assert_eq!(report.before - report.after, 5 * 16384);
    assert!(report.after <= 6 * 16384);
    // No more than needed, and nothing twice.
    assert_eq!(gc(&store.cache, Some(6 * 16384), false).evicted, 0);
}

#[test]
fn keeping_the_last_run_evicts_the_rest_or_protects_it() {
    let store = Store::new();
    fill(&store.cache, 0..10);
    store.cache.touch_used([fingerprint(7), fingerprint(8)]);
    store.cache.touch_used([fingerprint(0), fingerprint(1)]);
    assert_eq!(store.cache.stats().used_by_last_run, 2);
    // Without a limit everything else goes.
    let report = gc(&store.cache, None, true);
    assert_eq!(
        (present(&store.cache, 0..10), report.evicted),
        (vec![0, 1], 8)
    );
    // With one the last run stays even above it.
    fill(&store.cache, 2..5);
    gc(&store.cache, Some(0), true);
    assert_eq!(present(&store.cache, 0..10), [0, 1]);
    gc(&store.cache, Some(0), false);
    assert_eq!(present(&store.cache, 0..10), [0; 0]);
}

#[test]
fn a_shared_blob_stays_while_one_result_names_it() {
    let store = Store::new();
    publish(
        &store.cache,
        fingerprint(0),
        &[("o", b"shared"), ("again", b"shared")],
    );
    publish(
        &store.cache,
        fingerprint(1),
        &[("o", b"shared"), ("x", b"own")],
    );
    made_ago(&entry_path(&store.cache, 0), HOUR);
    gc(&store.cache, Some(16_000), false);
    assert_eq!(present(&store.cache, 0..2), [1]);
    gc(&store.cache, Some(0), false);
    assert_eq!(store.cache.stats().blobs.files, 0);
}

#[test]
fn bulky_results_do_not_push_out_small_ones() {
    let store = Store::new();
    fill(&store.cache, 0..50);
    let header = store.root.join("header.gch");
    for number in 100..110 {
        // 20 MB each, without taking 200 MB of the disk: the middle is a hole.
        let file = fs_err::File::create(&header).unwrap();
        file.set_len(20 << 20).unwrap();
        drop(file);
        fs_err::OpenOptions::new()
            .write(true)
            .open(&header)
            .and_then(|mut file| std::io::Write::write_all(&mut file, &[number as u8]))
            .unwrap();
        let slot = store.cache.lookup(fingerprint(number)).hit().unwrap_err();
        store
            .cache
            .publish(slot, &[("gch", &header)], kit::note())
            .unwrap();
    }
    // All bulky ones are newer than all small ones, and would fill the whole of the room.
    let report = gc(&store.cache, Some(100 << 20), false);
    assert_eq!(present(&store.cache, 0..50).len(), 50);
    assert_eq!(present(&store.cache, 100..110).len(), 2);
    assert_eq!(report.evicted, 8);
}

#[test]
fn results_in_the_making_are_left_alone_and_leftovers_go() {
    let store = Store::new();
    let scratch = store.cache.scratch().unwrap();
    fs_err::write(scratch.path().join("half.o"), "half").unwrap();
    let own = scratch.path().file_name().unwrap().to_owned();
    let space = own.split('.').next().unwrap();
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let parent = scratch.path().parent().unwrap();
    let leave = |name: String, age: Duration| {
        let path = parent.join(name);
        fs_err::create_dir(&path).unwrap();
        fs_err::write(path.join("x"), "x").unwrap();
        made_ago(&path.join("x"), age);
        made_ago(&path, age);
        path
    };
    let dead = leave(format!("{space}.{}.0", child.id()), Duration::ZERO);
    child.wait().unwrap();
    let elsewhere = leave("01234567.1.0".to_owned(), HOUR);
    let long_ago = leave("01234567.1.1".to_owned(), 25 * HOUR);

    let orphan = publish(&store.cache, fingerprint(1), &[("o", b"old orphan")]).outputs[0].digest;
    let young = publish(&store.cache, fingerprint(2), &[("o", b"young orphan")]).outputs[0].digest;
    for number in [1, 2] {
        fs_err::remove_file(entry_path(&store.cache, number)).unwrap();
    }
    made_ago(&store.cache.blob(orphan), 2 * HOUR);

    gc(&store.cache, None, false);
    assert!(scratch.path().join("half.o").exists());
    assert_eq!(
        [dead.exists(), elsewhere.exists(), long_ago.exists()],
        [false, true, false]
    );
    assert_eq!(
        [orphan, young].map(|digest| store.cache.blob(digest).exists()),
        [false, true]
    );
}

#[test]
fn facts_and_history_have_their_share() {
    let store = Store::new();
    for number in 0..40u8 {
        store.cache.remember(Digest::of(&[number]), &[number; 100]);
        store
            .cache
            .record(&number.to_string(), &Parts::default(), Cost::default());
    }
    for bucket in ["facts", "history"] {
        let directories = store.cache.root().join("v1").join(bucket);
        for directory in directories.read_dir_utf8().unwrap() {
            for file in directory.unwrap().path().read_dir_utf8().unwrap() {
                made_ago(file.unwrap().path(), HOUR);
            }
        }
    }
    store.cache.remember(Digest::of(b"new"), b"new");
    gc(&store.cache, Some(8 * 20 * 4096), false);
    let stats = store.cache.stats();
    assert_eq!(stats.facts.files + stats.history.files, 15);
    assert!(store.cache.recall(Digest::of(b"new")).is_some());
}

#[test]
fn without_time_nothing_is_evicted_but_it_is_said() {
    let store = Store::new();
    fill(&store.cache, 0..5);
    let report = store.cache.gc(GcRequest {
        max_size: Some(0),
        keep_last_run: false,
        budget: Some(Duration::ZERO),
    });
    assert_eq!((report.evicted, report.unfinished), (0, true));
    assert_eq!(present(&store.cache, 0..5).len(), 5);
}

#[test]
fn a_run_collects_only_when_it_wrote_and_the_store_is_too_large() {
    let store = Store::new();
    let budget = Duration::from_secs(5);
    fill(&store.cache, 0..10);
    // The first time nothing is known of the size, so it is measured.
    assert_eq!(store.cache.gc_if_over(1 << 30, budget).unwrap().evicted, 0);
    assert!(
        store.cache.gc_if_over(0, budget).is_none(),
        "nothing was written since"
    );
    fill(&store.cache, 10..11);
    assert!(store.cache.gc_if_over(1 << 30, budget).is_none());
    fill(&store.cache, 11..12);
    let report = store.cache.gc_if_over(5 * 16384, budget).unwrap();
    assert!(
        report.evicted >= 7 && report.after <= 5 * 16384,
        "{report:?}"
    );
    let private = Cache::private_in(&store.root).unwrap();
    fill(&private, 0..3);
    assert!(private.gc_if_over(0, budget).is_none());
}

#[test]
fn the_same_run_again_writes_nothing() {
    let store = Store::new();
    let runs = || store.cache.stats().runs.files;
    let used = || [fingerprint(1), fingerprint(2), fingerprint(1)];
    let last_run = store.cache.root().join("v1/last-run");
    store.cache.touch_used(used());
    let first = fs_err::metadata(&last_run).unwrap().modified().unwrap();
    made_ago(&last_run, HOUR * 9);
    store.cache.touch_used(used());
    assert_eq!(runs(), 1);
    assert!(
        fs_err::metadata(&last_run).unwrap().modified().unwrap() < first,
        "written again"
    );
    // After another run the record and the name of the last run are renewed.
    store.cache.touch_used([fingerprint(3)]);
    store.cache.touch_used(used());
    assert_eq!(runs(), 2);
    assert!(fs_err::metadata(&last_run).unwrap().modified().unwrap() >= first);
    // And so they are when the record has grown old.
    let name = fs_err::read_to_string(&last_run).unwrap();
    let record = store
        .cache
        .root()
        .join(format!("v1/runs/{}/{name}", &name[..2]));
    made_ago(&record, HOUR * 2);
    store.cache.touch_used(used());
    assert!(fs_err::metadata(&record).unwrap().modified().unwrap() >= first);
}

#[test]
fn only_so_many_records_of_runs_are_kept() {
    let store = Store::new();
    (0..300).for_each(|number| store.cache.touch_used([fingerprint(number)]));
    gc(&store.cache, None, false);
    assert_eq!(store.cache.stats().runs.files, 256);
    assert!(store.cache.take_warnings().is_empty());
}

#[test]
fn emptying_leaves_only_what_is_in_the_making() {
    let store = Store::new();
    fill(&store.cache, 0..5);
    store.cache.remember(Digest::of(b"k"), b"v");
    store.cache.touch_used([fingerprint(1)]);
    fs_err::write(store.cache.root().join("mine.txt"), "not the store's").unwrap();
    let scratch = store.cache.scratch().unwrap();
    let report = store.cache.clear();
    assert!(report.problems.is_empty());
    assert_eq!((report.removed.files, report.in_use), (12, 1));
    assert!(scratch.is_intact());
    assert_eq!(store.cache.stats().bytes(), 0);
    let left: Vec<_> = store
        .cache
        .root()
        .join("v1")
        .read_dir_utf8()
        .unwrap()
        .map(|item| item.unwrap().file_name().to_owned())
        .collect();
    assert_eq!(left, ["scratch"]);
    assert!(store.cache.root().join("mine.txt").exists());
    assert_eq!(store.cache.clear().removed.files, 0);
}

#[test]
fn ten_thousand_results() {
    let store = Store::new();
    for number in 0..10_000 {
        publish(
            &store.cache,
            fingerprint(number),
            &[("o", &number.to_le_bytes())],
        );
    }
    store.cache.touch_used((0..300).map(fingerprint));
    let start = Instant::now();
    assert_eq!(present(&store.cache, 0..300).len(), 300);
    let lookups = start.elapsed();
    let start = Instant::now();
    let report = gc(&store.cache, Some(40 << 20), false);
    let collection = start.elapsed();
    eprintln!(
        "300 lookups: {lookups:?}; collection of 10000 results, {} evicted: {collection:?}",
        report.evicted
    );
    assert!(
        report.evicted > 4000 && report.after <= 40 << 20,
        "{report:?}"
    );
    assert_eq!(
        present(&store.cache, 0..300).len(),
        300,
        "the last run's were used last"
    );
    assert!(
        lookups < Duration::from_millis(500),
        "a loaded machine may need some time, but not {lookups:?}"
    );
    assert!(store.cache.verify().damaged.is_empty());
}
