#!/usr/bin/env bash
# The whole benchmark job without GitHub: once cold, and once warm with nothing but
# the cold run's archive, kept as cold/ and warm/ below BENCH_WORK.
#
#   BENCH_WORK=DIRECTORY scripts/bench/run-job.sh [ARGUMENT...]
#
# Arguments go to `fbuild compile-many`; env.sh has the settings. By default it
# builds this repository's own examples, as they are committed.
set -euo pipefail

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${BENCH_WORK:-$(mktemp -d "${TMPDIR:-/tmp}/fbuild-bench.XXXXXX")}
mkdir -p "$work"
work=$(cd "$work" && pwd)
[[ -z $(ls -A "$work") ]] || { echo "error: $work is not empty" >&2; exit 2; }

# Each run makes these for its own directory.
unset BENCH_TIMINGS BENCH_REPORT BENCH_BASELINE FBUILD_CACHE_DIR
export BENCH_ARCHIVE=$work/fbuild-cache.tar

if [[ -z ${BENCH_WHEEL:-} ]]; then
  BENCH_WHEEL=$(cd "$work" && "$bench/wheel.sh")
fi
export BENCH_WHEEL

# run NAME ARGUMENT... - the steps of one job, in order. Both jobs see the same paths,
# as they do on GitHub; each directory gets its name when the job has ended.
run() {
  local name=$1
  shift
  echo "==> $name" >&2
  mkdir "$work/job"
  cd "$work/job"
  "$bench/clone.sh"
  "$bench/install.sh"
  echo "cache key: $("$bench/key.sh")"
  "$bench/restore.sh"
  "$bench/compile.sh" "$@"
  "$bench/save.sh"
  "$bench/summary.sh"
  cd "$work"
  mv job "$name"
}

run cold "$@"
BENCH_BASELINE=$work/cold/phase-timings.tsv run warm "$@"

# A job that lost a row measured something else than it says.
for name in cold warm; do
  rows=(clone_fastled uv_sync plan stage1_archives stage2_sketches compile pack_cache job_total)
  [[ $name == cold ]] || rows+=(warm_restore)
  for row in "${rows[@]}"; do
    grep -q "^$row"$'\t''[0-9]' "$work/$name/phase-timings.tsv" \
      || { echo "error: $name/phase-timings.tsv has no row \`$row\`" >&2; exit 1; }
  done
done

# actions NAME - how many commands fbuild ran in that job, and how many it had to have.
actions() {
  python3 - "$work/$1/report.json" <<'PYTHON'
import json, sys
stages = json.load(open(sys.argv[1]))["stages"]
print(sum(stage["ran"] for stage in stages), "of", sum(stage["total"] for stage in stages))
PYTHON
}
echo "actions run: cold $(actions cold), warm $(actions warm)"
echo "done: $work"
