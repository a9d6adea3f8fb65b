#!/usr/bin/env bash
# Runs every fuzz target for so many seconds from its corpus, as many at a time as there are processors. A finding
# fails and is kept. 0 seconds: the corpora alone, so that the outcome hangs on no draw.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: fuzz.sh BUILD_FOLDER SECONDS}
seconds=${2:?usage: fuzz.sh BUILD_FOLDER SECONDS}
limit=-max_total_time=$seconds
if [ "$seconds" = 0 ]; then
  limit=-runs=0
fi

run_one() {
  local target=$1 name log found
  name=$(basename "$target" _fuzz)
  found="$build/findings/$name"
  log="$found.log"
  mkdir -p "$found"
  # New inputs go into the build folder, never into the committed corpus.
  mkdir -p "$build/corpus/$name"
  if "$target" "$limit" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$found/" \
      "$build/corpus/$name" "fuzz/corpus/$name" >"$log" 2>&1; then
    echo "$name: $(grep -oE 'stat::number_of_executed_units: *[0-9]+|Done [0-9]+ runs.*' "$log" | tail -n 1)"
  else
    echo "$name: FAILED"
    echo "$name" >>"$failed"
    return 1
  fi
}
export -f run_one
failed="$build/findings/failed.txt"
export build limit failed

mkdir -p "$build/findings"
rm -f "$failed"
if ! printf '%s\0' "$build"/bin/*_fuzz | xargs -0 -P "$(nproc)" -n 1 bash -c 'run_one "$0"'; then
  # What was found comes last, where whoever reads a long log looks first.
  while read -r name; do
    echo "$name: its input is in $build/findings/$name"
    grep -v '^#' "$build/findings/$name.log" | tail -n 40
  done <"$failed"
  exit 1
fi
