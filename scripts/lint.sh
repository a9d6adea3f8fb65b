#!/usr/bin/env bash
# clang-format over all sources, clang-tidy over those of the given build folder that have changed.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: lint.sh BUILD_FOLDER [--record] [--all]}

git ls-files -z '*.h' '*.cpp' | xargs -0 clang-format --dry-run --Werror
scripts/lint.py "$@"
