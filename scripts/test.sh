#!/usr/bin/env bash
# Everything that has to pass before a change lands. Ends with one line that sums
# up the tests.
#
#   scripts/test.sh [STEP...]         default: all steps, in this order
#
# Steps: fmt shell workflows clippy doc test torture bench
#
# With FBUILD_TEST_REQUIRE_ALL=1 a test whose tools are missing fails; without, it says
# so in a line that begins with SKIPPED.
#
# Needs a Rust toolchain. Installs the other packages with apt-get if they are
# missing and that is allowed; otherwise says what to install and exits 2.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

passed=0 failed=0 ignored=0
skipped_steps=()

# skip REASON - says aloud that the current step cannot run here.
skip() {
  skipped_steps+=("$step")
  printf '\n!!! SKIPPED: %s: %s\n\n' "$step" "$1" >&2
}

step_fmt() {
  cargo fmt --all --check
}

step_shell() {
  local scripts=()
  mapfile -t scripts < <(git ls-files --cached --others --exclude-standard -- '*.sh' .ci/run)
  shellcheck --external-sources "${scripts[@]}"
}

step_workflows() {
  local status=0
  scripts/actionlint.sh || status=$?
  if ((status == 3)); then
    skip 'actionlint could not be installed'
    return 0
  fi
  return "$status"
}

step_clippy() {
  cargo clippy --locked --workspace --all-targets -- -D warnings
}

step_doc() {
  RUSTDOCFLAGS=-Dwarnings cargo doc --locked --no-deps --workspace
}

step_test() {
  local log status=0 count
  log=$(mktemp "${TMPDIR:-/tmp}/fbuild-test.XXXXXX")
  cargo test --locked --workspace --no-fail-fast 2>&1 | tee "$log" || status=$?

  # Sums lines like `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
  for count in passed failed ignored; do
    printf -v "$count" '%d' "$(sed -n "s/^test result: .* \([0-9]*\) $count;.*/\1/p" "$log" \
      | awk '{ sum += $1 } END { print sum + 0 }')"
  done
  # Tests that lack a tool say so in such a line and count as passed.
  local missed
  missed=$(grep -c '^SKIPPED ' "$log" || true)
  ((passed -= missed, ignored += missed)) || true
  grep '^SKIPPED ' "$log" >&2 || true
  rm -f "$log"
  return "$status"
}

# Two minutes of damage, kills and edits.
step_torture() {
  scripts/torture.sh 120
}

# The wheel, in a fresh environment, on our own examples: the benchmark job as it
# runs on GitHub, cold and warm.
step_bench() {
  if ! scripts/bench/tools.sh; then
    skip 'uv and maturin could not be installed'
    return 0
  fi
  local work status=0
  work=$(mktemp -d "${TMPDIR:-/tmp}/fbuild-bench.XXXXXX")
  BENCH_WORK=$work scripts/bench/run-job.sh || status=$?
  if ((status == 0)); then
    rm -rf "$work"
  else
    say "left for inspection: $work"
  fi
  return "$status"
}

all_steps=(fmt shell workflows clippy doc test torture bench)
(($#)) || set -- "${all_steps[@]}"
for step in "$@"; do
  [[ " ${all_steps[*]} " == *" $step "* ]] || fail 2 "unknown step \`$step\`: one of ${all_steps[*]}"
done

# Only tests and the benchmark need compilers for boards.
for step in "$@"; do
  case $step in
    test | bench) ensure_packages "${FBUILD_TEST_PACKAGES[@]}" ;;
    shell) ensure_packages shellcheck git ;;
    clippy | doc) ensure_packages ca-certificates gcc libc6-dev ;;
  esac
done
ensure_cargo
for component in rustfmt clippy; do
  case $component in clippy) probe=cargo-clippy ;; *) probe=$component ;; esac
  "$probe" --version >/dev/null 2>&1 || rustup component add "$component"
done

failed_steps=()
for step in "$@"; do
  say "$step"
  began=$SECONDS
  status=0
  # In a condition `set -e` is off, so each step ends in the command that decides.
  "step_$step" || status=$?
  if ((status == 0)); then
    say "$step: ended, $((SECONDS - began)) s"
  else
    say "$step: FAILED with status $status, $((SECONDS - began)) s"
    failed_steps+=("$step")
  fi
done

((${#skipped_steps[@]} == 0)) || say "steps that did not run: ${skipped_steps[*]}"
((${#failed_steps[@]} == 0)) || say "steps that failed: ${failed_steps[*]}"
printf 'tests: %d passed, %d failed, %d skipped\n' "$passed" "$failed" "$ignored"
((${#failed_steps[@]} == 0))
