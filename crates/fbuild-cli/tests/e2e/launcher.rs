//! A compiler launcher in front of the compiler: Debian's ccache, for real, with eight workers at once.

use std::process::Command;

use camino::Utf8Path;
use fbuild_testkit::{Project, Tree, need, needs};

use crate::toolchain::repository;

const CCACHE: &str = "/usr/bin/ccache";

/// Builds the repository's examples without fbuild's own cache, so that ccache is the only one; returns all images.
fn built(project: &Project, out: &str, args: &[&str], ccache_dir: &Utf8Path) -> Vec<Vec<u8>> {
    let out = project.path(out);
    project
        .compile_for("uno", ["examples", "--output-dir", out.as_str()])
        .args(["--no-cache", "--framework-jobs", "8", "--sketch-jobs", "8"])
        .args(args)
        .env("CCACHE_DIR", ccache_dir.as_str())
        .cwd(repository())
        .run()
        .ok();
    let tree = Tree::read(&out);
    let hexes = tree.files().into_iter();
    hexes
        .filter(|path| path.extension() == Some("hex"))
        .map(|path| fs_err::read(out.join(path)).unwrap())
        .collect()
}

/// Returns a counter of ccache (`direct_cache_hit`).
fn counter(ccache_dir: &Utf8Path, name: &str) -> u64 {
    let output = Command::new(CCACHE)
        .arg("--print-stats")
        .env("CCACHE_DIR", ccache_dir)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    value.unwrap_or_else(|| panic!("no {name} in {text}"))
}

#[test]
fn ccache_serves_eight_workers_and_changes_no_firmware() {
    needs!(need::AVR, CCACHE);
    let project = Project::new(env!("CARGO_BIN_EXE_fbuild"));
    let store = project.path("ccache");
    let hits = || counter(&store, "direct_cache_hit") + counter(&store, "preprocessed_cache_hit");
    let plain = built(&project, "plain", &[], &store);
    assert!(plain.len() >= 14, "{} images", plain.len());
    assert_eq!(
        hits() + counter(&store, "cache_miss"),
        0,
        "nobody asked ccache"
    );
    let launcher = ["--compiler-launcher", "ccache"];
    assert!(built(&project, "first", &launcher, &store) == plain);
    let (before, misses) = (hits(), counter(&store, "cache_miss"));
    assert!(misses > 0, "ccache compiled something");
    assert!(built(&project, "first", &launcher, &store) == plain);
    assert!(hits() > before, "ccache had something the second time");
}
