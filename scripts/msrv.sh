#!/usr/bin/env bash
# Checks that the workspace builds with the oldest Rust it promises, the
# `rust-version` of Cargo.toml.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
[[ -n $version ]] || { echo 'error: Cargo.toml has no rust-version' >&2; exit 1; }
rustup toolchain install "$version" --profile minimal
cargo "+$version" check --locked --workspace --all-targets
