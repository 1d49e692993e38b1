//! The fuzz targets on their corpora and on mutations of them, with the ordinary compiler.
//!
//! `FBUILD_FUZZ_SECONDS=600 cargo test --test fuzz` goes on with mutations for that long for each target, and prints the inputs that take more
//! than a second. An input that fails is written to the temporary directory; it belongs into the corpus once it is understood.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "../../../fuzz/src/lib.rs"]
#[allow(
    unreachable_pub,
    reason = "the module is a library of its own for libFuzzer"
)]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use targets::{TARGETS, Target};

/// How many mutations are tried.
const MUTATIONS: u64 = 2_000;

/// The longest input that mutations make, in bytes.
const LONGEST: usize = 32 << 10;

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) % bound.max(1) as u64) as usize
    }

    /// A part of `bytes`, as a range.
    fn part(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let (a, b) = (self.below(bytes.len() + 1), self.below(bytes.len() + 1));
        a.min(b)..a.max(b).min(a.min(b) + 1 + self.below(64))
    }
}

fn mutated(corpus: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = corpus[numbers.below(corpus.len())].clone();
    for _ in 0..=numbers.below(8) {
        let part = numbers.part(&bytes);
        match numbers.below(6) {
            0 => drop(bytes.splice(part, [])),
            1 => {
                let copy = bytes[part.clone()].to_vec();
                drop(bytes.splice(part, copy.repeat(2 + numbers.below(200))));
            }
            2 => {
                let other = &corpus[numbers.below(corpus.len())];
                let insert = other[numbers.part(other)].to_vec();
                drop(bytes.splice(part.start..part.start, insert));
            }
            3 => {
                let copy = bytes[part].to_vec();
                let at = numbers.below(bytes.len() + 1);
                drop(bytes.splice(at..at, copy));
            }
            4 => bytes.truncate(part.end),
            _ => {
                if let Some(byte) = bytes.get_mut(part.start) {
                    *byte ^= 1 << numbers.below(8);
                }
            }
        }
        bytes.truncate(LONGEST);
    }
    bytes
}

/// Calls the target; a panic is passed on after its input was saved.
fn attempt(name: &str, target: Target, bytes: &[u8]) {
    let start = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| target(bytes)));
    let slow = start.elapsed() > Duration::from_secs(1)
        && std::env::var_os("FBUILD_FUZZ_SECONDS").is_some();
    if result.is_err() || slow {
        let what = if slow { "slow" } else { "failed" };
        let path = std::env::temp_dir().join(format!("{name}-{what}-{}", bytes.len()));
        fs_err::write(&path, bytes).unwrap();
        eprintln!(
            "{name}: {what} after {:?}: {}",
            start.elapsed(),
            path.display()
        );
    }
    assert!(
        result.is_ok(),
        "{name}: the input that failed has been saved"
    );
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let dir = Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(name);
    let mut paths: Vec<Utf8PathBuf> = dir
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap().into_path())
        .collect();
    paths.sort();
    assert!(paths.len() >= 3, "{dir} has inputs");
    paths
        .iter()
        .map(|path| fs_err::read(path).unwrap())
        .collect()
}

fn replay(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|target| target.0 == name).unwrap();
    let corpus = corpus(name);
    for bytes in &corpus {
        attempt(name, target, bytes);
    }
    attempt(name, target, b"");
    let mut numbers = Numbers(name.bytes().map(u64::from).sum());
    for _ in 0..MUTATIONS {
        attempt(name, target, &mutated(&corpus, &mut numbers));
    }
    let Ok(seconds) = std::env::var("FBUILD_FUZZ_SECONDS") else {
        return;
    };
    let end = Instant::now() + Duration::from_secs(seconds.parse().unwrap());
    let mut tried = 0;
    while Instant::now() < end {
        attempt(name, target, &mutated(&corpus, &mut numbers));
        tried += 1;
    }
    eprintln!("{name}: {tried} more mutations");
}

macro_rules! replays {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            replay(stringify!($name));
        })*

        #[test]
        fn every_target_is_replayed() {
            let replayed = [$(stringify!($name)),*];
            assert!(TARGETS.iter().map(|target| target.0).eq(replayed));
            let manifest = include_str!("../../../fuzz/Cargo.toml");
            for name in replayed {
                assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
            }
        }
    };
}

replays! {
    preprocess prototypes filters sketch_yaml properties fqbn arguments depfile diagnostics phases_tsv cache_entry
}
