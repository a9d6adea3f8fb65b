#!/usr/bin/env bash
# Builds gradspace for arm64 and runs the tests of its arithmetic under QEMU, where rounding and NEON may
# differ from x86. For a container of Debian 12 that may be changed: it adds an architecture to apt.
# The kernel must know QEMU for arm64 programs (package qemu-user-static on the host), because tests
# start the command.
set -euo pipefail
cd "$(dirname "$0")/.."
modules=${*:-core simd image video statistics data matlab challenge model moments gradient train detect photograph decoder quality \
  opinions capi}

as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
"${as_root[@]}" dpkg --add-architecture arm64
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends \
  cmake ninja-build ccache git pkg-config crossbuild-essential-arm64 qemu-user-static \
  libcli11-dev nlohmann-json3-dev libeigen3-dev protobuf-compiler \
  python3-numpy python3-pil python3-scipy python3-sklearn \
  {libfmt,libtbb,libhwy,libjpeg62-turbo,libpng,libzip,libmd,libxxhash,libboost,zlib1g,libzstd,libprotobuf,libmatio,libgtest,libgmock}-dev:arm64

cmake --preset arm64
targets=()
expression=
for module in $modules; do
  [ -d "tests/$module" ] || continue
  targets+=("gradspace_${module}_tests")
  expression+=${expression:+|}$module
done
cmake --build --preset arm64 --target "${targets[@]}"
ctest --preset arm64 -j "$(nproc)" -R "^($expression)\."
