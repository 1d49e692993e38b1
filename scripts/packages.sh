# shellcheck shell=bash
# The distribution packages fbuild's scripts need, and the one way they are
# installed. Sourced by the other scripts; does nothing by itself.

# What building firmware for AVR boards needs, a linker for Rust programs, and what
# cargo needs to trust its registry.
FBUILD_DEMO_PACKAGES=(
  ca-certificates
  gcc
  libc6-dev
  gcc-avr
  binutils-avr
  avr-libc
  arduino-core-avr
)

# What the tests and the benchmark need besides. `arduino` is here for its example
# sketches; arduino-builder and arduino-ctags are the reference for the bytes.
# shellcheck disable=SC2034 # used by the scripts that source this file
FBUILD_TEST_PACKAGES=(
  "${FBUILD_DEMO_PACKAGES[@]}"
  arduino
  arduino-builder
  arduino-ctags
  bubblewrap
  ccache
  clangd
  fish
  g++
  gcc-arm-none-eabi
  git
  libnewlib-arm-none-eabi
  libstdc++-arm-none-eabi-newlib
  ninja-build
  python3
  python3-venv
  qemu-system-arm
  shellcheck
  simavr
  strace
  time
  xz-utils
  zsh
)

# say TEXT... - a progress line for people.
say() {
  printf '==> %s\n' "$*" >&2
}

# fail STATUS TEXT... - an error line, then the end.
fail() {
  local status=$1
  shift
  printf 'error: %s\n' "$*" >&2
  exit "$status"
}

# retry TIMES COMMAND... - runs a command again after a growing pause while it fails.
retry() {
  local times=$1 attempt
  shift
  for ((attempt = 1; ; attempt++)); do
    "$@" && return 0
    ((attempt < times)) || return 1
    say "failed, trying again in $((attempt * 5)) s: $*"
    sleep $((attempt * 5))
  done
}

# missing_packages PACKAGE... - prints those that are not installed, one a line.
# A package whose command comes from somewhere else (Python from pyenv, a compiler
# of one's own) is not missed.
missing_packages() {
  local package
  for package in "$@"; do
    case $package in
      gcc | git | ccache | strace | shellcheck | python3) command -v "$package" >/dev/null && continue ;;
      python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null && continue ;;
    esac
    [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true) == 'install ok installed' ]] \
      || printf '%s\n' "$package"
  done
}

# ensure_packages PACKAGE... - installs what is missing, where that is allowed.
#
# As root or with passwordless sudo it installs. Otherwise it prints the exact
# command for someone who may, and exits 2. Asks the network for nothing when
# nothing is missing.
ensure_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "not a Debian or Ubuntu system: install the equivalents of: $*"
    return 0
  fi

  local missing=() package
  while IFS= read -r package; do
    missing+=("$package")
  done < <(missing_packages "$@")
  ((${#missing[@]})) || return 0

  local as_root=()
  if ((EUID != 0)); then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo -n)
    else
      printf 'error: these packages are missing: %s\n' "${missing[*]}" >&2
      printf 'help: install them with\n\n' >&2
      printf '  sudo apt-get update && sudo apt-get install --no-install-recommends %s\n\n' "${missing[*]}" >&2
      exit 2
    fi
  fi

  # `env` and not an assignment, because sudo keeps only its own environment.
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  say "installing: ${missing[*]}"
  retry 3 "${apt[@]}" update -q >&2 || fail 2 'apt-get update failed'
  retry 3 "${apt[@]}" install -q -y --no-install-recommends "${missing[@]}" >&2 \
    || fail 2 "apt-get could not install: ${missing[*]}"
}

# ensure_cargo - finds the Rust toolchain, also where the shell has no PATH to it.
ensure_cargo() {
  command -v cargo >/dev/null && return 0
  local home=${CARGO_HOME:-$HOME/.cargo}
  if [[ -x $home/bin/cargo ]]; then
    PATH=$home/bin:$PATH
    return 0
  fi
  fail 2 'cargo was not found: install a Rust toolchain, as https://rustup.rs tells'
}
