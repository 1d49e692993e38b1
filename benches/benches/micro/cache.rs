//! Lookups in a cache of a thousand results, and the fingerprint that is looked for.

use camino::Utf8PathBuf;
use divan::Bencher;
use fbuild_cache::{Cache, Lookup, Note};
use fbuild_model::fingerprint::{PartKind, Parts};
use fbuild_model::{Digest, Fingerprint};

/// Results in the cache.
const RESULTS: usize = 1000;

/// The inputs of a compile: a command of 30 words and 60 headers.
fn parts(number: usize) -> Parts {
    let mut parts = Parts::default();
    parts.add(PartKind::Tool, "avr-g++", Digest::of(b"tool"));
    for argument in 0..30 {
        parts.argument(format!("-argument-{argument}"));
    }
    parts.add(
        PartKind::Source,
        format!("{{sketch}}/{number}.cpp"),
        Digest::of(&number.to_le_bytes()),
    );
    for header in 0..60 {
        parts.add(
            PartKind::Header,
            format!("{{library:Made}}/src/part/h{header}.h"),
            Digest::of(b"header"),
        );
    }
    parts
}

/// A cache with results of two files each.
fn filled() -> (tempfile::TempDir, Cache, Vec<Fingerprint>) {
    let dir = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::try_from(dir.path().join("cache")).unwrap();
    let cache = Cache::open(&root).unwrap();
    let scratch = cache.scratch().unwrap();
    let fingerprints: Vec<Fingerprint> = (0..RESULTS).map(|at| parts(at).fingerprint()).collect();
    for (number, fingerprint) in fingerprints.iter().enumerate() {
        let (object, depfile) = (scratch.path().join("o"), scratch.path().join("d"));
        fs_err::write(&object, format!("object {number}")).unwrap();
        fs_err::write(&depfile, format!("dependencies {number}")).unwrap();
        let Lookup::Miss(slot) = cache.lookup(*fingerprint) else {
            panic!("the cache was empty");
        };
        cache
            .publish(slot, &[("o", &object), ("d", &depfile)], Note::default())
            .unwrap();
    }
    drop(scratch);
    (dir, cache, fingerprints)
}

/// A result that is there: one small file is read, the lengths of its blobs are asked for.
#[divan::bench]
fn hit(bencher: Bencher<'_, '_>) {
    let (_dir, cache, fingerprints) = filled();
    let mut next = fingerprints.iter().cycle();
    bencher
        .with_inputs(|| *next.next().unwrap())
        .bench_local_values(|fingerprint| {
            let found = cache.lookup(fingerprint).hit();
            assert!(found.is_ok());
            found
        });
}

/// A result that is not there.
#[divan::bench]
fn miss(bencher: Bencher<'_, '_>) {
    let (_dir, cache, _) = filled();
    let mut number = RESULTS;
    bencher
        .with_inputs(|| {
            number += 1;
            parts(number).fingerprint()
        })
        .bench_local_values(|fingerprint| assert!(cache.lookup(fingerprint).hit().is_err()));
}

/// The name of a result from its inputs, whose digests are known.
#[divan::bench]
fn fingerprint(bencher: Bencher<'_, '_>) {
    let parts = parts(1);
    bencher.bench(|| parts.fingerprint());
}
