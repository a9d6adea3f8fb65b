#!/usr/bin/env bash
# Installs a build into a new folder, builds tests/install against it and runs what came out.
# Usage: run.sh BUILD_FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: run.sh BUILD_FOLDER}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/prefix" >/dev/null
"$work/prefix/bin/gradspace" --version
for file in man/man1/gradspace.1 man/man1/gradspace-score.1 bash-completion/completions/gradspace \
  zsh/site-functions/_gradspace fish/vendor_completions.d/gradspace.fish; do
  [ -s "$work/prefix/share/$file" ] || { echo "$file is not installed"; exit 1; }
done
cmake -S "$here" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" \
  -DREADME="$here/../../README.md" -DCMAKE_CXX_COMPILER="${CXX:-c++}" >/dev/null
cmake --build "$work/build"

# Without its files the example must say so in our words, which shows that it runs.
cd "$work"
if "$work/build/example" 2>"$work/errors"; then
  echo "the example ran without a model"
  exit 1
fi
grep -q "model.safetensors: can't open" "$work/errors"
