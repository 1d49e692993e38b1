#!/usr/bin/env bash
# Destructive trials: kills, damage, edits and runs at once, full disks, compilers
# that misbehave. Prints a table; fails if any firmware was wrong.
#
#   scripts/torture.sh [SECONDS [SEED]]     default: 120 seconds, seed 1
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec cargo test --quiet --locked -p fbuild-cli --test torture -- "$@"
