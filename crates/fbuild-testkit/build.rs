//! Compiles the scripted compiler for the tests.
//!
//! Cargo builds no program of a dev-dependency, so a test could not rely on finding it; a build script's output is always there.

use std::env;
use std::path::Path;
use std::process::Command;

const SOURCE: &str = "src/bin/fake-tool/main.rs";

fn main() {
    println!("cargo::rerun-if-changed=src/bin/fake-tool");
    let variable = |name: &str| env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"));
    let tool = Path::new(&variable("OUT_DIR")).join("fbuild-fake-tool");
    let status = Command::new(variable("RUSTC"))
        .args([
            "--edition",
            "2024",
            "--crate-name",
            "fbuild_fake_tool",
            "-O",
            "-Cstrip=symbols",
            "--target",
            &variable("TARGET"),
            SOURCE,
            "-o",
        ])
        .arg(&tool)
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "compile the scripted compiler"
    );
    println!("cargo::rustc-env=FBUILD_FAKE_TOOL={}", tool.display());
}
