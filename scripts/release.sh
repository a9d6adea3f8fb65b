#!/usr/bin/env bash
# Makes what a release of the last commit consists of, in dist/:
#   gradspace-VERSION.tar.xz          the sources, with the report page bundled
#   gradspace-VERSION-changes.md      the version's section of CHANGELOG.md
#   *.deb, debug/*.deb                Debian packages, and their debugging symbols apart
#   debian-source/                    what the packages are built of again: .dsc and the files that it names
#   gradspace-VERSION-*.whl           the Python module with the library inside
#   SHA256SUMS                        of all these
# Nothing is signed or sent anywhere: CONTRIBUTING.md says who does that.
# Usage: release.sh [--rehearsal]    --rehearsal: takes "Unreleased" for the version's section
set -euo pipefail
cd "$(dirname "$0")/.."
section=
[ "${1:-}" != --rehearsal ] || section=Unreleased

fail() { echo "release.sh: $*" >&2; exit 1; }

# The lines below a version's heading of CHANGELOG.md, up to the next version's.
changes_of() { awk -v name="## [$1]" 'index($0, "## [") == 1 { on = index($0, name) == 1; next } on' CHANGELOG.md; }

version=$(sed -n 's/^project(gradspace VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
[ -z "$(git status --porcelain)" ] || fail "there are changes that are not committed"
if [ -z "$section" ]; then
  section=$version
  [ -z "$(changes_of Unreleased)" ] || fail "CHANGELOG.md: move what is unreleased under [$version]"
fi
[ -n "$(changes_of "$section")" ] || fail "CHANGELOG.md says nothing of [$section]"
/usr/bin/python3 -B tests/packaging/versions_test.py

rm -rf dist build/packages
mkdir -p dist/debug dist/debian-source build/packages
archive=$(scripts/source_archive.sh dist)
changes_of "$section" >"dist/gradspace-$version-changes.md"
SOURCE_DATE_EPOCH=$(git show -s --format=%ct HEAD)

cp "$archive" "build/packages/gradspace_$version.orig.tar.xz"
tar -x -C build/packages -f "$archive"
# The date of the packages is that of debian/changelog.
(cd "build/packages/gradspace-$version" && env -u SOURCE_DATE_EPOCH dpkg-buildpackage --unsigned-source --unsigned-changes)
# These packages are not for Debian's own archive, whose bugs an upload would close.
lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs --info build/packages/gradspace_"$version"-*_*.changes
mv build/packages/*-dbgsym_*.deb dist/debug/
mv build/packages/*.deb dist/
mv build/packages/gradspace_"$version"* dist/debian-source/

rm -r "build/packages/gradspace-$version"
tar -x -C build/packages -f "$archive"
export SOURCE_DATE_EPOCH
/usr/bin/python3 -m pip wheel --no-build-isolation --no-deps -w dist "build/packages/gradspace-$version"
(cd dist && find . -type f -not -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
cat dist/SHA256SUMS
