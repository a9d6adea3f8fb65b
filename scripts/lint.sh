#!/usr/bin/env bash
# clang-format over all sources, clang-tidy over those the given build folder compiles.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: lint.sh BUILD_FOLDER}

git ls-files -z '*.h' '*.cpp' | xargs -0 clang-format --dry-run --Werror

# GCC's precompiled headers are nothing for clang.
commands=$build/lint
mkdir -p "$commands"
sed -E 's/-include [^ ]*cmake_pch\.hxx//' "$build/compile_commands.json" >"$commands/compile_commands.json"

# LibTorch's headers take clang-tidy a minute a file: its module is left to the compilers. Warnings of
# the compiler are the compiler's to judge, and GCC's own flags are no matter here.
git ls-files 'src/*.cpp' ':!src/torch/*' |
  xargs -P "$(nproc)" -n 2 clang-tidy -p "$commands" --quiet --warnings-as-errors='*' \
    --extra-arg=-Wno-error --extra-arg=-Wno-unknown-warning-option \
    2> >(grep -v 'warnings\? generated' >&2)
