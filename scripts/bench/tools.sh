#!/usr/bin/env bash
# Makes `uv` and `maturin` available, from PyPI, in an environment of their own.
# Prints the directory of their commands.
set -euo pipefail
# shellcheck source=scripts/bench/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

if [[ ! -x $BENCH_TOOLS/bin/uv || ! -x $BENCH_TOOLS/bin/maturin ]]; then
  python3 -m venv "$BENCH_TOOLS"
  "$BENCH_TOOLS/bin/python" -m pip install --quiet --retries 3 'uv>=0.5' 'maturin>=1.7,<2' >&2
fi
printf '%s\n' "$BENCH_TOOLS/bin"
