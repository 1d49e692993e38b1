#!/usr/bin/env bash
# Installs the AVR toolchain the benchmark compiles with, if it is missing.
set -euo pipefail
# shellcheck source=scripts/packages.sh
source "$(dirname "${BASH_SOURCE[0]}")/../packages.sh"

ensure_packages "${FBUILD_DEMO_PACKAGES[@]}"
