#!/usr/bin/env bash
# Prints the name under which the cache archive is kept: what it depends on is the
# machine, the board, fbuild's version and the versions of the tools. fbuild itself
# checks contents; the key only keeps useless archives from being fetched. On GitHub
# it is also the step's output `key`.
set -euo pipefail
# shellcheck source=scripts/bench/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

versions() {
  .venv/bin/fbuild --version
  avr-gcc --version | head -n 1
  avr-ld --version | head -n 1
  dpkg-query --show --showformat '${Package} ${Version}\n' avr-libc arduino-core-avr 2>/dev/null || true
}

key=$(printf 'fbuild-%s-%s-%s-%s' "$(uname -s)" "$(uname -m)" "${BOARD//[^A-Za-z0-9]/-}" \
  "$(versions | git hash-object --stdin | cut -c 1-12)")
printf '%s\n' "$key"
[[ -z ${GITHUB_OUTPUT:-} ]] || printf 'key=%s\n' "$key" >>"$GITHUB_OUTPUT"
