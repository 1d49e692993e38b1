#!/usr/bin/env bash
# Builds the library's examples with the installed fbuild. Row: compile, and those
# that fbuild adds.
#
#   scripts/bench/compile.sh [ARGUMENT...]    arguments go to `fbuild compile-many`
set -euo pipefail
# shellcheck source=scripts/bench/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

sketches=()
if [[ $EXAMPLES == all ]]; then
  sketches=(library/examples)
else
  read -r -a names <<<"${EXAMPLES//,/ }"
  for name in "${names[@]}"; do
    sketches+=("library/examples/$name")
  done
fi

status=0
timed compile .venv/bin/fbuild compile-many --board "$BOARD" \
  --framework-jobs "$BENCH_FRAMEWORK_JOBS" --sketch-jobs "$BENCH_SKETCH_JOBS" \
  --phase-tsv "$BENCH_TIMINGS" --report "$BENCH_REPORT" "$@" "${sketches[@]}" || status=$?

# Status 1 says that sketches failed, which a benchmark of somebody's library can bear.
if ((status == 1)) && [[ $BENCH_FAILED_OK == 1 ]]; then
  echo 'some sketches failed, which this job allows'
  status=0
fi
exit "$status"
