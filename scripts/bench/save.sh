#!/usr/bin/env bash
# Packs fbuild's cache into one archive. Row: pack_cache.
#
# Not compressed: whoever stores the archive compresses it.
set -euo pipefail
# shellcheck source=scripts/bench/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

if [[ ! -d $FBUILD_CACHE_DIR ]]; then
  echo "warning: there is no cache at $FBUILD_CACHE_DIR" >&2
  exit 0
fi

pack() {
  mkdir -p "$(dirname "$BENCH_ARCHIVE")"
  tar -cf "$BENCH_ARCHIVE.packing" -C "$FBUILD_CACHE_DIR" . || return
  mv -f "$BENCH_ARCHIVE.packing" "$BENCH_ARCHIVE"
}

timed pack_cache pack
du -h "$BENCH_ARCHIVE"
