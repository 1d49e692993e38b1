//! Every kind of file in the store, damaged in every way that a disk, a crash or a person can: nothing wrong is ever served, and nothing
//! panics.

#![allow(
    clippy::unwrap_used,
    reason = "test code, which clippy does not see in plain functions"
)]

mod kit;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Cache, Entry, GcRequest, Lookup};
use fbuild_model::{Cost, Digest, MissReason, Parts};
use kit::{Store, fingerprint, note, publish};

/// At most this many places are damaged per file and way; every byte of a file that is no longer.
const PLACES: usize = 400;

struct Filled {
    store: Store,
    entries: [Entry; 2],
    parts: Parts,
}

impl Filled {
    fn new() -> Self {
        let store = Store::new();
        let object: Vec<u8> = (0..3000u32).map(|n| (n * 7 % 251) as u8).collect();
        let entries = [
            publish(
                &store.cache,
                fingerprint(0),
                &[("o", &object), ("d", b"x.o: x.cpp x.h\n")],
            ),
            publish(&store.cache, fingerprint(1), &[("hex", b":00000001FF\n")]),
        ];
        store.cache.remember(Digest::of(b"k0"), b"fact zero");
        store.cache.remember(Digest::of(b"k1"), b"fact one!");
        let mut parts = Parts::default();
        parts.argument("-Os");
        store.cache.record("s0", &parts, note().cost);
        store.cache.record("s1", &Parts::default(), Cost::default());
        store.cache.touch_used([fingerprint(0)]);
        store.cache.touch_used([fingerprint(0), fingerprint(1)]);
        store.cache.gc_if_over(u64::MAX, std::time::Duration::ZERO);
        Self {
            store,
            entries,
            parts,
        }
    }

    /// Asks for everything; each answer must be the right one or none.
    fn nothing_wrong_is_served(&self, case: &str) {
        let cache = Cache::open(self.store.cache.root()).unwrap();
        for (number, expect) in self.entries.iter().enumerate() {
            if let Lookup::Hit(entry) = cache.lookup(fingerprint(number)) {
                assert_eq!(&entry, expect, "{case}");
                for output in &entry.outputs {
                    let bytes = fs_err::read(cache.blob(output.digest)).unwrap();
                    assert_eq!(bytes.len() as u64, output.size, "{case}");
                    assert_eq!(
                        cache.verified(output).is_ok(),
                        Digest::of(&bytes) == output.digest,
                        "{case}"
                    );
                }
            }
        }
        for (key, expect) in [(b"k0", b"fact zero"), (b"k1", b"fact one!")] {
            if let Some(fact) = cache.recall(Digest::of(key)) {
                assert_eq!(fact, expect, "{case}");
            }
        }
        let reason = cache.reason("s0", &self.parts);
        assert!(
            matches!(reason, MissReason::Evicted | MissReason::New),
            "{case}: {reason}"
        );
        if let Some(cost) = cache.last_cost("s0") {
            assert_eq!(cost, note().cost, "{case}");
        }
    }

    fn files(&self) -> Vec<Utf8PathBuf> {
        let mut files = Vec::new();
        let mut directories = vec![self.store.cache.root().join("v1")];
        while let Some(directory) = directories.pop() {
            for item in directory.read_dir_utf8().unwrap().map(Result::unwrap) {
                if item.file_type().unwrap().is_dir() {
                    &mut directories
                } else {
                    &mut files
                }
                .push(item.into_path());
            }
        }
        files.sort();
        files
    }
}

/// Puts `bytes` in the place of the file, whatever is there now.
fn restore(path: &Utf8Path, bytes: &[u8]) {
    drop(fs_err::remove_file(path));
    drop(fs_err::remove_dir_all(path));
    fs_err::write(path, bytes).unwrap();
}

