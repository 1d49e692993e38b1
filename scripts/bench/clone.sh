#!/usr/bin/env bash
# Fetches the library whose examples are built into library/. Row: clone_fastled.
# The first step: the job is timed from here on.
set -euo pipefail
# shellcheck source=scripts/bench/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

now >.bench-started

case $LIBRARY_REPOSITORY in
  *://* | git@*) url=$LIBRARY_REPOSITORY ;;
  *) if [[ -d $LIBRARY_REPOSITORY ]]; then
    url=file://$(cd "$LIBRARY_REPOSITORY" && pwd)
  else
    url=https://github.com/$LIBRARY_REPOSITORY.git
  fi ;;
esac

# One commit, whatever kind of name the reference is.
clone() {
  rm -rf library
  git init --quiet library
  git -C library fetch --quiet --depth 1 "$url" "$LIBRARY_REF" || return
  git -C library -c advice.detachedHead=false checkout --quiet FETCH_HEAD
}

timed clone_fastled clone
printf '%s at %s\n' "$url" "$(git -C library rev-parse HEAD)"
