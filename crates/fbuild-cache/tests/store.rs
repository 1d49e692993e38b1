//! The store through its public functions, in one process: what was put in comes out, and nothing else does.

#![allow(
    clippy::unwrap_used,
    reason = "test code, which clippy does not see in plain functions"
)]

mod kit;

use fbuild_cache::{BlobProblem, Cache, Lookup};
use fbuild_model::fingerprint::PartKind;
use fbuild_model::{Digest, MissReason, Parts};
use fbuild_testkit::needs;
use kit::{Store, fingerprint, note, publish};

#[test]
fn a_published_result_is_found_with_everything() {
    let store = Store::new();
    let fingerprint = fingerprint(1);
    assert!(
        matches!(store.cache.lookup(fingerprint), Lookup::Miss(slot) if slot.fingerprint() == fingerprint)
    );
    let published = publish(&store.cache, fingerprint, &[("o", b"object"), ("d", b"")]);
    let Lookup::Hit(found) = store.cache.lookup(fingerprint) else {
        panic!("not found")
    };
    assert_eq!(found, published);
    assert_eq!(found.note, note());
    let object = found.output("o").unwrap();
    assert_eq!((object.digest, object.size), (Digest::of(b"object"), 6));
    assert_eq!(found.output("x"), None);
    let path = store.cache.verified(object).unwrap();
    assert_eq!(path, store.cache.blob(object.digest));
    assert_eq!(fs_err::read(&path).unwrap(), b"object");
    assert!(fs_err::metadata(&path).unwrap().permissions().readonly());
    assert!(store.cache.take_warnings().is_empty());
}

#[test]
fn a_result_without_files_and_with_the_same_file_twice() {
    let store = Store::new();
    publish(&store.cache, fingerprint(1), &[]);
    publish(
        &store.cache,
        fingerprint(2),
        &[("a", b"same"), ("b", b"same")],
    );
    assert_eq!(
        store.cache.lookup(fingerprint(1)).hit().unwrap().outputs,
        []
    );
    let both = store.cache.lookup(fingerprint(2)).hit().unwrap();
    assert_eq!(both.outputs[0].digest, both.outputs[1].digest);
    assert_eq!(both.outputs[1].name, "b");
}

#[test]
fn publishing_again_replaces() {
    let store = Store::new();
    let slots = [(); 2].map(|()| store.cache.lookup(fingerprint(1)).hit().unwrap_err());
    for (slot, bytes) in slots.into_iter().zip([b"one", b"two"]) {
        kit::publish_into(&store.cache, slot, &[("o", bytes)]).unwrap();
    }
    let entry = store.cache.lookup(fingerprint(1)).hit().unwrap();
    assert_eq!(entry.outputs[0].digest, Digest::of(b"two"));
}

#[test]
fn outputs_from_another_file_system_are_copied() {
    let store = Store::new();
    needs!("/dev/shm");
    let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
    let file = camino::Utf8Path::from_path(elsewhere.path())
        .unwrap()
        .join("x.o");
    fs_err::write(&file, "far").unwrap();
    let slot = store.cache.lookup(fingerprint(1)).hit().unwrap_err();
    let entry = store.cache.publish(slot, &[("o", &file)], note()).unwrap();
    let path = store.cache.verified(&entry.outputs[0]).unwrap();
    assert!(fs_err::metadata(path).unwrap().permissions().readonly());
}

#[test]
fn a_missing_output_is_an_error_and_publishes_nothing() {
    let store = Store::new();
    let slot = store.cache.lookup(fingerprint(1)).hit().unwrap_err();
    let gone = store.root.join("gone.o");
    let error = store
        .cache
        .publish(slot, &[("o", &gone)], note())
        .unwrap_err();
    assert_eq!(error.to_string(), format!("put `{gone}` into the cache"));
    assert!(matches!(
        store.cache.lookup(fingerprint(1)),
        Lookup::Miss(_)
    ));
}

