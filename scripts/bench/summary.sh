#!/usr/bin/env bash
# Ends the job: adds the row job_total and shows the table, on GitHub in the run's
# summary. It is compared with BENCH_BASELINE, a phase table, and with the tables of
# BENCH_HISTORY, to which this job's is added. Fails if a phase is more than
# BENCH_THRESHOLD percent slower; such a table does not enter the history.
set -euo pipefail
# shellcheck source=scripts/bench/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

row job_total "$(since "$(<.bench-started)")"

earlier=()
if [[ -n ${BENCH_HISTORY:-} ]]; then
  mkdir -p "$BENCH_HISTORY"
  # Their names begin with the time, so the last in order are the newest.
  mapfile -t earlier < <(find "$BENCH_HISTORY" -name '*.tsv' | sort)
fi

arguments=("$BENCH_TIMINGS")
for file in ${BENCH_BASELINE:+"$BENCH_BASELINE"} "${earlier[@]}"; do
  arguments+=(--baseline "$file")
done
[[ -z ${BENCH_THRESHOLD:-} ]] || arguments+=(--threshold "$BENCH_THRESHOLD")
[[ -z ${GITHUB_STEP_SUMMARY:-} ]] || arguments+=(--append "$GITHUB_STEP_SUMMARY")

.venv/bin/fbuild bench-summary "${arguments[@]}"

if [[ -n ${BENCH_HISTORY:-} ]]; then
  cp "$BENCH_TIMINGS" "$BENCH_HISTORY/$(date -u +%Y%m%dT%H%M%SZ)-${GITHUB_RUN_ID:-local}.tsv"
  too_many=$((${#earlier[@]} + 1 - BENCH_HISTORY_MOST))
  ((too_many <= 0)) || rm -f -- "${earlier[@]:0:too_many}"
fi
