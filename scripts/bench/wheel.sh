#!/usr/bin/env bash
# Builds the wheel. Prints its path, in wheels/ or the directory given.
#
#   scripts/bench/wheel.sh [DIRECTORY]
set -euo pipefail
# shellcheck source=scripts/bench/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

out=${1:-$PWD/wheels}
mkdir -p "$out"
out=$(cd "$out" && pwd)
tools=$("$bench_source/scripts/bench/tools.sh")

# Built aside, so that a wheel of another version in the directory is not mistaken for it.
built=$(mktemp -d "$out/building.XXXXXX")
trap 'rm -rf "$built"' EXIT
cd "$bench_source"
"$tools/maturin" build --release --locked --quiet --out "$built" >&2
wheels=("$built"/*.whl)
mv -f "${wheels[0]}" "$out/"
printf '%s\n' "$out/${wheels[0]##*/}"
