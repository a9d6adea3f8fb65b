#!/usr/bin/env bash
# Runs every fuzz target for a while from its corpus, two at a time. A finding fails and is kept.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: fuzz.sh BUILD_FOLDER SECONDS}
seconds=${2:?usage: fuzz.sh BUILD_FOLDER SECONDS}

run_one() {
  local target=$1 name log found
  name=$(basename "$target" _fuzz)
  found="$build/findings/$name"
  log="$found.log"
  mkdir -p "$found"
  # New inputs go into the build folder, never into the committed corpus.
  mkdir -p "$build/corpus/$name"
  if "$target" -max_total_time="$seconds" -seed="${FUZZ_SEED:-0}" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$found/" \
      "$build/corpus/$name" "fuzz/corpus/$name" >"$log" 2>&1; then
    echo "$name: $(grep -oE 'stat::number_of_executed_units: *[0-9]+|Done [0-9]+ runs.*' "$log" | tail -n 1)"
  else
    echo "$name: FAILED"
    tail -n 40 "$log"
    return 1
  fi
}
export -f run_one
export build seconds

printf '%s\0' "$build"/bin/*_fuzz | xargs -0 -P "$(nproc)" -n 1 bash -c 'run_one "$0"'
