#!/usr/bin/env bash
# Tries packages in a bare Debian 12 that debootstrap makes: says what the command alone brings along, installs all,
# runs debian/tests as a user who is not root, and takes all away again.
# Usage: try_packages.sh FOLDER_OF_DEBS    (as root, with debootstrap; $DEBIAN_MIRROR names another mirror)
set -euo pipefail
cd "$(dirname "$0")/.."
packages=$(cd "${1:?usage: try_packages.sh FOLDER_OF_DEBS}" && pwd)
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
work=$(mktemp -d)
root=$work/root
log=$work/log
trap 'rm -rf --one-file-system "$work"' EXIT

fail() { echo "try_packages.sh: $*" >&2; exit 1; }

# Runs a command quietly; where it fails, so does the script, with what the command said.
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2; fail "failed: $*"; }; }

# Runs a command in the root, with processes of its own: in_root USER:GROUP COMMAND...
in_root() {
  # shellcheck disable=SC2016  # the words are those of the inner shell
  unshare --mount --pid --fork bash -c 'mount -t proc proc "$1/proc" && exec chroot --userspec="$0" "$@"' "$1" "$root" \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    AUTOPKGTEST_TMP=/tmp/test "${@:2}"
}
as_root() { in_root root:root "$@"; }
as_user() { in_root nobody:nogroup "$@"; }

# Installs packages by name: those of the folder where it has them, else those of Debian.
install_packages() {
  local words=() word
  for word in "$@"; do
    if compgen -G "$root/packages/${word}_*.deb" >/dev/null; then
      word=$(cd "$root" && compgen -G "packages/${word}_*.deb")
      words+=("/$word")
    else
      words+=("$word")
    fi
  done
  quietly as_root apt-get install -y -qq "${words[@]}"
}

# report WORDS: prints how much is installed by now.
report() {
  local size
  size=$(as_root dpkg-query -W -f '${Installed-Size}\n' | awk '{s += $1} END {printf "%.0f", s / 1024}')
  printf '%4d MiB  %s\n' "$size" "$*"
}

run_tests() {
  local name depends
  while read -r name depends; do
    # shellcheck disable=SC2086  # names are words
    install_packages ${depends//,/}
    mkdir "$root/tmp/test"
    chown 65534:65534 "$root/tmp/test"
    quietly as_user sh -c "cd /source && debian/tests/$name"
    rm -rf "$root/tmp/test"
    echo "passed    debian/tests/$name"
  done < <(sed -n '/^Tests: /{s///;N;s/\nDepends: / /;p}' debian/tests/control)
}

quietly debootstrap --variant=minbase bookworm "$root" "$mirror"
quietly as_root apt-get update
mkdir -p "$root/packages" "$root/source/tests"
find "$packages" -maxdepth 1 -name '*.deb' -not -name '*-dbgsym_*' -exec cp {} "$root/packages/" \;
cp -r README.md debian "$root/source/"
cp -r tests/data "$root/source/tests/"
report "bare Debian 12"

install_packages --no-install-recommends libgradspace1 gradspace
report "with gradspace alone"
as_user gradspace iqa --metric ssim /source/tests/data/quality/pair1_{ref,blur}.png
install_packages libgradspace1 gradspace-formats gradspace python3-gradspace
report "with what it recommends, and python3-gradspace"
if as_root dpkg-query -W -f '${Package}\n' | grep -E '^lib(torch|av[cfu])'; then
  fail "this is heavy, and nobody asked for it"
fi
install_packages gradspace-media
report "with gradspace-media"
quietly as_root sh -c 'apt-get install -y -qq /packages/*.deb'
report "with all packages: apt install ./*.deb"
run_tests

quietly as_root apt-get purge -y -qq '?name(gradspace)'
rm -rf "$root/packages" "$root/source" "$root/tmp"
left=$(find "$root" -xdev -name '*gradspace*' -not -path '*/var/lib/apt/*' -not -path '*/var/cache/apt/*')
[ -z "$left" ] || fail "left behind after a purge: $left"
echo "purged    nothing is left behind"
