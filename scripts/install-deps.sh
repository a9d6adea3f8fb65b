#!/usr/bin/env bash
# Installs Debian 12 packages, and the npm packages of web/. Does nothing when all is there.
# Usage: install-deps.sh [demo|all|packages]; demo: what the command and its demo need; all (the default): what tests,
# benchmarks, the modules that are loaded on demand, linters and fuzz targets need as well; packages: what Debian
# packages are made and tried with, too.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=${1:-all}
[[ $wanted =~ ^(demo|all|packages)$ ]] || { echo "usage: install-deps.sh [demo|all|packages]" >&2; exit 2; }

packages=(build-essential cmake ninja-build ccache pkg-config git
  libcli11-dev nlohmann-json3-dev libfmt-dev libeigen3-dev libtbb-dev libhwy-dev libjpeg62-turbo-dev
  libpng-dev libzip-dev libmd-dev libxxhash-dev libboost-dev zlib1g-dev libzstd-dev protobuf-compiler libprotobuf-dev libmatio-dev
  dataset-fashion-mnist)
# The report page is bundled with Node.js, which may come from elsewhere.
command -v node >/dev/null && command -v npm >/dev/null || packages+=(nodejs npm)
if [ "$wanted" != demo ]; then
  # Clang for the fuzz targets and the two linters; the Python packages are oracles in tests and peers in
  # bench/; the report page is looked at in Chromium. Then follow what the Python module, its
  # tests and its wheel need, Slurm, on which jobs in shards are tried (scripts/local-slurm.sh), and what the live
  # monitor does.
  packages+=(libwebp-dev libavif-dev libjxl-dev libtiff-dev libavformat-dev libavcodec-dev libswscale-dev
    libopenmpi-dev openmpi-bin zstd
    libtorch-dev libopenblas0-pthread libgtest-dev libgmock-dev libbenchmark-dev
    clang clang-format clang-tidy libclang-rt-14-dev abigail-tools
    python3-numpy python3-pil python3-sklearn python3-skimage python3-torch chromium
    pybind11-dev python3-dev python3-pytest python3-pandas python3-zstandard python3-tqdm mypy
    python3-pip python3-skbuild python3-wheel
    slurmctld slurmd slurm-client munge
    libtoml11-dev prometheus-cpp-dev libcurl4-openssl-dev libssl-dev libsystemd-dev libpaho-mqttpp-dev libpaho-mqtt-dev
    mosquitto mosquitto-clients)
fi
[ "$wanted" != packages ] || packages+=(debhelper dh-python lintian debootstrap xz-utils)

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] ||
    missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  echo "installing: ${missing[*]}" >&2
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
fi

# npm notes there what it installed last.
if [ web/package-lock.json -nt web/node_modules/.package-lock.json ]; then
  echo "installing: packages of web/package-lock.json" >&2
  (cd web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  touch web/node_modules/.package-lock.json
fi