#[test]
fn a_blob_that_does_not_fit_is_no_hit() {
    type Spoil = fn(&camino::Utf8Path);
    let cases: [(&str, Spoil, &str); 4] = [
        (
            "removed",
            |path| fs_err::remove_file(path).unwrap(),
            "`o` (ea17f1ec) is gone",
        ),
        (
            "cut",
            |path| kit::overwrite(path, b"objec"),
            "`o` (ea17f1ec) has 5 bytes instead of 6",
        ),
        (
            "grown",
            |path| kit::overwrite(path, b"object."),
            "`o` (ea17f1ec) has 7 bytes instead of 6",
        ),
        (
            "a directory",
            |path| {
                fs_err::remove_file(path).unwrap();
                fs_err::create_dir(path).unwrap();
            },
            "`o` (ea17f1ec) is gone",
        ),
    ];
    for (case, spoil, expect) in cases {
        let store = Store::new();
        let entry = publish(&store.cache, fingerprint(1), &[("o", b"object")]);
        spoil(&store.cache.blob(entry.outputs[0].digest));
        let Lookup::Damaged { slot, problem } = store.cache.lookup(fingerprint(1)) else {
            panic!("{case}")
        };
        let expect = expect.replace("ea17f1ec", &Digest::of(b"object").short());
        assert_eq!(problem, expect, "{case}");
        assert!(store.cache.verified(&entry.outputs[0]).is_err(), "{case}");
        if case != "a directory" {
            kit::publish_into(&store.cache, slot, &[("o", b"object")]).unwrap();
            assert!(
                matches!(store.cache.lookup(fingerprint(1)), Lookup::Hit(_)),
                "{case}"
            );
        }
    }
}

#[test]
fn other_bytes_of_the_right_length_are_found_out_removed_and_healed() {
    let store = Store::new();
    let entry = publish(&store.cache, fingerprint(1), &[("o", b"object")]);
    let path = store.cache.blob(entry.outputs[0].digest);
    kit::overwrite(&path, b"0bject");
    assert!(matches!(
        store.cache.verified(&entry.outputs[0]),
        Err(BlobProblem::Content { .. })
    ));
    assert!(!path.exists());
    let slot = store.cache.lookup(fingerprint(1)).hit().unwrap_err();
    kit::publish_into(&store.cache, slot, &[("o", b"object")]).unwrap();
    assert!(store.cache.verified(&entry.outputs[0]).is_ok());
    // Publishing over a rotten blob heals it as well.
    kit::overwrite(&path, b"0bject");
    publish(&store.cache, fingerprint(2), &[("o", b"object")]);
    assert!(store.cache.verified(&entry.outputs[0]).is_ok());
}

#[test]
fn what_is_held_is_verified_and_outlives_the_store() {
    let store = Store::new();
    let entry = publish(&store.cache, fingerprint(1), &[("hex", b":00000001FF")]);
    let output = &entry.outputs[0];
    let [first, second, third] = ["1", "2", "3"].map(|name| store.root.join(name));
    store.cache.hold(output, &first).unwrap();
    let blob = store.cache.blob(output.digest);
    fs_err::remove_file(&blob).unwrap();
    assert_eq!(fs_err::read(&first).unwrap(), b":00000001FF");
    fs_err::write(&blob, ":00000002FF").unwrap();
    assert!(matches!(
        store.cache.hold(output, &second),
        Err(BlobProblem::Content { .. })
    ));
    assert!(!second.exists());
    assert!(matches!(
        store.cache.hold(output, &third),
        Err(BlobProblem::Missing { .. })
    ));
}

#[test]
fn an_evicted_result_is_a_miss() {
    let store = Store::new();
    publish(&store.cache, fingerprint(1), &[("o", b"object")]);
    store.cache.evict(fingerprint(1));
    store.cache.evict(fingerprint(1));
    assert!(matches!(
        store.cache.lookup(fingerprint(1)),
        Lookup::Miss(_)
    ));
}

#[test]
fn nothing_is_made_or_removed_behind_a_link() {
    let store = Store::new();
    let victim = store.root.join("victim");
    fs_err::create_dir(&victim).unwrap();
    fs_err::write(victim.join("00000000.1.0"), "precious").unwrap();
    let link = store.root.join("link");
    fs_err::os::unix::fs::symlink(&victim, &link).unwrap();
    let error = fbuild_cache::Scratch::swept_in(&link).unwrap_err();
    assert!(error.to_string().contains("symbolic link"), "{error}");
    let scratch = store.cache.root().join("v1/scratch");
    let _ = fs_err::remove_dir_all(&scratch);
    fs_err::os::unix::fs::symlink(&victim, &scratch).unwrap();
    assert!(store.cache.scratch().is_err());
    assert_eq!(fs_err::read_dir(&victim).unwrap().count(), 1);
}

