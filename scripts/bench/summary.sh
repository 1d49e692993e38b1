#!/usr/bin/env bash
# Ends the job: adds the row job_total and shows the table, on GitHub in the run's
# summary. BENCH_BASELINE is a phase table to compare with, BENCH_THRESHOLD the
# percentage by which a phase may be slower than it.
set -euo pipefail
# shellcheck source=scripts/bench/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

row job_total "$(since "$(<.bench-started)")"

arguments=("$BENCH_TIMINGS")
[[ -z ${BENCH_BASELINE:-} ]] || arguments+=(--baseline "$BENCH_BASELINE")
[[ -z ${BENCH_THRESHOLD:-} ]] || arguments+=(--threshold "$BENCH_THRESHOLD")
[[ -z ${GITHUB_STEP_SUMMARY:-} ]] || arguments+=(--append "$GITHUB_STEP_SUMMARY")

status=0
.venv/bin/fbuild bench-summary "${arguments[@]}" || status=$?
# Status 1 says that a phase became slower, which decides only where somebody set a limit.
if ((status == 1)) && [[ -z ${BENCH_THRESHOLD:-} ]]; then
  status=0
fi
exit "$status"