#[test]
fn nothing_wrong_is_served_from_any_damaged_file() {
    let filled = Filled::new();
    let files = filled.files();
    let kinds = [
        "blobs", "entries", "facts", "history", "runs", "last-run", "estimate",
    ];
    for kind in kinds {
        assert!(
            files
                .iter()
                .any(|file| file.as_str().contains(&format!("/v1/{kind}"))),
            "no {kind} in {files:?}"
        );
    }
    let originals: Vec<_> = files
        .iter()
        .map(|file| fs_err::read(file).unwrap())
        .collect();
    for (path, original) in files.iter().zip(&originals) {
        let check = |case: String, bytes: &[u8]| {
            restore(path, bytes);
            filled.nothing_wrong_is_served(&format!("{path}: {case}"));
        };
        let step = original.len().div_ceil(PLACES).max(1);
        for at in (0..original.len()).step_by(step) {
            check(format!("cut at {at}"), &original[..at]);
            let bit = [0x01, 0x20, 0x80][at % 3];
            let mut bytes = original.clone();
            bytes[at] ^= bit;
            check(format!("bit {bit:#x} at {at}"), &bytes);
            let mut bytes = original.clone();
            bytes[at..].fill(0);
            check(format!("zeros from {at}"), &bytes);
        }
        check("grown".to_owned(), &[original, &b"\n"[..]].concat());
        check("doubled".to_owned(), &[&original[..], original].concat());
        for (other, bytes) in files.iter().zip(&originals) {
            check(format!("in the place of {other}"), bytes);
        }
        fs_err::remove_file(path).unwrap();
        filled.nothing_wrong_is_served(&format!("{path}: gone"));
        fs_err::create_dir(path).unwrap();
        filled.nothing_wrong_is_served(&format!("{path}: a directory"));
        restore(path, original);
        assert_eq!(
            filled.store.cache.lookup(fingerprint(0)).hit().unwrap(),
            filled.entries[0],
            "{path}: restored"
        );
    }
}

#[test]
fn a_sealed_entry_that_says_something_else_is_damaged() {
    // As another version of the tool might have written under the same name: the seal holds, the content is strange.
    let filled = Filled::new();
    let hex = fingerprint(0).digest().to_string();
    let path = filled
        .store
        .cache
        .root()
        .join(format!("v1/entries/{}/{hex}", &hex[..2]));
    let seal = |content: &[u8]| {
        let mut writer = fbuild_model::DigestWriter::new("sealed 1");
        writer
            .field("entries")
            .digest(fingerprint(0).digest())
            .field(content);
        [writer.finish().to_string().as_bytes(), b"\n", content].concat()
    };
    for content in [
        "",
        "null",
        "{}",
        "[]",
        r#"{"outputs":[],"note":{}}"#,
        r#"{"outputs":[{"name":"o"}],"note":{"text":""}}"#,
        "\u{0}",
    ] {
        restore(&path, &seal(content.as_bytes()));
        assert!(
            matches!(
                filled.store.cache.lookup(fingerprint(0)),
                Lookup::Damaged { .. }
            ),
            "{content}"
        );
    }
    let good = serde_json::to_vec(&filled.entries[0]).unwrap();
    restore(&path, &seal(&good));
    assert!(matches!(
        filled.store.cache.lookup(fingerprint(0)),
        Lookup::Hit(_)
    ));
}

#[test]
fn checking_finds_and_removes_what_is_damaged_and_collecting_lives_with_it() {
    for collect in [false, true] {
        let filled = Filled::new();
        let files = filled.files();
        for path in files
            .iter()
            .filter(|path| path.as_str().len() > filled.store.cache.root().as_str().len() + 64)
        {
            restore(path, b"rubbish");
        }
        let foreign = filled.store.cache.root().join("v1/blobs/00/README");
        fs_err::create_dir_all(foreign.parent().unwrap()).unwrap();
        fs_err::write(&foreign, "?").unwrap();
        let cache = &filled.store.cache;
        if collect {
            let report = cache.gc(GcRequest {
                max_size: Some(1 << 30),
                keep_last_run: true,
                budget: None,
            });
            assert!(report.problems.is_empty(), "{report:?}");
            assert_eq!(cache.stats().entries.files, 0);
        }
        let report = cache.verify();
        assert!(
            !report.damaged.is_empty() && report.problems.is_empty(),
            "{report:?}"
        );
        assert_eq!((report.entries, report.blobs), (0, 0));
        assert!(!foreign.exists());
        let report = cache.verify();
        assert!(report.damaged.is_empty(), "{report:?}");
        publish(cache, fingerprint(0), &[("o", b"new")]);
        assert!(matches!(cache.lookup(fingerprint(0)), Lookup::Hit(_)));
    }
}
