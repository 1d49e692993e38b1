//! The client against a real server.

#![expect(clippy::unwrap_used, reason = "a test stops at any surprise")]

use std::net::TcpListener;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use fbuild_model::fingerprint::PartKind;
use fbuild_model::{Digest, Fingerprint, Parts};
use fbuild_remote::{BlobDigest, Remote, RemoteError, RemoteOptions, TlsOptions};
use fbuild_testkit::reapi::Server;

fn client(address: &str) -> Remote {
    Remote::new(RemoteOptions {
        endpoint: address.parse().unwrap(),
        instance: String::new(),
        headers: Vec::new(),
        timeout: Duration::from_secs(20),
        tls: TlsOptions::default(),
        upload_results: true,
    })
    .unwrap()
}

fn fingerprint(text: &str) -> Fingerprint {
    let mut parts = Parts::default();
    parts.add(PartKind::Argument, text, Digest::of(text.as_bytes()));
    parts.fingerprint()
}

#[test]
fn what_one_client_publishes_another_finds() {
    fbuild_testkit::needs!("python3");
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let dir = Utf8Path::from_path(dir.path()).unwrap();
    // Small, empty, and larger than a batch; incompressible, so that streams have several messages.
    let mut state = 1u64;
    let large: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as u8
    })
    .take(6 << 20)
    .collect();
    let contents: [(&str, &[u8]); 3] = [("o", b"object"), ("empty", b""), ("elf", &large)];
    let paths = contents.map(|(name, bytes)| {
        fs_err::write(dir.join(name), bytes).unwrap();
        (name, dir.join(name))
    });
    let files: Vec<_> = paths
        .iter()
        .map(|(name, path)| (*name, path.as_path()))
        .collect();
    let author = client(&server.address());
    assert!(author.lookup(&[fingerprint("a")]).unwrap().is_empty());
    author
        .publish(fingerprint("a"), b"entry".to_vec(), &files)
        .unwrap();
    author
        .publish(fingerprint("a"), b"entry".to_vec(), &files)
        .unwrap();
    assert_eq!(author.traffic().uploads, 2);

    let reader = client(&server.address());
    let many: Vec<_> = (0..300)
        .map(|n| fingerprint(&n.to_string()))
        .chain([fingerprint("a")])
        .collect();
    let found = reader.lookup(&many).unwrap();
    assert_eq!(found.len(), 1);
    let result = &found[&fingerprint("a")];
    assert_eq!(result.entry, b"entry");
    let names: Vec<_> = result.blobs.iter().map(|blob| blob.name.as_str()).collect();
    assert_eq!(names, ["o", "empty", "elf"]);
    let digests: Vec<_> = result
        .blobs
        .iter()
        .map(|blob| blob.digest.clone())
        .collect();
    let fetched = reader.fetch(&digests).unwrap();
    for (blob, (_, bytes)) in result.blobs.iter().zip(contents) {
        assert_eq!(fetched[&blob.digest], bytes, "{}", blob.name);
    }
    let traffic = reader.traffic();
    assert_eq!((traffic.hits, traffic.misses), (1, 300));
    assert!(traffic.bytes_down > 6 << 20);
}

#[test]
fn a_blob_that_is_gone_or_damaged_is_an_error_of_that_blob_only() {
    fbuild_testkit::needs!("python3");
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(dir.path()).unwrap().join("o");
    let bytes = vec![7u8; 12_345];
    fs_err::write(&path, &bytes).unwrap();
    let client = client(&server.address());
    client
        .publish(fingerprint("a"), b"entry".to_vec(), &[("o", &path)])
        .unwrap();
    let absent = client
        .fetch(&[BlobDigest::of(b"never stored")])
        .unwrap_err();
    assert!(matches!(absent, RemoteError::Blob { .. }), "{absent}");
    assert_eq!(server.damage(12_345), 1);
    let damaged = client.fetch(&[BlobDigest::of(&bytes)]).unwrap_err();
    assert!(matches!(damaged, RemoteError::Blob { .. }), "{damaged}");
    assert_eq!(client.take_warning(), None, "the server itself works");
}

#[test]
fn a_server_that_dies_is_off_after_a_few_failures_and_warned_of_once() {
    fbuild_testkit::needs!("python3");
    let mut server = Server::start();
    let client = client(&server.address());
    client.lookup(&[fingerprint("a")]).unwrap();
    server.stop();
    let began = Instant::now();
    let mut errors = Vec::new();
    for _ in 0..10 {
        errors.push(client.lookup(&[fingerprint("a")]).unwrap_err());
    }
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
    assert!(matches!(errors[9], RemoteError::Off), "{:?}", errors[9]);
    assert!(client.take_warning().is_some());
    assert_eq!(client.take_warning(), None);
}

#[test]
fn an_address_without_a_server_is_an_error_and_no_hang() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = client(&format!("grpc://127.0.0.1:{port}"))
        .capabilities()
        .unwrap_err();
    assert!(matches!(error, RemoteError::Unreachable { .. }), "{error}");
}
