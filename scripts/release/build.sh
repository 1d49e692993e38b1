#!/usr/bin/env bash
# Builds what a release consists of for one target, into target/dist/: the wheel, the
# program in an archive, and a file of their checksums.
#
#   scripts/release/build.sh [TARGET]         default: this machine
#
# On Linux it links with zig's C library stubs (from PyPI), so that the result runs
# on every distribution since glibc 2.17 whatever this machine has.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target=${1:-$(rustc -vV | sed -n 's/^host: //p')}
version=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"$/\1/p' Cargo.toml)
name=fbuild-$version-$target
tools=target/tools/release
dist=$PWD/target/dist

if command -v rustup >/dev/null; then
  rustup target add "$target"
fi
[[ -x $tools/bin/maturin ]] || python3 -m venv "$tools"

options=(--release --locked --target "$target" --out "$dist")
case $target in
  *-linux-*)
    "$tools/bin/pip" install --quiet 'maturin[zig]>=1.7,<2'
    options+=(--zig --compatibility manylinux2014)
    ;;
  *) "$tools/bin/pip" install --quiet 'maturin>=1.7,<2' ;;
esac

rm -rf "$dist"
mkdir -p "$dist"
PATH=$PWD/$tools/bin:$PATH maturin build "${options[@]}"

# The program that went into the wheel, so that both are the same bytes.
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir "$stage/$name"
"$tools/bin/python" -m zipfile -e "$dist"/*.whl "$stage/wheel"
install -m 755 "$stage"/wheel/fbuild-*.data/scripts/fbuild "$stage/$name/fbuild"
cp LICENSE README.md "$stage/$name/"
cp -R packaging/fbuild.data/data/share "$stage/$name/share"
tar -czf "$dist/$name.tar.gz" -C "$stage" "$name"

cd "$dist"
if command -v sha256sum >/dev/null; then
  checksum=(sha256sum)
else
  checksum=(shasum -a 256)
fi
"${checksum[@]}" -- *.whl *.tar.gz >"$name.sha256"
cat "$name.sha256"
