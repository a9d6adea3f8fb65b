#!/usr/bin/env bash
# Writes the source archive of the last commit: FOLDER/gradspace-VERSION.tar.xz, the same bytes whenever and wherever it
# is made. It holds what git holds, and the pages bundled (web/page_shell.cpp, web/monitor_page.cpp), so that whoever builds from
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
web=$work/$name/web
# Of the commit's pages, not of what lies here changed; the packages are those that lie here.
[ -d web/node_modules ] || { echo "source_archive.sh: web/node_modules is not there; run make setup" >&2; exit 1; }
cp -r web/node_modules "$web/"
node "$web/build.mjs" "$web/page_shell.cpp"
node "$web/build_monitor.mjs" "$web/monitor_page.cpp"
rm -r "$web/node_modules"
# What cmake/GradspacePage.cmake holds against the sources: a page of other sources is not taken.
sources=$(cd "$web" && { ls build.mjs build_monitor.mjs bundle.mjs package-lock.json && find src -type f; } |
  LC_ALL=C sort | (cd "$web" && xargs sha256sum) | sha256sum | sed 's/ .*//')
for page in page_shell.cpp monitor_page.cpp; do
  echo "// Sources: $sources" >>"$web/$page"
done

tar --create --sort=name --format=ustar --mtime="@$when" --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw,a-s \
  -C "$work" "$name" | xz -9 --threads=1 >"$folder/$name.tar.xz.part"
mv "$folder/$name.tar.xz.part" "$folder/$name.tar.xz"
echo "$folder/$name.tar.xz"
