#!/usr/bin/env bash
# Makes docs/terminal-light.svg and docs/terminal-dark.svg: a real run of fbuild in a
# terminal of 80 columns.
#
#   scripts/screenshot.sh [FBUILD]        default: a release build
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

fbuild=${1:-}
if [[ -z $fbuild ]]; then
  ensure_cargo
  cargo build --release --locked -p fbuild-cli
  fbuild=${CARGO_TARGET_DIR:-target}/release/fbuild
fi
tools=target/tools/screenshot
[[ -x $tools/bin/python ]] || python3 -m venv "$tools"
"$tools/bin/pip" install --quiet 'rich>=14,<16'
"$tools/bin/python" scripts/screenshot.py "$fbuild"
