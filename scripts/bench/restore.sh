#!/usr/bin/env bash
# Unpacks the cache archive, if there is one. Row: warm_restore.
set -euo pipefail
# shellcheck source=scripts/bench/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

if [[ ! -s $BENCH_ARCHIVE ]]; then
  echo "no archive at $BENCH_ARCHIVE: a cold run"
  exit 0
fi

# Unpacked beside it and renamed, so that half an archive never becomes the cache.
restore() {
  rm -rf "$FBUILD_CACHE_DIR" "$FBUILD_CACHE_DIR.restoring"
  mkdir -p "$FBUILD_CACHE_DIR.restoring"
  tar -xf "$BENCH_ARCHIVE" -C "$FBUILD_CACHE_DIR.restoring" || return
  mv "$FBUILD_CACHE_DIR.restoring" "$FBUILD_CACHE_DIR"
}

if timed warm_restore restore; then
  du -sh "$FBUILD_CACHE_DIR"
else
  rm -rf "$FBUILD_CACHE_DIR.restoring"
  echo "warning: $BENCH_ARCHIVE cannot be unpacked: a cold run" >&2
fi
