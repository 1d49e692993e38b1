# shellcheck shell=bash
# The settings of a benchmark job and how its steps are timed. Sourced by the
# steps, which work in the current directory; each setting is an environment
# variable, so that a workflow and a terminal set it in the same way.
#
#   BOARD               what is built for (uno)
#   LIBRARY_REPOSITORY  owner/name on GitHub, a URL, or a path (this repository)
#   LIBRARY_REF         branch, tag or commit (HEAD)
#   EXAMPLES            names below the library's examples/, or `all` (all)
#   BENCH_TIMINGS       the phase table that every step adds rows to
#   BENCH_REPORT        the JSON report of compile-many
#   BENCH_ARCHIVE       the packed cache, one file
#   BENCH_WHEEL         the wheel to install; built here if unset
#   BENCH_TOOLS         where uv and maturin are installed (target/tools/bench)
#   BENCH_FRAMEWORK_JOBS, BENCH_SKETCH_JOBS   workers of the two stages (1, 2)
#   BENCH_HISTORY       phase tables of earlier jobs, a directory; compared with, and added to
#   BENCH_HISTORY_MOST  how many of them are kept (10)
#   BENCH_THRESHOLD     how much slower a phase may be, in percent; without it nothing fails
#   BENCH_FAILED_OK     1: sketches that fail to build do not fail the job (0)
#   FBUILD_CACHE_DIR    fbuild's cache; in the current directory, so that cold is cold

bench_source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

export BOARD=${BOARD:-uno}
export LIBRARY_REPOSITORY=${LIBRARY_REPOSITORY:-$bench_source}
export LIBRARY_REF=${LIBRARY_REF:-HEAD}
export EXAMPLES=${EXAMPLES:-all}
export BENCH_TIMINGS=${BENCH_TIMINGS:-$PWD/phase-timings.tsv}
export BENCH_REPORT=${BENCH_REPORT:-$PWD/report.json}
export BENCH_ARCHIVE=${BENCH_ARCHIVE:-$PWD/fbuild-cache.tar}
export BENCH_FRAMEWORK_JOBS=${BENCH_FRAMEWORK_JOBS:-1}
export BENCH_SKETCH_JOBS=${BENCH_SKETCH_JOBS:-2}
export BENCH_HISTORY_MOST=${BENCH_HISTORY_MOST:-10}
export BENCH_FAILED_OK=${BENCH_FAILED_OK:-0}
export FBUILD_CACHE_DIR=${FBUILD_CACHE_DIR:-$PWD/fbuild-cache}
export BENCH_TOOLS=${BENCH_TOOLS:-$bench_source/target/tools/bench}

# now - seconds since the epoch, with microseconds.
now() {
  printf '%s\n' "${EPOCHREALTIME/,/.}"
}

# row NAME SECONDS - adds a row to the phase table, and the header before the first.
row() {
  [[ -s $BENCH_TIMINGS ]] || printf 'phase\tseconds\n' >"$BENCH_TIMINGS"
  printf '%s\t%.3f\n' "$1" "$2" >>"$BENCH_TIMINGS"
}

# since START - the seconds from then to now.
since() {
  awk -v start="$1" -v end="$(now)" 'BEGIN { printf "%.6f\n", end - start }'
}

# timed NAME COMMAND... - runs the command and adds its row, also when it fails.
timed() {
  local name=$1 start status=0
  shift
  start=$(now)
  "$@" || status=$?
  row "$name" "$(since "$start")"
  return "$status"
}
