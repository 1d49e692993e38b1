#!/usr/bin/env bash
# Publishes what build.sh made for every target as a GitHub release.
#
#   scripts/release/publish.sh DIRECTORY TAG
set -euo pipefail

dist=$1 tag=$2
version=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"$/\1/p' \
  "$(dirname "${BASH_SOURCE[0]}")/../../Cargo.toml")
[[ $tag == "v$version" ]] || {
  echo "error: the tag is $tag and Cargo.toml says $version" >&2
  exit 1
}

cd "$dist"
sha256sum --check -- *.sha256
cat -- *.sha256 >SHA256SUMS
gh release create "$tag" --verify-tag --title "fbuild $version" --generate-notes -- *.whl *.tar.gz SHA256SUMS
