#!/usr/bin/env bash
# Installs the wheel with uv into .venv. Rows: uv_sync, and build_wheel if the
# wheel had to be built here.
set -euo pipefail
# shellcheck source=scripts/bench/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

tools=$("$bench_source/scripts/bench/tools.sh")

if [[ -z ${BENCH_WHEEL:-} ]]; then
  start=$(now)
  BENCH_WHEEL=$("$bench_source/scripts/bench/wheel.sh")
  row build_wheel "$(since "$start")"
elif [[ -d $BENCH_WHEEL ]]; then
  wheels=("$BENCH_WHEEL"/fbuild-*.whl)
  BENCH_WHEEL=${wheels[0]}
fi

install() {
  "$tools/uv" venv --quiet --clear .venv || return
  "$tools/uv" pip install --quiet --python .venv/bin/python --reinstall --no-index "$BENCH_WHEEL"
}

timed uv_sync install
.venv/bin/fbuild --version
