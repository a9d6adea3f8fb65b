#!/usr/bin/env bash
# Writes the source archive of the last commit: FOLDER/gradspace-VERSION.tar.xz, the same bytes whenever and wherever it
# is made. It holds what git holds, and the report page bundled (web/page_shell.cpp), so that whoever builds from
# it needs neither Node.js nor a network.
# Usage: source_archive.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mkdir -p "${1:?usage: source_archive.sh FOLDER}" && cd "$1" && pwd)

version=$(sed -n 's/^project(gradspace VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
name=gradspace-$version
when=$(git show -s --format=%ct HEAD)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git archive --prefix="$name/" HEAD | tar -x -C "$work"
page=$work/$name/web/page_shell.cpp
# Of the commit's page, not of what lies here changed; the packages are those that lie here.
[ -d web/node_modules ] || { echo "source_archive.sh: web/node_modules is not there; run make setup" >&2; exit 1; }
cp -r web/node_modules "$work/$name/web/"
node "$work/$name/web/build.mjs" "$page"
rm -r "$work/$name/web/node_modules"
# What src/report/CMakeLists.txt holds against the sources: a page of other sources is not taken.
(cd "$work/$name/web" &&
  { echo build.mjs && echo package-lock.json && find src -type f; } | LC_ALL=C sort | xargs sha256sum | sha256sum |
  sed 's/ .*//; s|^|// Sources: |' >>page_shell.cpp)

tar --create --sort=name --format=ustar --mtime="@$when" --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw,a-s \
  -C "$work" "$name" | xz -9 --threads=1 >"$folder/$name.tar.xz.part"
mv "$folder/$name.tar.xz.part" "$folder/$name.tar.xz"
echo "$folder/$name.tar.xz"
