#!/usr/bin/env bash
# Builds fbuild and, with it, every sketch of examples/ for the Arduino Uno.
#
#   scripts/demo.sh [ARGUMENT...]     arguments go to `fbuild compile-many`
#
# Needs a Rust toolchain. Installs the AVR toolchain with apt-get if it is missing
# and that is allowed; otherwise says what to install and exits 2.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

ensure_packages "${FBUILD_DEMO_PACKAGES[@]}"
ensure_cargo

say 'building fbuild'
cargo build --release --locked -p fbuild-cli
fbuild=${CARGO_TARGET_DIR:-target}/release/fbuild

# A new file for every run, so that it has the rows of this run alone.
phases=$(mktemp "${TMPDIR:-/tmp}/fbuild-phases.XXXXXX")
trap 'rm -f "$phases"' EXIT

say 'compiling examples/ for uno'
status=0
"$fbuild" compile-many --board uno --phase-tsv "$phases" "$@" examples || status=$?

say 'where the time went'
cat "$phases" >&2
exit "$status"
