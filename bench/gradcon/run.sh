#!/usr/bin/env bash
# GradCon's training step here and in Python PyTorch, in one run, one thread each.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:?usage: run.sh BUILD_FOLDER}

echo "commit $(git rev-parse --short HEAD), $(grep -m 1 'model name' /proc/cpuinfo | cut -d: -f2- | xargs)"
for _ in 1 2; do
  "$build"/bin/gradspace_gradcon_bench --benchmark_repetitions=5 \
    --benchmark_report_aggregates_only=true 2>/dev/null | grep -E '_(median|stddev)'
  OMP_NUM_THREADS=1 /usr/bin/python3 bench/gradcon/peer.py 1 3
done