#[test]
fn facts_come_back_or_not_at_all() {
    let store = Store::new();
    let (key, other) = (Digest::of(b"key"), Digest::of(b"other"));
    assert_eq!(store.cache.recall(key), None);
    store.cache.remember(key, b"one");
    store.cache.remember(key, b"two");
    store.cache.remember(other, b"");
    assert_eq!(store.cache.recall(key).as_deref(), Some(&b"two"[..]));
    assert_eq!(store.cache.recall(other).as_deref(), Some(&b""[..]));
    assert_eq!(store.cache.take_warnings(), [""; 0]);
    store.cache.remember(key, &vec![0; 17 << 20]);
    assert_eq!(store.cache.take_warnings().len(), 1);
    assert_eq!(store.cache.recall(key).as_deref(), Some(&b"two"[..]));
}

#[test]
fn history_tells_why_and_what_it_cost() {
    let store = Store::new();
    let subject = "arduino:avr:uno core/main.cpp";
    let mut before = Parts::default();
    before.add(PartKind::Header, "X.h", Digest::of(b"1"));
    assert_eq!(store.cache.reason(subject, &before), MissReason::New);
    assert_eq!(store.cache.last_cost(subject), None);
    store.cache.record(subject, &before, note().cost);
    assert_eq!(store.cache.reason(subject, &before), MissReason::Evicted);
    assert_eq!(store.cache.last_cost(subject), Some(note().cost));
    assert_eq!(store.cache.last_cost("something else"), None);
    let mut now = Parts::default();
    now.add(PartKind::Header, "X.h", Digest::of(b"2"));
    assert_eq!(
        store.cache.reason(subject, &now).to_string(),
        "header `X.h` changed"
    );
}

#[test]
fn a_store_deleted_between_any_two_calls_is_only_empty() {
    let store = Store::new();
    let delete = || fs_err::remove_dir_all(store.cache.root()).unwrap();
    let entry = publish(&store.cache, fingerprint(1), &[("o", b"object")]);
    delete();
    assert!(matches!(
        store.cache.lookup(fingerprint(1)),
        Lookup::Miss(_)
    ));
    assert!(matches!(
        store.cache.verified(&entry.outputs[0]),
        Err(BlobProblem::Missing { .. })
    ));
    let scratch = store.cache.scratch().unwrap();
    let file = scratch.path().join("x.o");
    fs_err::write(&file, "x").unwrap();
    delete();
    assert!(!scratch.is_intact());
    let slot = store.cache.lookup(fingerprint(1)).hit().unwrap_err();
    assert!(store.cache.publish(slot, &[("o", &file)], note()).is_err());
    drop(scratch);
    store.cache.remember(Digest::of(b"k"), b"v");
    delete();
    assert_eq!(store.cache.recall(Digest::of(b"k")), None);
    store.cache.record("s", &Parts::default(), note().cost);
    assert!(store.cache.last_cost("s").is_some());
    delete();
    publish(&store.cache, fingerprint(1), &[("o", b"object")]);
    assert!(matches!(store.cache.lookup(fingerprint(1)), Lookup::Hit(_)));
    assert_eq!(store.cache.take_warnings(), [""; 0]);
}

#[test]
fn a_store_that_cannot_be_written_still_answers() {
    // Root may write everywhere, so a file stands where a directory should be instead of taking permissions away.
    let store = Store::new();
    publish(&store.cache, fingerprint(1), &[("o", b"object")]);
    fs_err::remove_dir_all(store.cache.root().join("v1/scratch")).unwrap();
    fs_err::write(store.cache.root().join("v1/scratch"), "").unwrap();
    let again = Cache::open(store.cache.root()).unwrap();
    assert!(matches!(again.lookup(fingerprint(1)), Lookup::Hit(_)));
    assert!(again.scratch().is_err());
    again.remember(Digest::of(b"k"), b"v");
    again.record("s", &Parts::default(), note().cost);
    assert_eq!(again.take_warnings().len(), 2);
}
